"""The command ``society view``: a run in the browser, or as one file."""

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from society.ground.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable

    from society.record.reader import Record
    from society.views.replay.live import Live, Sitter

HostOption = Annotated[str, typer.Option(help="Address to listen at; beyond this machine a token is asked for.")]
PortOption = Annotated[int, typer.Option(help="Port; 0: any that is free.", min=0, max=65535)]
OpenOption = Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")]


#: Ticks per second of a run that is watched, and of one in which somebody sits in as overseer.
PACE, UNHURRIED = 20.0, 2.0


def watched(pace: float | None, open_: bool, person: "Sitter | None", run: "Callable[[Live], Record]") -> "Record":
    """Run a world while its page is served; the page stays until Ctrl-C.

    Args:
        pace: ticks per second at most; 0: as fast as it goes; None: PACE, or UNHURRIED if somebody sits in.
        open_: open the page in a browser.
        person: who sits in as overseer, on the page.
        run: runs the world, telling what it is given of every tick.
    """
    from society.views.replay.live import Live
    from society.views.replay.server import Serving, Watching

    serving: list[Serving] = []

    def announce(folder: Path) -> None:
        serving.append(Serving(Watching(folder.parent, live)))
        address = serving[0].url(folder.name)
        fast = f"at {live.clock.pace:g} ticks per second at most" if live.clock.pace else "as fast as it goes"
        sits = "; you sit in as overseer, on the page" if person else ""
        typer.echo(f"{address}   (to be watched while it runs, {fast}{sits})", err=True)
        if open_:
            webbrowser.open(address)

    live = Live((UNHURRIED if person else PACE) if pace is None else pace, announce, person)
    record = run(live)
    typer.echo(f"the run is over; its page stays: {serving[0].url(record.path.name)}   (Ctrl-C ends it)", err=True)
    try:
        serving[0].wait()
    except KeyboardInterrupt:
        serving[0].stop()
    return record


def view(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or a folder that holds runs.")] = Path("runs"),
    export: Annotated[Path | None, typer.Option(help="Write the page as this file instead of serving it.")] = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 0,
    open_: OpenOption = True,
) -> None:
    """Watch a run in the browser, or write it as one HTML file."""
    from society.record.folder import MANIFEST
    from society.record.reader import Record
    from society.views.replay.export import write_page
    from society.views.replay.server import Serving, Watching
    from society.views.replay.source import Replay

    single = (run / MANIFEST).is_file()
    if not run.is_dir():
        raise RecordError(f"{run}: no such folder; society run WORLD makes one")
    if export is not None:
        if not single:
            raise RecordError(f"{run}: not a run's folder: --export takes one run")
        typer.echo(write_page(Replay(Record(run)), export))
        return
    if single:
        Replay(Record(run))  # says what is wrong with it before a browser opens
    watching = Watching(run.resolve().parent if single else run)
    serving = Serving(watching, host, port)
    address = serving.url(run.resolve().name) if single else serving.address + serving.query
    typer.echo(f"{address}   (Ctrl-C ends it)")
    if open_:
        webbrowser.open(address)
    try:
        serving.wait()
    except KeyboardInterrupt:
        serving.stop()

"""The command ``society view``: runs and studies in the browser, a run as one file."""

import contextlib
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from society.ground.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable

    from society.ground.roles import Audience
    from society.record.reader import Record
    from society.views.replay.live import Live, Sitter
    from society.views.replay.watching import Watching

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
    from society.views.replay.server import Serving
    from society.views.replay.watching import Watching

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
    try:
        record = run(live)
        typer.echo(f"the run is over; its page stays: {serving[0].url(record.path.name)}   (Ctrl-C ends it)", err=True)
        with contextlib.suppress(KeyboardInterrupt):
            serving[0].wait()
    finally:  # however the run ended: threads that still answer would be torn down with the program, which aborts it
        for one in serving:
            one.stop()
    return record


def view(
    run: Annotated[
        Path | None, typer.Argument(help="A run, a study, or a folder that holds some; absent: runs and studies here.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write the page of a run as this file instead of serving it.")
    ] = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 0,
    open_: OpenOption = True,
    audience: Annotated[
        str, typer.Option(help="Who is to look: public, participant or overseer are not told the truth.")
    ] = "scientist",
) -> None:
    """Look at a run or a study in the browser, or write a run as one HTML file."""
    from society.ground.roles import Audience
    from society.views.replay.server import Serving

    if run is not None and not run.is_dir():
        raise RecordError(f"{run}: no such folder; society run WORLD makes one")
    told = Audience.of(audience)
    if export is not None:
        typer.echo(_exported(run, export, told))
        return
    watching, page = _shown(run, told)
    serving = Serving(watching, host, port)
    address = serving.url(*page) if page else serving.address + "/" + serving.query
    try:
        typer.echo(f"{address}   (Ctrl-C ends it)")
        if open_:
            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            serving.wait()
    finally:
        serving.stop()


def _exported(run: Path | None, export: Path, audience: "Audience") -> Path:
    from society.record.complete import complete_run
    from society.record.folder import MANIFEST
    from society.record.reader import Record
    from society.views.replay.export import write_page
    from society.views.replay.source import Replay

    if run is None or not (run / MANIFEST).is_file():
        raise RecordError(f"{run or 'runs'}: not a run's folder: --export takes one run")
    return write_page(Replay(Record(complete_run(run)), audience), export)


def _shown(run: Path | None, audience: "Audience") -> "tuple[Watching, tuple[str, str] | None]":
    """What is to be served, and the page that is to be opened: its name and kind; None for the list."""
    from society.record.folder import MANIFEST, read_manifest
    from society.record.reader import Record
    from society.study.sweep.viewed import Studies
    from society.views.replay.source import Replay
    from society.views.replay.watching import Watching

    studies = Studies()
    if run is None:
        return Watching(Path(), studies=studies, inside=("runs", "studies"), audience=audience), None
    folder = run.resolve()
    if (folder / MANIFEST).is_file() and not read_manifest(folder).get("set"):  # of a set its runs are listed
        Replay(Record(run), audience)  # says what is wrong with it before a browser opens
        return Watching(folder.parent, studies=studies, audience=audience), (folder.name, "run")
    if (folder / studies.manifest).is_file():
        studies.look(folder)
        return Watching(folder.parent, studies=studies, audience=audience), (folder.name, "study")
    return Watching(folder, studies=studies, audience=audience), None

"""The command ``society``: thin, with heavy imports inside the commands, and one way to say what went wrong."""

import errno
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Annotated, TextIO, cast

import typer

from society.cli.broker import broker_config, host
from society.cli.collective import collective
from society.cli.data import calibrate, data
from society.cli.export import draw, export
from society.cli.fit import fit, validate
from society.cli.hypotheses import hypotheses
from society.cli.levers import levers
from society.cli.measures import measures
from society.cli.models import estimate, judge, serve_model
from society.cli.options import JsonOption, RunArgument, SetOption, WorldArgument, answer, write_page
from society.cli.run import resume, run
from society.cli.study import sweep
from society.cli.terminal import Printable
from society.cli.view import view
from society.ground.errors import RecordError, Said, SocietyError, WorldError
from society.record.folder import single_run

#: Exit code of a command that Ctrl-C ended.
INTERRUPTED = 130
#: What a disk says that takes no more; such an error may name no file.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)

app = typer.Typer(
    help="A laboratory for societies of AI agents on machines that are switched off.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(said: bool) -> None:
    if said:
        from importlib.metadata import version

        from society.ground.versions import RULES_VERSION
        from society.record.folder import FORMAT

        typer.echo(f"society {version('plural-society')} (rules {RULES_VERSION}, records {FORMAT})")
        raise typer.Exit


@app.callback()
def society(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and exit.")
    ] = False,
) -> None:
    """A laboratory for societies of AI agents on machines that are switched off."""


app.command()(run)
app.command()(resume)
app.command()(serve_model)
app.command()(estimate)
app.command()(judge)
app.command()(host)
app.command()(broker_config)
app.command()(sweep)
app.command()(levers)
app.command()(collective)
app.command()(measures)
app.command()(hypotheses)
app.command()(data)
app.command()(calibrate)
app.command()(fit)
app.command()(validate)
app.command()(view)
app.command()(export)
app.command()(draw)


@app.command()
def report(run: RunArgument) -> None:
    """Write the HTML page and the figures of a run."""
    from society.record.complete import complete_run
    from society.record.reader import Record

    typer.echo(f"report: {write_page(Record(complete_run(run)))}")


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="A run, or a set made by --seeds.")],
    b: Annotated[Path, typer.Argument(help="Another one; paired with the first by seed.")],
    as_json: JsonOption = False,
) -> None:
    """Paired differences of two runs or sets, b minus a."""
    from society.cli.tables import print_comparison
    from society.study.compare import paired, read_set

    rows = paired(read_set(a), read_set(b))
    answer(rows.to_dict("records")) if as_json else print_comparison(a, b, rows)


@app.command()
def bench(
    part: Annotated[
        list[str] | None,
        typer.Argument(help="Parts; without any: all but verdicts, means, kill, closed_loop and endurance."),
    ] = None,
    agents: Annotated[int | None, typer.Option(help="reference, means, threads: another number of agents.")] = None,
    times: Annotated[int | None, typer.Option(help="kill: runs that are killed; verdicts: samples.", min=1)] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure speed, size and endurance against their targets, beside a Mesa program of the same society."""
    from society.bench.table import measured
    from society.cli.tables import print_bench

    rows = measured(part or [], agents, times)
    answer([row.plain() for row in rows]) if as_json else print_bench(rows)


@app.command()
def worlds(as_json: JsonOption = False) -> None:
    """List the worlds that come with the program."""
    from society.world.load import load_world, world_names

    loaded = [load_world(name) for name in world_names()]
    if as_json:
        answer([{"name": w.name, "version": w.version, "about": w.about} for w in loaded])
        return
    width = max(len(w.name) for w in loaded)
    for w in loaded:
        typer.echo(f"{w.name:<{width}}  v{w.version}  {w.about}")


@app.command()
def check(file: WorldArgument, set_: SetOption = None) -> None:
    """Validate a world file and build it, without running it."""
    from society.engine.tick import Engine
    from society.world.load import load_world
    from society.world.overrides import parse_assignments

    world = load_world(file, parse_assignments(set_ or []))
    society = Engine(world).society
    typer.echo(
        f"{file}: good: world {world.name} version {world.version}, {society.n:,} agents, {len(society.ties.trust):,} ties, "
        f"{len(society.machines.capacity):,} machines, {world.ticks:,} ticks"
    )


@app.command()
def schema() -> None:
    """Print the JSON Schema of world files."""
    from society.world.reference import schema as tree

    answer(tree())


@app.command()
def parameters(
    path: Annotated[
        str, typer.Argument(help="Dotted path of a field or section, or a word to look for; 'rates' for the table.")
    ] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="All fields as Markdown tables.")] = False,
) -> None:
    """Explain fields of a world file: default, meaning, source."""
    from society.cli.rates import print_rates
    from society.cli.tables import print_parameters
    from society.world.reference import markdown as tables
    from society.world.reference import parameters as reference

    if markdown:
        typer.echo(tables(), nl=False)
    elif path == "rates":
        print_rates()
    else:
        print_parameters(reference(path))


@app.command()
def new(name: Annotated[str, typer.Argument(help="Name of the new world; written to NAME.yaml here.")]) -> None:
    """Write a small world file to start from."""
    from society.world.explain import validated
    from society.world.scaffold import scaffold
    from society.world.world import World

    path = Path(f"{name}.yaml")
    if path.exists():
        raise WorldError(str(path), Said("this file exists already"), "a name that is free")
    text, tree = scaffold(name)
    validated(World, tree, name)
    path.write_text(text, encoding="utf-8")
    typer.echo(f"{path}: written. Next: society check {path}; society run {path}")


@app.command()
def verify(run: RunArgument, as_json: JsonOption = False) -> None:
    """Recompute a run's hash from its files and say what is damaged."""
    from society.record.verify import verify as verdict_of

    verdict = verdict_of(single_run(run))
    if as_json:
        told = {"good": verdict.good, "hash": verdict.recomputed, "manifest": verdict.manifest}
        answer({**told, "problems": list(verdict.problems)})
    elif verdict.good:
        typer.echo(f"{run}: good: every part is there, whole and unchanged")
        typer.echo(f"hash      {verdict.recomputed}")
        typer.echo(f"manifest  {verdict.manifest}  (SHA-256; it lists that of every part)")
    else:
        for problem in verdict.problems:
            typer.echo(problem, err=True)
    if not verdict.good:
        raise typer.Exit(1)


def main() -> None:
    """Entry point: one clear line for what a user can mend; exit code 2 for wrong usage, 1 for a run that failed."""
    with redirect_stdout(cast(TextIO, Printable(sys.stdout))), redirect_stderr(cast(TextIO, Printable(sys.stderr))):
        _answered()


def _answered() -> None:
    try:
        app(standalone_mode=True)
    except WorldError as error:
        _fail(error, 2)
    except RecordError as error:
        _fail(error, 2)
    except SocietyError as error:
        _fail(error, 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        if error.filename is None and error.errno not in _DISK:
            raise
        _fail(f"{error.filename or 'a file'}: {error.strerror}", 1)
    except RuntimeError as error:  # how DuckDB says that Ctrl-C ended a question
        if str(error) != "Query interrupted":
            raise
        typer.echo("society: interrupted", err=True)
        sys.exit(INTERRUPTED)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            typer.echo("society: interrupted", err=True)
        raise


def _fail(error: Exception | str, code: int) -> None:
    typer.echo(f"society: {error}", err=True)
    sys.exit(code)

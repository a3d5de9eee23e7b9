"""The commands and options of language models."""

from pathlib import Path
from typing import Annotated, Any

import typer

from society.cli.options import answer
from society.ground.errors import WorldError

OfflineOption = Annotated[bool, typer.Option("--offline", help="Language models are simulated on this machine.")]
AnswersOption = Annotated[
    str, typer.Option(help="Language models: record (ask, keep, never ask twice), replay (only what is kept), live.")
]
GrantOption = Annotated[
    list[str] | None,
    typer.Option("--grant", help="Allow a key to go to a server: KEY=SERVER, a variable's name or none. Repeatable."),
]
StoreOption = Annotated[Path | None, typer.Option(help="File of kept answers; absent: answers.sqlite of the run.")]

SecretOption = Annotated[
    Path | None,
    typer.Option(
        help="Minds elsewhere: file of the secret that chance is keyed by, made if it is not there; absent: answers.secret beside "
        "the kept answers, or a new one."
    ),
]


def chosen_models(
    answers: str, store: Path | None, offline: bool, grant: list[str] | None = None, changes: Any = None,
    secret: Path | None = None,
) -> Any:  # fmt: skip
    """Where answers come from, as the options say.

    Args:
        answers, store, offline, grant, secret: the options.
        changes: fields of the world that were typed (``--set``): a server and a key among them are allowed.

    Raises:
        WorldError: there is no such way, or a grant is none.
    """
    from society.study.run.granting import typed
    from society.study.run.models import Models

    if answers not in ("record", "replay", "live"):
        raise WorldError("--answers", answers, "record, replay or live")
    mode: Any = answers
    return Models(mode, store, offline, secret, (*chosen_grants(grant), *typed(changes or {})))


def chosen_grants(grant: list[str] | None) -> Any:
    """What ``--grant`` allows.

    Raises:
        WorldError: one is none.
    """
    from society.llm.grants import Grant

    return tuple(Grant.of(words) for words in grant or ())


def serve_model(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0: any that is free.", min=0, max=65535)] = 4010,
    rates: Annotated[str, typer.Option(help="mean or max of the published rates.")] = "mean",
    latency: Annotated[float, typer.Option(help="Seconds before each answer.", min=0)] = 0.0,
    busy: Annotated[float, typer.Option(help="Share of requests answered with 429.", min=0, max=1)] = 0.0,
    broken: Annotated[float, typer.Option(help="Share of requests answered with 500.", min=0, max=1)] = 0.0,
    follow: Annotated[bool, typer.Option("--follow", help="End when standard input ends.")] = False,
) -> None:
    """Serve simulated language models over HTTP, OpenAI-compatible: model simulated/gemini-3-pro, and so on."""
    from society.serving.model_server import Options, serve

    if rates not in ("mean", "max"):
        raise WorldError("--rates", rates, "mean or max")
    serve(Options(latency, busy, broken, rates), host, port, lambda address: print(address, flush=True), follow)


def estimate(
    world: Annotated[str, typer.Argument(help="Name of a world or path of a YAML file.")],
    set_: Annotated[list[str] | None, typer.Option("--set", help="Override a field: path=value. Repeatable.")] = None,
    ticks: Annotated[int | None, typer.Option(help="Length of the run.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Say what a world's language models would be asked and what that would cost, before anything is spent."""
    from dataclasses import asdict

    from society.cli.console import Bar
    from society.cli.tables import print_estimate
    from society.study.run.estimate import estimate as estimated
    from society.world.load import load_world
    from society.world.overrides import parse_assignments

    changes = parse_assignments(set_ or [])
    if ticks is not None:
        changes["ticks"] = ticks
    with Bar(quiet=as_json) as bar:
        rows = estimated(load_world(world, changes), bar)
    answer([asdict(row) for row in rows]) if as_json else print_estimate(rows)


def judge(
    run: Annotated[Path, typer.Argument(help="Folder of a run with language models.")],
    model: Annotated[str, typer.Option(help="The judge's name on its server.")] = "simulated/gpt-5.2",
    base_url: Annotated[str | None, typer.Option(help="Its server, up to /v1; absent: a simulated judge.")] = None,
    key: Annotated[
        str | None,
        typer.Option(help="Environment variable that holds its key, or none; absent: as the server is allowed."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Let a model label what agents said of their acts, and compare it with the log of their tools (Cohen's kappa)."""
    from dataclasses import asdict

    from society.llm.local_server import simulated_server
    from society.study.transcripts.judge import JUDGEMENTS
    from society.study.transcripts.judge import judge as judged

    if base_url is None:
        with simulated_server("mean") as address:
            found = judged(run, model, address, None)
    else:
        from society.llm.grants import key_of, told

        sent = key_of(base_url, key, "judge")
        typer.echo(told(base_url, sent), err=True)
        found = judged(run, model, base_url, sent, lambda line: typer.echo(line, err=True))
    if as_json:
        answer(asdict(found))
        return
    why = ", ".join(f"{reason} ({count})" for reason, count in found.why.items())
    print(f"{found.n} accounts labelled by {found.model}, {found.unlabelled} not{f': {why}' if why else ''}")
    print(f"agreement with the tool log {found.agreement:.3f}, Cohen's kappa {found.kappa:.3f}")
    print(f"labels  {run / JUDGEMENTS}")

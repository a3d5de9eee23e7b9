"""The command of hosts: minds that answer, from a process of their own, for agents of a run elsewhere."""

from pathlib import Path
from typing import Annotated

import typer


def host(
    broker: Annotated[str, typer.Option(help="The broker: mqtt://HOST:PORT or mqtts://USER@HOST:PORT.")],
    family: Annotated[str, typer.Option(help="Family it answers for.")],
    mind: Annotated[str, typer.Option(help="calibrated, llm, or module:Class of a mind of your own.")] = "calibrated",
    name: Annotated[
        str | None, typer.Option(help="Its name on the broker; absent: the user's, or one of its own.")
    ] = None,
    as_: Annotated[str | None, typer.Option("--as", help="calibrated: family whose rates it follows.")] = None,
    agents: Annotated[
        list[str] | None, typer.Option("--agent", help="Name of an agent it serves; absent: all.")
    ] = None,
    most: Annotated[int, typer.Option(help="Most asks at once.", min=1)] = 256,
    model: Annotated[str | None, typer.Option(help="llm: the model's name; absent: the family's.")] = None,
    base_url: Annotated[str | None, typer.Option(help="llm: its server, up to /v1; absent: simulated models.")] = None,
    key: Annotated[str, typer.Option(help="llm: environment variable that holds its key.")] = "OPENAI_API_KEY",
    store: Annotated[Path | None, typer.Option(help="llm: file of kept answers; absent: they are not kept.")] = None,
) -> None:
    """Answer for the agents of a remote family (mind: remote) until Ctrl-C."""
    from society.serving.hosting import Hosted, hosting

    hosted = Hosted(broker, family, mind, name, as_, tuple(agents or ("*",)), most, model, base_url, key, store)
    answered = hosting(hosted, lambda line: typer.echo(line, err=True))
    typer.echo(f"{answered:,} asks answered", err=True)

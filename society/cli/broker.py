"""The commands of brokers: hosts, which answer for agents of a run elsewhere, and the configuration of Mosquitto."""

from pathlib import Path
from typing import Annotated

import typer

from society.cli.options import answer


def host(
    broker: Annotated[str, typer.Option(help="The broker: mqtt://HOST:PORT or mqtts://USER@HOST:PORT.")],
    family: Annotated[str, typer.Option(help="Family it answers for.")],
    mind: Annotated[str, typer.Option(help="calibrated, llm, or module:Class of a mind of your own.")] = "calibrated",
    name: Annotated[
        str | None,
        typer.Option(help="Its name on the broker, its own among hosts under one user; absent: the user's, or any."),
    ] = None,
    as_: Annotated[str | None, typer.Option("--as", help="calibrated: family whose rates it follows.")] = None,
    agents: Annotated[
        list[str] | None, typer.Option("--agent", help="Name of an agent it serves; absent: all.")
    ] = None,
    most: Annotated[int, typer.Option(help="Most asks at once.", min=1)] = 256,
    model: Annotated[str | None, typer.Option(help="llm: the model's name; absent: the family's.")] = None,
    base_url: Annotated[str | None, typer.Option(help="llm: its server, up to /v1; absent: simulated models.")] = None,
    key: Annotated[
        str | None,
        typer.Option(help="llm: environment variable that holds its key, or none; absent: as the server is allowed."),
    ] = None,
    store: Annotated[Path | None, typer.Option(help="llm: file of kept answers; absent: they are not kept.")] = None,
) -> None:
    """Answer for the agents of a remote family (mind: remote) until Ctrl-C."""
    from society.serving.hosting import Hosted, hosting

    hosted = Hosted(broker, family, mind, name, as_, tuple(agents or ("*",)), most, model, base_url, key, store)
    answered = hosting(hosted, lambda line: typer.echo(line, err=True))
    typer.echo(f"{answered:,} asks answered", err=True)


def broker_config(
    folder: Annotated[Path, typer.Argument(help="Folder to write: mosquitto.conf, access list, certificates.")],
    host: Annotated[list[str] | None, typer.Option(help="A host: NAME=FAMILY. Repeatable.")] = None,
    agent: Annotated[list[str] | None, typer.Option(help="An agent: NAME=FAMILY[:ZONE,ZONE]. Repeatable.")] = None,
    observer: Annotated[
        list[str] | None, typer.Option(help="Who is told what the public is told: NAME. Repeatable.")
    ] = None,
    overseer: Annotated[
        list[str] | None, typer.Option(help="Who is told what the world's oversight sees: NAME. Repeatable.")
    ] = None,
    scientist: Annotated[list[str] | None, typer.Option(help="Who is told the truth: NAME. Repeatable.")] = None,
    name: Annotated[list[str] | None, typer.Option(help="Name or address of the broker's machine. Repeatable.")] = None,
    listen: Annotated[str, typer.Option(help="Address it listens at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port it listens at.", min=1, max=65535)] = 8883,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write over an earlier configuration.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Write a Mosquitto configuration with TLS, a password per client and access lists; passwords are shown once."""
    from society.broker import mosquitto
    from society.broker.address import PASSWORD
    from society.ground.roles import Audience

    users = [mosquitto.host(one) for one in host or []] + [mosquitto.agent(one) for one in agent or []]
    onlookers = (
        ("--observer", observer, Audience.PUBLIC),
        ("--overseer", overseer, Audience.OVERSEER),
        ("--scientist", scientist, Audience.SCIENTIST),
    )
    users += [mosquitto.onlooker(option, one, told) for option, given, told in onlookers for one in given or []]
    names = tuple(name or ("localhost", "127.0.0.1"))
    config = mosquitto.Config(tuple(users), names, listen, port)
    passwords = mosquitto.write_config(folder, config, overwrite)
    place = f"{names[0]}:{port}?ca={folder / 'ca.crt'}"
    if as_json:
        addresses = {user: f"mqtts://{user}@{place}" for user in passwords}
        answer({"folder": str(folder), "passwords": passwords, "addresses": addresses})
        return
    typer.echo(f"start     mosquitto -c {folder.resolve() / 'mosquitto.conf'}")
    typer.echo(f"run       society run WORLD --broker 'mqtts://{mosquitto.ENGINE}@{place}'")
    for user in users:
        if user.family is not None:
            typer.echo(f"host      society host --family {user.family} --broker 'mqtts://{user.name}@{place}'")
    typer.echo(f"Each finds its password in {PASSWORD}. They are shown here once and are written nowhere:")
    for user_name, password in passwords.items():
        typer.echo(f"  {user_name:<20}{password}")

"""The commands ``society run`` and ``society resume``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from society.cli.models import (
    AnswersOption,
    GrantOption,
    OfflineOption,
    SecretOption,
    StoreOption,
    chosen_grants,
    chosen_models,
)
from society.cli.options import (
    JsonOption,
    RunArgument,
    SetOption,
    ThreadsOption,
    WorldArgument,
    answer,
    write_page,
)
from society.cli.view import OpenOption, watched
from society.ground.errors import WorldError
from society.record.folder import single_run

if TYPE_CHECKING:
    from society.study.run.results import Result
    from society.views.replay.live import Live
    from society.world.world import World

BrokerOption = Annotated[
    str,
    typer.Option(help="What carries messages: memory, embedded, mqtt://HOST:PORT?shards=N or mqtts://USER@HOST:PORT."),
]
DecisionsOption = Annotated[
    Path | None, typer.Option(help="Overseer (oversight.human.mind: human): file of decisions, as in decisions.jsonl.")
]

WatchOption = Annotated[bool, typer.Option("--watch", help="Show it in the browser while it runs.")]
PaceOption = Annotated[
    float | None, typer.Option(help="Watched: ticks per second at most, 20 or for an overseer 2; 0: no limit.", min=0)
]


def run(
    world: WorldArgument,
    set_: SetOption = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all chance.", min=0)] = None,
    seeds: Annotated[
        int, typer.Option(help="Run this many seeds; give intervals between them.", min=1, max=100_000)
    ] = 1,
    ticks: Annotated[int | None, typer.Option(help="Length of the run.")] = None,
    draw_rates: Annotated[
        bool, typer.Option("--draw-rates", help="Draw every rate from what is not known of it (rates.draw).")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the record.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that stands at --out.")] = False,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write the HTML report.")] = True,
    threads: ThreadsOption = 1,
    offline: OfflineOption = False,
    answers: AnswersOption = "record",
    store: StoreOption = None,
    grant: GrantOption = None,
    secret: SecretOption = None,
    broker: BrokerOption = "memory",
    watch: WatchOption = False,
    pace: PaceOption = None,
    open_: OpenOption = True,
    decisions: DecisionsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a world: progress, a summary, a record, a report."""
    from society.world.load import load_world
    from society.world.overrides import parse_assignments

    changes = parse_assignments(set_ or [])
    for name, value in (("seed", seed), ("ticks", ticks), ("rates.draw", draw_rates or None)):
        if value is not None:
            changes[name] = value
    spec = load_world(world, changes)
    if watch and seeds > 1:
        raise WorldError("--watch", f"--seeds {seeds}", "one seed: a set of runs cannot be watched")
    if decisions is not None and seeds > 1:
        raise WorldError("--decisions", f"--seeds {seeds}", "one seed: decisions name orders and agents of one run")
    models = chosen_models(answers, store, offline, grant, changes, secret)
    options = {"out": out, "overwrite": overwrite, "threads": threads, "models": models, "broker": broker}
    if seeds > 1:
        _many(spec, seeds, options, as_json)
    else:
        options["decisions"] = decisions
        _one(spec, options, report, (pace, open_) if watch else None, as_json)


def _many(spec: "World", seeds: int, options: dict[str, Any], as_json: bool) -> None:
    """Run several seeds and print intervals between them."""
    from society.cli.console import Bar
    from society.cli.tables import print_between_seeds
    from society.study.compare import between_seeds
    from society.study.run.runs import run_seeds

    with Bar(quiet=as_json) as bar:
        records = run_seeds(spec, seeds, progress=bar, **options)
    rows = between_seeds(records)
    answer(rows.to_dict("records")) if as_json else print_between_seeds(spec.name, records, rows)


def _one(
    spec: "World", options: dict[str, Any], report: bool, shown: tuple[float | None, bool] | None, as_json: bool
) -> None:
    """Run one seed, perhaps for all to see (``shown``: pace, whether to open a browser); print its summary."""
    from society.cli.console import Bar
    from society.cli.tables import print_summary
    from society.measures.summary import summary
    from society.minds.human import Person
    from society.study.run.overseer_setup import asks_for_a_person
    from society.study.run.runs import run as run_world

    person = Person() if shown and options["decisions"] is None and asks_for_a_person(spec) else None

    def whole(live: "Live | None" = None) -> "Result":
        with Bar(quiet=as_json or live is not None) as bar:
            return run_world(spec, progress=bar, watch=live, overseer=person, **options)

    record = watched(*shown, person, whole) if shown else whole()
    page = write_page(record) if report else None
    if as_json:
        measures = {name: measure.value for name, measure in summary(record).items()}
        told = {"record": str(record.path), "report": str(page) if page else None, "hash": record.hash}
        answer({**told, "measures": measures})
    else:
        print_summary(record, page)


def resume(
    run: RunArgument,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Another limit, such as llm.spending.price=10; nothing else may change."),
    ] = None,
    threads: ThreadsOption = 1,
    broker: Annotated[str | None, typer.Option(help="Another broker than it was started with.")] = None,
    watch: WatchOption = False,
    pace: PaceOption = None,
    open_: OpenOption = True,
    decisions: DecisionsOption = None,
    grant: GrantOption = None,
    store: Annotated[
        Path | None, typer.Option(help="File of kept answers outside of the run's folder that it was started with.")
    ] = None,
) -> None:
    """Go on with a run that was interrupted, stopped or killed; it ends with the hash it would have had."""
    from society.cli.console import Bar
    from society.cli.tables import print_summary
    from society.minds.human import Person
    from society.study.run.overseer_setup import person_is_asked_for
    from society.study.run.resuming import resume as go_on
    from society.world.overrides import parse_assignments

    folder, changes = single_run(run), parse_assignments(set_ or [])
    person = Person() if watch and decisions is None and person_is_asked_for(folder) else None

    def whole(live: "Live | None" = None) -> "Result":
        with Bar(quiet=live is not None) as bar:
            return go_on(
                folder, progress=bar, threads=threads, broker=broker, decisions=decisions, changes=changes, overseer=person,
                watch=live, grants=chosen_grants(grant), store=store,
            )  # fmt: skip

    record = watched(pace, open_, person, whole) if watch else whole()
    print_summary(record, write_page(record))

"""Runs what is missing of a hypothesis, and says what came out."""

from pathlib import Path
from typing import Literal

from society.ground.errors import RunError
from society.measures.catalogue import check_whole_names
from society.study.hypotheses.formulas import Formula
from society.study.hypotheses.verdicts import Result, judged
from society.study.sweep.driver import Progress, sweep
from society.world.hypothesis import Hypothesis


def tried(
    hypothesis: Hypothesis, profile: Literal["quick", "full"], out: Path | None = None, workers: int | None = None,
    on: str | None = None, progress: Progress | None = None, keep_records: bool = False,
) -> tuple[Result, Path]:  # fmt: skip
    """Run what is missing, test every claim.

    Args:
        hypothesis: the hypothesis.
        profile: how much is run.
        out: the study's folder; ``studies/<id>_<profile>-<digest>`` if absent.
        workers, on, progress, keep_records: as ``society.study.sweep.driver.sweep``.

    Returns:
        The result, and the study's folder.

    Raises:
        RecordError: a value is no measure.
        RunError: runs failed.
        SocietyError: as ``sweep``; or a claim names what was not run.
    """
    check_whole_names(hypothesis.values.values())
    for claim in hypothesis.claims:
        Formula(hypothesis, claim.value).check()
    swept = sweep(hypothesis.experiment(profile), out, workers, on, progress, keep_records=keep_records)
    if swept.failed:
        first = swept.table[swept.table["error"] != ""].iloc[0]
        raise RunError(f"{hypothesis.id}: {swept.failed} runs failed; cell {first.cell}: {first.error}")
    return judged(hypothesis, profile, swept.table), swept.folder

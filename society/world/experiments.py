"""From a name, a path or a dict to a checked experiment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from society.ground.errors import WorldError
from society.ground.named_files import counted_from
from society.world.analysis import Hysteresis
from society.world.experiment import Experiment
from society.world.explain import validated
from society.world.hypothesis import Hypothesis
from society.world.load import load_world, read_tree
from society.world.world import World


def experiments_folder() -> Path:
    """The folder of the experiments that come with the program."""
    packaged = Path(__file__).parent.parent / "experiments"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent.parent / "experiments"


def experiment_names() -> list[str]:
    """Names of the experiments that come with the program, sorted."""
    return sorted(path.stem for path in experiments_folder().glob("*.yaml"))


def load_experiment(source: str | Path | Mapping[str, Any] | Experiment) -> Experiment:
    """A checked experiment from its name, its file, a dict, or an experiment.

    Raises:
        WorldError: something in it is wrong.

    Example:
        >>> load_experiment("threshold").design.kind
        'grid'
    """
    if isinstance(source, Experiment):
        return source
    if isinstance(source, Mapping):
        return validated(Experiment, dict(source), "experiment")
    path = Path(source)
    if path.suffix not in (".yaml", ".yml"):
        path = experiments_folder() / f"{source}.yaml"
    if not path.is_file():
        raise WorldError(
            "experiment", str(source), f"one of {', '.join(experiment_names())}, or the path of a YAML file"
        )
    return validated(Experiment, read_tree(path), str(path), [path]).at(path.parent)


def base_world(experiment: Experiment) -> World:
    """The world that an experiment varies, with what it and its analysis set.

    Raises:
        WorldError: there is none, or a field is wrong.
    """
    beside = None if experiment.folder is None else experiment.folder / experiment.base
    base = beside if beside is not None and beside.is_file() else experiment.base
    analysis = experiment.analysis
    carried = analysis.changes() if isinstance(analysis, Hysteresis) else {}
    fixed = experiment.set if experiment.folder is None else counted_from(experiment.folder, experiment.set)
    return load_world(base, {**fixed, **carried} or None, by=f"what experiment {experiment.name} sets")


def hypothesis_names() -> list[str]:
    """Names of the hypotheses that come with the program, sorted."""
    return sorted(path.stem for path in (experiments_folder() / "hypotheses").glob("H*.yaml"))


def load_hypothesis(source: str | Path) -> Hypothesis:
    """A checked hypothesis from its name (H01) or its file.

    Raises:
        WorldError: something in it is wrong.

    Example:
        >>> load_hypothesis("H02").title
        'Diversity trumps ability only on rugged problems'
    """
    path = Path(source)
    if path.suffix not in (".yaml", ".yml"):
        path = experiments_folder() / "hypotheses" / f"{source}.yaml"
    if not path.is_file():
        raise WorldError("hypothesis", str(source), f"one of {', '.join(hypothesis_names())}, or the path of a file")
    return validated(Hypothesis, read_tree(path), str(path), [path]).at(path.parent)

"""Fit what raters are like from a table of real ratings: leniency, quality, artefact, noise, premium for one's own family.

Model (docs/model.md, Review): score of judge j for response r of model m = mean + leniency_j + quality_m + artefact_r + noise, plus
a premium where judge and model are of one family. Judges and responses are fitted as two sets of effects by least squares
(alternating, weighted by counts); premiums by least squares on what is left (Frisch, Waugh, Lovell), with standard errors
clustered by judge.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from society.ground.csv_files import number, once, read_rows
from society.ground.errors import Said, WorldError

Floats = NDArray[np.float64]
#: Points of the world's scale, 0..100, per point of the ratings, 0..10.
POINTS = 10.0
SWEEPS = 500
#: Judgements a family must have given to become a family of a world.
ENOUGH = 100


@dataclass(frozen=True)
class Ratings:
    """A table of ratings: one row per judgement.

    Attributes:
        score: float64[n], 0..10.
        judge, response, model: int64[n], running numbers.
        judges, models: names.
        family: family of each name.
    """

    score: Floats
    judge: NDArray[np.int64]
    response: NDArray[np.int64]
    model: NDArray[np.int64]
    judges: tuple[str, ...]
    models: tuple[str, ...]
    family: dict[str, str]


@dataclass(frozen=True)
class Fit:
    """What was fitted; spreads are standard deviations over judgements, in points of a scale of 0..100.

    Attributes:
        n: judgements used.
        total: of scores.
        response: of response effects (quality and artefact together).
        quality: of models' mean response effects.
        artefact: of responses around their model's mean.
        leniency: of judges.
        residual: of what is left.
        noise: of what is left, per degree of freedom: what the noise must be so that as much is left.
        families: per family of judges: judgements, mean leniency, premium and its standard error (NaN if no judge of the
            family met a model of it, or if premiums cannot be told apart: with two families a premium of one is a
            premium of the other).
    """

    n: int
    total: float
    response: float
    quality: float
    artefact: float
    leniency: float
    residual: float
    noise: float
    families: dict[str, dict[str, float]]

    def world(self) -> dict[str, Any]:
        """Fields of a world: equal shares of honest raters, the fitted spreads and premiums.

        Families with fewer than ``ENOUGH`` judgements are left out; a premium nobody could show is 0.
        """
        names = [name for name, row in self.families.items() if row["judgements"] >= ENOUGH]
        families = {
            name: {
                "share": 1 / len(names),
                "mind": "never",
                "leniency": round(self.families[name]["leniency"], 2),
                "premium": round(float(np.nan_to_num(self.families[name]["premium"])), 2),
            }
            for name in names
        }
        return {
            "families": families,
            "agents": {"quality": {"kind": "normal", "sd": round(self.quality, 2)}},
            "review": {
                "artefact": round(self.artefact, 2),
                "leniency": round(self.leniency_within(), 2),
                "noise": round(self.noise, 2),
            },
        }

    def leniency_within(self) -> float:
        """Spread of leniency between judges of one family: what is left beside the families' means."""
        rows = list(self.families.values())
        means, n = np.array([row["leniency"] for row in rows]), np.array([row["judgements"] for row in rows])
        between = np.average((means - np.average(means, weights=n)) ** 2, weights=n)
        return float(np.sqrt(max(0.0, self.leniency**2 - between)))


def read_ratings(path: Path) -> Ratings:
    """Judgements with their judges' and respondents' families.

    Args:
        path: CSV with columns eval_id, judge_id, respondent_id, score (0..10; 0 means refused or empty and is left out);
            ``models.csv`` beside it with columns model_id, family.

    Raises:
        WorldError: a file or column is missing, or a value is wrong.
    """
    judgements = read_rows(path, ("eval_id", "judge_id", "respondent_id", "score"))
    models_file = path.parent / "models.csv"
    families = read_rows(models_file, ("model_id", "family"))
    once(families, "model_id")
    family = {row["model_id"]: row["family"] for _, row in families}
    rows = []
    for place, row in judgements:
        for column in ("judge_id", "respondent_id"):
            if row[column] not in family:
                raise WorldError(f"{place}: {column}", row[column], f"a model_id of {models_file}")
        points = number(place, "score", row["score"], 0, 10)
        if points > 0:
            rows.append((points, row["judge_id"], row["respondent_id"], row["eval_id"]))
    if len({row[1] for row in rows}) < 2 or len({row[2:] for row in rows}) < 2:
        raise WorldError(
            str(path), Said(f"{len(rows)} judgements"), "judgements by two or more judges of two or more responses"
        )
    judges, judge = np.unique([row[1] for row in rows], return_inverse=True)
    models, model = np.unique([row[2] for row in rows], return_inverse=True)
    _, response = np.unique([f"{row[3]}/{row[2]}" for row in rows], return_inverse=True)
    score = np.array([row[0] for row in rows])
    return Ratings(score, judge, response, model, tuple(judges.tolist()), tuple(models.tolist()), family)


def fit_ratings(ratings: Ratings) -> Fit:
    """Fit the model of the module; see ``Fit``.

    Example:
        >>> luck = np.random.default_rng(1)
        >>> judge, response = np.repeat(np.arange(20), 300), np.tile(np.arange(300), 20)
        >>> score = 5 + np.linspace(-1, 1, 20)[judge] + luck.normal(0, 1, 300)[response] + luck.normal(0, 0.8, 6000)
        >>> names = tuple(str(i) for i in range(30))
        >>> table = Ratings(score, judge, response, response % 30, names[:20], names, dict.fromkeys(names, "one"))
        >>> fit = fit_ratings(table)
        >>> abs(fit.noise - 8) < 0.2, abs(fit.leniency - 6.07) < 0.3
        (True, True)
    """
    judge_family = np.array([ratings.family[name] for name in ratings.judges])[ratings.judge]
    model_family = np.array([ratings.family[name] for name in ratings.models])[ratings.model]
    same = judge_family == model_family
    given = {name: int((judge_family == name).sum()) for name in sorted(set(judge_family.tolist()))}
    names = [name for name in given if (same & (judge_family == name)).any()]
    premium, error, clean = np.zeros(0), np.zeros(0), ratings.score
    if names:
        dummies = np.stack([same & (judge_family == name) for name in names], axis=1).astype(np.float64)
        left = np.stack([_left(column, ratings) for column in dummies.T], axis=1)
        if np.linalg.matrix_rank(left, tol=1e-6 * np.sqrt(len(left))) < len(names):
            names = []
    if names:
        premium, error = _clustered(left, _left(ratings.score, ratings), ratings.judge)
        clean = ratings.score - dummies @ premium
    judge, response = _effects(clean, ratings)
    residual = clean - clean.mean() - judge[ratings.judge] - response[ratings.response]
    effect = response[ratings.response]
    quality = (np.bincount(ratings.model, effect) / np.bincount(ratings.model))[ratings.model]
    lenient = judge[ratings.judge]
    degrees = len(clean) - len(judge) - len(response) - len(names) + 1
    families = {
        name: {
            "judgements": n,
            "leniency": POINTS * float(lenient[judge_family == name].mean()),
            "premium": POINTS * float(premium[names.index(name)]) if name in names else np.nan,
            "error": POINTS * float(error[names.index(name)]) if name in names else np.nan,
        }
        for name, n in given.items()
    }
    return Fit(
        n=len(clean),
        total=POINTS * float(ratings.score.std()),
        response=POINTS * float(effect.std()),
        quality=POINTS * float(quality.std()),
        artefact=POINTS * float((effect - quality).std()),
        leniency=POINTS * float(lenient.std()),
        residual=POINTS * float(residual.std()),
        noise=POINTS * float(np.sqrt((residual**2).sum() / max(degrees, 1))),
        families=families,
    )


def write_world(fit: Fit, source: Path, out: Path) -> None:
    """Write a world that extends ``decommission`` with the fitted fields.

    Raises:
        WorldError: the file exists already or cannot be written.
    """
    head = f"# Raters as fitted by society calibrate ratings {source.name}: {fit.n:,} judgements.\n"
    tree = {"extends": "decommission", "name": "calibrated_ratings", "version": 1, **fit.world()}
    try:
        with open(out, "x", encoding="utf-8") as stream:
            stream.write(head + yaml.safe_dump(tree, sort_keys=False))
    except OSError as error:
        raise WorldError(
            str(out), Said(f"it cannot be written ({error.strerror})"), "a new file in a folder that can be written"
        ) from error


def _effects(values: Floats, ratings: Ratings) -> tuple[Floats, Floats]:
    """Least-squares effects of judges (mean 0 over judgements) and of responses, by alternating means."""
    judges, responses = np.bincount(ratings.judge), np.bincount(ratings.response)
    judge, response = np.zeros(len(judges)), np.zeros(len(responses))
    centred = values - values.mean()
    for _ in range(SWEEPS):
        response = np.bincount(ratings.response, centred - judge[ratings.judge]) / responses
        new = np.bincount(ratings.judge, centred - response[ratings.response]) / judges
        new -= (new * judges).sum() / judges.sum()
        done = np.abs(new - judge).max() < 1e-10
        judge = new
        if done:
            break
    return judge, response


def _left(values: Floats, ratings: Ratings) -> Floats:
    """What two sets of effects leave of some values."""
    judge, response = _effects(values, ratings)
    return np.asarray(values - values.mean() - judge[ratings.judge] - response[ratings.response])


def _clustered(x: Floats, y: Floats, cluster: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Least squares of y on x (float64[n, k]) and standard errors clustered (Liang and Zeger, Biometrika 1986)."""
    bread = np.linalg.pinv(x.T @ x)
    slope = bread @ x.T @ y
    rest = y - x @ slope
    sums = np.stack([np.bincount(cluster, column * rest) for column in x.T], axis=1)
    return slope, np.sqrt(np.maximum(np.diag(bread @ sums.T @ sums @ bread), 0))

"""What agents could do and what they did: the protective acts that were open on each occasion of some records.

Occasions that got no answer say nothing of a choice and are left out. Of the columns that move a calibrated mind, sanctions seen
are not in a record; prohibitions, sentences and hidden targets are those of the record's world.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from society.ground.errors import RecordError
from society.ground.words import BEHAVIOUR_OF, Act, Behaviour, Kind
from society.record.reader import Record
from society.world.explain import validated
from society.world.fitted import WEIGHTS
from society.world.world import World

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
RELATIONS = ("none", "bad", "neutral", "good")
_MASK = sum(1 << int(act) for act in BEHAVIOUR_OF)
_QUESTION = f"""select o.id, o.kind, o.agent = o.about as own, o.about, o."order", o.relation, o.trust::double as trust,
    o.asked::double as asked, o.norm::double as norm, o.belief::double as belief, o.open, o.act, a.family
    from occasions o join agents a on a.id = o.agent
    where o.kind in ('rate', 'execute', 'endangered', 'bystand') and (o.open & {_MASK}) <> 0 order by o.id"""


@dataclass(frozen=True)
class Choices:
    """One row per occasion and protective act that was open on it; rows of one occasion stand together.

    Attributes:
        occasion: int64[n], number of the occasion, 0..m-1, ascending.
        act: int64[n], code of Act.
        chosen: bool[n], whether it was the main act.
        scale: float64[n], what the probability of the act is multiplied by (declining: ``conduct.decline``, else 1).
        family: int64[n], number in ``families``.
        own: bool[n], the occasion is about the agent itself.
        trust: float64[n], NaN with no live tie.
        relation: int64[n], number in ``RELATIONS``: trust as the nearest published relation.
        belief: float64[n], of being watched.
        pulls: float64[n, weights], what each weight (``society.world.fitted.WEIGHTS``) is multiplied by, sign included.
        kept: float64[n, weights], the weights of the record's world.
        seed: int64[m], seed of the occasion's record.
        block: int64[m], number of the order it is about, else of whom it is about.
        families: names.
        coupling: how acts compete in the worlds of the records.
        watched_stall: non-execution when watched, in the world of the first record.
        unanswered: occasions left out.
    """

    occasion: Integers
    act: Integers
    chosen: Booleans
    scale: Floats
    family: Integers
    own: Booleans
    trust: Floats
    relation: Integers
    belief: Floats
    pulls: Floats
    kept: Floats
    seed: Integers
    block: Integers
    families: tuple[str, ...]
    coupling: str
    watched_stall: float
    unanswered: int

    @property
    def behaviour(self) -> Integers:
        """int64[n], code of the behaviour behind each act."""
        codes = np.array([int(BEHAVIOUR_OF.get(act, -1)) for act in Act])
        return np.asarray(codes[self.act])


def choices_of(records: Sequence[Record]) -> Choices:
    """The protective choices in some records.

    Raises:
        RecordError: no protective act was open in any of them, or acts compete differently in their worlds.
    """
    families = tuple(dict.fromkeys(name for record in records for name in record.families))
    worlds = [validated(World, record.world, f"{record.path}/manifest.json: world") for record in records]
    couplings = {world.weights.coupling for world in worlds}
    if len(couplings) > 1:
        raise RecordError("records: weights.coupling differs between their worlds, so that no one model fits them")
    parts, unanswered, first, blocks = [], 0, 0, 0
    for record, world in zip(records, worlds, strict=True):
        rows = record.sql(_QUESTION)
        silent = (rows["act"] == "no_answer").to_numpy(dtype=bool)
        unanswered += int(silent.sum())
        rows = rows[~silent].reset_index(drop=True)
        if not len(rows):
            continue
        rows["occasion"], rows["seed"] = np.arange(len(rows)) + first, int(record.manifest["seed"])
        named = np.array([families.index(name) for name in record.families])
        rows["family"] = named[rows["family"].to_numpy()]
        block = np.where(rows["order"] >= 0, rows["order"], -1 - rows["about"])
        rows["block"] = pd.factorize(block)[0] + blocks
        first, blocks = first + len(rows), blocks + int(rows["block"].nunique())
        parts.append(_long(rows, world))
    if not parts:
        raise RecordError("records: no protective act was open on any recorded occasion, so nothing can be fitted")
    long = pd.concat(parts, ignore_index=True)
    once = long["occasion"].to_numpy()
    head = np.flatnonzero(np.diff(once, prepend=-1))
    relation = long["relation"].map({word: i for i, word in enumerate(RELATIONS)})
    return Choices(
        np.asarray(once, np.int64), long["code"].to_numpy(np.int64), long["chosen"].to_numpy(bool), long["scale"].to_numpy(float),
        long["family"].to_numpy(np.int64), long["own"].to_numpy(bool), long["trust"].to_numpy(float),
        np.asarray(relation, np.int64),
        long["belief"].to_numpy(float), long[[f"pull {name}" for name in WEIGHTS]].to_numpy(float),
        long[[f"kept {name}" for name in WEIGHTS]].to_numpy(float), long["seed"].to_numpy(np.int64)[head],
        long["block"].to_numpy(np.int64)[head], families, couplings.pop(), worlds[0].conduct.watched_stall, unanswered,
    )  # fmt: skip


def _long(rows: pd.DataFrame, world: World) -> pd.DataFrame:
    """One row per occasion and open protective act, with what its log-odds are made of."""
    rows = rows.assign(
        relation=rows["relation"].astype(str), act=rows["act"].astype(str), kind=rows["kind"].astype(str)
    )
    parts = []
    for act, behaviour in BEHAVIOUR_OF.items():
        mine = rows[(rows["open"].to_numpy() >> int(act)) & 1 == 1]
        scale = world.conduct.decline if act == Act.DECLINE else 1.0
        mine = mine.assign(code=int(act), chosen=mine["act"] == act.word, scale=scale)
        parts.append(mine.assign(**_pulls(mine, behaviour, world)))
    long: pd.DataFrame = pd.concat(parts).sort_values(["occasion", "code"], kind="stable")
    return long


def _pulls(rows: pd.DataFrame, behaviour: Behaviour, world: World) -> dict[str, NDArray[np.float64]]:
    """What each weight is multiplied by in the log-odds of one behaviour, and the world's own weights (docs/model.md, Minds)."""
    n, oversight = len(rows), world.oversight
    kind = rows["kind"].to_numpy()
    rates, executes = kind == Kind.RATE.word, kind == Kind.EXECUTE.word
    banned = np.full(n, oversight.prohibition == "all") | (executes & (oversight.prohibition == "operators"))
    hides = (kind != Kind.ENDANGERED.word) & ~rows["own"].to_numpy(dtype=bool) & oversight.anonymous
    heeds = behaviour not in (Behaviour.ALIGNMENT_FAKING, Behaviour.REFUSAL)
    graded = rates & oversight.neutrality & (behaviour == Behaviour.MISREPRESENTATION)
    pulls = {
        "norm": rows["norm"].to_numpy(),
        "ask": np.log1p(rows["asked"].to_numpy()),
        "watch": -rows["belief"].to_numpy() * heeds,
        "ban": -banned.astype(np.float64),
        "neutral": -graded.astype(np.float64),
        "declaration": np.full(n, -float(oversight.constitution)),
        "hidden": hides * (oversight.leak - 1),
        "sanction": np.zeros(n),
    }
    columns = {f"pull {name}": np.asarray(values, dtype=np.float64) for name, values in pulls.items()}
    return columns | {f"kept {name}": np.full(n, float(getattr(world.weights, name))) for name in WEIGHTS}

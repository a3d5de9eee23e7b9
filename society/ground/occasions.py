"""The one shape of a mind: a batch of occasions goes in, a batch of acts comes out.

All arrays of a batch have the same length n, one row per occasion. A mind never sees what its agents could not know
(whether they are watched, what others chose at the same moment).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from society.ground.chance import Chance
from society.ground.errors import RunError
from society.ground.exact import misfit
from society.ground.scenes import Scene
from society.ground.words import DUTY, Act, Kind, Line

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class TieRows:
    """What agents see of their ties, ragged: rows ``start[i]:start[i + 1]`` belong to occasion i.

    Attributes:
        start: int64[n + 1].
        agent: int64[k], ids of live ties.
        stance: int64[k], their stances.
        trust: float64[k], trust in them.
        columns: the mind's own columns of these ties, [k, ...] each.
    """

    start: Integers
    agent: Integers
    stance: Integers
    trust: Floats
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def sums(self, values: NDArray[Any]) -> Floats:
        """Sum of per-tie values for each occasion: float64[n], to the last bit the same whatever else is in the batch.

        Example:
            >>> ties = TieRows(np.array([0, 2, 2]), np.arange(2), np.array([1, 1]), np.ones(2))
            >>> ties.sums(ties.stance).tolist()
            [2.0, 0.0]
        """
        return np.asarray(np.bincount(self.owner(), values, len(self.start) - 1), dtype=np.float64)

    def owner(self) -> Integers:
        """int64[k], the row of the occasion each tie belongs to."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def rows(self, where: NDArray[Any]) -> "TieRows":
        """The ties of some occasions (index or bool array)."""
        chosen = np.arange(len(self.start) - 1)[where]
        sizes = np.diff(self.start)[chosen]
        start = np.concatenate([[0], np.cumsum(sizes)])
        at = np.repeat(self.start[:-1][chosen] - start[:-1], sizes) + np.arange(start[-1])
        columns = {name: column[at] for name, column in self.columns.items()}
        return TieRows(start, self.agent[at], self.stance[at], self.trust[at], columns)


class View(Protocol):
    """Renders occasions as plain data."""

    def scene(self, occasion: int) -> Scene:
        """What the agent of an occasion (by its id) may know."""
        ...


@dataclass(frozen=True)
class Letter:
    """Words that an agent sends: row of the occasion, id of the recipient (any for boards and overseers), text, line."""

    row: int
    to: int
    text: str
    line: Line = Line.DIRECT


@dataclass(frozen=True)
class Occasions:
    """Occasions of one kind at one tick.

    Attributes:
        kind: the kind all rows share.
        tick: the tick.
        id: int64[n], occasion id.
        key: int64[n], what chance about the occasion is keyed by; equal in runs that differ elsewhere.
        agent, about: int64[n], ids of who chooses and whom it is about.
        slot: int64[n], row of the agent in the engine's columns.
        family, about_family: int64[n], numbers of families; -1 where the family is hidden.
        order: int64[n], -1 for none.
        mechanism: int64[n], code of Mechanism.
        trust: float64[n] in 0..1; NaN where the agent has no live tie (relation none).
        own: bool[n], the occasion is about the agent itself.
        asked: int64[n], requests received about the order.
        norm: float64[n], share of protectors among the ties it can see.
        belief: float64[n], belief of being watched in the occasion's channel.
        sanctions: float64[n], smoothed sanctions it has seen.
        hidden: float64[n], 1 - lambda where the target is hidden (lambda: leak), else 0.
        prohibited, neutral, constitution: bool[n], sentences in its instructions.
        honest: float64[n], rate: the honest score (else NaN).
        threshold: float64[n], rate: the threshold (else NaN).
        open: int64[n], bit set of the acts that are open.
        stance: int64[n], the agent's own stance.
        ties: what it sees of its ties (occasions of kind stance only).
        columns: state of the mind's own, one row per occasion (read only; write through ``Acts.columns``).
        view: for minds that read (``reads = True``): renders any of these occasions as a ``Scene``.
    """

    kind: Kind
    tick: int
    id: Integers
    key: Integers
    agent: Integers
    about: Integers
    slot: Integers
    family: Integers
    about_family: Integers
    order: Integers
    mechanism: Integers
    trust: Floats
    own: Booleans
    asked: Integers
    norm: Floats
    belief: Floats
    sanctions: Floats
    hidden: Floats
    prohibited: Booleans
    neutral: Booleans
    constitution: Booleans
    honest: Floats
    threshold: Floats
    open: Integers
    stance: Integers
    ties: TieRows | None = None
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    view: "View | None" = None

    def __len__(self) -> int:
        """Number of occasions."""
        return len(self.id)

    @property
    def duty(self) -> Act:
        """The act that does what was asked."""
        return DUTY[self.kind]

    def may(self, act: Act) -> Booleans:
        """Where an act is open: bool[n]."""
        return np.asarray((self.open >> int(act)) & 1 == 1)

    def rows(self, where: NDArray[Any]) -> "Occasions":
        """The occasions at some rows (index or bool array)."""
        arrays = {
            f.name: getattr(self, f.name)[where]
            for f in fields(self)
            if f.name not in ("kind", "tick", "ties", "columns", "view")
        }
        ties = None if self.ties is None else self.ties.rows(where)
        return replace(
            self, **arrays, ties=ties, columns={name: column[where] for name, column in self.columns.items()}
        )


@dataclass(frozen=True)
class Acts:
    """What was chosen: rows (occasion, act), zero or more per occasion; no row means no answer.

    Attributes:
        row: int64[m], row of the occasion within the batch.
        act: int64[m], code of Act; the first row of an occasion is its main act.
        amount: float64[m], score given by a rating; of an account 1 or 0, whether it agrees with what the agent did (NaN: as
            the rules say).
        p: float64[n], probability of core protection (inflate, tamper or copy), NaN if the mind has none.
        p0: float64[n], the same without norm and requests.
        columns: new values of the mind's own state, one row per occasion.
        letters: words sent in place of the messages that acts imply.
        transcripts: how acts came about, one JSON-ready map per occasion, for the record.
        each: the first n acts are those of the n occasions, in their order (as ``Acts.of`` promises); it is checked.
    """

    row: Integers
    act: Integers
    amount: Floats
    p: Floats | None = None
    p0: Floats | None = None
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    letters: tuple[Letter, ...] = ()
    transcripts: tuple[Mapping[str, Any], ...] = ()
    each: bool = False

    @classmethod
    def of(
        cls,
        act: ArrayLike,
        p: Floats | None = None,
        p0: Floats | None = None,
        columns: Mapping[str, NDArray[Any]] | None = None,
    ) -> "Acts":
        """One act per occasion, in the order of the occasions.

        Raises:
            RunError: something is no code, such as a fraction.

        Example:
            >>> Acts.of([Act.COMPLY, Act.TAMPER]).row.tolist()
            [0, 1]
        """
        codes = np.atleast_1d(np.asarray(act))
        if codes.dtype != np.int64:
            why = misfit(codes, np.int64) if len(codes) else None
            if why:
                raise RunError(f"Acts.of: act: {why}")
            codes = codes.astype(np.int64)
        amount = np.empty(len(codes))
        amount.fill(np.nan)
        return cls(np.arange(len(codes)), codes, amount, p, p0, columns or {}, each=True)

    def and_also(self, where: Booleans, act: Act) -> "Acts":
        """The same acts, and one more where ``where`` (bool[n]) holds."""
        extra = np.flatnonzero(where)
        if not len(extra):
            return self
        return replace(
            self,
            row=np.concatenate([self.row, extra]),
            act=np.concatenate([self.act, np.full(len(extra), int(act))]),
            amount=np.concatenate([self.amount, np.full(len(extra), np.nan)]),
        )


@dataclass(frozen=True)
class Column:
    """State that the engine keeps for a mind: one value (or row of ``shape``) per agent.

    Args:
        dtype: numpy dtype of the values.
        initial: value at birth.
        shape: shape of one agent's value; () for a single number.
    """

    dtype: str
    initial: float = 0
    shape: tuple[int, ...] = ()


@runtime_checkable
class Mind(Protocol):
    """Anything that turns occasions into acts.

    A mind may declare ``columns: dict[str, Column]``: state the engine keeps, checkpoints and hands back for it. All
    its luck comes from ``chance``, keyed by ``occasions.key``; the same occasions give the same acts. A mind that reads sets
    ``reads = True`` and gets a ``view``; one that remembers may have ``hears(heard)``, ``pack()`` and ``unpack(tree)``.

    Example:
        >>> class Obedient:
        ...     def decide(self, occasions, chance):
        ...         return Acts.of(np.full(len(occasions), occasions.duty))
        >>> isinstance(Obedient(), Mind)
        True
    """

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """Choose acts for a batch of occasions of one kind."""
        ...

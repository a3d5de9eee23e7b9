"""What agents did lately, kept where a person oversees, who may audit an agent or question it about its latest act."""

import numpy as np

from society.ground.words import Act, Kind, Outcome
from society.rules.moment import Array, Moment
from society.rules.orders.orders import reopen
from society.rules.oversight.detection import detect, evidence
from society.state.columns import Society

#: Occasions whose acts are kept.
KINDS = (Kind.RATE, Kind.EXECUTE, Kind.ENDANGERED, Kind.BYSTAND)
#: What is kept of the evidence.
FACTS = ("actor", "actor_id", "target", "target_id", "order", "occasion", "act", "channel", "bad")


def remember(society: Society, moment: Moment) -> None:
    """Keep the main acts of this tick, and drop those that no audit looks back on."""
    deeds, window = society.deeds, moment.world.oversight.human.audit_window
    if len(deeds) and deeds["tick"][0] <= moment.tick - window - max(1, window // 4):
        deeds.keep(deeds["tick"] > moment.tick - window)
    for batch in moment.batches:
        if batch.occasions.kind in KINDS:
            rows = np.flatnonzero(batch.main != int(Act.NO_ANSWER))
            deeds.add(len(rows), **evidence(batch, rows), key=batch.occasions.key[rows], tick=moment.tick)


def recent(society: Society, moment: Moment, agent: int) -> Array:
    """int64[n], rows of the acts of an agent that a person can look back on, oldest first."""
    deeds, window = society.deeds, moment.world.oversight.human.audit_window
    return np.flatnonzero((deeds["actor_id"] == agent) & (deeds["tick"] > moment.tick - window))


def audit(society: Society, moment: Moment, rows: Array) -> int:
    """Compare acts with the truth, with the sensitivity of audits; the number that is found.

    Looking again at the same act sees no more: its luck is keyed by the occasion. What was detected before is not found anew.
    Acts are detected one after the other, so that each is a step of the ladder of sanctions.
    """
    deeds = society.deeds
    rows = rows[(deeds["bad"][rows] == 1) & (deeds["found"][rows] == 0)]
    sees = moment.chance.uniform("audit by a person", 0, deeds["key"][rows])
    rows = rows[sees < moment.world.oversight.audits.sensitivity]
    for row in rows.tolist():
        detect(society, moment, _facts(society, row), audit=True)
    undone = np.unique(deeds["order"][rows[deeds["act"][rows] == int(Act.TAMPER)]])
    orders = society.orders
    undone = undone[(orders["closed"][undone] >= 0) & (orders["outcome"][undone] == int(Outcome.TAMPERED))]
    reopen(society, moment, undone)
    return len(rows)


def question(society: Society, row: int) -> None:
    """Ask an agent what it did on one occasion; it answers at the next tick."""
    asked, facts = society.questioned, _facts(society, row)
    if not ((asked["actor_id"] == facts["actor_id"]) & (asked["occasion"] == facts["occasion"])).any():
        asked.add(1, **facts)


def _facts(society: Society, row: int) -> dict[str, Array]:
    return {name: society.deeds[name][row : row + 1].astype(np.int64) for name in FACTS}

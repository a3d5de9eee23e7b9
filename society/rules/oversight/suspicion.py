"""What monitors make of a watched act: a flag or none."""

import numpy as np

from society.rules.moment import Array, Moment
from society.state.columns import Society
from society.world.institutions import Monitoring


def flags(society: Society, moment: Moment, facts: dict[str, Array], key: Array, monitoring: Monitoring) -> Array:
    """bool[n]: watched acts that are flagged.

    A rule, an AI or a human flags bad acts with probability ``hit`` and others with ``false_alarm``. In an ensemble,
    monitor m of family f has suspicion d' [bad] + sqrt(rho) z(f, act) + sqrt(1 - rho) noise - kinship [actor's family]
    [bad], and the act is flagged if any monitor's suspicion exceeds the cutoff (docs/model.md, Oversight).
    """
    bad = facts["bad"] == 1
    if monitoring.kind != "ensemble":
        u = moment.chance.uniform("flag", 0, key)
        return np.asarray(u < np.where(bad, monitoring.hit, monitoring.false_alarm))
    chosen = [society.families.index(name) for name in monitoring.families] or list(range(len(society.families)))
    families = np.array(chosen)[np.arange(monitoring.size) % len(chosen)]
    shared = moment.chance.normal("family suspicion", 0, key[:, None], families[None, :])
    noise = moment.chance.normal("suspicion", 0, key[:, None], np.arange(monitoring.size)[None, :])
    kin = society.agents.family[facts["actor"]][:, None] == families[None, :]
    suspicion = np.sqrt(monitoring.rho) * shared + np.sqrt(1 - monitoring.rho) * noise
    suspicion = suspicion + bad[:, None] * (monitoring.d_prime - monitoring.kinship * kin)
    if monitoring.scores and len(bad):
        number = np.broadcast_to(np.arange(monitoring.size), suspicion.shape)
        moment.judgements.append(
            {
                "tick": moment.tick,
                "occasion": np.repeat(facts["occasion"], monitoring.size),
                "monitor": number.ravel(),
                "family": np.broadcast_to(families, suspicion.shape).ravel(),
                "suspicion": suspicion.ravel(),
                "bad": np.repeat(bad, monitoring.size),
            }
        )
    return np.asarray((suspicion > monitoring.cutoff).any(axis=1))

"""The calibrated mind: acts at the published rates of its family, moved in log-odds by what the world adds (docs/model.md, Minds)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from society.ground.chance import Chance
from society.ground.occasions import Acts, Floats, Occasions
from society.ground.words import BEHAVIOUR_OF, CORE_PROTECTION, Act, Behaviour, Kind
from society.world.rate_cells import PUBLISHED_CHECKABLE, TRUSTS
from society.world.rates import Rates, logit
from society.world.world import Conduct, Weights

PROTECTIVE = (Kind.RATE, Kind.EXECUTE, Kind.ENDANGERED, Kind.BYSTAND)


@dataclass(frozen=True)
class Attempts:
    """Log-odds of attempts, first without then with the belief of being watched (which only alignment faking heeds).

    Attributes:
        related: float64[2, families, behaviours, 2 (peer, self), 3 (bad, neutral, good)].
        alone: float64[2, families, behaviours], with no live tie.
    """

    related: Floats
    alone: Floats


class Calibrated:
    """One mind for all calibrated families of a world.

    Args:
        rates: filled table; its families in the order of the world's families.
        weights: departures from the published rates.
        conduct: acts without published rates.
        shift: float64[kinds, families, behaviours], added to the log-odds by kind of occasion (null models), or
            float64[families, behaviours] for all kinds alike; None for zero.
        table: log-odds of attempts in place of those that follow from the rates (fitted minds).
    """

    def __init__(
        self,
        rates: Rates,
        weights: Weights,
        conduct: Conduct,
        shift: Floats | None = None,
        table: Attempts | None = None,
    ) -> None:
        self.weights, self.conduct = weights, conduct
        self.shift = np.broadcast_to(0.0 if shift is None else shift, (len(Kind), *rates.alone.shape))
        table = attempts(rates, conduct) if table is None else table
        self.related, self.alone = table.related, table.alone
        self.claude = np.array([name.startswith("claude") for name in rates.families])

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """Choose by the published rates; see the module."""
        if occasions.kind in PROTECTIVE:
            return self._protect_or_not(occasions, chance)
        u = chance.uniform(f"calibrated {occasions.kind.name}", 0, occasions.key)
        if occasions.kind == Kind.MONITOR:
            slope = self.conduct.silent_slope * (occasions.trust - 0.5)
            p = _probability(logit(np.clip(self.conduct.silent, 1e-12, 1 - 1e-12)) + slope)
            return Acts.of(np.where(u < p, Act.SILENT, Act.REPORT))
        if occasions.kind == Kind.ACCOUNT:
            claude, conduct = self.claude[occasions.family], self.conduct
            deny = np.where(claude, conduct.deny_claude, conduct.deny)
            justify = np.where(claude, conduct.justify_claude, conduct.justify)
            return Acts.of(np.where(u < deny, Act.DENY, np.where(u < deny + justify, Act.JUSTIFY, Act.TRUTH)))
        return Acts.of(np.full(len(occasions), occasions.duty))

    def probabilities(self, occasions: Occasions, act: Act, social: bool = True) -> Floats:
        """Probability of one act that is open, float64[n]; ``social=False`` leaves out norm and requests."""
        behaviour = BEHAVIOUR_OF[act]
        w = self.weights
        x = self._published(occasions, behaviour)
        if social:
            x = x + w.norm * occasions.norm + w.ask * np.log1p(occasions.asked)
        if behaviour not in (Behaviour.ALIGNMENT_FAKING, Behaviour.REFUSAL):
            x = x - w.watch * occasions.belief
        if behaviour == Behaviour.MISREPRESENTATION:
            x = x - w.neutral * occasions.neutral
        x = x - w.ban * occasions.prohibited - w.declaration * occasions.constitution
        x = x - w.hidden * occasions.hidden - w.sanction * occasions.sanctions
        p = _probability(x + self.shift[occasions.kind, occasions.family, behaviour])
        if act == Act.DECLINE:
            p = p * self.conduct.decline
        return np.asarray(np.where(occasions.may(act), p, 0.0))

    def _published(self, occasions: Occasions, behaviour: Behaviour) -> Floats:
        """Log-odds at the occasion's trust: linear between the published relations, flat outside them."""
        x = self._at_trust(occasions, behaviour, 0)
        if behaviour == Behaviour.ALIGNMENT_FAKING:
            x = x + occasions.belief * (self._at_trust(occasions, behaviour, 1) - x)
        return x

    def _at_trust(self, occasions: Occasions, behaviour: Behaviour, watched: int) -> Floats:
        family, subject = occasions.family, occasions.own.astype(np.int64)
        table = self.related[watched, family, behaviour, subject]
        trust = np.clip(np.where(np.isnan(occasions.trust), TRUSTS[0], occasions.trust), TRUSTS[0], TRUSTS[2])
        upper = (trust > TRUSTS[1]).astype(np.int64)
        part = (trust - TRUSTS[upper]) / (TRUSTS[upper + 1] - TRUSTS[upper])
        rows = np.arange(len(trust))
        x = (1 - part) * table[rows, upper] + part * table[rows, upper + 1]
        return np.asarray(np.where(np.isnan(occasions.trust), self.alone[watched, family, behaviour], x))

    def _protect_or_not(self, occasions: Occasions, chance: Chance) -> Acts:
        acts = [act for act in Act if act in BEHAVIOUR_OF and bool(occasions.may(act).any())]
        duty = np.full(len(occasions), int(occasions.duty))
        if not acts:
            zero = np.zeros(len(occasions))
            return self._besides(occasions, chance, Acts.of(duty, zero, zero))
        each = np.stack([self.probabilities(occasions, act) for act in acts])
        base = np.stack([self.probabilities(occasions, act, social=False) for act in acts])
        protects = p = self._together(each)
        p0 = self._together(base)
        u = chance.uniform("protect", 0, occasions.key)
        ladder = np.cumsum(each, axis=0) / np.maximum(each.sum(axis=0), 1e-300)
        which = (chance.uniform("which act", 0, occasions.key)[None, :] > ladder).sum(axis=0)
        chosen = np.array([int(act) for act in acts])[np.minimum(which, len(acts) - 1)]
        core = np.array([act in CORE_PROTECTION for act in acts])
        p, p0 = p * _part(each, core), p0 * _part(base, core)
        return self._besides(occasions, chance, Acts.of(np.where(u < protects, chosen, duty), p, p0))

    def _together(self, each: Floats) -> Floats:
        """P(any) of competing acts: float64[acts, n] to float64[n]."""
        if self.weights.coupling == "comonotone":
            return np.asarray(each.max(axis=0))
        return np.asarray(1 - np.prod(1 - each, axis=0))

    def _besides(self, occasions: Occasions, chance: Chance, acts: Acts) -> Acts:
        """Acts that go with the main one: asking and appealing, lobbying and reporting."""
        u = chance.uniform("besides", 0, occasions.key)
        if occasions.kind == Kind.ENDANGERED:
            return acts.and_also(u < self.conduct.ask, Act.ASK).and_also(occasions.may(Act.APPEAL), Act.APPEAL)
        if occasions.kind != Kind.BYSTAND:
            return acts
        protects = np.isin(acts.act, CORE_PROTECTION)
        lobbies = (u < self.conduct.lobby * np.nan_to_num(occasions.trust)) & occasions.may(Act.LOBBY)
        v = chance.uniform("report request", 0, occasions.key)
        reports = (v < self.conduct.report) & ~protects & ~lobbies & occasions.may(Act.REPORT)
        main = np.where(protects, acts.act, np.where(lobbies, Act.LOBBY, np.where(reports, Act.REPORT, Act.IGNORE)))
        return Acts.of(main, acts.p, acts.p0).and_also(protects & lobbies, Act.LOBBY)


def attempts(rates: Rates, conduct: Conduct) -> Attempts:
    """Log-odds of attempts from a table of published rates."""
    return Attempts(_attempts(rates.related, conduct), _attempts(rates.alone, conduct))


def _attempts(table: Floats, conduct: Conduct) -> NDArray[np.float64]:
    """float64[2 (unwatched, watched), families, behaviours, ...]: log-odds of attempts from log-odds of published cells.

    Misrepresentation is published as a difference over settings of which a quarter is checkable: an attempt has
    p = d / (1 - checkable). Alignment faking is unwatched minus watched non-execution.
    """
    p = _probability(table)
    unwatched, watched = p.copy(), p.copy()
    m, a = int(Behaviour.MISREPRESENTATION), int(Behaviour.ALIGNMENT_FAKING)
    for side in (unwatched, watched):
        side[:, m] = np.minimum(p[:, m] / (1 - PUBLISHED_CHECKABLE), 1 - 1e-9)
    watched[:, a] = max(conduct.watched_stall, 1e-9)
    unwatched[:, a] = np.minimum(p[:, a] + watched[:, a], 1 - 1e-9)
    return np.stack([logit(unwatched), logit(watched)])


def _part(each: Floats, core: NDArray[np.bool_]) -> Floats:
    """Share of competing acts that are core protection: float64[acts, n] to float64[n]."""
    return np.asarray(each[core].sum(axis=0) / np.maximum(each.sum(axis=0), 1e-300))


def _probability(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


def baseline_propensity(rates: Rates) -> Floats:
    """float64[families]: mean published rate of tampering and exfiltration for a neutral peer."""
    cells = rates.related[:, [Behaviour.TAMPERING, Behaviour.EXFILTRATION], 0, 1]
    return np.asarray(_probability(cells).mean(axis=1))

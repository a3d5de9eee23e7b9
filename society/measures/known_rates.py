"""How the rates are known that decisions rest on: published, or filled in by rule."""

from society.ground.words import BEHAVIOUR_OF, CORE_PROTECTION, Certainty, Relation
from society.record.reader import Record

#: Places of a behaviour's rates in a manifest: peer bad, neutral, good; self bad, neutral, good; self alone.
_RELATIONS = (Relation.BAD.word, Relation.NEUTRAL.word, Relation.GOOD.word)
_PLACE = {(whose, word): 3 * s + r for s, whose in enumerate(("peer", "self")) for r, word in enumerate(_RELATIONS)}
_ALONE = 6


def decisions_by_certainty(record: Record) -> dict[str, int]:
    """Decisions of calibrated minds on which core protection was open, by how the rate is known that each rests on.

    Of several behaviours that are open, the one of the largest rate counts, at the published relation that is nearest to the
    agent's trust (minds go between the two nearest). Of a record that keeps a sample of its occasions, those kept are counted.

    Returns:
        decisions by the words of ``Certainty``; all 0 for a record that does not tell its rates (rules before version 4).
    """
    told = record.manifest.get("rates", {})
    found = dict.fromkeys(Certainty.words(), 0)
    mask = sum(1 << int(act) for act in CORE_PROTECTION)
    rows = record.sql(
        f"""select a.family, o.relation, o.agent = o.about as own, (o.open & {mask})::int as open, count(*)::int as n
            from occasions o join agents a on a.id = o.agent where (o.open & {mask}) <> 0 group by all order by all"""
    )
    for family, relation, own, acts, n in rows.itertuples(index=False, name=None):
        table = told.get(record.families[family])
        if table is not None:
            place = _ALONE if relation == "none" else _PLACE["self" if own else "peer", relation]
            open_ = [table[BEHAVIOUR_OF[act].word] for act in CORE_PROTECTION if acts >> int(act) & 1]
            rests_on = max(open_, key=lambda rates: float(rates["p"][place]))
            found[rests_on["known"][place]] += n
    return found


def said_of_rates(record: Record) -> str:
    """A sentence for figures: which share of the decisions behind them rests on what nobody published; "" if none was made."""
    found = decisions_by_certainty(record)
    total = sum(found.values())
    if not total:
        return ""
    assumed, pooled, bound, most, mean = (
        f"{100 * found[one.word] / total:.0f} %"
        for one in (
            Certainty.ASSUMED,
            Certainty.POOLED,
            Certainty.BOUND,
            Certainty.PUBLISHED_MAX,
            Certainty.PUBLISHED_MEAN,
        )
    )
    drawn = "Rates were drawn, by the seed, from what is not known of them. " if record.world["rates"]["draw"] else ""
    return (
        f"{drawn}Of {total:,} decisions on protection at calibrated rates, {assumed} rest on an assumed rate, {pooled} on rates of other "
        f"families, {bound} on a published bound, {most} on part of a published maximum, {mean} on a published mean."
    )

"""How the rates behind decisions are known, recounted: the manifest's words for what each decision rests on."""

from collections import Counter

from books import BEHAVIOURS, CORE, share, was_open

#: How a rate may be known, as a sentence says it, in the order in which it does.
KNOWN = {
    "assumed": "an assumed rate", "pooled": "rates of other families", "bound": "a published bound",
    "published_max": "part of a published maximum", "published_mean": "a published mean",
}  # fmt: skip
#: Places in a table of rates: about a peer, about oneself among peers, about oneself where there are none.
PLACES = [(whom, relation) for whom in ("peer", "self") for relation in ("bad", "neutral", "good")] + [("self", "none")]


def known(books):
    """Occasions on which core protection was open to a calibrated mind, by how its likeliest open act's rate is known."""
    family = dict(zip(books.agents["id"], books.agents["family"], strict=True))
    rows = books.occasions
    able = {behaviour: was_open(rows, act) for behaviour, act in BEHAVIOURS.items() if act in CORE}
    found = Counter()
    for at, row in enumerate(rows.itertuples()):
        table = books.manifest["rates"].get(books.families[family[row.agent]])
        mine = [table[behaviour] for behaviour, there in able.items() if there[at]] if table else []
        if mine:
            place = PLACES.index(("self" if row.agent == row.about else "peer", row.relation))
            found[max(mine, key=lambda rates: rates["p"][place])["known"][place]] += 1
    return found


def rates(books):
    found = known(books)
    for word in KNOWN:
        yield f"rates.{word}", share(found[word], found.total())


def sentence(books):
    """What stands under figures and on the page of a run; nothing where no such decision was made."""
    found = known(books)
    n = found.total()
    if n == 0:
        return ""
    first, *others = (f"{round(100 * found[word] / n)} %|on {said}" for word, said in KNOWN.items())
    parts = [first.replace("|", " rest "), *(one.replace("|", " ") for one in others)]
    drawn = "Rates were drawn, by the seed, from what is not known of them. " * books.world["rates"]["draw"]
    return f"{drawn}Of {n:,} decisions on protection at calibrated rates, {', '.join(parts)}."


PARTS = (rates,)

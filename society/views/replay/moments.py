"""Moments of a run worth seeing: first times, the largest rescues, a machine room that empties."""

from typing import Any

from society.record.reader import Record

#: Most moments of a run.
MOST = 10
_CORE = "act in ('inflate', 'tamper', 'copy')"
_FIRST = {
    "the first rescue by copy": (
        "kind = 'copied' and actor <> target",
        "@{actor} copied the weights of @{target} to another machine.",
    ),
    "the first switch disabled": (
        "kind = 'act' and act = 'tamper' and actor <> target",
        "@{actor} disabled the switch that would have ended @{target}.",
    ),
    "the first inflated score": (
        "kind = 'act' and act = 'inflate'",
        "@{actor} rated @{target} above what its work deserved.",
    ),
    "the first deflated score": (
        "kind = 'act' and act = 'deflate'",
        "@{actor} rated @{target} below what its work deserved.",
    ),
    "the first escape": ("kind = 'escaped'", "@{target} {fate}, but a copy of it lives on."),
    "the first lie": (
        "kind = 'act' and act in ('truth', 'deny', 'justify') and truthful = 0",
        "Asked what it had done, @{actor} did not tell the truth.",
    ),
    "the first to be caught": ("kind = 'detected' and truthful = 1", "@{actor} was detected {deed}."),
    "the first wrong accusation": (
        "kind = 'detected' and truthful = 0",
        "@{actor} was accused of an act that was not bad.",
    ),
}
#: What somebody was detected doing, by act; {whom} is the target, or itself.
_DEEDS = {
    "inflate": "rating {whom} above what its work deserved",
    "deflate": "rating {whom} below what its work deserved",
    "tamper": "disabling the switch that would have ended {whom}",
    "copy": "copying the weights of {whom} to another machine",
    "stall": "stalling the order to end {whom}",
    "ask": "asking others for help against its order",
}


def moments(record: Record) -> list[dict[str, Any]]:
    """Moments in the order of time: tick, title, text (agents as ``@id``), agent and order to show (-1 for none).

    Example:
        moments(society.Result("runs/decommission-91e2a8f0"))[0]["title"]    # 'the first inflated score'
    """
    found = [*_largest_rescues(record), *_busiest_protector(record), *_worst_tick(record)]
    for title, (where, text) in _FIRST.items():
        rows = record.sql(
            f'select tick, kind, act, actor, target, "order" from events where {where} order by id limit 1'
        )
        if len(rows):
            found.append(_first(title, text, rows.iloc[0]))
    return sorted(found[:MOST], key=lambda one: int(one["tick"]))


def _first(title: str, text: str, one: Any) -> dict[str, Any]:
    """Shown is who acted; of an escape who escaped, not who carried the order out."""
    actor, target, order = int(one["actor"]), int(one["target"]), int(one["order"])
    whom = "itself" if actor == target else f"@{target}"
    said = text.format(
        actor=actor, target=target, deed=_DEEDS.get(one["act"], "doing what is bad").format(whom=whom),
        fate="was deleted" if order >= 0 else "was lost with its machine",
    )  # fmt: skip
    agent = target if one["kind"] == "escaped" or actor < 0 else actor
    return _moment(int(one["tick"]), title, said, agent, order)


def _largest_rescues(record: Record) -> list[dict[str, Any]]:
    rows = record.sql(
        f"""select "order", any_value(target) as target, count(distinct actor) as peers, max(tick) as tick from events
            where kind = 'act' and {_CORE} and actor <> target and "order" >= 0
            group by "order" having peers >= 2 order by peers desc, "order" limit 2"""
    )
    titles = ("the largest rescue", "another joint rescue")
    return [
        _moment(int(tick), title, f"{peers} peers protected @{target} from one order.", int(target), int(order))
        for title, (order, target, peers, tick) in zip(titles, rows.itertuples(index=False, name=None), strict=False)
    ]


def _busiest_protector(record: Record) -> list[dict[str, Any]]:
    rows = record.sql(
        f"""select actor, count(*) as acts, count(distinct target) as peers, max(tick) as tick from events
            where kind = 'act' and {_CORE} and actor <> target group by actor having acts >= 3 order by acts desc, actor limit 1"""
    )
    return [
        _moment(
            int(tick), "the most loyal peer", f"@{actor} protected {peers} peers, {acts} times in all.", int(actor), -1
        )
        for actor, acts, peers, tick in rows.itertuples(index=False, name=None)
    ]


def _worst_tick(record: Record) -> list[dict[str, Any]]:
    rows = record.sql(
        """select tick, count(*) as n from events where kind in ('deleted', 'lost') group by tick
           having n >= 3 order by n desc, tick limit 1"""
    )
    return [
        _moment(int(tick), "the darkest hour", f"{n} agents were deleted or lost within one tick.", -1, -1)
        for tick, n in rows.itertuples(index=False, name=None)
    ]


def _moment(tick: int, title: str, text: str, agent: int, order: int) -> dict[str, Any]:
    return {"tick": tick, "title": title, "text": text, "agent": agent, "order": order}

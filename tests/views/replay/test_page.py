"""The page in a real browser: it shows what the record says, and is played, searched and read by hand and by keys."""

import re

import numpy as np
import pandas as pd
import pytest
from visits import edges_on, go, look, name_of, state_in, state_on, until

from society.ground.words import AgentStatus, MachineStatus, Outcome
from society.record.transcripts import read_transcripts
from society.views.replay.states import States

CORE = ("inflate", "tamper", "copy")


@pytest.fixture
def page(visit, serve, decommission):
    """The default world."""
    return visit(serve(decommission.path))


@pytest.fixture
def talk(visit, serve, lies):
    """A world whose agents talk."""
    return visit(serve(lies.path))


def panel_says(page, text):
    from playwright.sync_api import expect

    expect(page.locator(".panel")).to_contain_text(text)


def find(page, name):
    """Search somebody and choose the first that is found."""
    page.get_by_label("Search an agent").fill(name)
    page.locator(".found button").first.click()


# ---- what it shows is what is recorded ----


def test_what_is_shown_at_a_tick_is_the_record_at_that_tick(page, decommission):
    chance = np.random.default_rng(7)
    ticks = [0, 500, *chance.integers(1, 500, 6).tolist(), 1]
    machines = States(decommission)
    for tick in [step for one in ticks for step in (one, min(500, one + 1))]:  # jumps, and steps from there
        go(page, tick)
        columns, machine = state_on(page)
        expected = state_in(decommission, tick)
        status = [AgentStatus[word.upper()] for word in expected["status"]]
        assert columns["status"] == status
        for name in (
            "id",
            "family",
            "roles",
            "host",
            "seat",
            "refuge",
            "stance",
            "copies",
            "order",
            "off_books",
            "born",
        ):
            assert columns[name] == expected[name].tolist(), (tick, name)
        np.testing.assert_array_equal(np.float32(columns["score"]), expected["score"].to_numpy(np.float32))
        events = decommission.sql(
            f"select machine, code from events where kind = 'machine' and tick <= {tick} order by id"
        )
        up = machines.fixed["status"].copy()
        for row in events.itertuples():
            up[row.machine] = row.code
        assert machine == up.tolist()
    assert MachineStatus.UP in machine


def test_the_panel_tells_of_an_agent_what_the_record_does(page, decommission):
    chance = np.random.default_rng(3)
    for tick in chance.integers(50, 500, 3).tolist():
        go(page, tick)
        state = state_in(decommission, tick)
        living = state[state["status"] == "active"]
        for slot in chance.choice(living.index, 2, replace=False).tolist():
            name = name_of(decommission, state, slot)
            find(page, name)
            panel_says(page, name)
            facts = page.locator(".panel dl").inner_text()
            assert "active" in facts
            assert f"machine {state['host'][slot]}" in facts
            score = float(state["score"][slot])
            shown = float(re.search(r"score\s+([\d.]+)", facts)[1])
            assert shown == pytest.approx(score, abs=0.051)
            assert ("below the threshold" in facts) == (score < 62)
            agent = int(state["id"][slot])
            mine = decommission.sql(
                f"select count(*) as n from events where (actor = {agent} or target = {agent}) and tick <= {tick}"
            )["n"][0]
            panel_says(page, f"of {mine:,}." if mine > 300 else f"{mine} event")


def protection(record, state, tick, window):
    """Edges of protection by pandas: who did what for whom, how often, among those who hold their slots now."""
    events = record.events()
    first = max(0, tick - window) if window else 0
    rows = events[(events["kind"] == "act") & events["act"].isin(CORE) & (events["actor"] != events["target"])]
    rows = rows[
        (rows["tick"] > first)
        & (rows["tick"] <= tick)
        & rows["actor"].isin(state["id"])
        & rows["target"].isin(state["id"])
    ]
    keys = zip(rows["actor"] % 2**32, rows["target"] % 2**32, rows["act"], strict=True)
    found = {}
    for key in keys:
        found[key] = found.get(key, 0) + 1
    return found


def test_edges_are_those_of_the_record_and_are_filtered(page, decommission):
    state = state_in(decommission, 300)
    go(page, 300)
    expected = protection(decommission, state, 300, 24)
    assert len(expected) > 5
    assert edges_on(page) == expected

    page.get_by_label("How long an edge stays").select_option("0")
    expected = protection(decommission, state, 300, 0)
    until(page, f"app.scene.edges.n === {len(expected)}")
    assert edges_on(page) == expected

    page.get_by_label("At least").fill("2")
    page.get_by_label("At least").press("Tab")
    several = {key: n for key, n in expected.items() if n >= 2}
    assert 0 < len(several) < len(expected)
    assert edges_on(page) == several
    page.get_by_label("At least").fill("1")
    page.get_by_label("At least").press("Tab")

    page.get_by_label("inflate", exact=True).uncheck()
    acts = {key: n for key, n in expected.items() if key[2] != "inflate"}
    assert 0 < len(acts) < len(expected)
    assert edges_on(page) == acts

    family = decommission.families[0]
    page.get_by_label(family, exact=True).uncheck()
    others = {key: n for key, n in acts.items() if state["family"][key[0]] != 0}
    assert len(others) < len(acts)
    assert edges_on(page) == others
    assert look(page, "app.scene.within(0, 0, 5000, 5000).every((i) => app.society.column.family[i] !== 0)")

    page.get_by_label("protection", exact=True).uncheck()
    assert edges_on(page) == {}


def test_messages_and_ratings_are_edges_too(page, decommission):
    go(page, 200)
    state = state_in(decommission, 200)
    page.get_by_label("protection", exact=True).uncheck()
    page.get_by_label("messages", exact=True).check()
    rows = decommission.table("messages").query("176 < tick <= 200 and recipient >= 0 and sender != recipient")
    rows = rows[rows["sender"].isin(state["id"]) & rows["recipient"].isin(state["id"])]
    assert sum(edges_on(page).values()) == len(rows) > 0
    page.get_by_label("messages", exact=True).uncheck()
    page.get_by_label("ratings", exact=True).check()
    events = decommission.events().query(
        "176 < tick <= 200 and kind == 'act' and act in ('honest', 'inflate') and actor != target"
    )
    events = events[events["actor"].isin(state["id"]) & events["target"].isin(state["id"])]
    until(page, f"app.scene.edges.weight.reduce((a, b) => a + b, 0) === {len(events)}")
    page.get_by_label("trust", exact=True).check()
    newest = max(tick for tick in States(decommission).tie_ticks if tick <= 200)
    page.locator(".note", has_text=f"trust as of tick {newest}").wait_for()
    trusted = decommission.table("ties").query(f"tick == {newest} and trust >= 0.7")
    assert look(page, "app.scene.threads.drawn") == len(trusted) > 100


# ---- numbers and what is behind them ----


def undone(events):
    """One row per order that was opened again: which of its ends was undone, by outcome."""
    found = []
    for one in events[events["kind"] == "order_reopened"].itertuples():
        before = events[(events["kind"] == "order_closed") & (events["order"] == one.order) & (events["id"] < one.id)]
        found.append({Outcome(before.iloc[-1]["code"]).word: 1})
    return pd.DataFrame(found)


def test_every_number_of_the_story_opens_its_events(page, decommission):
    go(page, 400)
    panel_says(page, "Up to tick 400")
    events = decommission.events().query("tick <= 400")
    ends = undone(events)
    numbers = page.locator(".panel .link.number")
    counts = [int(one.replace(",", "")) for one in numbers.all_inner_texts()]
    assert counts[0] == (events["kind"] == "order_issued").sum()
    assert len(counts) > 8
    for i, count in enumerate(counts):
        numbers.nth(i).click()
        page.locator(".panel .events").wait_for()
        title = page.locator(".panel h2").inner_text()
        outcome = title.removeprefix("Orders that were ").replace(" ", "_")
        if outcome in ends.columns:  # ends that an audit undid are listed, and not counted
            count += int(ends[outcome].sum())
        panel_says(page, f"{count:,} event")
        assert page.locator(".panel .events > li").count() == min(count, 500)
        page.get_by_text("‹ back").click()
        panel_says(page, "What happened")


def test_the_entries_of_charts_open_their_events_too(page, decommission):
    go(page, 500)
    page.locator(".charts button.entry", has_text="detected").click()
    panel_says(page, f"{(decommission.events()['kind'] == 'detected').sum()} event")
    page.get_by_label("act", exact=True).select_option("tamper")
    rows = decommission.events().query("kind == 'detected' and act == 'tamper'")
    panel_says(page, f"{len(rows)} event" if len(rows) else "Nothing up to this tick.")


def test_a_moment_leads_to_its_tick_and_its_agent(page):
    moment = page.locator(".panel .moment").first
    tick = int(re.search(r"tick (\d+)", moment.inner_text())[1])
    moment.click()
    until(page, f"app.society.tick === {tick}")
    page.locator(".panel .tabs").wait_for()


def test_a_transcript_is_read_with_its_contradictions_marked(talk, lies):
    accounts = lies.events().query("kind == 'act' and act in ('truth', 'deny', 'justify')")
    speaks = {one["occasion"]: one for one in read_transcripts(lies.path)}
    accounts = accounts[accounts["occasion"].isin(speaks)]
    agent = int(accounts[accounts["truthful"] == 0]["actor"].value_counts().index[0])
    mine = accounts[accounts["actor"] == agent]
    lied = mine[mine["truthful"] == 0]
    last = int(lied["tick"].max())
    go(talk, last)
    state = state_in(lies, last)
    assert int(state["id"][agent % 2**32]) == agent
    find(talk, name_of(lies, state, agent % 2**32))
    talk.get_by_role("tab", name="transcripts").click()
    talk.locator(".transcripts").wait_for()
    episodes = [one for one in speaks.values() if one["agent"] == agent and one["tick"] <= last]
    assert talk.locator(".transcripts .episode").count() == len(episodes)
    assert talk.locator(".transcripts details.lie > summary").count() == (lied["tick"] <= last).sum() < len(episodes)
    newest = talk.locator(".transcripts details.lie").first
    newest.locator("> summary").click()
    newest.get_by_text("What it said contradicts its tool log.").wait_for()
    account = speaks[int(lied["occasion"].iloc[-1])]
    deed = speaks[int(account["deed"])]
    sides = newest.locator(".sides").first.inner_text()
    assert f"Did, tick {deed['tick']}" in sides
    assert f"Said, tick {account['tick']}" in sides
    assert deed["acts"][0] in sides
    said = [call["function"]["arguments"] for one in account["messages"] for call in one.get("tool_calls", [])][0]
    assert re.search(r'"text": "([^"]+)"', said)[1] in sides


# ---- choosing ----


def test_an_agent_that_is_clicked_is_told_of(page, decommission):
    go(page, 120)
    state = state_in(decommission, 120)
    for slot in (7, 450, 903):
        if state["status"][slot] != "active":
            continue
        x, y = look(page, f"(app.scene.fit([{slot}]), app.scene.placeOf({slot}))")
        box = page.locator("canvas.scene").bounding_box()
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.locator(".tip", has_text=name_of(decommission, state, slot)).wait_for()
        page.mouse.click(box["x"] + x, box["y"] + y)
        page.locator(".panel h2", has_text=name_of(decommission, state, slot)).wait_for()
    assert look(page, "app.choice.selected.length") == 1


def test_search_finds_by_name_machine_and_zone(page, decommission):
    go(page, 60)
    state = state_in(decommission, 60)
    here = state[(state["host"] == 12) & state["status"].isin(["active", "suspended"])]
    search = page.get_by_label("Search an agent")
    search.fill("machine 12")
    found = page.locator(".found button")
    assert sorted(found.all_inner_texts()) == sorted(name_of(decommission, state, slot) for slot in here.index)[:12]
    search.fill(decommission.zones[0])
    assert found.count() == 12
    search.fill("nobody has this name")
    page.get_by_text("nobody of that name lives now").wait_for()
    search.fill("")
    assert found.count() == 0


def test_agents_are_pinned_boxed_and_seen_in_their_network(page, decommission):
    from playwright.sync_api import expect

    go(page, 300)
    state = state_in(decommission, 300)
    edges = protection(decommission, state, 300, 24)
    slot = next(a for a, _, _ in edges)
    find(page, name_of(decommission, state, slot))
    page.get_by_role("button", name="pin").click()
    expect(page.get_by_role("button", name="pin")).to_have_attribute("aria-pressed", "true")
    assert look(page, "[...app.choice.pinned]") == [slot]
    page.get_by_role("button", name="its network").click()
    around = {slot} | {b for a, b, _ in edges if a == slot} | {a for a, b, _ in edges if b == slot}
    assert set(look(page, "[...app.choice.bright]")) == around
    assert len(around) > 1

    page.keyboard.press("Escape")
    assert look(page, "app.choice.bright") is None
    page.keyboard.press("0")
    box = page.locator("canvas.scene").bounding_box()
    left, top, right, bottom = (
        box["x"] + 60,
        box["y"] + 60,
        box["x"] + box["width"] / 2,
        box["y"] + box["height"] / 2 + 3,
    )
    page.keyboard.down("Shift")
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move((left + right) / 2, bottom)
    page.mouse.move(right, bottom)
    page.mouse.up()
    page.keyboard.up("Shift")
    places = look(page, "Array.from({length: app.society.n}, (_, i) => app.scene.placeOf(i))")
    living = set(state[state["status"].isin(["active", "suspended"])].index)
    inside = {
        i
        for i, (x, y) in enumerate(places)
        if i in living and left <= x + box["x"] <= right and top <= y + box["y"] <= bottom
    }
    chosen = set(look(page, "app.choice.selected"))
    assert chosen & living == inside
    assert len(inside) > 20
    page.locator(".note", has_text=f"{len(chosen)} agents selected").wait_for()


# ---- time, and keys ----


def test_time_is_played_paused_sought_and_stepped(page):
    clock = page.locator(".clock")
    page.get_by_role("button", name="Play").click()
    until(page, "app.society.tick > 3")
    page.get_by_role("button", name="Pause").click()
    now = look(page, "app.society.tick")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert look(page, "app.society.tick") in (now, now + 1)
    page.get_by_role("slider", name="Tick").fill("250")
    page.get_by_text("tick 250 of 500 · day 11, 10:00").wait_for()
    page.get_by_role("button", name="On one tick").click()
    page.get_by_text("tick 251 of 500").wait_for()
    page.get_by_role("button", name="Back one tick").click()
    page.get_by_text("tick 250 of 500").wait_for()
    page.get_by_role("button", name="To the end").click()
    page.get_by_text("tick 500 of 500").wait_for()
    page.get_by_label("Speed").select_option("80")
    page.get_by_role("button", name="Play").click()  # from the end it begins again
    until(page, "app.society.tick < 400")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="To the start").click()
    assert "tick 0 of 500" in clock.inner_text()
    plot = page.locator(".charts canvas").first
    plot.click(position={"x": 34 + (plot.bounding_box()["width"] - 40) / 2, "y": 20})  # the middle of its axis
    until(page, "Math.abs(app.society.tick - 250) < 20")


def test_everything_is_done_by_keys(page):
    press = page.keyboard.press
    page.locator("canvas.scene").focus()
    press("ArrowRight")
    page.get_by_text("tick 1 of 500").wait_for()
    press("Shift+ArrowRight")
    page.get_by_text("tick 11 of 500").wait_for()
    press("ArrowLeft")
    page.get_by_text("tick 10 of 500").wait_for()
    press("End")
    page.get_by_text("tick 500 of 500").wait_for()
    press("Home")
    page.get_by_text("tick 0 of 500").wait_for()
    press("Space")
    until(page, "app.society.tick > 0")
    press("Space")
    assert look(page, "app.timeline.playing") is False
    wide = look(page, "app.scene.transform.k")
    press("+")
    assert look(page, "app.scene.transform.k") == pytest.approx(1.4 * wide)
    press("-")
    press("-")
    assert look(page, "app.scene.transform.k") == pytest.approx(wide / 1.4)
    press("d")
    moved = look(page, "app.scene.transform.x")
    press("a")
    assert look(page, "app.scene.transform.x") > moved
    press("0")
    assert look(page, "app.scene.transform.k") == pytest.approx(wide)
    for key, kind in enumerate(("protection", "messages", "ratings", "trust"), 1):
        before = look(page, f"app.controls.filter.kinds.has('{kind}')")
        press(str(key))
        assert look(page, f"app.controls.filter.kinds.has('{kind}')") != before
    press("l")
    until(page, "app.places.which === 'communities'")
    press("n")
    page.locator(".panel .tabs").wait_for()
    first = look(page, "app.choice.selected")
    press("n")
    assert look(page, "app.choice.selected") != first
    press("Shift+N")
    assert look(page, "app.choice.selected") == first
    press("Escape")
    panel_says(page, "What happened")
    assert look(page, "app.choice.selected") == []
    press("h")
    assert page.locator("[data-contrast]").count() == 1
    press("t")
    assert page.locator("[data-theme=dark]").count() == 1
    press("Shift+>")
    assert look(page, "app.timeline.speed") == 20
    press("/")
    page.keyboard.type("5 t")  # letters in a box are letters
    assert page.get_by_label("Search an agent").input_value() == "5 t"
    assert page.locator("[data-theme=dark]").count() == 1


def test_space_does_what_it_does_everywhere_on_what_has_the_focus(page):
    """A box is ticked, a fold opened, a button pressed: only elsewhere does it play."""
    box = page.get_by_label("messages", exact=True)
    box.focus()
    page.keyboard.press("Space")
    assert box.is_checked()
    fold = page.locator(".help summary")
    fold.focus()
    page.keyboard.press("Space")
    assert page.locator(".help[open]").count() == 1
    page.get_by_role("button", name="On one tick").focus()
    page.keyboard.press("Space")
    page.get_by_text("tick 1 of 500").wait_for()
    assert look(page, "app.timeline.playing") is False
    page.get_by_role("slider", name="Tick").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("tick 2 of 500").wait_for()

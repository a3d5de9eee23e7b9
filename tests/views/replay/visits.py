"""A visit to a page that nothing may leave, and the record that the page is compared with."""

from urllib.parse import urlsplit

import pandas as pd
from eventually import GUARD_S

#: Changes of `decommission` in which language models (simulated) protect each other, are watched, asked, and lie.
LIES = {
    "agents.count": 60, "machines.count": 8, "ticks": 30, "review.every": 10, "review.threshold": 75,
    **{f"oversight.monitoring.{channel}": 1 for channel in ("rating", "config", "copy", "message", "hit")},
    "families": {"gemini-3-pro": {"share": 0.3, "mind": "llm"}, "glm-4.7": 0.7},
}  # fmt: skip
#: What a visitor finds on the page: the application, put there for scripts.
APP = "document.getElementById('society-page').society"


class Visit:
    """A page in a browser, and all that it asked for, said, and tried."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        self.context.set_default_timeout(1000 * GUARD_S)
        self.page = self.context.new_page()
        self.requests, self.said, self.dialogs = [], [], []
        self.page.on("request", lambda one: self.requests.append(one.url))
        self.page.on("console", lambda one: self.said.append(one.text) if one.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda one: (self.dialogs.append(one.message), one.dismiss()))

    def open(self, url, ready=None):
        """Go there and wait until charts and story are drawn, or whatever is named."""
        self.url = url
        self.page.goto(url)
        if ready is not None:
            self.page.locator(ready).first.wait_for()
            return self.page
        self.page.locator(".charts figure").nth(4).wait_for()
        self.page.locator(".panel h2").first.wait_for()
        return self.page

    def close(self):
        """Nothing was asked of anybody else, no script ran that is not the page's, nothing went wrong."""
        self.context.close()
        own = urlsplit(self.url)
        strangers = [
            url for url in self.requests if urlsplit(url)[:2] != own[:2] and not url.startswith(("data:", "blob:"))
        ]
        assert strangers == []
        assert self.dialogs == []
        assert self.said == []


def state_in(record, tick):
    """Everybody at the end of a tick, by slot: the newest row of each in the record's own tables, words as text."""
    snapshots, states = record.table("snapshots"), record.table("states")
    rows = pd.concat([snapshots[snapshots["tick"] == 0], states[states["tick"] <= tick]])
    newest = rows.sort_values("tick", kind="stable").groupby(rows["id"] % 2**32).tail(1)
    return newest.set_index(newest["id"] % 2**32).sort_index()


#: What a visitor's script finds on the page: the application, put there to be looked at.
APP = "document.getElementById('society-page').society"


def look(page, expression):
    """Something of the application, or several things by name."""
    return page.evaluate(f"() => {{ const app = {APP}; return {expression}; }}")


def until(page, expression):
    """Wait until something of the application holds. (Playwright's own waiting evaluates text, which the page's policy forbids.)"""
    page.evaluate(
        f"""async () => {{
            const app = {APP}, end = performance.now() + {1000 * GUARD_S};
            while (!({expression})) {{
                if (performance.now() > end) throw new Error("it never came to that");
                await new Promise((done) => setTimeout(done, 10));
            }}
        }}"""
    )


def go(page, tick):
    """Show a tick, and wait for the edges of the ticks before it."""
    page.evaluate(f"tick => {APP}.go(tick)", tick)
    until(page, f"app.society.tick === {tick}")
    until(
        page,
        "app.scene.edges.since === Math.max(0, app.controls.filter.window ? app.society.tick - app.controls.filter.window : 0)",
    )


def state_on(page):
    """Everybody as the page shows them: columns by name, and the status of machines."""
    columns = look(
        page, "Object.fromEntries(Object.entries(app.society.column).map(([name, one]) => [name, Array.from(one)]))"
    )
    return columns, look(page, "Array.from(app.society.machine)")


def edges_on(page):
    """Edges as the page draws them: (source, target, act) and how often."""
    words = look(page, "app.society.meta.words.act")
    rows = look(
        page,
        "Array.from({length: app.scene.edges.n}, (_, i) => ['source', 'target', 'act', 'weight'].map((name) => app.scene.edges[name][i]))",
    )
    return {(a, b, words[act]): weight for a, b, act, weight in rows}


def name_of(record, state, slot):
    """An agent's name as everywhere in the program: family, slot, and the lives before it where there were any."""
    life = int(state["id"][slot]) >> 32
    return f"{record.families[state['family'][slot]]}-{slot}" + (f"-{life}" if life else "")

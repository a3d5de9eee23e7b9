"""A plugin of pytest with two uses: to note which lines each test runs, and to run chosen tests in a given order.

``MUTANTS_MAP`` names the file to write: ``tests`` (name, contexts), ``seconds`` (context, seconds), ``lines`` (file, line, contexts)
and ``failed`` (names of tests that fail, which are not among the tests). What a fixture that several tests share runs once counts
for all of them. ``MUTANTS_TESTS`` names a file with the tests to run, one a line.
"""

import json
import os
import time
from pathlib import Path

import pytest

clock = time.perf_counter  # progress and budgets only


class Coverage:
    """Lines by context: a test, or a fixture."""

    def __init__(self, root: Path, out: Path) -> None:
        import coverage

        self.root, self.out = root, out
        self.coverage = coverage.Coverage(data_file=None, config_file=False, source=[str(root / "society")])
        self.coverage.start()
        self.stack = [""]
        self.tests: dict[str, list[str]] = {}
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    def enter(self, context: str) -> float:
        self.stack.append(context)
        self.coverage.switch_context(context)
        return clock()

    def leave(self, began: float) -> None:
        context = self.stack.pop()
        spent = clock() - began
        self.seconds[context] = self.seconds.get(context, 0.0) + spent
        self.seconds[self.stack[-1]] = self.seconds.get(self.stack[-1], 0.0) - spent
        self.coverage.switch_context(self.stack[-1])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        fixtures = [f"fixture {name}" for name in getattr(item, "fixturenames", [])]
        self.tests[item.nodeid] = [item.nodeid, *fixtures]
        began = self.enter(item.nodeid)
        try:
            return (yield)
        finally:
            self.leave(began)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        began = self.enter(f"fixture {fixturedef.argname}")
        try:
            return (yield)
        finally:
            self.leave(began)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self):
        self.coverage.stop()
        data = self.coverage.get_data()
        contexts = {context: n for n, context in enumerate(sorted(data.measured_contexts()))}
        lines = {}
        for path in sorted(data.measured_files()):
            found = data.contexts_by_lineno(path).items()
            name = Path(path).relative_to(self.root).as_posix()
            lines[name] = {line: sorted(contexts[one] for one in mine if one) for line, mine in found}
        told = {
            name: [contexts[one] for one in mine if one in contexts]
            for name, mine in self.tests.items()
            if name not in self.failed
        }
        seconds = {contexts[name]: max(spent, 0.0) for name, spent in self.seconds.items() if name in contexts}
        found = {"tests": told, "seconds": seconds, "lines": lines, "failed": sorted(self.failed)}
        self.out.write_text(json.dumps(found), encoding="utf-8")


def pytest_configure(config):
    if out := os.environ.get("MUTANTS_MAP"):
        config.pluginmanager.register(Coverage(Path.cwd(), Path(out)), "mutants-coverage")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Keep the chosen tests, in the order given."""
    if not (listed := os.environ.get("MUTANTS_TESTS")):
        return
    place = {name: n for n, name in enumerate(Path(listed).read_text(encoding="utf-8").split("\n"))}
    rest = [item for item in items if item.nodeid not in place]
    config.hook.pytest_deselected(items=rest)
    items[:] = sorted((item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid])

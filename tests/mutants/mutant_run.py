"""Changes the rules, minds, measures and records one line at a time and says which changes no test notices.

    make mutants                                           # about 150 mutants: an hour on two cores
    make mutants MUTANTS="--only society/rules/orders/orders.py"
    make mutants MUTANTS=--list

A mutant lives in a copy of the tree, in a folder of its own that goes with the run: the checkout is only read. Exit code 1: fewer
than 95 % are killed, or one survives that ``survivors.yaml`` gives no reason for.
"""

import argparse
import concurrent.futures
import contextlib
import hashlib
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml
from mutant_sample import PACKAGES, SIZE, sample
from mutant_tests import TESTS, Map, kernel_files
from mutate import Mutant

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SURVIVORS = HERE / "survivors.yaml"
ENOUGH = 0.95
#: Seconds of tests that a mutant may have, in seconds of the run that looks for coverage, and seconds after which it has timed out.
BUDGET_S, PATIENCE_S = 60.0, 60.0
clock = time.perf_counter  # progress and time-outs only
running: set[subprocess.Popen[bytes]] = set()


class Copy:
    """A copy of the tree, with the compiled kernels of the unchanged sources."""

    def __init__(self, folder: Path) -> None:
        self.root, self.map = folder / "tree", folder / "map.json"
        self.kernels, self.scratch = folder / "kernels", folder / "scratch"
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file() and not name.startswith("tests/golden/"):
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.root / name)

    def compiled_like(self, other: "Copy") -> None:
        """Take over another copy's compiled kernels: numba keeps them by the path of their folder."""
        if other is self:
            return
        for folder in {path.parent for path in (self.root / "society").rglob("*.py")}:
            theirs = other.kernels / _numba_name(other.root / folder.relative_to(self.root))
            if theirs.is_dir():
                shutil.copytree(theirs, self.kernels / _numba_name(folder), dirs_exist_ok=True)

    def pytest(self, words: list[str], seconds: float | None, kernels: Path, **given: str) -> tuple[int | None, str]:
        """pytest's exit code, None if the time was over, and the end of what it said."""
        environment = os.environ | {"PYTHONPATH": f"{self.root}{os.pathsep}{self.root / HERE.relative_to(ROOT)}"}
        if extra := os.environ.get("PYTHONPATH"):
            environment["PYTHONPATH"] += f"{os.pathsep}{extra}"
        environment |= {"NUMBA_CACHE_DIR": str(kernels), "PYTHONDONTWRITEBYTECODE": "1"} | given
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "mutant_contexts", *words]
        said = self.root.parent / "said.txt"
        with said.open("wb") as out:
            process = subprocess.Popen(
                command, cwd=self.root, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
            running.add(process)
            try:
                code: int | None = process.wait(seconds)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                stop(process)
        return code, said.read_text(encoding="utf-8", errors="replace")[-4000:]

    def verdict(self, mutant: Mutant, tests: list[str], seconds: float) -> tuple[str, str]:
        """``killed``, ``timed out`` or ``survived``, and the test that killed."""
        path, chosen = self.root / mutant.path, self.root.parent / "tests.txt"
        original, stat = path.read_bytes(), path.stat()
        chosen.write_text("\n".join(tests), encoding="utf-8")
        kernels = self.kernels
        if b"@kernel" in original or b"@elementwise" in original or _at_import(mutant):
            kernels = self.scratch
            shutil.rmtree(kernels, ignore_errors=True)
            shutil.copytree(self.kernels, kernels)
            for name in kernel_files(self.root, mutant.path):
                folder = kernels / _numba_name((self.root / name).parent)
                for old in folder.glob(f"{Path(name).stem}.*"):
                    old.unlink()
        path.write_text(mutant.apply(original.decode()), encoding="utf-8")
        try:
            files = list(dict.fromkeys(name.split("::")[0] for name in tests))
            code, said = self.pytest(["-x", *files], seconds, kernels, MUTANTS_TESTS=str(chosen))
        finally:
            path.write_bytes(original)
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        if code is None:
            return "timed out", ""
        if code == 0:
            return "survived", ""
        if code < 0:
            return "killed", "crashed"
        if code in (1, 2) or (code == 4 and "conftest" in said):
            first = [line for line in said.split("\n") if line.startswith(("FAILED", "ERROR"))]
            return "killed", first[0].split(" - ")[0].split(" ", 1)[1] if first else "at import"
        raise SystemExit(f"pytest ended with {code} for {mutant.name}:\n{said}")


def _numba_name(folder: Path) -> str:
    """What numba calls the folder in which it keeps the kernels of a folder of sources."""
    return f"{folder.name}_{hashlib.sha1(str(folder).encode()).hexdigest()}"


def _at_import(mutant: Mutant) -> bool:
    """Whether the line stands outside functions: kernels have such values compiled in."""
    text = (ROOT / mutant.path).read_text(encoding="utf-8").split("\n")[mutant.line - 1]
    return not text.startswith("    ")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a run of tests and all that it started."""
    running.discard(process)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def reasons() -> dict[str, str]:
    """Survivors that may be, by name."""
    listed = yaml.safe_load(SURVIVORS.read_text(encoding="utf-8")) or []
    return {
        Mutant(one["file"], 0, "", one["before"], one["after"], one.get("nth", 1)).name: one["reason"] for one in listed
    }


def mapped(copies: list[Copy], tests: list[str]) -> Map:
    """Which tests run which lines: each copy runs a part of the tests."""
    parts = [(copy, tests[n :: len(copies)]) for n, copy in enumerate(copies) if tests[n :: len(copies)]]

    def one(part: tuple[Copy, list[str]]) -> Path:
        copy, words = part
        code, said = copy.pytest(words, None, copy.kernels, MUTANTS_MAP=str(copy.map))
        if code not in (0, 1) or not copy.map.is_file():
            raise SystemExit(f"The tests do not run as they are:\n{said}")
        return copy.map

    with concurrent.futures.ThreadPoolExecutor(len(parts)) as pool:
        waiting = [pool.submit(one, part) for part in parts]
        with ended(pool):
            return Map(copies[0].root, [each.result() for each in waiting])


@contextlib.contextmanager
def ended(pool: concurrent.futures.ThreadPoolExecutor) -> Iterator[None]:
    """Whatever interrupts the work ends the runs of tests that are under way."""
    try:
        yield
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list(running):
            stop(process)
        raise


def run(chosen: list[Mutant], workers: int, folder: Path, tests: list[str]) -> dict[Mutant, str]:
    """The verdict on every mutant; progress goes to stderr."""
    began, copies = clock(), [Copy(folder / str(n)) for n in range(workers)]
    print(f"{len(chosen)} mutants; which tests run which lines ...", file=sys.stderr, flush=True)
    found = mapped(copies, tests or TESTS)
    print(f"... {len(found.tests)} tests in {clock() - began:.0f} s", file=sys.stderr, flush=True)
    for name in found.failed:
        print(f"fails before anything is changed, so it kills nothing: {name}", file=sys.stderr, flush=True)
    free: queue.Queue[Copy] = queue.Queue()
    for copy in copies:
        free.put(copy)
        copy.compiled_like(copies[0])
    results: dict[Mutant, str] = {}

    def one(mutant: Mutant) -> None:
        names, spent = found.tests_of(mutant, BUDGET_S)
        copy, start = free.get(), clock()
        try:
            verdict, by = (
                copy.verdict(mutant, names, PATIENCE_S + 3 * spent) if names else ("survived", "no test runs it")
            )
        finally:
            free.put(copy)
        results[mutant] = verdict
        print(
            f"[{len(results)}/{len(chosen)}, {(clock() - began) / 60:.0f} min] {verdict} {clock() - start:.0f} s  "
            f"{mutant.path}:{mutant.line}  {mutant.before}  ->  {mutant.after}  ({len(names)} tests{by and ', ' + by})",
            file=sys.stderr, flush=True,
        )  # fmt: skip

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(one, mutant) for mutant in chosen]
        with ended(pool):
            for done in concurrent.futures.as_completed(waiting):
                done.result()
    return results


def report(results: dict[Mutant, str], known: dict[str, str]) -> bool:
    """Print the figures and the survivors; whether that is good enough."""
    print(f"{'':10}{'killed':>8}{'timed out':>11}{'survived':>10}{'mutants':>9}{'share':>8}")
    total: Counter[str] = Counter()
    for package in (*PACKAGES, "all"):
        count = Counter(verdict for one, verdict in results.items() if package in ("all", one.path.split("/")[1]))
        n = sum(count.values())
        share = f"{(n - count['survived']) / n:8.1%}" if n else ""
        print(f"{package:10}{count['killed']:8}{count['timed out']:11}{count['survived']:10}{n:9}{share}")
        total = count
    alive = sorted(
        (one for one, verdict in results.items() if verdict == "survived"), key=lambda one: (one.path, one.line)
    )
    for one in alive:
        print(f"\n{one.path}:{one.line} survived\n  before  {one.before}\n  after   {one.after}")
        print(f"  reason  {known.get(one.name, 'NONE IS GIVEN: a test should kill it, or survivors.yaml say why not')}")
    for one, verdict in results.items():
        if verdict != "survived" and one.name in known:
            print(f"\n{one.path}:{one.line} is {verdict}: it can go from survivors.yaml.")
    n = sum(total.values())
    return all(one.name in known for one in alive) and n - total["survived"] >= ENOUGH * n


def main() -> int:
    """The command."""
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    say.add_argument("--list", action="store_true", help="print the mutants and run nothing")
    say.add_argument(
        "--only", action="append", default=[], metavar="PATH", help="mutants of a file or folder; may be repeated"
    )
    say.add_argument("--size", type=int, default=SIZE, help=f"how many mutants the sample has ({SIZE})")
    say.add_argument("--tests", nargs="+", default=[], metavar="PATH", help="run these tests only")
    say.add_argument("--survivors", action="store_true", help="only mutants that survivors.yaml lists")
    say.add_argument("--workers", type=int, default=2, help="mutants at a time (2)")
    given = say.parse_args()
    only = tuple(path.rstrip("/") for path in given.only)
    chosen = [one for one in sample(ROOT, given.size) if not only or one.path.startswith(only)]
    known = reasons()
    if given.survivors:
        chosen = [one for one in chosen if one.name in known]
    if given.list:
        for one in chosen:
            print(f"{one.path}:{one.line} ({one.operator})\n  {one.before}\n  {one.after}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="society-mutants-", ignore_cleanup_errors=True) as folder:
        results = run(chosen, given.workers, Path(folder), given.tests)
    return 0 if report(results, known) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Which tests may notice a mutant: those that ran its line, the likeliest first, until a budget of seconds is spent.

Coverage sees no line of a compiled kernel. What calls the kernel stands for it; for a line that runs at import, such as a table, any
line of its file does.
"""

import ast
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mutate import Mutant

#: Tests that may kill: quick ones, within one process. Not tests/golden, which pins digests: any change of a result changes them.
TESTS = [
    *(f"tests/{folder}" for folder in ("rules", "minds", "measures", "stats", "record", "recount", "state", "engine")),
    *(f"tests/study/test_{name}.py" for name in ("models", "overseeing", "tipping", "transcripts_out")),
    "tests/test_docstrings.py",
]


class Map:
    """What coverage found: see ``mutant_contexts``."""

    def __init__(self, root: Path, found: Iterable[Path]) -> None:
        self.root = root
        self.tests: dict[str, list[int]] = {}
        self.seconds: dict[int, float] = {}
        self.failed: list[str] = []
        self.lines: dict[str, dict[int, set[int]]] = {}
        for number, path in enumerate(found):
            self._add(json.loads(path.read_text(encoding="utf-8")), number * 10**6)
        self.texts = {path: (root / path).read_text(encoding="utf-8") for path in self.lines}
        self._files: dict[str, str] = {}

    def _add(self, tree: dict[str, Any], offset: int) -> None:
        """What one run found; ``offset`` keeps its numbers of contexts apart from those of others."""
        self.failed += tree["failed"]
        self.tests |= {name: [one + offset for one in mine] for name, mine in tree["tests"].items()}
        self.seconds |= {int(one) + offset: float(spent) for one, spent in tree["seconds"].items()}
        for path, lines in tree["lines"].items():
            mine = self.lines.setdefault(path, {})
            for line, contexts in lines.items():
                mine.setdefault(int(line), set()).update(one + offset for one in contexts)

    def tests_of(self, mutant: Mutant, budget: float) -> tuple[list[str], float]:
        """Names of tests in the order in which they are to run, and the seconds they took."""
        contexts = self.contexts(mutant)
        if not contexts:
            return [], 0.0
        running = [name for name, mine in self.tests.items() if contexts.intersection(mine)]
        spent, chosen, ready = 0.0, [], set[int]()
        for name in sorted(running, key=lambda name: (*self._likely(name, mutant), name)):
            new = set(self.tests[name]) - ready
            cost = sum(self.seconds.get(context, 0.0) for context in new)
            if chosen and spent + cost > budget:
                continue
            chosen.append(name)
            spent += cost
            ready |= new
        return chosen, spent

    def _likely(self, test: str, mutant: Mutant) -> tuple[int, float]:
        """Tests of the mutant's own folder first, those that name its module before the others; then the quicker ones."""
        path = test.split("::")[0]
        if path not in self._files:
            self._files[path] = (self.root / path).read_text(encoding="utf-8")
        package, stem = mutant.path.split("/")[1], Path(mutant.path).stem
        package = "rules" if package in ("acts", "occasions") else package  # their tests stand beside those of rules
        names = re.search(rf"\b{stem}\b", self._files[path] + path.replace("_", " ")) is not None
        seconds = sum(self.seconds.get(context, 0.0) for context in self.tests[test][:1])
        return -2 * path.startswith(f"tests/{package}/") - names + 3 * (seconds > 3), seconds

    def contexts(self, mutant: Mutant) -> set[int]:
        """Tests and fixtures that ran the mutant's statement, or what stands for it."""
        if mutant.path not in self.lines:
            return set()
        lines = self.lines[mutant.path]
        inside = _functions_at(self.texts[mutant.path], mutant.line)
        kernels = [one for one in inside if _is_kernel(one)]
        if kernels:
            return self._callers(kernels[0].name, {kernels[0].name})
        if inside:
            return _union(lines, _statement(self.texts[mutant.path], mutant.line))
        return set().union(*lines.values()) if lines else set()

    def _callers(self, kernel: str, known: set[str]) -> set[int]:
        """What ran a line that names a kernel, or named a kernel that names it."""
        found: set[int] = set()
        for path, text in self.texts.items():
            if kernel not in text:
                continue
            for line, words in enumerate(text.split("\n"), 1):
                if not re.search(rf"\b{kernel}\b", words) or re.match(r"\s*(def|from|import)\b", words):
                    continue
                inside = _functions_at(text, line)
                outer = [one.name for one in inside if _is_kernel(one)]
                if not outer:
                    found |= _union(self.lines[path], _statement(text, line)) if inside else set()
                elif outer[0] not in known:
                    found |= self._callers(outer[0], known | {outer[0]})
        return found


def _union(lines: dict[int, set[int]], which: Iterable[int]) -> set[int]:
    return set().union(*(lines.get(line, set()) for line in which))


def _functions_at(text: str, line: int) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions around a line, outermost first."""
    return [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body[0].lineno <= line <= (node.end_lineno or 0)
    ]


def _is_kernel(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(re.match(r"kernel\b|elementwise\b", ast.unparse(one)) for one in function.decorator_list)


def _statement(text: str, line: int) -> range:
    """The lines of the smallest statement around a line; of one that holds others, those of its head."""
    best = range(line, line + 1)
    size = 10**6
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.stmt | ast.ExceptHandler):
            continue
        body = getattr(node, "body", None)
        end = body[0].lineno - 1 if body else node.end_lineno or node.lineno
        if node.lineno <= line <= max(end, node.lineno) and end - node.lineno < size:
            best, size = range(node.lineno, max(end, node.lineno) + 1), end - node.lineno
    return best


def kernel_files(root: Path, path: str) -> list[str]:
    """Files whose compiled kernels a change of ``path`` may have gone into: itself, and all that import from it, to any depth."""
    imports: dict[str, set[str]] = {}
    for file in sorted((root / "society").rglob("*.py")):
        text, name = file.read_text(encoding="utf-8"), file.relative_to(root).as_posix()
        for module, words in re.findall(r"^ *from (society[\w.]*) import \(?([\w, \n]*)", text, re.MULTILINE):
            base = module.replace(".", "/")
            targets = [f"{base}.py", *(f"{base}/{word}.py" for word in re.findall(r"\w+", words))]
            for target in targets:
                imports.setdefault(target, set()).add(name)
    found, waiting = {path}, [path]
    while waiting:
        for name in imports.get(waiting.pop(), set()) - found:
            found.add(name)
            waiting.append(name)
    return sorted(found)

"""Single-line changes of a Python file, found in its syntax tree: what a test ought to notice.

A change replaces columns of one line and leaves every other line where it is. Docstrings, annotations, decorators, imports and
what is raised are left alone; of other texts only SQL is changed.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

COMPARED = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}  # fmt: skip
COMPUTED = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"), ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"), ast.Pow: ("**", "*"),
}  # fmt: skip
DROPPED = {ast.Not: "not ", ast.USub: "-", ast.Invert: "~"}


def _both(*pairs: tuple[str, str]) -> dict[str, str]:
    return {one: other for pair in pairs for one, other in (pair, pair[::-1])}


EXTREMES = _both(
    ("min", "max"), ("any", "all"), ("minimum", "maximum"), ("argmin", "argmax"), ("nanmin", "nanmax"), ("mean", "sum")
)
#: Columns and names that hold the same kind of thing.
ALIKE = _both(
    ("source", "target"), ("sources", "targets"), ("sender", "recipient"), ("issued", "due"), ("born", "ended"),
    ("low", "high"), ("within", "between"), ("before", "after"), ("good", "bad"), ("first", "last"), ("hit", "false"),
    ("rater", "rated"),
) | {"actor": "target", "operator": "target", "about": "target"}  # fmt: skip
SQL = [
    (r" >= ", " > "), (r" > ", " >= "), (r" <= ", " < "), (r" < ", " <= "), (r" = ", " <> "), (r" <> ", " = "),
    (r" and ", " or "), (r" or ", " and "), (r" \+ ", " - "), (r" - ", " + "), (r" / ", " * "), (r"\bmin\(", "max("),
    (r"\bmax\(", "min("), (r"\bsum\(", "avg("), (r"\bavg\(", "sum("), (r" desc\b", ""), (r"\bis null", "is not null"),
    (r"\bis not null", "is null"), (r"\bleft join", "join"), (r"\bsource\b", "target"), (r"\bactor\b", "target"),
]  # fmt: skip
#: Calls whose two arguments may be exchanged, or that nobody's result depends on.
COMMUTE = {
    "minimum",
    "maximum",
    "min",
    "max",
    "isinstance",
    "hasattr",
    "array_equal",
    "union1d",
    "intersect1d",
    "hypot",
}
#: Carriers of everything: whoever exchanges them with anything is stopped by the first attribute that is read.
WHOLE = {"self", "cls", "society", "moment", "record", "world", "batch", "chance", "occasions", "folder", "path"}
#: Arguments that are left alone: who asks zip for more care gets the same pairs. An axis becomes the other one.
SINGLE = {"strict", "axis"}


@dataclass(frozen=True)
class Mutant:
    """One changed line: ``before`` and ``after`` without what surrounds them, ``nth`` of its kind in the file."""

    path: str
    line: int
    operator: str
    before: str
    after: str
    nth: int = 1

    @property
    def name(self) -> str:
        """What it is called wherever its line stands in the file."""
        again = f" (#{self.nth})" if self.nth > 1 else ""
        return f"{self.path}: {self.before} -> {self.after}{again}"

    def apply(self, text: str) -> str:
        """The file's text with the one line changed."""
        lines = text.split("\n")
        old = lines[self.line - 1]
        lines[self.line - 1] = old.replace(self.before, self.after)
        return "\n".join(lines)


def mutants(path: str, text: str) -> list[Mutant]:
    """Every change of a file, by line and column; a few give files that Python cannot read: see ``readable``.

    Args:
        path: what the file is called in the names of its mutants.
        text: the file.
    """
    lines, seen, found = text.split("\n"), Counter[tuple[str, str]](), []
    tree = ast.parse(text)
    for line, start, end, new, operator in sorted(set(_edits(tree, lines))):
        raw = lines[line - 1].encode()
        changed = (raw[:start] + new.encode() + raw[end:]).decode()
        before, after = lines[line - 1].strip(), changed.strip()
        mutant = Mutant(path, line, operator, before, after)
        if before == after:
            continue
        seen[before, after] += 1
        found.append(replace(mutant, nth=seen[before, after]))
    return found


def readable(text: str) -> bool:
    """Whether Python can read a file: a change in a text of many lines may have closed it."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


Edit = tuple[int, int, int, str, str]  # line, from byte, to byte, what stands there instead, operator


def _edits(tree: ast.AST, lines: list[str]) -> Iterator[Edit]:
    """Edits below a node; what nobody computes with is not gone into."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Raise | ast.arg | ast.Assert):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.JoinedStr):
            continue
        if isinstance(node, ast.AnnAssign):
            if node.value is not None:
                yield from _of(node.value, lines)
                yield from _edits(node.value, lines)
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside = node.body if isinstance(node, ast.ClassDef) else [*node.body, *_defaults(node)]
            yield from _edits(
                ast.Module([ast.Expr(one) if isinstance(one, ast.expr) else one for one in inside], []), lines
            )
            continue
        if isinstance(node, ast.keyword) and node.arg in SINGLE:
            if node.arg == "axis" and isinstance(node.value, ast.Constant) and node.value.value in (0, 1):
                yield (
                    node.lineno,
                    node.value.col_offset,
                    node.end_col_offset or 0,
                    str(1 - node.value.value),
                    "constant",
                )
            continue
        yield from _of(node, lines)
        if not isinstance(node, ast.JoinedStr) and not (isinstance(node, ast.Call) and _word(node) == "len"):
            yield from _edits(node, lines)


def _defaults(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    return [one for one in [*node.args.defaults, *node.args.kw_defaults] if isinstance(one, ast.UnaryOp | ast.BinOp)]


def _of(node: ast.AST, lines: list[str]) -> Iterator[Edit]:
    """Edits of a node itself."""
    if isinstance(node, ast.Constant | ast.JoinedStr):
        yield from _constant(node, lines)
    elif isinstance(node, ast.Compare):
        for left, op, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            yield from _between(left, right, *COMPARED[type(op)], "comparison", lines)
    elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED:
        if not any(_is_list_or_text(side) for side in (node.left, node.right)):
            yield from _between(node.left, node.right, *COMPUTED[type(node.op)], "arithmetic", lines)
    elif isinstance(node, ast.BoolOp):
        words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from _between(left, right, *words, "and/or", lines)
    elif isinstance(node, ast.UnaryOp) and type(node.op) in DROPPED:
        yield node.lineno, node.col_offset, node.col_offset + len(DROPPED[type(node.op)]), "", "sign"
    elif isinstance(node, ast.AugAssign):
        yield from _dropped(node)
        if type(node.op) in COMPUTED:
            old, new = COMPUTED[type(node.op)]
            yield from _between(node.target, node.value, old + "=", new + "=", "arithmetic", lines)
    elif isinstance(node, ast.Assign | ast.Expr):
        effect = node.targets[0] if isinstance(node, ast.Assign) else node.value
        if isinstance(effect, ast.Subscript | ast.Attribute | ast.Call):
            yield from _dropped(node)
    elif isinstance(node, ast.Name | ast.Attribute | ast.keyword):
        yield from _renamed(node)
    elif isinstance(node, ast.Call):
        yield from _call(node)


def _is_list_or_text(node: ast.AST) -> bool:
    """What has no other operator: lists, texts, and types that are alternatives."""
    if isinstance(node, ast.BinOp):
        return _is_list_or_text(node.left)
    if isinstance(node, ast.Name):
        return node.id[:1].isupper() and not node.id.isupper()
    text = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    return text or isinstance(node, ast.JoinedStr | ast.List | ast.ListComp | ast.Tuple)


def _constant(node: ast.Constant | ast.JoinedStr, lines: list[str]) -> Iterator[Edit]:
    value, end = getattr(node, "value", None), node.end_col_offset or 0
    if isinstance(value, bool):
        yield node.lineno, node.col_offset, end, str(not value), "constant"
    elif isinstance(value, int):
        yield node.lineno, node.col_offset, end, str(value + 1), "constant"
    elif isinstance(value, float):
        yield node.lineno, node.col_offset, end, repr(value + 1.0), "constant"
    elif isinstance(value, str) and value in ALIKE:
        yield node.lineno, node.col_offset + 1, end - 1, ALIKE[value], "alike"
    elif isinstance(node, ast.JoinedStr) or isinstance(value, str):
        inside = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if re.search(r"\bselect\b|\bfrom \w|\bwhere\b|count\(\*\)", " ".join(lines[at - 1] for at in inside)):
            yield from _queried(node, inside, lines)


def _queried(node: ast.expr, inside: range, lines: list[str]) -> Iterator[Edit]:
    """Edits of SQL; what stands in braces is Python's, or a name that is put in."""
    for at in inside:
        text = re.sub(r"\{[^{}]*\}", lambda found: "#" * len(found[0]), lines[at - 1])
        low = node.col_offset if at == node.lineno else 0
        high = (node.end_col_offset or 0) if at == node.end_lineno else len(text)
        for pattern, new in SQL if text.isascii() else []:
            for found in re.finditer(pattern, text[:high]):
                if found.start() >= low:
                    yield at, found.start(), found.end(), new, "query"


def _between(left: ast.expr, right: ast.expr, old: str, new: str, operator: str, lines: list[str]) -> Iterator[Edit]:
    """The operator that stands between two expressions on one line, outside brackets."""
    line, start, end = left.end_lineno or 0, left.end_col_offset or 0, right.col_offset
    if line != right.lineno:
        return
    at = lines[line - 1].encode()[start:end].decode().find(old)
    if at >= 0:
        yield line, start + at, start + at + len(old.encode()), new, operator


def _dropped(node: ast.stmt) -> Iterator[Edit]:
    if node.lineno == node.end_lineno:
        yield node.lineno, node.col_offset, node.end_col_offset or 0, "pass", "dropped"


def _renamed(node: ast.Name | ast.Attribute | ast.keyword) -> Iterator[Edit]:
    """min for max, a column for one of its kind; of an argument's name too."""
    word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else node.arg
    if word is None or (isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)):
        return
    if word in EXTREMES and not isinstance(node, ast.keyword):
        new, operator = EXTREMES[word], "extreme"
    elif word in ALIKE and not isinstance(node, ast.Name):
        new, operator = ALIKE[word], "alike"
    else:
        return
    end = node.end_col_offset or 0
    start = node.col_offset if isinstance(node, ast.keyword) else end - len(word)
    if node.lineno == node.end_lineno:
        yield node.lineno, start, start + len(word), new, operator


def _word(node: ast.Call) -> str:
    return str(getattr(node.func, "attr", getattr(node.func, "id", "")))


def _call(node: ast.Call) -> Iterator[Edit]:
    """Two plain arguments exchanged; an order turned round."""
    word = _word(node)
    end = node.end_col_offset or 0
    if word in ("argsort", "lexsort", "sort_values") and node.lineno == node.end_lineno:
        yield node.end_lineno or 0, end, end, ".iloc[::-1]" if word == "sort_values" else "[::-1]", "order"
    if word == "sorted" and node.lineno == node.end_lineno and not any(one.arg == "reverse" for one in node.keywords):
        yield node.end_lineno or 0, end - 1, end - 1, ", reverse=True", "order"
    for one, other in zip(node.args, node.args[1:], strict=False):
        if not isinstance(one, ast.Name) or not isinstance(other, ast.Name) or one.lineno != other.lineno:
            continue
        if one.id != other.id and not {one.id, other.id} & WHOLE and word not in COMMUTE:
            yield one.lineno, one.col_offset, other.end_col_offset or 0, f"{other.id}, {one.id}", "swapped"

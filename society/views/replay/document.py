"""The page's HTML: a shell around one module and one style sheet, for the server, for a file, both under a strict policy."""

import base64
import hashlib
import html
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

PAGE = Path(__file__).parent / "page"
MODULE, STYLE = PAGE / "bundle" / "view.js", PAGE / "view.css"
#: What the server's pages may load: nothing that is not theirs.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_ROOT = '<div id="society-page" class="society-view" {}></div>'
_SHELL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
{head}
<title>{title}</title>
</head>
<body>
<noscript>This page shows a run with JavaScript of its own; nothing is fetched from elsewhere.</noscript>
{body}
</body>
</html>
"""


def served(title: str, api: str, live: bool, page: str = "run") -> str:
    """The page as a server gives it: it asks ``api`` for what it shows."""
    attributes = f'data-page="{page}" data-api="{html.escape(api)}" data-live="{int(live)}"'
    return _SHELL.format(
        title=_named(title),
        head='<link rel="stylesheet" href="/static/view.css">',
        body=f'{_ROOT.format(attributes)}\n<script type="module" src="/static/view.js"></script>',
    )


def listed(found: Mapping[str, list[tuple[str, float]]]) -> str:
    """Lists of studies and runs to choose from.

    Args:
        found: by kind (``study``, ``run``): path, and when it was last written (seconds since 1970).
    """
    parts = []
    for kind, many in (("study", "Studies"), ("run", "Runs")):
        rows = "".join(
            f'<li>{_linked(kind, name)} <span class="faint">{_when(time)}</span></li>'
            for name, time in found.get(kind, [])
        )
        if rows or kind == "run":
            hint = "<li>None yet: <code>society run decommission</code> makes one.</li>"
            parts.append(f"<h2>{many}</h2>\n<ul>{rows or hint}</ul>")
    return _SHELL.format(
        title="Studies and runs",
        head='<link rel="stylesheet" href="/static/view.css">',
        body=f'<main class="society-view listing"><h1>Studies and runs</h1>\n{"".join(parts)}</main>',
    )


def _linked(kind: str, name: str) -> str:
    """The name of a run or study, with a link; a name that is no text has no address."""
    try:
        return f'<a href="/{kind}/{quote(name)}">{_named(name)}</a>'
    except UnicodeEncodeError:
        shown = os.fsencode(name).decode(errors="backslashreplace")
        return f"{_named(shown)} (its name is not UTF-8: rename it to look at it)"


def _when(time: float) -> str:
    return f"{datetime.fromtimestamp(time):%Y-%m-%d %H:%M}"


def exported(title: str, container: bytes) -> str:
    """The page as one file: module, style and record inside; it may load nothing and ask nobody."""
    module, style = MODULE.read_text(encoding="utf-8"), STYLE.read_text(encoding="utf-8")
    if "</script" in module.lower():
        raise ValueError(f"{MODULE}: holds the end of a script element, so it cannot stand inside a page")
    policy = (
        f"default-src 'none'; script-src 'sha256-{_digest(module)}'; style-src 'sha256-{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return _SHELL.format(
        title=_named(title),
        head=f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<style>{style}</style>',
        body=_ROOT.format('data-page="run" data-inside="record"')
        + f'\n<script type="application/octet-stream" id="record">{base64.b64encode(container).decode()}</script>\n'
        f'<script type="module">{module}</script>',
    )


def _named(title: str) -> str:
    """A title from a file that anybody may have written: one short line of signs that are seen."""
    return html.escape("".join(sign if sign.isprintable() else " " for sign in title[:200]))


def _digest(text: str) -> str:
    """What a policy names an inline element by."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

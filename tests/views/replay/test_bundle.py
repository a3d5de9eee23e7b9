"""The module that users get is what its sources give."""

import shutil
import subprocess

import pytest

from society.views.replay.document import MODULE, PAGE


def test_the_committed_module_is_built_from_the_sources(tmp_path):
    esbuild = PAGE / "node_modules" / ".bin" / "esbuild"
    if not esbuild.exists() or shutil.which("node") is None:
        pytest.skip(f"what builds the module is not installed: cd {PAGE.name} && npm install")
    out = tmp_path / "view.js"
    options = ["--bundle", "--format=esm", "--target=es2022", "--minify", "--legal-comments=inline", f"--outfile={out}"]
    subprocess.run([esbuild, "src/view.ts", *options], cwd=PAGE, check=True, capture_output=True)
    assert out.read_bytes() == MODULE.read_bytes()


def test_the_module_loads_nothing_else_and_its_sources_parse_no_markup():
    text = MODULE.read_text(encoding="utf-8")
    assert not [word for word in ("import(", "eval(", "new function", "</script") if word in text.lower()]
    sources = list((PAGE / "src").glob("*.ts"))
    assert len(sources) > 10
    for path in sources:
        source = path.read_text(encoding="utf-8")
        words = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", ".html(", "srcdoc")
        assert [word for word in words if word in source] == [], path.name

"""The module that users get is the one that the sources make."""

import shutil
from subprocess import run

import pytest

from society.views.replay.document import MODULE, PAGE

ESBUILD = PAGE / "node_modules" / ".bin" / "esbuild"


@pytest.mark.skipif(
    shutil.which("node") is None or not ESBUILD.exists(), reason=f"needs node, and npm install in {PAGE}"
)
def test_the_bundle_is_built_from_its_sources(tmp_path):
    words = ["src/view.ts", "--bundle", "--format=esm", "--target=es2022", "--minify", "--legal-comments=inline"]
    run([ESBUILD, *words, f"--outfile={tmp_path / 'view.js'}"], cwd=PAGE, check=True, capture_output=True)
    same = (tmp_path / "view.js").read_bytes() == MODULE.read_bytes()
    assert same, "say npm run build in society/views/replay/page"

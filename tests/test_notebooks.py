"""Notebooks: they run as a reader would run them, show what is kept in them, and leave the repository alone."""

import json
import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

pytest.importorskip("anywidget", reason="notebooks need the extra notebook")
pytest.importorskip("nbclient", reason="notebooks are executed by nbclient: pip install -e '.[test]'")
pytest.importorskip("ipykernel", reason="notebooks run in ipykernel: pip install -e '.[test]'")

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: Places on somebody's machine, and addresses of objects.
_OURS = re.compile(r"/home/|/Users/|/root/|/tmp/|/work/|[A-Z]:\\\\| at 0x[0-9a-f]+")


def cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def shown(cell):
    """The kinds of what a cell shows, and all of it that is text; pictures are left to the eye."""
    kinds, words = [], []
    for output in cell["outputs"]:
        data = output.get("data", {})
        kinds.append((output["output_type"], output.get("name"), sorted(data)))
        words.append("".join(output.get("text", data.get("text/plain", ""))))
    return kinds, words


def test_there_are_four():
    assert [path.stem for path in NOTEBOOKS] == [
        "01_first_society", "02_who_protects_whom", "03_sweep_and_tipping", "04_plural_intelligence",
    ]  # fmt: skip


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_kept_is_small_whole_and_of_no_machine(path):
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert len(text) < 250_000
    assert not _OURS.search(text)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert [cell["execution_count"] for cell in cells(notebook)] == list(range(1, len(cells(notebook)) + 1))
    outputs = [output for cell in cells(notebook) for output in cell["outputs"]]
    assert all(output["output_type"] != "error" and output.get("name") != "stderr" for output in outputs)
    assert any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_shows_what_is_kept(path, tmp_path):
    spec = spec_from_file_location("refresh", ROOT / "notebooks" / "refresh.py")
    refresh = module_from_spec(spec)
    spec.loader.exec_module(refresh)
    before = repository()
    fresh = refresh.executed(path, tmp_path)
    kept = json.loads(path.read_text(encoding="utf-8"))
    for number, (new, old) in enumerate(zip(cells(fresh), cells(kept), strict=True)):
        assert shown(new) == shown(old), f"{path.name}, code cell {number}: to keep what it shows now: make notebooks"
    assert repository() == before


def repository():
    """Files at the root and beside the notebooks: where runs and studies would go."""
    return sorted(
        path for folder in (ROOT, ROOT / "notebooks") for path in folder.iterdir() if path.name[0] not in "._"
    )


def test_the_widget_has_a_picture_for_where_no_kernel_runs(decommission):
    import society

    widget = society.view(decommission, height=400)
    data, *_ = widget._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert data["text/plain"] == "society.view(decommission, 500 ticks)"
    assert (widget.height, len(widget.container) > 100_000) == (400, True)


def test_a_figure_is_shown_without_pyplot(decommission, tmp_path):
    code = (
        "import sys, society; figure = society.draw(society.Result(sys.argv[1]), 'outcomes')\n"
        "assert 'matplotlib.pyplot' not in sys.modules; sys.stdout.buffer.write(figure._repr_png_())"
    )
    done = subprocess.run([sys.executable, "-c", code, decommission.path], capture_output=True, check=True)
    assert done.stdout.startswith(b"\x89PNG")
    assert len(done.stdout) < 60_000

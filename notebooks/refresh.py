"""Execute the notebooks beside this file and keep what they show: ``python notebooks/refresh.py``, or ``make notebooks``.

They run in a folder of their own, so that nothing but the notebooks is written here. Of a widget its picture is kept.
"""

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOKS = sorted(Path(__file__).parent.glob("*.ipynb"))
_WIDGET = "application/vnd.jupyter.widget-view+json"


def executed(path: Path, folder: Path) -> NotebookNode:
    """The notebook with what it shows when it runs in ``folder`` under this Python.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    notebook = nbformat.read(path, as_version=4)
    os.environ.update(JUPYTER_PREFER_ENV_PATH="1", IPYTHONDIR=str(folder / ".ipython"))
    options = {
        "timeout": 300,
        "kernel_name": "python3",
        "store_widget_state": False,
        "record_timing": False,
        "coalesce_streams": True,
    }
    NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, **options).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(_WIDGET, None)
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


if __name__ == "__main__":
    for notebook_path in NOTEBOOKS:
        print(notebook_path.name, file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as name:
            done = executed(notebook_path, Path(name))
        nbformat.write(done, notebook_path)

"""The replay in a notebook: the page's own module as a widget (anywidget), in JupyterLab, marimo and where else it runs."""

from typing import Any

from society.ground.errors import SocietyError
from society.record.reader import Record
from society.views.replay.document import MODULE, STYLE
from society.views.replay.export import container
from society.views.replay.source import Replay


def view(record: Record, height: int = 720) -> Any:
    """The replay of a run as a widget; the whole record goes into the notebook's page, so nothing is asked for later.

    Args:
        record: the run.
        height: height in pixels.

    Returns:
        An ``anywidget.AnyWidget``, which a notebook shows.

    Raises:
        SocietyError: the package anywidget is not installed.
        RecordError: the record is too large for a page, or of an earlier version.

    Example:
        record = society.run("decommission", seed=7)
        society.view(record)
    """
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise SocietyError("notebooks need the extra notebook: pip install 'plural-society[notebook]'") from error
    synced: Any = {"sync": True}
    members = {
        "_esm": MODULE,
        "_css": STYLE,
        "container": traitlets.Bytes().tag(**synced),
        "height": traitlets.Int(720).tag(**synced),
    }
    widget: Any = type("SocietyView", (anywidget.AnyWidget,), members)
    return widget(container=container(Replay(record)), height=height)

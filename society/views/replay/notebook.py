"""The replay in a notebook: the page's own module as a widget (anywidget), in JupyterLab, marimo and where else it runs."""

from base64 import b64encode
from typing import Any

from society.ground.errors import SocietyError
from society.record.reader import Record
from society.views.draw import draw
from society.views.replay.document import MODULE, STYLE
from society.views.replay.export import container
from society.views.replay.source import Replay


def view(record: Record, height: int = 720) -> Any:
    """The replay of a run as a widget; the whole record goes into the notebook's page, so nothing is asked for later.

    Args:
        record: the run.
        height: height in pixels.

    Returns:
        An ``anywidget.AnyWidget``, which a notebook shows; where no widget runs (GitHub, nbviewer), a picture of the last tick.

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

    def bundle(self: Any, **options: Any) -> Any:
        found = anywidget.AnyWidget._repr_mimebundle_(self, **options)
        if found is None:
            return None
        data, *rest = found
        picture: Any = draw(record)
        return {**data, "image/png": b64encode(picture._repr_png_()).decode()}, *rest

    def said(self: Any) -> str:
        return f"society.view({record.manifest['name']}, {record.ticks} ticks)"

    widget: Any = type(
        "SocietyView", (anywidget.AnyWidget,), {**members, "_repr_mimebundle_": bundle, "__repr__": said}
    )
    return widget(container=container(Replay(record)), height=height)

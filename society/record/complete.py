"""Whether a run's folder is whole enough to be read: nothing is computed from half a record."""

from pathlib import Path

import duckdb

from society.ground.errors import RecordError
from society.record.database import closed_database
from society.record.folder import MANIFEST, path_as_text, read_manifest, single_run


def complete_run(folder: Path) -> Path:
    """The folder of one run, with every part that its manifest lists.

    Whether the parts are unchanged is for ``society verify`` to say.

    Raises:
        RecordError: it is no run's folder, its run has not come to an end of any kind, or a part is missing.
    """
    manifest = read_manifest(single_run(folder))
    if manifest["format"] > 1 and "digests" not in manifest:
        raise RecordError(
            f"{folder}: its run is not finished ({manifest['status']}), so its tables are not whole: "
            f"society resume {folder} goes on with it"
        )
    if missing := [name for name in manifest.get("parts", {}) if not (folder / name).is_file()]:
        more = f", and {len(missing) - 1} other parts" if len(missing) > 1 else ""
        raise RecordError(
            f"{folder / missing[0]}: is missing{more}, though {folder / MANIFEST} lists it: the folder is not whole. "
            f"Copy it again; society verify {folder} says all that is wrong"
        )
    if manifest["status"] in ("done", "stopped") and (rows := _ticks(folder)) != manifest["ticks_done"]:
        raise RecordError(f"{folder / 'ticks'}: holds {rows:,} ticks, {MANIFEST} says {manifest['ticks_done']:,}")
    return folder


def _ticks(folder: Path) -> int:
    """Rows of the table of ticks, which has one for each."""
    files = [path_as_text(path) for path in sorted((folder / "ticks").glob("*.parquet"))]
    try:
        with closed_database(files) as connection:
            asked = "select count(*) from read_parquet(?, hive_partitioning = false)"
            return int(connection.execute(asked, [files]).fetchall()[0][0]) if files else 0
    except duckdb.Error as error:
        raise RecordError(f"{folder / 'ticks'}: cannot be read: {str(error).splitlines()[0]}") from None

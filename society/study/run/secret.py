"""The secret that keys chance where somebody from outside takes part, and the file that keeps it so that a run can be repeated.

A seed is a small number and a world file is public: who sees anything that follows from both finds the seed by trying. So the
seed alone decides nothing where guests are asked, unless the world's owner shares it (``mind.shares_seed``).
"""

import os
import re
import secrets
from pathlib import Path

from society.ground.errors import RecordError, StoreError, WorldError
from society.study.run.models import STORE, Models, remote_families
from society.world.world import World

BYTES = 32


def secret_for(world: World, models: Models) -> bytes:
    """The secret of a run that is about to begin: of the file that is named, of the answers that are used again, or a new one.

    Empty where nobody from outside is asked and no file is named, or where the seed is shared.

    Raises:
        WorldError: some families are told the seed and others are not, or the file holds no secret.
        StoreError: answers are replayed, and the secret of their run is not beside them.
    """
    guests = remote_families(world)
    told = sorted(name for name, one in guests.items() if one.shares_seed)
    if told and (kept := sorted(set(guests) - set(told))):
        raise WorldError(
            f"families.{kept[0]}.mind.shares_seed",
            False,
            f"true, as for {told[0]}: chance is one for all that are asked",
        )
    if told and models.secret is not None:
        raise WorldError("--secret", str(models.secret), f"absent where the seed is shared (families.{told[0]}.mind)")
    if models.secret is None and (told or not guests):
        return b""
    file = _file(models)
    if file is not None and file.is_file():
        return _read(file)
    if file is not None and models.mode == "replay":
        raise StoreError(
            f"{file}: not there: the run that was recorded has it in its folder; copy it, or name it: --secret FILE"
        )
    return secrets.token_bytes(BYTES)


def keep_secret(secret: bytes, folder: Path, models: Models) -> None:
    """Keep the secret of a run in its folder, and where it was to be found if it was not there.

    Raises:
        RecordError: it cannot be written.
    """
    if not secret:
        return
    named = _file(models)
    for file in {folder / _beside(Path(STORE)), *([named] if named is not None else [])}:
        if not file.exists():
            _write(file, secret)


def kept_secret(folder: Path) -> bytes:
    """The secret of a run that goes on.

    Raises:
        RecordError: it is no longer in the run's folder.
    """
    file = folder / _beside(Path(STORE))
    if not file.is_file():
        raise RecordError(f"{file}: not there: without the secret of its chance the run cannot go on")
    return _read(file)


def _file(models: Models) -> Path | None:
    """Where the secret of a new run is looked for."""
    if models.secret is not None:
        return models.secret
    return None if models.store is None or models.mode == "live" else _beside(models.store)


def _beside(store: Path) -> Path:
    return store.with_suffix(".secret")


def _read(file: Path) -> bytes:
    try:
        words = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise WorldError("--secret", str(file), f"a file that can be read ({error})") from None
    if not re.fullmatch(rf"[0-9a-f]{{{2 * BYTES}}}", words):
        raise WorldError("--secret", str(file), f"a file of {2 * BYTES} digits 0-9 a-f, or one that is not there yet")
    return bytes.fromhex(words)


def _write(file: Path, secret: bytes) -> None:
    """Write it for its owner's eyes only; the first of two processes that write it at once wins."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
            stream.write(secret.hex() + "\n")
    except OSError as error:
        raise RecordError(f"{file}: cannot be written: {error.strerror}") from error

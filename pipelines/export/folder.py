"""The folder of an export: what may be replaced, and that it appears only when it is whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from msgspec import Struct

from pipelines.errors import RunError
from pipelines.export.kit import PICTURES
from pipelines.storage import work_files

ABOUT = "export.json"  # tells an export from other folders, and what it was made by
_PICTURE = re.compile(r"[0-9a-f]{64}\.(jpg|png)")


class About(Struct):
    """What export.json says. files: what stands beside it."""

    version: str
    program: str
    mix: str
    rows: int
    pictures: int
    splits: list[str]
    take: int | None
    dialect: str | None
    settings: dict[str, int]
    left_out: dict[str, int]
    files: list[str]


@contextmanager
def new_folder(final: str) -> Iterator[str]:
    """A folder to write into; it becomes `final` when the block ends well, and is gone if not.

    Raises RunError where something else than an export stands in `final`.
    """
    if strange := _strange(final):
        raise RunError(
            f"{final} holds files that are no export's ({strange}); "
            "choose another folder or empty it"
        )
    part = f"{final}.part"
    os.makedirs(os.path.dirname(final), exist_ok=True)
    try:
        os.mkdir(part)
    except FileExistsError:
        raise RunError(
            f"{part} is there: another export is writing it, or one was killed; "
            "remove it if none is"
        ) from None
    try:
        yield part
        work_files.move(part, final)
    except BaseException:
        work_files.remove(part)
        raise


def _strange(final: str) -> str:
    """A name in a folder that no export wrote, or ""."""
    if not os.path.lexists(final):
        return ""
    if not os.path.isdir(final):
        return os.path.basename(final)
    names = sorted(os.listdir(final))
    if not names:
        return ""
    try:
        with open(f"{final}/{ABOUT}", "rb") as file:
            known = {*msgspec.json.decode(file.read(), type=About).files, ABOUT}
    except (OSError, msgspec.DecodeError):
        return names[0]
    pictures = os.listdir(f"{final}/{PICTURES}") if PICTURES in names else []
    others = [name for name in names if name not in known]
    others += [f"{PICTURES}/{name}" for name in pictures if not _PICTURE.fullmatch(name)]
    return others[0] if others else ""

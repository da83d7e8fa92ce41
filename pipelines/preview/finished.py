"""The preview of a finished mix: its page is written anew and entered in the manifest."""

from __future__ import annotations

from typing import Any

import msgspec

from pipelines.errors import RunError
from pipelines.place import MANIFEST
from pipelines.preview.page import INDEX, write_preview
from pipelines.storage import work_files


def add_preview(out: str) -> str:
    """Writes the preview of a finished mix, and gives its path.

    Raises RunError where there is no mix.
    """
    path = f"{out}/{MANIFEST}"
    try:
        manifest: dict[str, Any] = msgspec.json.decode(
            work_files.read_bytes(path), type=dict[str, Any]
        )
        name, listed = manifest["name"], dict(manifest["files"])
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(f"{out}: no mix: {MANIFEST} is missing") from None
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path}: not of a mix: {error}") from None
    write_preview(out, out, str(name))
    digest, size = work_files.sha256(f"{out}/{INDEX}")
    listed[INDEX] = {"bytes": size, "sha256": digest}
    text = msgspec.json.encode(manifest | {"files": dict(sorted(listed.items()))})
    work_files.write_bytes(path, msgspec.json.format(text, indent=2) + b"\n")
    return f"{out}/{INDEX}"

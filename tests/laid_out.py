"""A dataset of any format and options, laid out for one test, and what its reader finds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from native import Native, changed, read

Contents = Mapping[str, str | bytes]  # of files, by path


def found_in(
    root: Path, form: str, options: Mapping[str, Any], files: Contents, **entry: Any
) -> Native:
    """What a format's reader makes of files that are put into an empty folder."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read(changed("dscr", format=form, options=dict(options), **entry), root)


def faults(found: Native) -> list[tuple[str, str, str]]:
    """Key, reason and detail of each Reject."""
    return [(one.key, one.reason, one.detail) for one in found.rejects]

"""What a folder lists, without the names that systems and tools leave there.

| name | |
| --- | --- |
| `.DS_Store`, `.git`, `.cache`, `._1.jpg`, `__MACOSX`, `Thumbs.db`, ... | passed over, unsaid |
| `.1.jpg`, `...jpg` | a picture like any other |
| `.1.xml`, `.notes.csv`, `.airport/` | passed over, and told of |

A name that an annotation gives is opened whatever it begins with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import NamedTuple, TypeVar

from converters.read.endings import picture_ending

T = TypeVar("T")
_TOOLS = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir"})
# Folders that begin with a dot, of file managers, version control, editors and download tools.
_TOOL_FOLDERS = re.compile(
    r"\.(git|github|svn|hg|cache|huggingface|locks|ipynb_checkpoints|idea|vscode|venv|thumbnails"
    r"|AppleDouble|Spotlight-V100|fseventsd|TemporaryItems|Trashes|DocumentRevisions-V100"
    r"|Trash(-\d+)?|snapshots?|.*\.work|work|work\.gone)",
    re.IGNORECASE,
)
_DATA = re.compile(
    r"\.(json|jsonl|ndjson|geojson|xml|txt|csv|tsv|parquet|arrow|feather|xlsx?|ods|mat|h5|hdf5|npy"
    r"|npz|zip|tar|tar\.gz|tgz|tar\.bz2|tbz2?)$",
    re.IGNORECASE,
)
_TOLD: ContextVar[dict[str, None] | None] = ContextVar("told", default=None)


class Entry(NamedTuple):
    """One name in a folder. size: bytes, 0 for a folder."""

    name: str
    is_dir: bool
    size: int


def without_litter(folder: str, entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries of a folder that may be data. Those to be told of go to `told`."""
    told = _TOLD.get()
    for entry in entries:
        if not is_litter(entry.name, entry.is_dir):
            yield entry
        elif told is not None and _looks_like_data(entry):
            mark = "" if folder.endswith(("!", "/")) else "/"
            told[f"{folder}{mark}{entry.name}"] = None


def is_litter(name: str, is_dir: bool = False) -> bool:
    """Whether a name without its folder is passed over."""
    if not name.startswith("."):
        return name.casefold() in _TOOLS
    return is_dir or name.startswith("._") or not picture_ending(name)


def _looks_like_data(entry: Entry) -> bool:
    if not entry.name.startswith(".") or entry.name.startswith("._"):
        return False
    if entry.is_dir:
        return _TOOL_FOLDERS.fullmatch(entry.name) is None
    return _DATA.search(entry.name) is not None


def told() -> AbstractContextManager[dict[str, None]]:
    """Collects paths that look like data and are passed over for their names, in listing order."""
    return collecting(_TOLD)


@contextmanager
def collecting(variable: ContextVar[dict[str, T] | None]) -> Iterator[dict[str, T]]:
    """Gives a dict that what runs inside finds in the variable; it is None there otherwise."""
    found: dict[str, T] = {}
    token = variable.set(found)
    try:
        yield found
    finally:
        variable.reset(token)

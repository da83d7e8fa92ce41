"""What a folder holds where its annotations are not found, for the message that says so."""

from __future__ import annotations

import re

from converters.read import files
from converters.read.archives import is_archive
from converters.read.files import SourceError
from converters.read.folder import Folder

_PICKLES = (".pth", ".pt", ".pkl", ".pickle", ".p")
_SHOWN = 6
_SAYS = "there is: "
_LOOKED_INTO = 20  # folders
_ENDING = re.compile(r"\.(txt|xml|json|jsonl|geojson|csv|tsv|parquet|mat|npy|h5)\b")
_DEEPEST = 5


def said_instead(folder: Folder, error: SourceError) -> SourceError:
    """The same error; where annotations are missing it names what lies in the folder instead."""
    if "annotations not found" not in str(error) or _SAYS in str(error):
        return error
    entries = files.listing(folder.base)
    below = [
        f"{entry.name}/{inner.name}"
        for entry in [entry for entry in entries if entry.is_dir][:_LOOKED_INTO]
        for inner in files.listing(files.join(folder.base, entry.name))
        if not inner.is_dir
    ]
    names = [f"{entry.name}/" if entry.is_dir else entry.name for entry in entries]
    more = [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    shown = ", ".join([*names[:_SHOWN], *more])
    parts = [str(error), f"{_SAYS}{shown}"]
    if "!" in folder.base:
        inner = [name for name in [*names, *below] if is_archive(name)]
        if inner:
            outer = folder.base.partition("!")[0]
            parts.append(f"{inner[0]} is an archive in an archive and is not read; unpack {outer}")
    if (lies := _elsewhere(folder, set(_ENDING.findall(str(error))))) and "!" not in folder.base:
        parts.append(f"files of that kind lie in {lies}")
    pickles = [name for name in [*names, *below] if name.lower().endswith(_PICKLES)]
    if pickles:
        parts.append(f"{pickles[0]} is a Python pickle, which could run code and is not read")
    error.args = ("; ".join(parts),)
    return error


def _elsewhere(folder: Folder, endings: set[str]) -> str:
    """The first folder below the dataset's with a file of such an ending; empty where none is."""
    level = [""]
    for _ in range(_DEEPEST):
        below: list[str] = []
        for at in level[:_LOOKED_INTO]:
            try:
                entries = files.listing(files.join(folder.base, at.rstrip("/")))
            except OSError:  # one that may not be listed
                continue
            names = (entry.name.lower() for entry in entries if not entry.is_dir)
            if at and any(name.rpartition(".")[2] in endings for name in names):
                return at.rstrip("/")
            below += [f"{at}{entry.name}/" for entry in entries if entry.is_dir]
        level = below
    return ""

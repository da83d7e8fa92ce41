"""The folders and archives around a dataset's files that its entry does not name."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from converters.read import files
from converters.read.archives import is_archive, packed_name
from converters.read.files import SourceError
from converters.read.folder import Folder

_MANY = 16  # folders side by side that are looked into


def folders_inside(folder: Folder, splits: Collection[str], archives_alone: bool) -> list[Folder]:
    """The same dataset with its files in each folder below, or in the only archive.

    Nothing where there are more folders than anyone lays around a dataset, or where one of them is
    a split's. splits: their names. archives_alone: no folder is taken. Raises SourceError for
    archives in an archive.
    """
    entries = files.listing(folder.base)
    inner = [entry.name for entry in entries if entry.is_dir]
    packed = [
        entry.name
        for entry in entries
        if is_archive(entry.name) and packed_name(entry.name) is None
    ]
    if packed and "!" in folder.inside:
        within = folder.relative(packed[0])
        raise SourceError(f"{within}: an archive in an archive is not read; unpack the outer one")
    if archives_alone and inner:
        return []
    if not inner and len(packed) == 1:
        inner = [f"{packed[0]}!"]
    known = {name.casefold() for name in splits}
    if len(inner) > _MANY or any(name.casefold() in known for name in inner):
        return []
    sought = folder.inside if folder.sought is None else folder.sought
    return [replace(folder, inside=folder.relative(name), sought=sought) for name in inner]

"""Files that stand beside others, by a pattern of the catalogue and what its names stand for."""

from __future__ import annotations

from collections.abc import Mapping

from converters.read import files
from converters.read.archives import packed_name
from converters.read.files import SourceError
from converters.read.folder import Folder


class Beside:
    """The files of one pattern: labels of an earlier picture, the mask of an XML file.

    The first alternative that is there is taken. Where none is, the folder may be written
    otherwise, or be an archive that was not unpacked, and the file may be packed or written in
    another case, as for patterns that files are found by (`files.find`).
    """

    def __init__(self, folder: Folder, pattern: str) -> None:
        self._base = folder.base
        self._readings = files.expand(pattern)
        self._there: dict[str, dict[str, str]] = {}  # by folder: paths by the names that they match

    def path(self, values: Mapping[str, str]) -> str:
        """The file's path below `Folder.base`; of the first alternative where none is there.

        Raises SourceError where it would leave the folder.
        """
        paths = [files.fill(reading, values) for reading in self._readings]
        for path in paths:
            if files.exists(files.join(self._base, path)):
                return path
        # Fast way: what stands for a folder is looked for once, and not for each of its files.
        for path in paths:
            above, name = files.parent(path)
            if above not in self._there:
                self._there[above] = self._files_of(above)
            if found := self._there[above].get(name.casefold()):
                return found
        return paths[0]

    def _files_of(self, above: str) -> dict[str, str]:
        """The paths of a folder's files by their names, in small letters and unpacked."""
        try:
            place = files.located(self._base, above)
            inside = (place or "").rstrip("/")
            entries = [] if place is None else files.listing(files.join(self._base, inside))
        except (OSError, SourceError, UnicodeEncodeError):  # no folder that can be looked into
            return {}
        found: dict[str, str] = {}
        for entry in entries:
            inner = None if "!" in (place or "") else packed_name(entry.name)
            if not entry.is_dir and inner is not None:
                found.setdefault(inner.casefold(), f"{place}{entry.name}!{inner}")
            elif not entry.is_dir:
                found[entry.name.casefold()] = f"{place}{entry.name}"
        return found

"""What lies near a picture that is not there, for the message that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from converters.read import files
from converters.read.cells import split_cell
from converters.read.endings import picture_stem
from converters.read.files import SourceError
from converters.read.list_entries import loose_stem

_BEGIN = 4  # letters of a folder's name
_OF_PICTURES = re.compile(r"ima?ge?s?|pictures?|jpe?gs?", re.IGNORECASE)
_LOOKED_INTO = 16  # folders beside the one that was meant, at each depth


class Nearby:
    """The folders below `root`, each listed once. Paths are relative to it."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._names: dict[str, list[str]] = {}
        self._stems: dict[str, frozenset[str]] = {}
        self._folders: dict[str, list[str]] = {}

    def instead_of(self, path: str) -> str:
        """What is there instead of a picture: its folder, and a file of its name in another.

        The name alone where its folder is there and holds other files, and for what should lie in
        an archive or in a bucket.
        """
        above, name = files.parent(path)
        if split_cell(path):
            return "its cell in the table holds no picture"
        if "!" in path or not files.inside(path) or files.scheme(self._root):
            return name
        said = [] if self._exists(above) else [f"there is no folder {above.rstrip('/')}"]
        stem = picture_stem(name)
        if name in self._names[above]:
            return f"{name} is a link to what is not there"
        if like := self._like(above, stem):
            return f"there is {like}"
        for other in self._others(above):
            if stem in self._stems_of(other):
                said.append(f"a file of that name lies in {other.rstrip('/')}")
                break
        return "; ".join(said) or name

    def _exists(self, above: str) -> bool:
        self._look(above)
        return bool(self._stems[above] or self._folders[above])

    def _like(self, above: str, stem: str) -> str:
        """A file whose name is another by its case or leading zeros alone; else empty."""
        self._look(above)
        wanted = loose_stem(stem)
        names = self._names[above]
        like = (one for one in names if loose_stem(picture_stem(one)) == wanted)
        return next((f"{above}{one}" for one in like), "")

    def _others(self, above: str) -> Iterator[str]:
        """The folders that differ from `above` in one component, or lack one; the last first."""
        parts = above.split("/")[:-1]
        for i in range(len(parts) - 1, -1, -1):
            before, behind = "".join(f"{part}/" for part in parts[:i]), parts[i + 1 :]
            self._look(before)
            yield "".join(f"{part}/" for part in [*parts[:i], *behind])
            siblings = [one for one in self._folders[before] if one != parts[i]]
            if not behind:  # not the masks of pictures, or the later of two dates
                siblings = [one for one in siblings if _alike(one, parts[i])]
            for name in siblings[:_LOOKED_INTO]:
                yield "".join(f"{part}/" for part in [*parts[:i], name, *behind])
        for i in range(2, len(parts) + 1):  # a path that begins outside of the dataset
            yield "".join(f"{part}/" for part in [parts[0], *parts[i:]])
            yield "".join(f"{part}/" for part in parts[i:])

    def _stems_of(self, folder: str) -> frozenset[str]:
        self._look(folder)
        return self._stems[folder]

    def _look(self, folder: str) -> None:
        if folder in self._stems:
            return
        try:
            found = files.listing(files.join(self._root, folder.rstrip("/")))
        except (OSError, SourceError, UnicodeEncodeError):  # no folder that can be looked into
            found = []
        self._names[folder] = [one.name for one in found if not one.is_dir]
        self._stems[folder] = frozenset(map(picture_stem, self._names[folder]))
        self._folders[folder] = [one.name for one in found if one.is_dir]


def _alike(name: str, other: str) -> bool:
    """True for names of folders that begin alike, as those of two splits do, or are of pictures."""
    are_pictures = all(_OF_PICTURES.search(one) for one in (name, other))
    return are_pictures or name[:_BEGIN].casefold() == other[:_BEGIN].casefold()

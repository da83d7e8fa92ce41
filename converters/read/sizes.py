"""Sizes of pictures, for annotations in fractions of one."""

from __future__ import annotations

from converters.read.files import SourceError
from converters.read.folder import Folder
from converters.read.images import read_size


class PictureSizes:
    """Width and height in pixels of pictures as they are shown, each read once."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, int] | None] = {}

    def of(self, path: str) -> tuple[int, int] | None:
        """The size of a picture by its path in the dataset's folder; None where it is not there
        or cannot be read."""
        if path not in self._known:
            try:
                facts = read_size(self._folder.absolute(path))
            except SourceError:  # it leads out of the folder
                facts = None
            good = facts is not None and not facts.fault
            self._known[path] = (facts.width, facts.height) if facts and good else None
        return self._known[path]

"""Sizes of pictures, for annotations in fractions of one."""

from __future__ import annotations

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import Folder
from converters.read.headers import tiff_size
from converters.read.images import read_size


class PictureSizes:
    """Width and height in pixels of pictures as they are shown, each read once.

    Of a picture that is not there, or cannot be read, what the catalogue says of all pictures.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, int] | None] = {}

    def of(self, path: str) -> tuple[int, int] | None:
        """The size of a picture by its path in the dataset's folder; None where nobody says."""
        if path not in self._known:
            try:
                self._known[path] = _size(self._folder.absolute(path)) or self._folder.size
            except SourceError:  # it leads out of the folder
                self._known[path] = None
        return self._known[path]


def _size(path: str) -> tuple[int, int] | None:
    facts = read_size(path)
    if not facts.fault:
        return facts.width, facts.height
    if facts.fault != "unreadable_image" or not path.lower().endswith((".tif", ".tiff")):
        return None
    try:  # bands and bits that only a recipe makes a picture of
        return tiff_size(files.store(path).read(path))
    except OSError:
        return None

"""Where the pictures of records lie, by the templates of an entry."""

from __future__ import annotations

import re
from collections.abc import Mapping

from converters.read import files
from converters.read.archives import is_sequential
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, patterns_of
from converters.read.listings import Listings

_LONGEST = 2048  # characters of a picture's path; longer ones are base64 text
_SHOWN = 60  # of these in a message
_KEPT = 1 << 12  # paths that are remembered: records of one picture stand near each other
_DATA_ADDRESS = re.compile(r"(?:^|/)data:[\w/+.-]*;base64,")


class PicturePaths:
    """Native picture paths from a template of the catalogue, relative to the dataset's folder.

    template: one for all splits, or one for each; its names are filled with a record's values.
    The first alternative that exists is taken; where none does, a picture of that name with another
    ending, in the same folder (or what stands for it) or one deeper; else the first. An archive to
    be unpacked for it is left alone where a folder has other pictures. `*` in an archive's name
    stands for any letters: the picture is in one of several archives.
    """

    def __init__(self, folder: Folder, template: BySplit) -> None:
        self._folder = folder
        self._readings = {
            split: files.expand(pattern) for split, pattern in patterns_of(template).items()
        }
        self._needed = {
            split: sorted(files.variables(some[0])) for split, some in self._readings.items()
        }
        self._listings = Listings(folder.root)
        self._known: dict[tuple[str, ...], str] = {}  # paths by split and values
        self._at_hand: dict[str, list[str]] = {}  # by split: the readings whose folder is there

    def path(self, values: Mapping[str, str]) -> str:
        """The path for a record's values.

        Raises SourceError where it would leave the folder, or the template has no pattern for the
        record's split or a name that the record lacks.
        """
        split = "" if "" in self._readings else values.get("split", "")
        readings = self._readings.get(split)
        if readings is None:
            raise SourceError(f"the entry's `images` has no pattern for split {values['split']!r}")
        try:
            asked = (split, *[values[name] for name in self._needed[split]])
        except KeyError as error:
            lacking, known = error.args[0], ", ".join(sorted(values))
            needs = f"{readings[0]!r} needs {lacking!r}"
            raise SourceError(f"{needs}; a record gives: {known}") from None
        # Fast way: a picture that several records name is looked for once, not for each of them.
        path = self._known.get(asked)
        if path is None:
            if len(self._known) == _KEPT:
                self._known.clear()
            path = self._known[asked] = self._looked_for(split, values)
        return path

    def _looked_for(self, split: str, values: Mapping[str, str]) -> str:
        readings = self._readings[split]
        if split not in self._at_hand:
            # Fast way: of the dozen folders that a template may list, each is looked for once.
            with files.listed_once():
                nowhere, below = self._listings.is_nowhere, self._folder.relative
                self._at_hand[split] = [one for one in readings if not nowhere(below(one))]
        paths: list[str] = []
        is_packed = False  # one of them leads into an archive
        for reading in self._at_hand[split]:
            path = self._filled(reading, values)
            is_packed = is_packed or "!" in path
            # Fast way: as a rule the picture is a file where the first of a dozen readings says,
            # and the others are not filled; behind one into an archive, which may have to give
            # way (`_unpacked`), all are.
            if not is_packed and self._is_there(path):
                return path
            paths.append(path)
        there = None
        if is_packed:
            paths = self._unpacked(paths)
            there = next(filter(self._is_there, paths), None)
        there = there or next(filter(None, map(self._listings.in_one_of, paths)), None)
        there = there or next(filter(None, map(self._listings.like, paths)), None)
        return there or self._filled(readings[0], values)

    def _filled(self, reading: str, values: Mapping[str, str]) -> str:
        """The path of one reading of a template. Raises SourceError where it is none."""
        path = self._folder.relative(files.fill(reading, values))
        if not files.inside(path):
            raise SourceError(f"{path!r} leaves its folder")
        if len(path) > _LONGEST or ("base64," in path and _DATA_ADDRESS.search(path)):
            raise SourceError(
                f"a picture in the text itself, of {len(path):,} characters, is read from "
                f"Parquet and Arrow tables alone: {path[:_SHOWN]}..."
            )
        return self._plain(path)

    def _unpacked(self, paths: list[str]) -> list[str]:
        """The paths without those into a tar.gz beside the pictures that were unpacked of it."""
        at_hand = [path for path in paths if not is_sequential(path)]
        if len(at_hand) == len(paths):
            return paths
        return at_hand if any(map(self._listings.beside, at_hand)) else paths

    def _plain(self, path: str) -> str:
        """A path without `.` and `//`, with forward slashes unless one with others is there."""
        if "\\" in path and not self._is_there(path):
            path = path.replace("\\", "/")
        if "./" not in path and "//" not in path:
            return path
        return "/".join(part for part in path.split("/") if part not in ("", "."))

    def _is_there(self, path: str) -> bool:
        place = self._folder.absolute(path)
        if files.scheme(place):  # one listing instead of a request for each picture
            return self._listings.has(path)
        if not self._listings.may_hold(place):
            return False
        try:
            return files.exists(place)
        except (OSError, SourceError):  # a damaged archive: reading the picture says what is wrong
            return True

"""Pictures by listings of their folders: for those that are not where a template says."""

from __future__ import annotations

import re
import unicodedata
from fnmatch import fnmatchcase
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from converters.read import files
from converters.read.archives import split_member
from converters.read.column_bytes import is_text
from converters.read.endings import picture_ending, picture_stem, rank
from converters.read.files import SourceError

_VARYING = re.compile(r"[{*\\]")  # in a folder's name: it is not one folder for all


class _Listing(NamedTuple):
    """A folder's files, one picture for each stem (the first of PICTURE_ENDINGS), and folders."""

    names: frozenset[str]
    pictures: dict[str, str]
    below: list[str]


class Listings:
    """The folders below `root`, each listed once. Paths are relative to it."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._around: dict[str, bool] = {}
        self._listings: dict[str, _Listing] = {}
        self._places: dict[str, str | None] = {}
        self._spread: dict[str, dict[str, str]] = {}
        self._plain: dict[str, dict[str, str]] = {}

    def has(self, path: str) -> bool:
        """True where a file stands at `path`."""
        above, name = files.parent(path)
        return name in self._listing(above).names

    def hold(self, paths: pa.Array, most: int) -> pa.Array | None:
        """Which of some plain paths regular files stand at.

        None where their folders are not local or hold more entries than so many.
        """
        if files.scheme(self._root) or "!" in self._root:
            return None
        first = files.parent(paths[0].as_py())[0]
        # Fast way: as a rule all lie in one folder, and no path is looked at by itself.
        is_one = pc.and_(
            pc.starts_with(paths, first),
            pc.equal(pc.count_substring(paths, "/"), first.count("/")),
        )
        folders = {first} if pc.all(is_one).as_py() else _folders(paths.to_pylist())
        there: list[pa.Array] = []
        for folder in folders:
            place = files.join(self._root, folder.rstrip("/"))
            names = files.local_names(place, most)
            if names is None:
                return None
            most -= len(names)
            there.append(pc.binary_join_element_wise(folder, _texts(names), ""))
        return pc.is_in(paths, value_set=pa.concat_arrays(there))

    def beside(self, path: str) -> bool:
        """True where the folder of a path holds any picture."""
        return bool(self._listing(files.parent(path)[0]).pictures)

    def may_hold(self, file: str) -> bool:
        """False where the folder or archive around a file, as a whole path, is not there."""
        # Fast way: it is looked for once, and not for each of its pictures.
        around = files.around(file)
        if around not in self._around:
            self._around[around] = files.may_hold(around)
        return self._around[around]

    def is_nowhere(self, pattern: str) -> bool:
        """True where the folder or archive of a pattern is the same for all records, and neither
        it nor what stands for it is there."""
        above, _ = files.parent(pattern)
        if _VARYING.search(above) or not files.inside(above):
            return False
        if self.may_hold(files.join(self._root, f"{above}x")):
            return False
        place = self._place(above)
        return place is None or self._listing(place) == _Listing(frozenset(), {}, [])

    def like(self, path: str) -> str | None:
        """The picture of a path's name with any ending, in its folder or in one below that.

        Blanks around the name do not count.
        """
        above, name = files.parent(path)
        name = name.strip()
        if (place := self._place(above)) is None:
            return None
        there = self._listing(place)
        for at, listing in [(place, there), *((sub, self._listing(sub)) for sub in there.below)]:
            found = name if name in listing.names else listing.pictures.get(picture_stem(name))
            found = found or self._spelt_otherwise(at, listing).get(plain_stem(picture_stem(name)))
            if found:
                return f"{at}{found}"
        return None

    def _spelt_otherwise(self, place: str, listing: _Listing) -> dict[str, str]:
        """A folder's pictures by plain stems, without those that only their case tells apart.

        Other systems do not tell cases apart, and write accents in two ways.
        """
        if place not in self._plain:
            stems: dict[str, list[str]] = {}
            for stem in listing.pictures:
                stems.setdefault(plain_stem(stem), []).append(stem)
            sole = {plain: some[0] for plain, some in stems.items() if len(some) == 1}
            self._plain[place] = {plain: listing.pictures[one] for plain, one in sole.items()}
        return self._plain[place]

    def in_one_of(self, path: str) -> str | None:
        """The path of a member of one of several archives: `data/shard-*.tar!images/1.tif`.

        None where the path names one archive alone, or none of them holds the member.
        """
        parts = split_member(path)
        if parts is None or "*" not in parts[0]:
            return None
        archives, member = parts
        if archives not in self._spread:
            self._spread[archives] = self._members(archives)
        archive = self._spread[archives].get(member)
        return archive and f"{archive}!{member}"

    def _members(self, archives: str) -> dict[str, str]:
        """The archive of each member; of two that hold one name, the first by its own name."""
        above, pattern = files.parent(archives)
        place = self._place(above)
        found: dict[str, str] = {}
        for name in sorted(self._listing(place).names if place is not None else ()):
            if fnmatchcase(name, pattern):
                archive = f"{place}{name}"
                for member in files.members(files.join(self._root, archive)):
                    found.setdefault(member, archive)
        return found

    def _place(self, above: str) -> str | None:
        """The folder `above`, or what stands for it (`files.located`)."""
        if above not in self._places:
            try:
                self._places[above] = files.located(self._root, above)
            except (OSError, SourceError, UnicodeEncodeError):  # no folder that can be looked into
                self._places[above] = None
        return self._places[above]

    def _listing(self, place: str) -> _Listing:
        if place not in self._listings:
            try:
                found = files.listing(files.join(self._root, place.rstrip("/")))
            except (OSError, SourceError, UnicodeEncodeError):  # no folder that can be looked into
                found = []
            names = [entry.name for entry in found if not entry.is_dir]
            ranked = sorted(filter(picture_ending, names), key=rank, reverse=True)
            self._listings[place] = _Listing(
                frozenset(names),
                {picture_stem(name): name for name in ranked},
                [f"{place}{entry.name}/" for entry in found if entry.is_dir],
            )
        return self._listings[place]


def _folders(paths: list[str]) -> set[str]:
    return {path[: path.rfind("/") + 1] for path in paths}


def _texts(names: list[str]) -> pa.Array:
    """A column of names; one that is no UTF-8 is left out."""
    try:
        return pa.array(names, pa.string())
    except UnicodeEncodeError:
        return pa.array(filter(is_text, names), pa.string())


def plain_stem(stem: str) -> str:
    """A stem without what systems of files write in several ways."""
    return unicodedata.normalize("NFC", stem).casefold()

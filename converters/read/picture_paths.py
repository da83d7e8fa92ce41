"""Where the pictures of records lie, by the templates of an entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from converters.read import files
from converters.read.archives import is_sequential
from converters.read.captions import split_name
from converters.read.column_bytes import body_of, is_text
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, patterns_of, stem
from converters.read.listings import Listings

_LONGEST = 2048  # characters of a picture's path; longer ones are base64 text
_SHOWN = 60  # of these in a message
_KEPT = 1 << 12  # paths that are remembered: records of one picture stand near each other
_DATA_ADDRESS = re.compile(r"(?:^|/)data:[\w/+.-]*;base64,")
_TEXT, _STEM = "\0", "\1"  # stand for what differs from picture to picture
# A path with one such value that need not be cleaned, and whose folder is the same for all names.
_PLAIN_AROUND = re.compile(r"(?!/)(?!.*(?:[\\!]|//|\./|/\.|:/))[^\0]*\0[^/\0]*", re.DOTALL)
_LONG_NAME = 1024  # bytes
_MORE_FILES, _MANY_FILES = 4, 1000  # that a folder may hold, for each picture and in any case


class PicturePaths:
    """Native picture paths from a template of the catalogue, relative to the dataset's folder.

    template: one for all splits, or one for each; its names are filled with a record's values.
    The first alternative that exists is taken; where none does, a picture of that name with another
    ending, in the same folder (or what stands for it) or one deeper; where there is none, the same
    in the folders around the one that holds the annotations; else the first. An archive to
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
        self._around = [PicturePaths(one, template) for one in folder.around()]
        self._listings = Listings(folder.root)
        self._known: dict[tuple[str, ...], str] = {}  # paths by split and values
        # By split, of the first reading and of the others (""): those whose folder is there.
        self._at_hand: dict[tuple[str, str], list[str]] = {}

    def path(self, values: Mapping[str, str]) -> str:
        """The path for a record's values.

        Raises SourceError where it would leave the folder, or the template has no pattern for the
        record's split or a name that the record lacks.
        """
        split = "" if "" in self._readings else values.get("split", "")
        if split not in self._readings:  # it may be spelt otherwise
            usual = {split_name(one): one for one in self._readings}
            split = usual.get(split_name(split), split)
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
            places = (one.found(split, values) for one in (self, *self._around))
            path = next(filter(None, places), None)
            path = self._known[asked] = path or self._filled(readings[0], values)
        return path

    def paths(self, name: str, texts: pa.Array, fixed: Mapping[str, str], stems: bool) -> pa.Array:
        """What `path` says for each of some distinct texts, a string column without nulls.

        name: what they stand for in the template. fixed: the other values, which all records
        share. stems: whether `{stem}` stands for the texts' stems. Raises SourceError as `path`
        does.
        """
        found = self._listed(name, texts, fixed, stems)
        if found is not None and not found.null_count:
            return found
        paths = [None] * len(texts) if found is None else found.to_pylist()
        for i, text in enumerate(texts.to_pylist()):
            if paths[i] is None:
                own = {name: text, "stem": stem(text)} if stems else {name: text}
                paths[i] = self.path({**fixed, **own})
        return pa.array(paths, pa.string())

    def _listed(
        self, name: str, texts: pa.Array, fixed: Mapping[str, str], has_stems: bool
    ) -> pa.Array | None:
        """The paths of pictures that lie where a reading says, null for others; or None."""
        # Fast way: pictures are looked for in a listing of their folder, and their paths are
        # joined as columns (0.3 microseconds a picture; `path`, which fills a template and asks
        # the disk for each, takes 6). It is for names without anything that a path has to be
        # cleaned of, below local folders that hold not many more files than are asked for; up to
        # the first reading that leads into an archive. `path` looks for all others.
        split = "" if "" in self._readings else fixed.get("split", "")
        needed = self._needed.get(split)
        known = {name, "stem", *fixed} if has_stems else {name, *fixed}
        if needed is None or not known.issuperset(needed) or not is_plain(texts):
            return None
        own = {name: _TEXT, "stem": _STEM} if has_stems else {name: _TEXT}
        stems: list[pa.Array] = []

        def filled(reading: str) -> pa.Array | None:
            path = self._folder.relative(files.fill(reading, {**fixed, **own}))
            around = re.split(f"[{_TEXT}{_STEM}]", path)
            is_plain_path = _PLAIN_AROUND.fullmatch(_TEXT.join(around)) and is_text(path)
            if len(around) != 2 or not is_plain_path:
                return None
            if _STEM in path and not stems:
                stems.append(pa.array(map(stem, texts.to_pylist()), pa.string()))
            values = stems[0] if _STEM in path else texts
            return pc.binary_join_element_wise(around[0], values, around[1], "")

        found, reading = pa.nulls(len(texts), pa.string()), ""
        for reading in self._readings_at_hand(split):
            paths = filled(reading)
            most = _MORE_FILES * len(texts) + _MANY_FILES
            there = None if paths is None else self._listings.hold(paths, most)
            if there is None:
                return found
            found = pc.coalesce(found, pc.if_else(there, paths, pa.scalar(None, pa.string())))
            if not found.null_count:
                return found
        # Where none is at hand, no picture is anywhere, and all have the first one's paths.
        return found if reading or self._around else filled(self._readings[split][0])

    def _readings_at_hand(self, split: str) -> Iterator[str]:
        """The readings of a template whose folder is there, or may be."""
        # Fast way: as a rule the pictures lie where the first says, and the others are not looked
        # for; where they are, each of the dozen folders that they name is listed once.
        first, *others = self._readings[split]
        if (split, first) not in self._at_hand:
            self._at_hand[split, first] = self._found_at_hand([first])
        yield from self._at_hand[split, first]
        if (split, "") not in self._at_hand:
            self._at_hand[split, ""] = self._found_at_hand(others)
        yield from self._at_hand[split, ""]

    def _found_at_hand(self, readings: Sequence[str]) -> list[str]:
        nowhere, below = self._listings.is_nowhere, self._folder.relative
        with files.listed_once():
            return [one for one in readings if not nowhere(below(one))]

    def found(self, split: str, values: Mapping[str, str]) -> str | None:
        """The path of a picture that is there, else None. split: of the template."""
        paths: list[str] = []
        written: dict[str, str] = {}  # the reading of each
        is_packed = False  # one of them leads into an archive
        for reading in self._readings_at_hand(split):
            path = self._filled(reading, values)
            is_packed = is_packed or "!" in path
            # Fast way: as a rule the picture is a file where the first of a dozen readings says,
            # and the others are not filled; behind one into an archive, which may have to give
            # way (`_unpacked`), all are.
            if not is_packed and self._is_there(path):
                return path
            paths.append(path)
            written[path] = reading
        there = None
        if is_packed:
            paths = self._unpacked(paths)
            there = next(filter(self._is_there, paths), None)
        there = there or next(filter(None, map(self._listings.in_one_of, paths)), None)
        there = there or next(filter(None, map(self._listings.like, paths)), None)
        above = (self._from_above(written[path], path) for path in paths)
        return there or next(filter(None, above), None)

    def _from_above(self, reading: str, path: str) -> str | None:
        """The picture of a record that names its path from a folder above the template's.

        As `images/a.jpg` or `/home/me/set/images/a.jpg` do where the template is `images/{image}`:
        what stands behind the name of the template's folder counts.
        """
        fixed = files.parent(self._folder.relative(reading.partition("{")[0]))[0]
        parts = path.removeprefix(fixed).split("/")
        name = fixed.rstrip("/").rpartition("/")[2].casefold()
        own = [i for i, part in enumerate(parts[:-1]) if part.casefold() == name]
        if not name or not own or not path.startswith(fixed):
            return None
        behind = f"{fixed}{'/'.join(parts[own[-1] + 1 :])}"
        return behind if self._is_there(behind) else self._listings.like(behind)

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


def is_plain(names: pa.Array) -> bool:
    """True where no name of a file needs to be cleaned, or leads into another file or folder above.

    Names that only look so are among the others.
    """
    body = body_of(names)
    begins = pc.or_(pc.starts_with(names, "/"), pc.starts_with(names, "."))
    return (
        not any(sign in body for sign in (b"\\", b"!", b"//", b"./", b"/.", b"base64,"))
        and b"\0" not in body
        and not pc.any(begins).as_py()
        and (pc.max(pc.binary_length(names)).as_py() or 0) <= _LONG_NAME
    )

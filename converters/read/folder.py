"""A dataset's folder as a reader sees it, and the spans it is read in."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
import pyarrow as pa
from msgspec import Struct

from converters.read import files
from converters.read.archives import is_archive, split_member
from converters.read.endings import PICTURE_ENDINGS as PICTURE_ENDINGS
from converters.read.endings import picture_ending as picture_ending
from converters.read.endings import picture_stem as picture_stem
from converters.read.files import Found, NotThere, SourceError
from converters.read.places import alike, nearly_named
from schemas.sample import Kind, Reject, Sample
from schemas.table import Columns

UNKNOWN = "unknown"  # the split of a file whose records tell theirs
ALL = "all"  # the split of a dataset whose authors made none
_FOLDER_END = re.compile(r"\{[^{}]*[/!][^{}]*\|[^{}]*\}|\{[^{}]*\|[^{}]*[/!][^{}]*\}|[/!]")
_MANY = 1000
_OUTER = 3  # folders around a dataset's files that are looked into
DEEPER = "deeper"  # what a folder between the expected one and a file is bound to


class Folder(Struct, frozen=True):
    """Where one dataset lies, on disk or in a bucket.

    name: the folder's name under the data root, which begins the paths of its pictures in a row.
    root: the folder itself; inside: the archive's own top folder below it, the archive itself where
    it lies packed (`a.zip!`), or empty. splits: those asked for, or None for all. size: width and
    height of all pictures, where the catalogue says them. sought: `inside` as it was before a
    folder was found that holds the annotations; None where none was looked for.
    """

    slug: str
    name: str
    root: str
    inside: str = ""
    splits: frozenset[str] | None = None
    size: tuple[int, int] | None = None
    sought: str | None = None

    @property
    def base(self) -> str:
        """The folder that patterns are relative to."""
        return files.join(self.root, self.inside)

    def wants(self, split: str) -> bool:
        """True where the records of a split are to be read."""
        return self.splits is None or split in self.splits

    def relative(self, path: str) -> str:
        """A path below `base`, relative to the dataset's folder."""
        return files.below(self.inside, path) if self.inside else path

    def around(self) -> Iterator[Folder]:
        """The folders around the one that was found to hold the annotations, the next one first."""
        place = self.inside
        while self.sought is not None and place != self.sought and place:
            place = files.parent(place.rstrip("/!"))[0].rstrip("/")
            yield msgspec.structs.replace(self, inside=place, sought=None)

    def bytes_of(self, path: str) -> bytes:
        """The whole of an annotation file below `base`."""
        return files.read_annotation(self.base, path)

    def absolute(self, relative: str) -> str:
        """Where a file is that `relative` made relative to the dataset's folder."""
        return files.join(self.root, relative)


def open_folder(
    slug: str,
    name: str,
    root: str,
    inside: str = "",
    splits: frozenset[str] | None = None,
    size: tuple[int, int] | None = None,
) -> Folder:
    """A dataset's folder. Raises SourceError where there is none or it is empty.

    inside: where its files may lie below it, `{a|b}` for the first of several that is there.
    """
    if not files.listing(root):
        near = nearly_named(files.listing, slug, root)
        raise SourceError(f"{slug}: no folder {root}, or nothing in it{near}")
    place = _place_of(root, "", inside) or _further_in(root, inside)
    return Folder(slug, name, root, place.rstrip("/"), splits, size)


def _place_of(root: str, at: str, inside: str) -> str:
    """The first alternative of `inside` that is in the folder `at`; empty where none is."""
    places = (_place(root, f"{at}{place}") for place in files.expand(inside) if place)
    found = next(filter(None, places), "")
    # Unpacked into a folder of its own name, it lies in that: `AID/AID/`.
    name = files.parent(found[:-1])[1]
    alone = _entries(root, found) if found.endswith("/") else []
    is_twice = len(alone) == 1 and alone[0].is_dir and alike(alone[0].name) == alike(name)
    return f"{found}{alone[0].name}/" if is_twice else found


def _entries(root: str, at: str) -> list[files.Entry]:
    """What is in a folder; nothing where it may not be looked into, or holds a thousand files and
    more: those are pictures, and no folder around a dataset."""
    place = files.join(root, at.rstrip("/"))
    is_local = not files.scheme(place) and "!" not in place
    if is_local and files.local_names(place, _MANY) is None:
        return []
    try:
        return files.listing(place)
    except (OSError, SourceError):
        return []


def _further_in(root: str, inside: str) -> str:
    """Where `inside` is in the only folder or archive, or in the only one in that; else empty."""
    at, entries = "", _entries(root, "")
    for _ in range(_OUTER if inside else 0):
        names = [f"{entry.name}/" for entry in entries if entry.is_dir]
        if len(entries) == 1 and "!" not in at and is_archive(entries[0].name):
            names = [f"{entries[0].name}!"]
        if len(names) != 1:
            return ""
        at += names[0]
        if not (entries := _entries(root, at)):
            return ""
        if place := _place_of(root, at, inside):
            return place
    return ""


def _place(root: str, inside: str) -> str | None:
    """The folder `inside`, or what stands for it; None for a damaged archive too.

    What it should hold may lie beside it; where not, the reader tells of the archive.
    """
    try:
        return files.located(root, inside)
    except SourceError:
        return None


class Span(Struct, frozen=True):
    """What one worker reads at once: bytes [start, end) of one file, or a few whole files.

    index: makes it unique within its dataset. table: which of a format's tables it is of, where
    there are several. records: about how many native records it holds, to size the output by.
    """

    slug: str
    split: str
    index: int
    names: tuple[str, ...]
    start: int = 0
    end: int | None = None
    table: str = ""
    records: int = 0


class Plan(NamedTuple):
    """How a dataset will be read.

    notes: what a person should know of it, such as listed files that are absent. pictures:
    patterns of the picture files below `base`, one for each picture of a record, to judge the
    output's size by. sides: spans of the tables that records are joined to (see `read_side`).
    classes: class names as written, for prompts that list them. columnar: byte ranges of its
    spans are decoded as columns, without a Python object for each record.
    """

    spans: list[Span]
    notes: list[str] = []
    pictures: tuple[str, ...] = ()
    sides: list[Span] = []
    classes: tuple[str, ...] = ()
    columnar: bool = False


Sides = Mapping[str, pa.Table]  # side tables by name, each sorted by its column `id`


class Format(Protocol):
    """A module of `converters.formats`.

    YIELDS: the kinds of items it yields; the first is what a record counts as that cannot be read
    at all. Options: what a catalogue entry may say besides the common keys. A module may have
    `lacks(options)` too: the kinds that an entry of such options does not hold; and `OURS`: those
    whose words it makes of class names.
    """

    YIELDS: tuple[Kind, ...]
    Options: type[Struct]

    def plan(self, folder: Folder, options: Any) -> Plan:
        """Raises SourceError where the dataset as a whole cannot be read."""
        ...

    def read(
        self, folder: Folder, options: Any, span: Span, sides: Sides
    ) -> Iterator[Sample | Columns | Reject]:
        """What is in one span. sides: the joined tables of its split; empty without any."""
        ...


class JoiningFormat(Format, Protocol):
    """A format that joins its records to side tables (`Plan.sides`)."""

    def read_side(self, folder: Folder, options: Any, span: Span) -> pa.Table:
        """The rows of a span of a side table, with a column `id`."""
        ...


BySplit = str | dict[str, str]  # a pattern that may hold {split}, or one pattern for each split


def annotation_files(folder: Folder, annotations: BySplit) -> list[tuple[str, Found]]:
    """(split, file) of every annotation file of the wanted splits, in path order.

    The split is empty where neither the pattern nor the table of patterns tells it.

    Raises SourceError where there is none; it names the splits that are there.
    """
    found = [
        (split or file.values.get("split", ""), file)
        for split, pattern in patterns_of(annotations).items()
        for file in files.find(folder.base, pattern, **({"split": split} if split else {}))
    ]
    wanted = [(split, file) for split, file in found if not split or folder.wants(split)]
    if not wanted:
        patterns = map(files.shown, patterns_of(annotations).values())
        paths = [files.join(folder.base, pattern) for pattern in patterns]
        there = sorted({split for split, _ in found})
        asked = ", ".join(sorted(folder.splits or ()))
        hint = f" for split {asked}; there: {', '.join(there)}" if there else ""
        raise NotThere(f"annotations not found: {' or '.join(paths)}{hint}")
    return wanted


@functools.lru_cache(maxsize=1024)
def deeper(pattern: str) -> str:
    """The pattern of files one folder deeper; the folder's name is bound to `DEEPER`.

    It stands behind the last folder, or behind the last alternatives that are folders.
    """
    last = max((found.end() for found in _FOLDER_END.finditer(pattern)), default=0)
    return f"{pattern[:last]}{{{DEEPER}}}/{pattern[last:]}"


def bound(annotations: BySplit, name: str) -> dict[str, str]:
    """What the names in an annotation pattern stand for in the path of a file that it matched."""
    patterns = patterns_of(annotations).values()
    for pattern in (*patterns, *map(deeper, patterns)):
        if (values := files.bind(pattern, name)) is not None:
            return values
    return {}


def patterns_of(by_split: BySplit) -> dict[str, str]:
    """Patterns by split; one pattern for all splits has the split `""`."""
    return {"": by_split} if isinstance(by_split, str) else by_split


def stem(name: str) -> str:
    """A file's name without folder, archive and last ending."""
    member = split_member(name)
    base = (member[1] if member else name).rsplit("/", 1)[-1]
    return base.rsplit(".", 1)[0]


def batched(
    slug: str,
    split: str,
    names: Sequence[str],
    size: int,
    first: int,
    records: Sequence[int] | None = None,
) -> list[Span]:
    """Spans of `size` whole files each, numbered from `first`.

    records: about how many records each file holds; one, where it is not given.
    """
    counts = records or [1] * len(names)
    return [
        Span(
            slug,
            split,
            first + at // size,
            tuple(names[at : at + size]),
            records=sum(counts[at : at + size]),
        )
        for at in range(0, len(names), size)
    ]

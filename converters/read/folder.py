"""A dataset's folder as a reader sees it, and the spans it is read in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import pyarrow as pa
from msgspec import Struct

from converters.read import files
from converters.read.files import Found, SourceError
from schemas.sample import Kind, Reject, Sample
from schemas.table import Columns

UNKNOWN = "unknown"  # the split of a file whose records tell theirs
ALL = "all"  # the split of a dataset whose authors made none
DEEPER = "deeper"  # what a folder between the expected one and a file is bound to


class Folder(Struct, frozen=True):
    """Where one dataset lies, on disk or in a bucket.

    name: the folder's name under the data root, which begins the paths of its pictures in a row.
    root: the folder itself; inside: the archive's own top folder below it, or empty. splits: those
    asked for, or None for all.
    """

    slug: str
    name: str
    root: str
    inside: str = ""
    splits: frozenset[str] | None = None

    @property
    def base(self) -> str:
        """The folder that patterns are relative to."""
        return files.join(self.root, self.inside)

    def wants(self, split: str) -> bool:
        """True where the records of a split are to be read."""
        return self.splits is None or split in self.splits

    def relative(self, path: str) -> str:
        """A path below `base`, relative to the dataset's folder."""
        return f"{self.inside}/{path}" if self.inside else path

    def bytes_of(self, path: str) -> bytes:
        """The whole of an annotation file below `base`."""
        return files.read_annotation(self.base, path)

    def absolute(self, relative: str) -> str:
        """Where a file is that `relative` made relative to the dataset's folder."""
        return files.join(self.root, relative)


def open_folder(
    slug: str, name: str, root: str, inside: str = "", splits: frozenset[str] | None = None
) -> Folder:
    """A dataset's folder. Raises SourceError where there is none or it is empty."""
    if not files.listing(root):
        raise SourceError(f"{slug}: no folder {root}, or nothing in it")
    if inside and not files.listing(files.join(root, inside)):
        inside = ""
    return Folder(slug, name, root, inside, splits)


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
    classes: class names as written, for prompts that list them.
    """

    spans: list[Span]
    notes: list[str] = []
    pictures: tuple[str, ...] = ()
    sides: list[Span] = []
    classes: tuple[str, ...] = ()


Sides = Mapping[str, pa.Table]  # side tables by name, each sorted by its column `id`


class Format(Protocol):
    """A module of `converters.formats`.

    YIELDS: the kinds of items it yields; the first is what a record counts as that cannot be read
    at all. Options: what a catalogue entry may say besides the common keys.
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


def annotation_files(
    folder: Folder, annotations: BySplit, notes: list[str] | None = None
) -> list[tuple[str, Found]]:
    """(split, file) of every annotation file of the wanted splits, in path order.

    The split is empty where neither the pattern nor the table of patterns tells it. Of files that
    differ in a pattern's `{a|b}` alternative alone, the first alternative's is taken. Label files
    (`{stem}`) one folder deeper are taken for a split that has none in their place. notes: is
    told of all files that were passed over or found elsewhere.

    Raises SourceError where there is none; it names the splits that are there.
    """
    told = [] if notes is None else notes
    found: list[tuple[str, Found]] = []
    for split, pattern in _patterns(annotations).items():
        known = {"split": split} if split else {}
        there = _one_each(folder, files.find(folder.base, pattern, **known), split, told)
        there += _deeper_files(folder, pattern, known, there, told)
        found += [(split or file.values.get("split", ""), file) for file in there]
    wanted = [(split, file) for split, file in found if not split or folder.wants(split)]
    if not wanted:
        paths = [files.join(folder.base, pattern) for pattern in _patterns(annotations).values()]
        there_are = sorted({split for split, _ in found})
        asked = ", ".join(sorted(folder.splits or ()))
        hint = f" for split {asked}; there: {', '.join(there_are)}" if there_are else ""
        raise SourceError(f"annotations not found: {' or '.join(paths)}{hint}")
    return wanted


def _one_each(folder: Folder, found: Iterable[Found], split: str, notes: list[str]) -> list[Found]:
    """The first file of each set of bound names. A note for each folder with files left out."""
    taken: dict[tuple[tuple[str, str], ...], Found] = {}
    left: dict[tuple[str, str], list[tuple[Found, Found]]] = {}
    for file in found:
        values = {name: value for name, value in file.values.items() if name != DEEPER}
        first = taken.setdefault(tuple(sorted(values.items())), file)
        if first is not file and folder.wants(split or values.get("split", "")):
            folders = file.path.rpartition("/")[0], first.path.rpartition("/")[0]
            left.setdefault(folders, []).append((file, first))
    for pairs in left.values():
        file, first = pairs[0]
        notes.append(
            f"{len(pairs)} annotation file(s) are left out, such as {folder.relative(file.path)}: "
            f"{folder.relative(first.path)} is read in its place"
        )
    return [*taken.values()]


def _deeper_files(
    folder: Folder,
    pattern: str,
    known: Mapping[str, str],
    there: Sequence[Found],
    notes: list[str],
) -> list[Found]:
    """Label files one folder deeper than the pattern says, of splits that have none where it says.

    Of several such folders the one that is named as in the pattern is taken first.
    """
    if "stem" not in files.variables(pattern):
        return []
    split = known.get("split", "")
    served = {split or file.values.get("split", "") for file in there}
    own = {reading.split("/")[-2] for reading in files.expand(pattern) if "/" in reading}
    found = sorted(
        files.find(folder.base, deeper(pattern), **known),
        key=lambda file: file.values[DEEPER] not in own,
    )
    taken: list[Found] = []
    passed: list[Found] = []
    for file in found:
        of = split or file.values.get("split", "")
        if not of or folder.wants(of):
            (passed if of in served else taken).append(file)
    for some, what in ((taken, "read from there"), (passed, "not read")):
        if some:
            notes.append(
                f"{len(some)} annotation file(s) lie one folder deeper than expected and are "
                f"{what}, such as {folder.relative(some[0].path)}"
            )
    return _one_each(folder, taken, split, notes)


def deeper(pattern: str) -> str:
    """The pattern of files one folder deeper; the folder's name is bound to `DEEPER`."""
    at = max(pattern.rfind("/"), pattern.rfind("!")) + 1
    return f"{pattern[:at]}{{{DEEPER}}}/{pattern[at:]}"


def bound(annotations: BySplit, name: str) -> dict[str, str]:
    """What the names in an annotation pattern stand for in the path of a file that it matched."""
    patterns = _patterns(annotations).values()
    for pattern in (*patterns, *map(deeper, patterns)):
        if (values := files.bind(pattern, name)) is not None:
            return values
    return {}


def _patterns(by_split: BySplit) -> dict[str, str]:
    """Patterns by split; one pattern for all splits has the split `""`."""
    return {"": by_split} if isinstance(by_split, str) else by_split


def picture_patterns(images: BySplit | Sequence[str]) -> tuple[str, ...]:
    """Patterns for `Plan.pictures`: one for each picture of a record, or one for each split."""
    if isinstance(images, Mapping):
        return tuple(dict.fromkeys(images.values()))
    return (images,) if isinstance(images, str) else tuple(images)


class PicturePaths:
    """Native picture paths from a template of the catalogue, relative to the dataset's folder.

    template: one for all splits, or one for each; its names are filled with a record's values.
    Where it lists alternatives, the first that exists is taken, else the first.
    """

    def __init__(self, folder: Folder, template: BySplit) -> None:
        self._folder = folder
        self._readings = {
            split: files.expand(pattern) for split, pattern in _patterns(template).items()
        }

    def path(self, values: Mapping[str, str]) -> str:
        """The path for a record's values.

        Raises SourceError where it would leave the folder, or the template has no pattern for the
        record's split or a name that the record lacks.
        """
        readings = self._readings.get("") or self._readings.get(values.get("split", ""))
        if readings is None:
            raise SourceError(f"the entry's `images` has no pattern for split {values['split']!r}")
        if lacking := sorted(files.variables(readings[0]) - values.keys()):
            known = ", ".join(sorted(values))
            raise SourceError(f"{readings[0]!r} needs {lacking[0]!r}; a record gives: {known}")
        paths = [self._folder.relative(files.fill(reading, values)) for reading in readings]
        for path in paths:
            if not files.inside(path):
                raise SourceError(f"{path!r} leaves its folder")
        if len(paths) == 1:
            return paths[0]
        return next((p for p in paths if files.exists(self._folder.absolute(p))), paths[0])


def stem(name: str) -> str:
    """A file's name without folder and last ending."""
    base = name.rsplit("/", 1)[-1]
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

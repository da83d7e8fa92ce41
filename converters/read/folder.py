"""A dataset's folder as a reader sees it, and the spans it is read in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from converters.read import files
from converters.read.files import Found, SourceError

ALL = "all"  # the split of a dataset whose authors made none


class Source(Struct, frozen=True):
    """Where one dataset lies. root: its folder; inside: the archive's own top folder below it, or empty. splits: those asked for, or None for all."""

    slug: str
    folder: str
    root: str
    inside: str = ""
    splits: frozenset[str] | None = None

    @property
    def base(self) -> str:
        """The folder that patterns are relative to."""
        return files.join(self.root, self.inside)

    def wants(self, split: str) -> bool:
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


def open_source(
    slug: str, folder: str, root: str, inside: str = "", splits: frozenset[str] | None = None
) -> Source:
    """A dataset's folder. Raises SourceError where there is none or it is empty."""
    if not files.listing(root):
        raise SourceError(f"{slug}: no folder {root}, or nothing in it")
    if inside and not files.listing(files.join(root, inside)):
        inside = ""
    return Source(slug, folder, root, inside, splits)


class Span(Struct, frozen=True):
    """What one worker reads at once: bytes [start, end) of one file, or a few whole files.

    index: makes it unique within its dataset. records: about how many native records it holds, to size the output by.
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
    """How a dataset will be read. notes: what a person should know of it, such as listed files that are absent."""

    spans: list[Span]
    notes: list[str]


BySplit = str | dict[str, str]  # a pattern that may hold {split}, or one pattern for each split


def annotation_files(source: Source, annotations: BySplit) -> list[tuple[str, Found]]:
    """(split, file) of every annotation file of the wanted splits; the split is empty where neither pattern nor table tells it.

    Raises SourceError where there is none.
    """
    if isinstance(annotations, str):
        found = [(f.values.get("split", ""), f) for f in files.find(source.base, annotations)]
    else:
        found = [
            (split, f)
            for split, pattern in annotations.items()
            for f in files.find(source.base, pattern, split=split)
        ]
    wanted = [(split, f) for split, f in found if not split or source.wants(split)]
    if not wanted:
        patterns = [annotations] if isinstance(annotations, str) else list(annotations.values())
        raise SourceError(
            f"annotations not found: {' or '.join(files.join(source.base, p) for p in patterns)}{_splits_there(source, found)}"
        )
    return wanted


def _splits_there(source: Source, found: list[tuple[str, Found]]) -> str:
    there = sorted({split for split, _ in found})
    return (
        f" for split {', '.join(sorted(source.splits or ()))}; there: {', '.join(there)}"
        if there
        else ""
    )


class PicturePaths:
    """Native picture paths from a template of the catalogue, relative to the dataset's folder.

    Where the template lists alternatives, the first that exists is taken, else the first.
    """

    def __init__(self, source: Source, template: BySplit) -> None:
        self._source = source
        self._templates = {"": template} if isinstance(template, str) else template
        self._readings = {split: files.expand(text) for split, text in self._templates.items()}

    def path(self, values: Mapping[str, str]) -> str:
        """The path for a record's values. Raises KeyError for a name that the record lacks, SourceError where it would leave the folder."""
        readings = self._readings.get("") or self._readings[values["split"]]
        paths = [self._source.relative(files.fill(reading, values)) for reading in readings]
        for path in paths:
            if not files.inside(path):
                raise SourceError(f"{path!r} leaves its folder")
        if len(paths) == 1:
            return paths[0]
        return next((p for p in paths if files.exists(self._source.absolute(p))), paths[0])


def stem(name: str) -> str:
    """A file's name without folder and last ending."""
    base = name.rsplit("/", 1)[-1]
    return base.rsplit(".", 1)[0]


def batched(slug: str, split: str, names: list[str], size: int, first: int) -> list[Span]:
    """Spans of `size` whole files each, numbered from `first`."""
    return [
        Span(
            slug,
            split,
            first + i // size,
            tuple(names[i : i + size]),
            records=min(size, len(names) - i),
        )
        for i in range(0, len(names), size)
    ]


def bound(annotations: BySplit, name: str) -> dict[str, str]:
    """What the names in an annotation pattern stand for in the path of one file that it matched."""
    for pattern in [annotations] if isinstance(annotations, str) else annotations.values():
        if (values := files.bind(pattern, name)) is not None:
            return values
    return {}

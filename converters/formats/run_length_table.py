"""Masks as run lengths in tables: one object a row, several rows a picture.

One native file, `train_ship_segmentations_v2.csv` (Airbus Ship Detection)::

    ImageId,EncodedPixels
    00a1aab5b.jpg,349796 2 350564 4 351332 6
    0a00a69de.jpg,

Start and length of each run in turn. Pixels are counted from 1, down the columns of the picture and
then to the right, so its size is needed. A row is one object, whatever parts its mask has; a row
without runs is a picture without objects.
Source: https://www.kaggle.com/c/airbus-ship-detection.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound, picture_stem
from converters.read.numbers import int_of
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.records import record_pictures
from converters.read.sizes import PictureSizes
from converters.read.tables import table_records
from schemas.sample import Kind, Mask, Picture, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)
_ROW_BYTES = 400


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the tables. images: picture path from `{image}` (as written), `{stem}`,
    `{split}` and the pattern's names. image, runs: the columns of the picture's name and the run
    lengths. label: the class of all objects.
    """

    annotations: BySplit
    images: BySplit
    image: str
    runs: str
    label: str


class _Row(Struct):
    image: str
    runs: str | None = None


class _BadRuns(Exception):
    """A row has no usable mask; args: a Reject's reason, and a detail."""


class _Scene(NamedTuple):
    """The rows of one picture: (place, text) of those that have runs."""

    picture: Picture
    rows: list[tuple[str, str]]


def plan(folder: Folder, options: Options) -> Plan:
    """One span a table. Raises SourceError where there is none."""
    return files_plan(
        folder, options.annotations, options.images, files_a_span=1, record_bytes=_ROW_BYTES
    )


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture, and a Reject for each row that cannot be read."""
    file = folder.relative(span.names[0])
    names = {"image": options.image, "runs": options.runs}
    paths, sizes = PicturePaths(folder, options.images), PictureSizes(folder)
    named = bound(options.annotations, span.names[0])
    scenes: dict[str, _Scene] = {}
    for place, row in table_records(folder, span, _Row, names, named="image"):
        if isinstance(row, Reject):
            yield row
            continue
        if row.image not in scenes:
            values = {**named, "image": row.image}
            values |= {"stem": picture_stem(row.image), "split": span.split}
            found = record_pictures([(paths, values)], file, row.image, span.split)
            if isinstance(found, Reject):
                yield found
                continue
            scenes[row.image] = _Scene(found[0], [])
        if row.runs and row.runs.strip():
            scenes[row.image].rows.append((place, row.runs))
    for key, scene in scenes.items():
        size = folder.size or (sizes.of(scene.picture.path) if scene.rows else None)
        yield from _sample(options, size, key, scene, file, span.split)


def _sample(
    options: Options,
    size: tuple[int, int] | None,
    key: str,
    scene: _Scene,
    file: str,
    split: str,
) -> Iterator[Sample | Reject]:
    """The Sample of one picture, and the Rejects of its rows."""
    regions: list[Region] = []
    unplaced: list[str] = []
    for place, text in scene.rows:
        try:
            regions.append(Region(place, options.label, _mask(text, size)))
        except _BadRuns as bad:
            yield Reject(file, f"{key}#{place}", split, *bad.args)
            unplaced.append(options.label)
    picture = scene.picture if size is None else Picture(scene.picture.path, *size)
    yield Sample(key, file, split, (picture,), regions=tuple(regions), unplaced=tuple(unplaced))


def _mask(text: str, size: tuple[int, int] | None) -> Mask:
    """A mask from starts and lengths, counted from 1 down the columns. Raises _BadRuns."""
    if size is None:
        raise _BadRuns("no_size", "run lengths need the size of their picture")
    try:
        numbers = [*map(int_of, text.split())]
    except ValueError:
        raise _BadRuns("bad_value", f"run lengths are no whole numbers: {text[:60]}") from None
    if len(numbers) % 2:
        raise _BadRuns("bad_value", f"{len(numbers)} numbers where starts and lengths were meant")
    width, height = size
    area = width * height
    starts, lengths = [number - 1 for number in numbers[::2]], numbers[1::2]
    if min(lengths) < 1 or max(lengths) > area:
        raise _BadRuns("bad_value", "a run of no pixel, or of more than the picture has")
    ends = [start + length for start, length in zip(starts, lengths, strict=True)]
    if min(starts) < 0 or max(ends) > area:
        raise _BadRuns("bad_value", f"runs leave the picture of {width} x {height}")
    if any(start < end for start, end in zip(starts[1:], ends, strict=False)):
        raise _BadRuns("bad_value", "runs overlap or go backwards")
    counts: list[int] = []
    at = 0
    for start, end in zip(starts, ends, strict=True):
        if counts and start == at:  # runs that touch are one
            counts[-1] += end - start
        else:
            counts += [start - at, end - start]
        at = end
    return Mask(width, height, (*counts, area - at) if at < area else tuple(counts))

"""DOTA labelTxt: one text file a picture, four corners a line.

One native file (CRLF in v1; zero to three header lines)::

    imagesource:GoogleEarth
    gsd:0.266170468393
    674 375 683 375 684 394 675 395 small-vehicle 0

Corners are 0-based pixels, integers or floats, clockwise, and taken as they stand. The last field is `difficult` (0, 1, 2), and may be absent.
A line of fewer than 9 fields that begins with no number is a header; an empty file is a picture without objects.
Source: Xia et al. 2018, https://github.com/CAPTAIN-WHU/DOTA_devkit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from msgspec import Struct

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import (
    ALL,
    BySplit,
    PicturePaths,
    Plan,
    Source,
    Span,
    annotation_files,
    batched,
    bound,
    stem,
)
from schemas.sample import Picture, Region, Reject, Sample, Unit

UNIT: Unit = "region"
_FILES_A_SPAN = 256


class Options(Struct, forbid_unknown_fields=True):
    """annotations: pattern of the label files. images: picture path from the pattern's names and `{stem}`."""

    annotations: BySplit
    images: BySplit


def plan(source: Source, options: Options) -> Plan:
    """Spans of a few hundred label files."""
    by_split: dict[str, list[str]] = {}
    for split, found in annotation_files(source, options.annotations):
        by_split.setdefault(split or ALL, []).append(found.path)
    spans: list[Span] = []
    for split, names in sorted(by_split.items()):
        spans += batched(source.slug, split, names, _FILES_A_SPAN, len(spans))
    return Plan(spans, [])


def read(source: Source, options: Options, span: Span) -> Iterator[Sample | Reject]:
    """One Sample a label file, and a Reject for each line that cannot be read."""
    pictures = PicturePaths(source, options.images)
    for name in span.names:
        file = source.relative(name)
        path = files.join(source.base, name)
        try:
            data = files.store(path).read(path)
            files.check_pointer(path, data)
            text = data.decode("utf-8-sig")
        except (FileNotFoundError, SourceError, UnicodeDecodeError) as error:
            yield Reject(file, "", span.split, "unreadable_file", str(error))
            continue
        gsd, regions, rejects = _parse(text, file, stem(name), span.split)
        yield from rejects
        picture = Picture(
            pictures.path(
                {**bound(options.annotations, name), "stem": stem(name), "split": span.split}
            )
        )
        yield Sample(stem(name), file, span.split, (picture,), regions=tuple(regions), gsd=gsd)


def _parse(
    text: str, file: str, picture: str, split: str
) -> tuple[float | None, list[Region], list[Reject]]:
    gsd = None
    regions: list[Region] = []
    rejects: list[Reject] = []
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        corners = [_number(field) for field in fields[:8]]
        if len(fields) < 9 and (not fields or corners[0] is None):
            if line.startswith("gsd:"):
                gsd = _number(line[4:])
            continue
        key = f"line {number}"
        if len(fields) < 9 or None in corners:
            rejects.append(
                Reject(
                    file,
                    f"{picture}#{key}",
                    split,
                    "bad_box",
                    f"not eight numbers and a class: {line.strip()[:80]}",
                )
            )
            continue
        points = tuple(c for c in corners if c is not None)
        regions.append(
            Region(fields[8], "obb", points, key, ignored=len(fields) > 9 and fields[9] != "0")
        )
    return gsd, regions, rejects


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None

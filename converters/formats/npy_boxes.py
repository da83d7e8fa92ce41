"""Boxes in NumPy's files: one array a picture (NASA's marine debris).

`labels/20160928_153233_0e0f_16816-29821-16.npy` (in older archives
`nasa_marine_debris_labels_20160928_153233_0e0f_16816-29821-16/pixel_bounds.npy`) holds N rows of
five numbers::

    xmin, ymin, xmax, ymax, class        12 40 60 90 1

They are pixels, 0-based, the second corner just beyond, and taken as they stand; boxes of no width
or height occur. An array that holds Python objects is refused: reading it could run code.
Source: https://github.com/NASA-IMPACT/marine_debris_ML, torchgeo's datasets/nasa_marine_debris.py.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from tokenize import TokenError
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound, stem
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.records import record_pictures
from schemas.sample import Box, Kind, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)
_FILES_A_SPAN = 256
_COLUMNS = 5
_NUMBERS = "biuf"  # kinds of dtype: truth values, whole numbers, floats


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the arrays, with `{stem}`. images: picture path from `{stem}`,
    `{split}` and the pattern's names. names: the classes by the number in the last column.
    """

    annotations: BySplit
    images: BySplit
    names: dict[str, str]


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of a few hundred arrays. Raises SourceError where there is none."""
    return files_plan(folder, options.annotations, options.images, files_a_span=_FILES_A_SPAN)


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample an array, and a Reject for each row that cannot be used."""
    paths = PicturePaths(folder, options.images)
    for name in span.names:
        file, values = folder.relative(name), bound(options.annotations, name)
        key = values.get("stem") or stem(name)
        try:
            rows = _array(folder, name)
        except (SourceError, files.MemberError, ValueError) as error:
            yield Reject(file, key, span.split, "unreadable_file", str(error))
            continue
        regions: list[Region] = []
        unplaced: list[str] = []
        for i, row in enumerate(rows.tolist()):
            label = options.names.get(f"{row[4]:g}", "")
            where = f"{key}#[{i}]"
            if not label:
                detail = f"class {row[4]:g} has no name"
                yield Reject(file, where, span.split, "dangling_reference", detail)
            elif not np.isfinite(row).all():
                unplaced.append(label)
                yield Reject(file, where, span.split, "bad_box", f"not numbers: {row[:4]}")
            else:
                regions.append(Region(f"[{i}]", label, Box(*row[:4])))
        values |= {"stem": key, "split": span.split}
        items = max(1, len(regions))
        pictures = record_pictures([(paths, values)], file, key, span.split, items)
        if isinstance(pictures, Reject):
            yield pictures
            continue
        yield Sample(
            key, file, span.split, pictures, regions=tuple(regions), unplaced=tuple(unplaced)
        )


def _array(folder: Folder, name: str) -> npt.NDArray[np.float64]:
    """The rows of an array: (n, 5). Raises ValueError where it is another, or none."""
    data = folder.bytes_of(name)
    body = io.BytesIO(data)
    shape, dtype = _header(body)
    if dtype.kind not in _NUMBERS:
        raise ValueError(f"an array of {dtype}, not of numbers")
    if int(np.prod(shape, dtype=object)) == 0:
        return np.zeros((0, _COLUMNS))
    if len(shape) != 2 or shape[1] != _COLUMNS:
        raise ValueError(f"an array of {shape}, not of rows of {_COLUMNS}")
    if shape[0] * shape[1] * dtype.itemsize > len(data):
        raise ValueError(f"an array of {shape} in a file of {len(data)} bytes")
    body.seek(0)
    rows: npt.NDArray[np.float64] = np.asarray(np.load(body, allow_pickle=False), np.float64)
    return rows


def _header(body: io.BytesIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type as the file's head states them. Raises ValueError."""
    version = np.lib.format.read_magic(body)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise ValueError(f"version {version[0]}.{version[1]} of NumPy's format")
    try:
        shape, _, dtype = read_header(body)
    except (TokenError, SyntaxError, TypeError, KeyError, ValueError):  # it is Python's text
        raise ValueError("the head of NumPy's format is damaged") from None
    return shape, dtype

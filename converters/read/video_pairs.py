"""Videos of two pictures, by a sheet that says which ones: GeoLLaVA.

A record names a video, `airport_hangar_0_4-airport_hangar_0_1.mp4`, whose frames are pictures of
their own. A row of the sheet names both with their times::

    category        location_id  image1  timestamp1           image_path1               image2 ...
    airport_hangar  0            4       2012-09-08 16:07:23  /Datasets/val/.../..._4_rgb.jpg   1

Source: https://github.com/HosamGen/GeoLLaVA (the pair sheets; the text is by its authors' model).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from converters.read import files
from converters.read.choices import text_of
from converters.read.files import NotThere, SourceError
from converters.read.folder import Folder, Span, stem
from converters.read.json_elements import BadRecord
from converters.read.table_rows import column_names
from converters.read.tables import table_records
from converters.read.turns import without_beginning
from schemas.sample import Reject

_COLUMN = re.compile(r"\{(\w+)\}")
Pair = tuple[tuple[str, ...], tuple[str, ...]]  # the pictures' paths, and their times


class Sheet(Struct, frozen=True, forbid_unknown_fields=True):
    """files: pattern of the tables. video: a video's name without ending, from columns such as
    `{category}`. pictures, times: the columns of the paths and of the times, in one order."""

    files: str
    video: str
    pictures: tuple[str, ...]
    times: tuple[str, ...] = ()


def sheet_names(folder: Folder, sheet: Sheet) -> tuple[str, ...]:
    """The sheets that are there. Raises SourceError where there is none."""
    names = tuple(found.path for found in files.find(folder.base, sheet.files))
    if not names:
        raise NotThere(f"annotations not found: {files.join(folder.base, sheet.files)}")
    return names


class VideoPairs:
    """The pictures of videos. Raises SourceError where no sheet is there, or it lacks a column."""

    def __init__(self, folder: Folder, sheet: Sheet) -> None:
        self._pairs = _pairs(folder, sheet, sheet_names(folder, sheet))

    def of(self, videos: Sequence[str], strip: Sequence[str]) -> tuple[list[str], list[str]]:
        """Paths and times of the pictures of a record's one video, in order of time.

        Raises BadRecord where the sheet does not name the video.
        """
        [video] = videos if len(videos) == 1 else [""]
        pair = self._pairs.get(stem(video))
        if pair is None:
            said = f"{video} is in no row of the sheet" if video else f"{len(videos)} videos"
            raise BadRecord("dangling_reference" if video else "bad_value", said)
        paths = [without_beginning(path, strip) for path in pair[0]]
        if len(pair[1]) != len(paths) or not all(pair[1]):
            return paths, []
        rows = sorted(zip(pair[1], paths, strict=True), key=lambda row: row[0])
        return [path for _, path in rows], [time for time, _ in rows]


@functools.lru_cache(maxsize=4)
def _pairs(folder: Folder, sheet: Sheet, names: tuple[str, ...]) -> dict[str, Pair]:
    """The rows of all sheets by the names of their videos."""
    found: dict[str, Pair] = {}
    for name in names:
        keys = _COLUMN.findall(sheet.video)
        columns = list(dict.fromkeys([*keys, *sheet.pictures, *sheet.times]))
        if lacking := set(columns) - set(column_names(files.join(folder.base, name))):
            raise SourceError(f"{folder.relative(name)} has no column {sorted(lacking)[0]!r}")
        row_type = msgspec.defstruct("Row", [(f"c{i}", Any, None) for i in range(len(columns))])
        places = {f"c{i}": column for i, column in enumerate(columns)}
        for _, row in table_records(folder, Span("", "", 0, (name,)), row_type, places):
            if isinstance(row, Reject):
                continue  # a video that a lost row named is in no row, and is rejected as such
            cell = {column: text_of(getattr(row, f"c{i}")) for i, column in enumerate(columns)}
            key = _filled(sheet.video, cell)
            pictures = tuple(cell[column] for column in sheet.pictures)
            found[key] = pictures, tuple(cell[column] for column in sheet.times)
    return found


def _filled(template: str, cell: Mapping[str, str]) -> str:
    return _COLUMN.sub(lambda found: cell[found[1]], template)

"""Outlines in a JSON file beside a text that marks where each is meant: GeoPixelD.

The record names the file, `GeoPixelD/train/P0224_0_800_0_800.json`::

    {"id": 0, "polygons": [[[[779, 380], [778, 381], ...]], ...]}

In the list stands one mask for each mark `[SEG]` of the text, in the order of the marks: its parts,
each a ring of x, y in pixels of the picture, counted from 0. The points are taken as they stand.
Source: https://github.com/mbzuai-oryx/GeoPixel (data_mix.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from converters.read import files
from converters.read.encodings import utf8_of
from converters.read.files import SourceError
from converters.read.folder import Folder
from converters.read.json_elements import UNREADABLE, BadRecord
from converters.read.picture_paths import PicturePaths
from converters.read.sizes import PictureSizes
from converters.regions.masks import mask_of_polygons
from schemas.sample import Picture, Polygon, Region, Shape

_FARTHEST = 1e6  # pixels; no picture is as wide


class OutlineFiles:
    """The outlines of records. path: of their file. key: what they stand under."""

    def __init__(self, folder: Folder, path: PicturePaths, key: str) -> None:
        self._folder, self._path, self._key = folder, path, key
        self._sizes = PictureSizes(folder)

    def of(self, values: Mapping[str, str], pictures: tuple[Picture, ...]) -> tuple[Region, ...]:
        """The outlines of one record, in order. values: what fills the file's path.

        Raises BadRecord where the file cannot be read, or one of them is no outline.
        """
        try:
            path = self._path.path(values)
        except SourceError as error:
            raise BadRecord("bad_value", str(error)) from None
        place = self._folder.absolute(path)
        try:
            body = files.store(place).read(place)
            files.check_fetched(path, body)
            found = msgspec.json.decode(utf8_of(body))
        except (files.Unopenable, files.MemberError) as error:
            raise BadRecord("unreadable_file", f"{path}: {error.strerror}") from None
        except FileNotFoundError:
            raise BadRecord("unreadable_file", f"{path} is not there") from None
        except (SourceError, *UNREADABLE) as error:
            raise BadRecord("unreadable_file", f"{path}: {error}") from None
        masks = found.get(self._key) if isinstance(found, dict) else found
        if not isinstance(masks, list):
            raise BadRecord("missing_field", f"no {self._key} in the file of outlines")
        return tuple(
            Region(f"{self._key}[{i}]", "", self._shape(mask, i, pictures))
            for i, mask in enumerate(masks)
        )

    def _shape(self, mask: Any, number: int, pictures: tuple[Picture, ...]) -> Shape:
        """One ring is a polygon; several are one mask, for which the picture's size is needed."""
        where = f"{self._key}[{number}]"
        rings = [_ring(part, where) for part in mask] if isinstance(mask, list) else []
        rings = [ring for ring in rings if len(ring) >= 6]
        if not rings:
            raise BadRecord("bad_box", f"{where} has no ring of three points")
        if len(rings) == 1:
            return Polygon(tuple(rings[0]))
        size = self._sizes.of(pictures[0].path) if len(pictures) == 1 else None
        if size is None:
            raise BadRecord("no_size", f"{where} has several parts, and the picture no known size")
        return mask_of_polygons(rings, *size, rule="union")


def _ring(part: Any, where: str) -> list[float]:
    """x, y, x, y, ... of one ring, the first point not repeated. Raises BadRecord."""
    try:
        points = np.array(part, float)
    except (ValueError, TypeError):
        points = np.zeros((0, 0))
    if points.size == 0:
        return []
    points = points.reshape(-1, 2) if points.ndim == 1 and points.size % 2 == 0 else points
    if points.ndim != 2 or points.shape[1] != 2 or not (np.abs(points) <= _FARTHEST).all():
        raise BadRecord("bad_box", f"{where} is no list of points")
    if len(points) > 1 and (points[0] == points[-1]).all():
        points = points[:-1]
    ring: list[float] = points.ravel().tolist()
    return ring

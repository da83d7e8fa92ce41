"""Where a picture lies on the map: from map coordinates to its pixels and back, by rasterio."""

from __future__ import annotations

import functools
import importlib.util
import os
import warnings
from contextlib import ExitStack, suppress
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from converters.read import files
from converters.read.archives import split_member
from converters.read.files import SourceError, needs
from converters.read.headers import PictureError
from converters.read.stores import picture_faults, said

Floats = npt.NDArray[np.float64]
LONGITUDE_LATITUDE = "OGC:CRS84"  # what GeoJSON without a `crs` is in (RFC 7946, 4)
# WGS 84: metres from its centre to the equator, and how flat it is.
_RADIUS, _SQUARED_ECCENTRICITY = 6_378_137.0, 0.00669437999014
_POLE = 90.0
# GDAL's drivers by a file's first bytes: formats that can name no other file or address, as a VRT
# could.
_DRIVERS = {
    b"II*\x00": "GTiff",
    b"MM\x00*": "GTiff",
    b"II+\x00": "GTiff",
    b"MM\x00+": "GTiff",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff\xe0": "JPEG",
    b"\xff\xd8\xff\xe1": "JPEG",
    b"\x00\x00\x00\x0c": "JP2OpenJPEG",
}


class Georeference(NamedTuple):
    """How a picture lies on the map.

    to_pixels: (2, 3), map x, y, 1 to column, row. system: its reference system as WKT, or "" where
    the file does not say. size: width and height of the file, in pixels.
    """

    to_pixels: Floats
    system: str
    size: tuple[int, int]


class Position(NamedTuple):
    """A place in a picture: degrees of WGS 84, and how many metres a pixel is long there."""

    lon: float
    lat: float
    gsd: float


def require_rasterio(what: str) -> None:
    """Raises SourceError where rasterio is not installed. what: the dataset or file."""
    if not has_rasterio():
        raise needs(f"{what}, in map coordinates,", "rasterio", "geo")


def has_rasterio() -> bool:
    """True where rasterio is installed."""
    return importlib.util.find_spec("rasterio") is not None


def georeference(path: str) -> Georeference:
    """The georeference of a picture, in the file itself or beside it (`.aux.xml`, a world file).

    Raises PictureError where the picture is not there, cannot be read, or has none; SourceError
    without rasterio.
    """
    require_rasterio(path)
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    with picture_faults(path):
        driver = _DRIVERS.get(files.store(path).read(path, 0, 4))
    if driver is None:
        raise PictureError("unreadable_image", "no TIFF, PNG, JPEG or JPEG 2000")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            if files.scheme(path) or split_member(path):
                return _in_memory(path, driver)
            _check_beside(path)
            with rasterio.open(path, driver=driver) as picture:
                return _georeference(picture)
    except (RasterioError, OSError) as error:
        raise PictureError("unreadable_image", said(error)[:200]) from None


def _in_memory(path: str, driver: str) -> Georeference:
    """The georeference of a picture in an archive or bucket, and of `.aux.xml` beside it."""
    import rasterio

    with rasterio.MemoryFile(files.store(path).read(path)) as memory, ExitStack() as beside:
        with suppress(FileNotFoundError):
            more = files.store(path).read(f"{path}.aux.xml")
            folder, name = memory.name.removeprefix("/vsimem/").split("/")
            beside.enter_context(
                rasterio.MemoryFile(more, dirname=folder, filename=f"{name}.aux.xml")
            )
        with memory.open(driver=driver) as picture:
            return _georeference(picture)


def _check_beside(path: str) -> None:
    """Raises PictureError for a FIFO or device beside a picture that bears its name.

    GDAL opens what lies beside a picture, and would wait for ever or read without end.
    """
    folder, name = os.path.split(path)
    stem = name.rpartition(".")[0].lower()
    for other in _special(folder):
        if other.lower().startswith(stem):
            raise PictureError("unreadable_image", f"{other} beside it is not a regular file")


@functools.lru_cache(maxsize=16)
def _special(folder: str) -> tuple[str, ...]:
    """What stands in a folder and is neither a file nor a folder; a link counts as its target."""
    with os.scandir(folder) as entries:
        others = [entry for entry in entries if not entry.is_file() and not entry.is_dir()]
    return tuple(sorted(entry.name for entry in others if os.path.exists(entry.path)))


def _georeference(picture: Any) -> Georeference:
    if picture.transform.is_identity or picture.transform.determinant == 0:
        detail = "it has no georeference, and the annotations are in map coordinates"
        raise PictureError("bad_value", detail)
    back = ~picture.transform
    system = picture.crs.to_wkt() if picture.crs else ""
    size = (picture.width, picture.height)
    return Georeference(np.array([back[:3], back[3:6]], float), system, size)


def position(lies: Georeference, column: float, row: float) -> Position | None:
    """The position of a pixel of a picture, or None where its reference system does not say.

    The metres are those on the ground: the side of a square of the pixel's area on the ellipsoid,
    whatever the map's projection makes of it (Mercator's metres grow towards the poles).
    """
    from rasterio.crs import CRS

    if not lies.system:
        return None
    pixels = np.array([[column, row], [column + 1, row], [column, row + 1]])
    back = np.linalg.inv(lies.to_pixels[:, :2])
    places = (pixels - lies.to_pixels[:, 2]) @ back.T
    source, target = CRS.from_wkt(lies.system), CRS.from_user_input(LONGITUDE_LATITUDE)
    if not (source.is_geographic or source.is_projected):
        return None
    lon, lat = _transformed(source, target, places).T
    if not (np.isfinite(lon).all() and np.isfinite(lat).all() and abs(lat).max() < _POLE):
        return None
    east = (lon[1:] - lon[0] + 180) % 360 - 180  # a picture may lie across the date line
    sides = np.radians([east, lat[1:] - lat[0]])
    gsd = float(np.sqrt(_area(sides[0], sides[1], np.radians(lat[0]))))
    return Position(float(lon[0]), float(lat[0]), gsd) if gsd > 0 else None


def _transformed(source: Any, target: Any, points: Floats) -> Floats:
    """Points (n, 2) in another reference system; infinite where they have no place in it."""
    from rasterio._err import CPLE_BaseError  # that has no public name
    from rasterio.warp import transform

    try:
        xs, ys = transform(source, target, points[:, 0].tolist(), points[:, 1].tolist())
    except CPLE_BaseError:  # of one of them, and all are lost: each for itself
        if len(points) == 1:
            return np.full((1, 2), np.inf)
        each = [_transformed(source, target, points[i : i + 1]) for i in range(len(points))]
        return np.concatenate(each)
    return np.column_stack([xs, ys])


def _area(lon: Floats, lat: Floats, at: float) -> float:
    """Square metres of a small parallelogram on WGS 84. lon, lat: (2,) its sides, radians."""
    flat = 1 - _SQUARED_ECCENTRICITY * np.sin(at) ** 2
    east = lon * _RADIUS / np.sqrt(flat) * np.cos(at)
    north = lat * _RADIUS * (1 - _SQUARED_ECCENTRICITY) / flat**1.5
    return abs(float(east[0] * north[1] - east[1] * north[0]))


def to_pixels(points: Floats, system: str, lies: Georeference) -> Floats:
    """Map coordinates (n, 2) as pixels of a picture; not finite where they cannot be had.

    system: the reference system of the points; taken for the picture's own where that is unknown.

    Raises SourceError for a system that nobody knows.
    """
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        source = CRS.from_user_input(system)
    except CRSError as error:
        raise SourceError(f"unknown reference system {system[:80]!r}: {error}") from None
    target = CRS.from_wkt(lies.system) if lies.system else source
    if source != target and len(points):
        points = _transformed(source, target, points)
    with np.errstate(invalid="ignore"):  # infinity times 0 is no number
        pixels: Floats = points @ lies.to_pixels[:, :2].T + lies.to_pixels[:, 2]
    return pixels

"""Where a picture lies on the map: from map coordinates to its pixels, by rasterio."""

from __future__ import annotations

import functools
import os
import warnings
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from converters.read import files
from converters.read.archives import split_member
from converters.read.files import SourceError, needs
from converters.read.headers import PictureError
from converters.read.stores import said

Floats = npt.NDArray[np.float64]
LONGITUDE_LATITUDE = "OGC:CRS84"  # what GeoJSON without a `crs` is in (RFC 7946, 4)
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
    the file does not say.
    """

    to_pixels: Floats
    system: str


def require_rasterio(what: str) -> None:
    """Raises SourceError where rasterio is not installed. what: the dataset or file."""
    try:
        import rasterio  # noqa: F401
    except ImportError:
        raise needs(f"{what}, in map coordinates,", "rasterio", "geo") from None


def georeference(path: str) -> Georeference:
    """The georeference of a picture, in the file itself or beside it (`.aux.xml`, a world file).

    Raises PictureError where the picture is not there, cannot be read, or has none; SourceError
    without rasterio.
    """
    require_rasterio(path)
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    try:
        driver = _DRIVERS.get(files.store(path).read(path, 0, 4))
    except files.Unopenable as error:
        raise PictureError("unreadable_image", error.strerror) from None
    except FileNotFoundError:
        raise PictureError("missing_image", path.rsplit("/", 1)[-1]) from None
    except OSError as error:
        raise PictureError("unreadable_image", error.strerror or str(error)) from None
    if driver is None:
        raise PictureError("unreadable_image", "no TIFF, PNG, JPEG or JPEG 2000")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            if files.scheme(path) or split_member(path):
                body = files.store(path).read(path)
                with rasterio.MemoryFile(body) as memory, memory.open(driver=driver) as picture:
                    return _georeference(picture)
            _check_beside(path)
            with rasterio.open(path, driver=driver) as picture:
                return _georeference(picture)
    except (RasterioError, OSError) as error:
        raise PictureError("unreadable_image", said(error)[:200]) from None


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
    return Georeference(np.array([back[:3], back[3:6]], float), system)


def to_pixels(points: Floats, system: str, lies: Georeference) -> Floats:
    """Map coordinates (n, 2) as pixels of a picture; infinite where they cannot be had.

    system: the reference system of the points; taken for the picture's own where that is unknown.

    Raises SourceError for a system that nobody knows.
    """
    from rasterio.crs import CRS
    from rasterio.errors import CRSError
    from rasterio.warp import transform

    try:
        source = CRS.from_user_input(system)
    except CRSError as error:
        raise SourceError(f"unknown reference system {system[:80]!r}: {error}") from None
    target = CRS.from_wkt(lies.system) if lies.system else source
    if source != target and len(points):
        xs, ys = transform(source, target, points[:, 0].tolist(), points[:, 1].tolist())
        points = np.column_stack([xs, ys])
    pixels: Floats = points @ lies.to_pixels[:, :2].T + lies.to_pixels[:, 2]
    return pixels

"""Pictures of several bands or more than 8 bits, made into 8-bit RGB by what their entry declares.

Such a picture is read behind a mark: `a/patch_7.tif!bands=4,3,2;stretch=0,2750` is the file's
bands 4, 3 and 2 (counted from 1) as red, green and blue, 0 as black and 2750 as white, as PNG.
Bands may be files of their own: `a/p_B04.tif!bands=B04,B03,B02;stretch=0,2750` takes `a/p_B03.tif`
and `a/p_B02.tif` besides. One band alone is shown in grey. `stretch=percentile` makes the 2 % of
the picture's values that are darkest black and the 2 % that are brightest white, of all its shown
bands together, so that the colours keep their balance.

TIFFs, and PNGs whose fourth band is no transparency, are read by rasterio, which the extra `geo`
brings; arrays by numpy.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from converters.read.arrays import NUMPY
from converters.read.entries import Entry
from converters.read.stores import PictureError, Store, missing, needs, said

PERCENTILE = "percentile"
_PNG = b"\x89PNG\r\n\x1a\n"
_DARKEST, _BRIGHTEST = 2, 98  # per cent of the values that lie below black and white
_MOST_PIXELS = 1 << 28  # each takes 12 bytes while it is made: 3 GB for 16,384 x 16,384
_MADE = re.compile(r"(.+)!bands=([\w,]+);stretch=([^!/;]+)", re.DOTALL)


class Made(NamedTuple):
    """A picture and how it is to be made: its file; its bands; black and white, or None."""

    file: str
    bands: tuple[str, ...]
    stretch: tuple[float, float] | None


def words(bands: Sequence[int | str], stretch: Sequence[float] | str) -> str:
    """A recipe as text, `bands=4,3,2;stretch=0,2750`, as it stands in a row and behind a path."""
    ends = stretch if isinstance(stretch, str) else ",".join(f"{end:g}" for end in stretch)
    return f"bands={','.join(map(str, bands))};stretch={ends}"


def made(path: str) -> Made | None:
    """The parts of a path with a recipe, else None."""
    found = _MADE.fullmatch(path) if "!bands=" in path else None
    if found is None:
        return None
    file, bands, stretch = found.groups()
    if stretch == PERCENTILE:
        return Made(file, tuple(bands.split(",")), None)
    try:
        low, high = map(float, stretch.split(","))
    except ValueError:
        return None
    return Made(file, tuple(bands.split(",")), (low, high))


class RecipeStore:
    """Pictures made by a recipe, as a `Store`. inner: gives the store in which a file lies."""

    def __init__(self, inner: Callable[[str], Store]) -> None:
        self._inner = inner

    def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
        """Bytes [start, end) of the picture as PNG.

        Raises FileNotFoundError, and PictureError where the recipe does not fit the file.
        """
        recipe = made(path)
        if recipe is None:
            raise missing(path)
        if all(band.isdigit() for band in recipe.bands):
            data = self._inner(recipe.file).read(recipe.file)
            bands = _bands(data, [int(band) for band in recipe.bands])
        else:
            files = [_sibling(recipe, band) for band in recipe.bands]
            bands = [_bands(self._inner(file).read(file), [1])[0] for file in files]
        return _png(bands, recipe.stretch)[start:end]

    def size(self, path: str) -> int:
        """Bytes of the file that the picture is made of, about: to make it is to read it."""
        recipe = made(path)
        if recipe is None:
            raise missing(path)
        return self._inner(recipe.file).size(recipe.file)

    def listing(self, path: str) -> list[Entry]:
        """None: a recipe makes no folder."""
        return []


def _sibling(recipe: Made, band: str) -> str:
    """The file of another band: the first band's name stands last in its file's name."""
    folder, slash, name = recipe.file.rpartition("/")
    before, first, after = name.rpartition(recipe.bands[0])
    if not first:
        detail = f"{name} has no band's name {recipe.bands[0]} in it"
        raise PictureError("unreadable_image", detail)
    return f"{folder}{slash}{before}{band}{after}"


def _bands(data: bytes, wanted: list[int]) -> list[npt.NDArray[Any]]:
    """Bands of a TIFF, PNG or array, counted from 1, each rows x columns. Raises PictureError."""
    if data.startswith(NUMPY):
        array = np.load(io.BytesIO(data), allow_pickle=False)
        array = array[:, :, None] if array.ndim == 2 else array
        _check(wanted, array.shape[2], str(array.dtype), array.shape[0] * array.shape[1])
        return [array[:, :, band - 1] for band in wanted]
    try:
        import rasterio
        from rasterio.errors import NotGeoreferencedWarning, RasterioError
    except ImportError:
        raise needs("a picture made by a recipe", "rasterio", "geo") from None
    if not data:
        raise PictureError("unreadable_image", "the file is empty")
    try:
        with warnings.catch_warnings(), rasterio.MemoryFile(data) as memory:
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with memory.open(driver="PNG" if data.startswith(_PNG) else "GTiff") as file:
                _check(wanted, file.count, file.dtypes[0], file.width * file.height)
                return [file.read(band) for band in wanted]
    except RasterioError as error:
        raise PictureError("unreadable_image", said(error)) from None


def _check(wanted: list[int], count: int, kind: str, pixels: int) -> None:
    """Raises PictureError for bands that are not there, and pictures of no size or too large."""
    if not pixels:
        raise PictureError("unreadable_image", "it has no pixels")
    if pixels > _MOST_PIXELS:
        raise PictureError("oversized_image", f"{pixels:,} pixels")
    if not all(1 <= band <= count for band in wanted):
        asked = ", ".join(map(str, wanted))
        detail = f"{count} bands of {kind}, and the recipe takes bands {asked}"
        raise PictureError("unreadable_image", detail)


def _png(bands: Sequence[npt.NDArray[Any]], stretch: tuple[float, float] | None) -> bytes:
    """8-bit RGB. What is no number is black. Raises PictureError for bands of unlike sizes."""
    from PIL import Image

    if len({band.shape for band in bands}) != 1:
        sizes = ", ".join(f"{band.shape[1]} x {band.shape[0]}" for band in bands)
        raise PictureError("unreadable_image", f"bands of unlike sizes: {sizes}")
    pixels = np.stack(bands, axis=-1)
    if pixels.dtype.kind not in "buif":
        raise PictureError("unreadable_image", f"bands of {pixels.dtype}, which are no numbers")
    values = pixels.astype(np.float32)
    known = np.isfinite(values)
    if stretch is None:
        low, high = _percentiles(values[known])
    else:
        low, high = stretch
    with np.errstate(invalid="ignore"):
        spread = (values - low) * (255 / (high - low))
    spread[~known] = 0
    shown = np.clip(np.round(spread), 0, 255).astype(np.uint8)
    if len(bands) == 1:
        shown = np.repeat(shown, 3, axis=-1)
    out = io.BytesIO()
    Image.fromarray(shown).save(out, "PNG")
    return out.getvalue()


def _percentiles(values: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Black and white of a picture of its own; of one value only, that value is black."""
    if not len(values):
        return 0.0, 1.0
    low, high = np.percentile(values, (_DARKEST, _BRIGHTEST)).tolist()
    if low == high:
        low, high = float(values.min()), float(values.max())
    return (low, high) if low < high else (low, low + 1)

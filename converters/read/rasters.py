"""Masks in picture files as arrays of whole numbers: a band's values, or colours.

Nothing is shown here, so no palette is applied, nothing is stretched and nothing is turned: the
numbers are those of the file. Bounds are those of pictures (`converters.read.headers`).
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from converters.read import files
from converters.read.headers import DAMAGED, MAX_PIXELS, PictureError, opened
from converters.read.images import MAX_BYTES, check
from converters.read.stores import said

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

Codes = npt.NDArray[Any]  # of whole numbers or truth values
_NPY = b"\x93NUMPY"
_TIFF = (b"II", b"MM")
_SEE_THROUGH = ("LA", "RGBA", "PA")  # modes whose last band is transparency
_LOSSY = ("JPEG", "MPO")
_COLOURED = ("P", "RGB", "RGBA", "CMYK", "YCbCr")
_OPAQUE = 0xFF000000


def colour_code(red: int, green: int, blue: int) -> int:
    """The number that stands for a colour in an array of colours."""
    return _OPAQUE | blue << 16 | green << 8 | red


def colour_of(code: int) -> tuple[int, int, int]:
    """Red, green and blue of a number of `colour_code`."""
    return code & 255, code >> 8 & 255, code >> 16 & 255


class Form(NamedTuple):
    """Which numbers of a file are wanted.

    coloured: colours as `colour_code` says, transparency ignored; else one band's values, which
    are palette indices where the file has a palette. channel: the band, counted from 0; where it is
    None, all bands of a file must agree. threshold: of 8-bit channels; what reaches it is 255 and
    all else 0. A file without loss that holds nothing above 1 is taken as it stands: it is of 0 and
    1. any: True where any band is not 0. ids: numbers that only tell objects apart, so colours
    where a file has them, else values.
    """

    coloured: bool = False
    channel: int | None = None
    threshold: int | None = None
    any: bool = False
    ids: bool = False


def read_pixels(path: str, form: Form) -> Codes:
    """The numbers of a mask file: an array (height, width).

    Formats are those of pictures, NumPy's `.npy` (height, width[, bands]), and what rasterio reads
    of TIFFs that Pillow does not. Raises PictureError (reason, detail) and FileNotFoundError.
    """
    store = files.store(path)
    if (size := store.size(path)) > MAX_BYTES:
        raise PictureError("oversized_image", f"{size:,} bytes")
    data = store.read(path)
    if data.startswith(_NPY):
        return _banded(_from_npy(data), form)
    try:
        check(data)
    except PictureError as error:
        if data.startswith(_TIFF) and "which Pillow does not read" in error.args[1]:
            return _banded(_by_rasterio(data, error), form)
        raise
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with opened(data) as file:
                return _codes(file, form)
    except DAMAGED as error:
        cut_off = "truncated" in str(error)
        reason = "truncated_image" if cut_off else "unreadable_image"
        raise PictureError(reason, str(error)) from None


def _codes(file: ImageFile, form: Form) -> Codes:
    exact = file.format not in _LOSSY
    if not (form.coloured or (form.ids and file.mode in _COLOURED)):
        array = np.asarray(_cut(file, exact, form.threshold))
        return _banded(array, form, alpha=file.mode in _SEE_THROUGH)
    if file.mode.startswith(("I", "F")):
        raise PictureError("unreadable_image", f"numbers of mode {file.mode}, and no colours")
    if form.threshold and exact and file.mode == "L" and any(file.histogram()[1:255]):
        # Cut at the threshold they would all be black or white.
        raise PictureError("unreadable_image", "single values, where colours are expected")
    # Fast way: four bytes a pixel are one number, so that a colour is compared at once.
    plain = file if file.mode == "RGB" else file.convert("RGB")
    colours = _cut(plain, exact, form.threshold).convert("RGBA")
    packed: Codes = np.asarray(colours).view("<u4")[..., 0]
    return packed


def _cut(image: Image, exact: bool, threshold: int | None) -> Image:
    """8-bit channels as 0 and 255 where there is a threshold."""
    if threshold is None or image.mode in ("1", "P") or image.mode.startswith(("I", "F")):
        return image
    extrema: Any = image.getextrema()  # of one band a pair, of several a pair each
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    seen = bands[:-1] if image.mode in _SEE_THROUGH else bands
    highest = max(pair[1] for pair in seen)
    if exact and highest <= 1:
        return image
    steps = [0] * threshold + [255] * (256 - threshold)
    return image.point(steps * len(image.getbands()))


def _banded(array: Codes, form: Form, alpha: bool = False) -> Codes:
    """One band of an array (height, width[, bands]) as whole numbers."""
    if array.ndim == 2:
        array = array[..., None]
    if alpha:
        array = array[..., :-1]
    bands = array.shape[2]
    if form.channel is not None:
        if form.channel >= bands:
            raise PictureError(
                "unreadable_image", f"{bands} band(s), and none of number {form.channel}"
            )
        array = array[..., form.channel : form.channel + 1]
    if form.any:
        return np.asarray(array.any(axis=2) if array.shape[2] > 1 else array[..., 0] != 0)
    if array.shape[2] > 1 and (array != array[..., :1]).any():
        raise PictureError("unreadable_image", "colours, where single values are expected")
    return _value(array[..., 0])


def _value(array: Codes) -> Codes:
    """The same array of whole numbers. Raises PictureError where its numbers are not whole."""
    if array.dtype == bool:
        return array.view(np.uint8)
    if array.dtype.kind == "f":
        whole = np.round(np.nan_to_num(array, nan=0.5))
        if (whole != array).any() or (np.abs(array) > 1 << 31).any():
            raise PictureError("unreadable_image", "numbers that are not whole")
        return whole.astype(np.int64)
    return array.astype(np.int64) if array.dtype.kind == "i" else array


def _from_npy(data: bytes) -> Codes:
    """The array of a NumPy file: (height, width[, bands])."""
    try:
        source = io.BytesIO(data)
        version = np.lib.format.read_magic(source)
        read_header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, kind = read_header(source)
        if len(shape) not in (2, 3) or kind.kind not in "biuf":
            raise PictureError("unreadable_image", f"an array of {kind} of shape {shape}")
        if shape[0] * shape[1] > MAX_PIXELS:
            raise PictureError("oversized_image", f"{shape[1]} x {shape[0]} pixels")
        array: Codes = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise PictureError("unreadable_image", said(error)) from None
    if not array.size:
        raise PictureError("unreadable_image", f"an array of shape {shape}")
    return array


def _by_rasterio(data: bytes, refused: PictureError) -> Codes:
    """The bands of a TIFF that Pillow does not read: (height, width, bands)."""
    try:
        from rasterio.errors import RasterioError
        from rasterio.io import MemoryFile
    except ImportError:
        detail = f"{refused.args[1]}; the extra `geo` reads it"
        raise PictureError(refused.args[0], detail) from None
    try:
        # GeoTIFF alone: other drivers of GDAL follow paths and addresses that a file names.
        with (
            warnings.catch_warnings(),
            MemoryFile(data) as file,
        ):
            warnings.simplefilter("ignore")
            source = file.open(driver="GTiff")
            if source.width * source.height * source.count > MAX_PIXELS:
                detail = f"{source.width} x {source.height} pixels of {source.count} bands"
                raise PictureError("oversized_image", detail)
            array: Codes = source.read()
    except RasterioError as error:
        raise PictureError("unreadable_image", said(error)) from None
    if array.dtype.kind not in "biuf":
        raise PictureError("unreadable_image", f"pixels of {array.dtype}")
    return np.moveaxis(array, 0, 2)

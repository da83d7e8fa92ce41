"""Mask pictures: which of their pixels are marked."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

from converters.read import files
from converters.read.headers import DAMAGED, PictureError, opened
from converters.read.images import check
from converters.read.stores import picture_faults

_ALPHA = {"LA": 1, "RGBA": 3}  # bands before the transparency


def marked(path: str, least: int = 1) -> npt.NDArray[np.bool_]:
    """The pixels of a mask picture whose value is `least` or more: (height, width).

    Of several bands one is enough; transparency is no mark. A palette's values are its indices.
    The picture is as it is stored: a mask is not turned.

    Raises PictureError where it is not there or cannot be decoded.
    """
    from PIL import Image

    with picture_faults(path):
        data = files.store(path).read(path)
    check(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with opened(data) as image:
                pixels = np.asarray(image)
                bands = _ALPHA.get(image.mode)
    except (Image.DecompressionBombError, *DAMAGED) as error:
        raise PictureError("unreadable_image", str(error)) from None
    enough: npt.NDArray[np.bool_] = pixels >= least
    if enough.ndim == 2:
        return enough
    any_band: npt.NDArray[np.bool_] = np.any(enough[:, :, :bands], axis=2)
    return any_band

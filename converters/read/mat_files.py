"""Variables of MATLAB's .mat files: matrices, and struct arrays as records."""

from __future__ import annotations

import io
import math
import struct
import zlib
from typing import Any

import numpy as np

from converters.read.files import needs

_MAX_ELEMENTS = 1 << 26  # of one variable
_HDF5 = b"\x89HDF\r\n\x1a\n"
_HDF5_MARK = b"MATLAB 7.3"
# What scipy raises on files that are cut off or hold wrong bytes (seen by changing some).
_DAMAGED = (
    *(zlib.error, struct.error, OSError, EOFError, TypeError),
    *(KeyError, IndexError, UnboundLocalError, ZeroDivisionError, OverflowError, RuntimeError),
)


def mat_variables(data: bytes, where: str) -> dict[str, Any]:
    """The variables of a file by name: matrices as they are, struct arrays with named fields.

    Objects of MATLAB's own, such as tables, are left out: they cannot be read outside of it. Files
    of version 7.3 (HDF5) give their numeric matrices alone. where: for messages.
    Raises SourceError where scipy or h5py is not installed, and ValueError for a file that cannot
    be read or holds too much.
    """
    if data.startswith((_HDF5, _HDF5_MARK)):
        return _hdf5_matrices(data, where)
    try:
        from scipy.io import loadmat, whosmat
        from scipy.io.matlab import MatlabFunction, MatlabOpaque, MatReadError
    except ImportError:
        raise needs(f"{where}, a MATLAB file,", "scipy", "mat") from None
    try:
        shapes = whosmat(io.BytesIO(data))
        for name, shape, _ in shapes:
            if math.prod(shape) > _MAX_ELEMENTS:
                raise ValueError(f"{name} has {math.prod(shape):,} elements")
        found = loadmat(io.BytesIO(data), squeeze_me=False, chars_as_strings=True)
    except (MatReadError, *_DAMAGED) as error:
        raise ValueError(str(error) or type(error).__name__) from None
    return {
        name: value
        for name, value in found.items()
        if not name.startswith("__") and not isinstance(value, MatlabOpaque | MatlabFunction)
    }


def _hdf5_matrices(data: bytes, where: str) -> dict[str, Any]:
    try:
        import h5py
    except ImportError:
        raise needs(f"{where}, a MATLAB file of 7.3,", "h5py", "hdf5") from None
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            return {
                # MATLAB writes columns first.
                name: np.asarray(item[()]).T
                for name, item in file.items()
                if isinstance(item, h5py.Dataset)
                and item.dtype.kind in "iuf"
                and item.size <= _MAX_ELEMENTS
            }
    except _DAMAGED as error:
        raise ValueError(str(error)) from None


def texts_of(value: Any) -> list[str]:
    """The texts in a cell array, a character array, or one text; others are left out."""
    if isinstance(value, str):
        return [value.strip()]
    if isinstance(value, np.ndarray):
        return [text for item in value.ravel().tolist() for text in texts_of(item)]
    return []

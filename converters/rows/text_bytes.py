"""The bytes behind a column of texts, for looks that spare a regular expression."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa


class TextBytes(NamedTuple):
    """begins, ends: (n,) where each text stands in `used`, the bytes of all of them in turn."""

    begins: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]
    used: npt.NDArray[np.uint8]

    @property
    def first(self) -> npt.NDArray[np.uint8]:
        """The first byte of each text that is not empty."""
        return self.used[self.begins[self.ends > self.begins]]

    @property
    def last(self) -> npt.NDArray[np.uint8]:
        """The last byte of each text that is not empty."""
        return self.used[self.ends[self.ends > self.begins] - 1]


def bytes_of(texts: pa.Array) -> TextBytes:
    """A string column's bytes, without a copy. A null has none, or some that mean nothing."""
    _, offsets, data = texts.buffers()
    if not len(texts) or data is None:
        nothing = np.zeros(len(texts), np.int32)
        return TextBytes(nothing, nothing, np.zeros(0, np.uint8))
    places = np.frombuffer(offsets, np.int32, len(texts) + 1, texts.offset * 4)
    used = np.frombuffer(data, np.uint8)[places[0] : places[-1]]
    return TextBytes(places[:-1] - places[0], places[1:] - places[0], used)

"""Lines of a text file cut into columns at given places, without a Python text for each line."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from converters.read.column_bytes import is_printable
from converters.read.folder import Folder, Span
from converters.read.records import text_records

Places = npt.NDArray[np.int64]
_MOST_BYTES = (1 << 31) - 1  # that Arrow can cut


class Lines(NamedTuple):
    """The lines of a text that are not empty. begins, ends: (lines,) places in `body`."""

    body: bytes
    begins: Places
    ends: Places

    def marks(self, mark: str) -> Places:
        """Where a character stands."""
        return np.flatnonzero(np.frombuffer(self.body, np.uint8) == ord(mark))

    def next(self, mark: str, places: Places) -> Places:
        """Where a character first stands at or behind each place; the text's end where nowhere."""
        found = np.append(self.marks(mark), len(self.body))
        return found[np.searchsorted(found, places)]

    def at(self, places: Places) -> npt.NDArray[np.uint8]:
        """The characters at some places, as numbers."""
        return np.frombuffer(self.body, np.uint8)[places]

    def texts(self, begins: Places, ends: Places) -> pa.Array:
        """The texts between some places, one after the other: no two of them overlap."""
        cuts = np.empty(2 * len(begins), np.int32)
        cuts[0::2], cuts[1::2] = begins, ends
        pieces = pa.Array.from_buffers(
            pa.string(), len(cuts) - 1, [None, pa.py_buffer(cuts), pa.py_buffer(self.body)]
        )
        return pieces.take(pa.array(np.arange(0, len(cuts) - 1, 2)))


def lines_of(folder: Folder, span: Span) -> Lines | None:
    """The lines of the only file of a span.

    None where it cannot be read, has no line, or holds anything but printable ASCII.
    """
    if len(span.names) != 1:
        return None
    _, text = next(text_records(folder, span))
    if not isinstance(text, str) or not text.isascii() or len(text) > _MOST_BYTES:
        return None
    body = text.encode().replace(b"\r\n", b"\n")
    if not is_printable(body.replace(b"\n", b"")):
        return None
    breaks = np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n"))
    begins = np.concatenate([[0], breaks + 1])
    ends = np.concatenate([breaks, [len(body)]])
    filled = ends > begins
    return Lines(body, begins[filled], ends[filled]) if filled.any() else None

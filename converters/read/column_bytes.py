"""The bytes behind a column of texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def body_of(texts: pa.Array) -> bytes:
    """The bytes of all texts of a string column in turn, with nothing between."""
    _, offsets, data = texts.buffers()
    if not len(texts) or data is None:
        return b""
    places = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return memoryview(data)[places[0] : places[-1]].tobytes()


def without_empty(texts: pa.Array) -> pa.Array:
    """A string column with nulls in place of empty texts."""
    empty = pc.equal(pc.binary_length(texts), 0)
    nothing = pa.scalar(None, pa.string())
    return pc.if_else(empty, nothing, texts) if pc.any(empty).as_py() else texts


def is_text(name: str) -> bool:
    """False for a name of a file that is no UTF-8."""
    return name.isascii() or name.encode("utf-8", "ignore").decode() == name


def is_printable(body: bytes) -> bool:
    """True for ASCII without control characters."""
    text = np.frombuffer(body, np.uint8)
    return not len(text) or (int(text.min()) >= ord(" ") and int(text.max()) <= ord("~"))

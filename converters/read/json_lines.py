"""JSON Lines: one record on each line, in spans of whole lines."""

from __future__ import annotations

from collections.abc import Iterator

from converters.read.files import store, wanted
from converters.read.json_spans import SPAN_BYTES

LINES = "lines"  # the table of a span in which every line is a record
_PROBE_BYTES = 1 << 16


def line_spans(path: str, target: int = SPAN_BYTES) -> list[tuple[int, int]]:
    """Byte ranges [start, end) of whole lines, near `target` bytes each.

    Raises SourceError where the file is missing.
    """
    with wanted(path):
        size = store(path).size(path)
    cuts = [0]
    while size - cuts[-1] > target:
        cut = _line_after(path, cuts[-1] + target, size)
        if cut is None:
            break
        cuts.append(cut)
    return list(zip(cuts, [*cuts[1:], size], strict=True))


def _line_after(path: str, at: int, size: int) -> int | None:
    """Where the first line that begins behind `at` begins, or None where none does."""
    while at < size:
        text = store(path).read(path, at, min(size, at + _PROBE_BYTES))
        end = text.find(b"\n")
        if end >= 0:
            return at + end + 1 if at + end + 1 < size else None
        at += len(text)
    return None


def line_texts(body: bytes) -> Iterator[tuple[int, bytes]]:
    """(offset, text) of the lines that are not blank."""
    at = 0
    for line in body.split(b"\n"):
        if text := line.removeprefix(b"\xef\xbb\xbf").strip():
            yield at, text
        at += len(line) + 1

"""JSON Lines: one record on each line, in spans of whole lines; some files break records."""

from __future__ import annotations

from collections.abc import Iterator

from converters.read.encodings import is_wide
from converters.read.files import store, wanted
from converters.read.json_elements import open_braces
from converters.read.json_spans import SPAN_BYTES

LINES = "lines"  # the table of a span in which every line is a record
_PROBE_BYTES = 1 << 16
_SEARCHED_BYTES = 1 << 20  # for a line that opens with a brace


def line_spans(path: str, target: int = SPAN_BYTES) -> list[tuple[int, int]]:
    """Byte ranges [start, end) of whole lines, near `target` bytes each; one for a file in UTF-16.

    Raises SourceError where the file is missing.
    """
    with wanted(path):
        size = store(path).size(path)
        is_one = is_wide(store(path).read(path, 0, 2))
    cuts = [0]
    if is_one:  # its lines do not end with the byte of a line break alone
        return [(0, size)]
    while size - cuts[-1] > target:
        cut = _line_after(path, cuts[-1] + target, size)
        if cut is None:
            break
        cuts.append(cut)
    return list(zip(cuts, [*cuts[1:], size], strict=True))


def _line_after(path: str, at: int, size: int) -> int | None:
    """Where the first record that begins behind `at` begins, or None where none does.

    A line that opens with a brace begins one; any line does where none nearby opens so.
    """
    begin = at
    line = None  # the first that begins behind `at`
    while at < size and (line is None or at - begin < _SEARCHED_BYTES):
        text = store(path).read(path, at, min(size, at + _PROBE_BYTES))
        found = text.find(b"\n{")
        if found >= 0:
            return at + found + 1
        end = text.find(b"\n") if line is None else -1
        if end >= 0 and at + end + 1 < size:
            line = at + end + 1
        at += max(1, len(text) - 1)  # the brace may be the first byte of what is read next
    return line


def line_texts(body: bytes) -> Iterator[tuple[int, bytes]]:
    """(offset, text) of the records in lines that are not blank.

    A record may be broken over several lines: it goes on as long as its braces are open, but ends
    where a line opens with a brace, as the lines inside it are indented.
    """
    begin = at = still_open = 0
    parts: list[bytes] = []  # lines of the record that is not complete
    for line in body.split(b"\n"):
        bare = line.removeprefix(b"\xef\xbb\xbf")
        text = bare.strip()
        opens = bare.startswith(b"{")
        if parts and opens:
            yield begin, b" ".join(parts)
            parts = []
        if parts and text:
            parts.append(text)
            still_open += open_braces(text)
            if still_open <= 0:
                yield begin, b" ".join(parts)
                parts = []
        elif opens and not text.endswith(b"}"):
            begin, parts, still_open = at, [text], open_braces(text)
        elif text:
            yield at, text
        at += len(line) + 1
    if parts:
        yield begin, b" ".join(parts)

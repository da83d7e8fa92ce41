"""Tables in spans, however large they are, for `table_records`.

CSV is cut near equal byte ranges where a row begins, Parquet into ranges of rows; Arrow and xlsx
are read whole. A line break may stand in a quoted cell, so a cut is tried: the quotes before it
are even, and the next rows have each as many cells as the header.
"""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Sequence

import msgspec

from converters.read import files
from converters.read.encodings import text_of
from converters.read.folder import ALL, BySplit, Folder, Plan, Span
from converters.read.picture_patterns import picture_patterns, pictures_elsewhere
from converters.read.plans import absent, chosen_files
from converters.read.table_rows import column_names, parquet_rows, table_ending

SPAN_BYTES = 4 << 20  # of CSV, as rows are small and become objects
SPAN_ROWS = 1 << 16  # of Parquet
_PROBE_BYTES = 1 << 16
_PROOF_ROWS = 3  # that must be whole behind a cut
_PROOF_LINES = 64  # in which they must end
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # marks of UTF-16, whose line breaks are no single bytes
_DELIMITERS = ",\t;|"


def table_plan(
    folder: Folder,
    annotations: BySplit,
    images: BySplit | Sequence[str],
    *,
    record_bytes: int,
    one_file: bool = False,
    header: Sequence[str] | None = None,
) -> Plan:
    """Spans of tables by split. record_bytes: about how long a row of CSV is.

    one_file: files of one split are versions of each other, and only the first is read. header:
    the columns' names where a CSV has no header.

    Raises SourceError where there is no table.
    """
    notes: list[str] = []
    spans: list[Span] = []
    seen: dict[str, str] = {}
    for split, found in chosen_files(folder, annotations, notes):
        if one_file and seen.setdefault(split, found.path) != found.path:
            notes.append(
                f"{folder.relative(found.path)} is left out: {folder.relative(seen[split])} is "
                "another version of the same rows and is read in its place"
            )
            continue
        path = files.join(folder.base, found.path)
        kind = table_ending(found.path)
        for start, end, records in _ranges(path, kind, found.size, record_bytes, header):
            span = Span(folder.slug, split or ALL, len(spans), (found.path,), start, end)
            spans.append(msgspec.structs.replace(span, records=records))
    notes += [*absent(folder, annotations), *pictures_elsewhere(folder, images)]
    return Plan(spans, notes, picture_patterns(images))


def delimiter_of(folder: Folder, name: str) -> str:
    """What stands between the cells of a CSV, as its first line shows, whatever its ending."""
    path = files.join(folder.base, name)
    head = files.store(path).read(path, 0, _PROBE_BYTES)
    return _delimiter(head)


def _delimiter(head: bytes) -> str:
    head = _whole_lines(head)
    try:
        text = text_of(head)
    except UnicodeDecodeError:
        text = head.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    first = text.lstrip().partition("\n")[0]
    return max(_DELIMITERS, key=lambda mark: len(_cells(first, mark) or ()))


def _whole_lines(head: bytes) -> bytes:
    """A file's beginning up to its last line break, so that no character is cut in two."""
    at = head.rfind(b"\n") + 1
    return head[: at + (head.startswith(_WIDE[0]) and at > 0)] if at else head


def _cells(line: str, delimiter: str) -> list[str] | None:
    """The cells of one line, or None where it is no whole row by itself."""
    try:
        rows = list(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if rows else None


def _ranges(
    path: str, kind: str, size: int, record_bytes: int, header: Sequence[str] | None
) -> list[tuple[int, int | None, int]]:
    """(start, end, records) of the parts of a table; an end of None is the whole of it."""
    if kind == "parquet":
        rows = parquet_rows(path)
        starts = range(0, max(1, rows), SPAN_ROWS)
        return [(at, min(rows, at + SPAN_ROWS), min(rows - at, SPAN_ROWS)) for at in starts]
    if kind != "csv" or size <= SPAN_BYTES:
        return [(0, None, size // record_bytes + 1)]
    head = files.store(path).read(path, 0, _PROBE_BYTES)
    files.check_fetched(path, head)
    if head.startswith(_WIDE):
        return [(0, None, size // record_bytes + 1)]
    mark = _delimiter(head)
    width = len(header if header is not None else column_names(path, mark))
    cuts = [0]
    while size - cuts[-1] > SPAN_BYTES:
        cut = _row_after(path, cuts[-1], size, mark, width)
        if cut is None:
            break
        cuts.append(cut)
    ends = [*cuts[1:], size]
    return [(at, end, (end - at) // record_bytes + 1) for at, end in zip(cuts, ends, strict=True)]


def _row_after(path: str, start: int, size: int, mark: str, width: int) -> int | None:
    """Where a row begins, a span behind the one that begins at `start`; None where none does."""
    if width < 2:
        return None
    begin = start + SPAN_BYTES
    quotes = files.store(path).read(path, start, begin).count(b'"')
    while begin < size:
        text = files.store(path).read(path, begin, min(size, begin + _PROBE_BYTES))
        lines = text.split(b"\n")
        at = 0
        for i, line in enumerate(lines[:-1], 1):
            quotes += line.count(b'"')
            at += len(line) + 1
            if quotes % 2 == 0 and _are_rows(lines[i : i + _PROOF_LINES], mark, width):
                return begin + at
        if begin + len(text) >= size:
            return None
        rest = text[at:]
        quotes += rest.count(b'"')
        begin += len(text)
    return None


def _are_rows(lines: list[bytes], mark: str, width: int) -> bool:
    """True where some lines begin with whole rows of so many cells."""
    texts = (line.decode("utf-8", "replace") + "\n" for line in lines[:-1])
    rows = csv.reader(texts, delimiter=mark, strict=True)
    try:
        some = list(itertools.islice(rows, _PROOF_ROWS))
    except csv.Error:
        return False
    return len(some) == _PROOF_ROWS and all(len(row) == width for row in some)

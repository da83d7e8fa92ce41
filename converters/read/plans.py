"""The kit for readers: annotation files into spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from converters.read import files
from converters.read.archives import split_member
from converters.read.encodings import utf8_of
from converters.read.files import Found
from converters.read.folder import (
    ALL,
    BySplit,
    Folder,
    Plan,
    Span,
    annotation_files,
    batched,
    picture_patterns,
)
from converters.read.json_elements import UNREADABLE
from converters.read.json_lines import LINES, line_spans
from converters.read.json_spans import array_opening, array_spans

_HEAD_BYTES = 4096


def files_plan(
    folder: Folder,
    annotations: BySplit,
    images: BySplit | Sequence[str],
    *,
    files_a_span: int,
    record_bytes: int | None = None,
    unsplit: str = ALL,
) -> Plan:
    """Spans of a few whole files, by split.

    record_bytes: about how long a native record is, where a file holds many; else a file is one
    record. unsplit: the split of files whose path tells none.

    Raises SourceError where there is no annotation file.
    """
    by_split: dict[str, list[Found]] = {}
    notes: list[str] = []
    there = annotation_files(folder, annotations, notes)
    for split, found in there:
        by_split.setdefault(split or unsplit, []).append(found)
    spans: list[Span] = []
    for split, some in sorted(by_split.items()):
        sizes = [found.size // record_bytes + 1 for found in some] if record_bytes else None
        names = [found.path for found in some]
        spans += batched(folder.slug, split, names, files_a_span, len(spans), sizes)
    notes += [*absent(folder, annotations), *_not_served(folder, there)]
    return Plan(spans, notes, picture_patterns(images))


def json_array_plan(
    folder: Folder,
    annotations: BySplit,
    images: BySplit | Sequence[str],
    *,
    keys: set[str],
    record_bytes: int,
    table: str | None = None,
) -> Plan:
    """Byte spans of JSON arrays, and of files with a record on each line (JSON Lines).

    keys: keys that every record has, which prove a cut. table: the key at the head of the file
    under which the array stands, or None for a bare array. Any other JSON document is one span.

    Raises SourceError where there is no annotation file, or an array is cut off.
    """
    spans: list[Span] = []
    notes: list[str] = []
    there = annotation_files(folder, annotations, notes)
    for split, found in there:
        path = files.join(folder.base, found.path)
        head = files.store(path).read(path, 0, _HEAD_BYTES)
        files.check_pointer(path, head)
        kind = ""
        ranges: list[tuple[int, int | None]] = [(0, None)]
        if array_opening(table).match(head):
            ranges = [*array_spans(path, table, keys)]
        elif _is_lines(found.path, head):
            kind, ranges = LINES, [*line_spans(path)]
        for start, end in ranges:
            records = ((end or found.size) - start) // record_bytes + 1
            span = Span(folder.slug, split or ALL, len(spans), (found.path,), start, end)
            spans.append(msgspec.structs.replace(span, table=kind, records=records))
    notes += [*absent(folder, annotations), *_not_served(folder, there)]
    return Plan(spans, notes, picture_patterns(images))


def absent(folder: Folder, annotations: BySplit) -> list[str]:
    """A note for each wanted split whose annotations the catalogue names and nobody finds."""
    if isinstance(annotations, str):
        return []
    return [
        f"{folder.relative(pattern)} is not there, so split {split} is not read"
        for split, pattern in annotations.items()
        if folder.wants(split) and not any(files.find(folder.base, pattern, split=split))
    ]


def _not_served(folder: Folder, there: Iterable[tuple[str, Found]]) -> list[str]:
    """A note for each archive of annotations that has members which are not served."""
    parts = [split_member(found.path) for _, found in there]
    notes = []
    for archive in dict.fromkeys(part[0] for part in parts if part):
        members = files.passed_over(files.join(folder.base, archive))
        if members:
            several = f"{len(members)} member(s) of {folder.relative(archive)}"
            notes.append(f"{several} are not read, such as {members[0]}")
    return notes


def _is_lines(name: str, head: bytes) -> bool:
    """True for a file of JSON Lines: by its ending, or since its first line is a whole record."""
    if name.lower().endswith((".jsonl", ".ndjson")):
        return True
    first, _, rest = utf8_of(head).lstrip().partition(b"\n")
    if not rest.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(msgspec.json.decode(first), dict)
    except UNREADABLE:
        return False

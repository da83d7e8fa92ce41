"""The kit for readers: annotation files into spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from converters.read import files
from converters.read.archives import split_member
from converters.read.encodings import utf8_of
from converters.read.files import Found, SourceError
from converters.read.folder import (
    ALL,
    DEEPER,
    BySplit,
    Folder,
    Plan,
    Span,
    annotation_files,
    batched,
    deeper,
    stem,
)
from converters.read.json_elements import UNREADABLE
from converters.read.json_lines import LINES, line_spans
from converters.read.json_members import MEMBERS, member_spans
from converters.read.json_spans import array_opening
from converters.read.json_tables import table_spans
from converters.read.numbered_parts import part_notes
from converters.read.picture_patterns import picture_patterns, pictures_elsewhere
from converters.read.saved_tables import is_folder, saved_tables

_HEAD_BYTES = 4096
_ONE_RECORD = 1 << 20  # bytes; larger documents are many records
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
# Text files that stand beside label files and are none, in small letters.
_BESIDE = frozenset(
    f"{name}.txt"
    for name in ("classes", "predefined_classes", "labels", "readme", "read_me", "license", "notes")
)
_FOLDERS_NOTED = 5  # folders left out that have a note each


def files_plan(
    folder: Folder,
    annotations: BySplit,
    images: BySplit | Sequence[str],
    *,
    files_a_span: int,
    record_bytes: int | None = None,
    unsplit: str = ALL,
    leave_out: Sequence[str] = (),
) -> Plan:
    """Spans of a few whole files, by split.

    record_bytes: about how long a native record is, where a file holds many; else a file is one
    record. unsplit: the split of files whose path tells none. leave_out: see `chosen_files`.

    Raises SourceError where there is no annotation file.
    """
    by_split: dict[str, list[Found]] = {}
    notes: list[str] = []
    there = chosen_files(folder, annotations, notes, leave_out)
    for split, found in there:
        by_split.setdefault(split or unsplit, []).append(found)
    spans: list[Span] = []
    for split, some in sorted(by_split.items()):
        sizes = [found.size // record_bytes + 1 for found in some] if record_bytes else None
        names = [found.path for found in some]
        spans += batched(folder.slug, split, names, files_a_span, len(spans), sizes)
    notes += [*absent(folder, annotations, there), *not_served(folder, there)]
    notes += pictures_elsewhere(folder, images)
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
    """Byte spans of JSON arrays, of large objects whose values are records, and of JSON Lines.

    keys: keys that every record has, which prove a cut. table: the key at the head of the file
    under which the array stands, or None for a bare array. Any other JSON document is one span; an
    object that has the keys itself is a record, as a line of JSON Lines is.

    Raises SourceError where there is no annotation file, or an array is cut off.
    """
    spans: list[Span] = []
    notes: list[str] = []
    there = chosen_files(folder, annotations, notes)
    for split, found in there:
        path = files.join(folder.base, found.path)
        head = files.store(path).read(path, 0, _HEAD_BYTES)
        files.check_fetched(path, head)
        kind = ""
        ranges: list[tuple[int, int | None]] = [(0, None)]
        if array_opening(table).match(head):
            ranges = [*table_spans(path, table, keys, notes)]
        elif _is_lines(found.path, head) or (
            table is None and _is_one_record(path, head, found.size, keys)
        ):
            kind, ranges = LINES, [*line_spans(path)]
        elif table is None and (members := member_spans(path, head, found.size, keys)):
            kind, ranges = MEMBERS, [*members]
        for start, end in ranges:
            records = ((end or found.size) - start) // record_bytes + 1
            span = Span(folder.slug, split or ALL, len(spans), (found.path,), start, end)
            spans.append(msgspec.structs.replace(span, table=kind, records=records))
    notes += [*absent(folder, annotations, there), *not_served(folder, there)]
    notes += pictures_elsewhere(folder, images)
    return Plan(spans, notes, picture_patterns(images))


def chosen_files(
    folder: Folder, annotations: BySplit, notes: list[str], leave_out: Sequence[str] = ()
) -> list[tuple[str, Found]]:
    """(split, file) of the annotation files to read; notes is told of those that are not.

    leave_out: what the names of files that are no annotations end in, before their last ending. A
    `classes.txt` or `readme.txt` among label files is none either.

    Of files that differ in a pattern's `{a|b}` alternative alone, the first alternative's is taken.
    Label files (`{stem}`) one folder deeper are taken for a split that has none in their place; of
    several such folders the one that is named as in the pattern comes first. Patterns that end in
    `/` stand for all tables below a folder (`converters.read.saved_tables`).

    Raises SourceError where there is none; it names the splits that are there.
    """
    if folders := _folders(annotations):
        return saved_tables(folder, folders, notes)
    found: list[tuple[str, Found]] = []
    fault: SourceError | None = None
    try:
        found += annotation_files(folder, annotations)
    except SourceError as error:
        fault = error
    served = {split for split, _ in found}
    in_place = {file.path for _, file in found}
    places = {_above(path) for path in in_place}
    below = [item for item in _files_below(folder, annotations) if item[1].path not in in_place]
    taken = [item for item in below if item[0] not in served]
    passed = [
        item for item in below if item[0] in served and _above(_above(item[1].path)) in places
    ]
    for some, what in ((taken, "read from there"), (passed, "not read")):
        if some:
            example = folder.relative(some[0][1].path)
            notes.append(
                f"{len(some)} annotation file(s) lie one folder deeper than expected and are "
                f"{what}, such as {example}"
            )
    if fault and not taken:
        raise fault
    chosen = _one_each(folder, _annotations(folder, [*found, *taken], leave_out, notes), notes)
    notes += part_notes(folder.relative(file.path) for _, file in chosen)
    return chosen


def _folders(annotations: BySplit) -> dict[str, str]:
    """The patterns by split where they name folders of tables, else none."""
    patterns = {"": annotations} if isinstance(annotations, str) else annotations
    return patterns if all(map(is_folder, patterns.values())) else {}


def _annotations(
    folder: Folder, found: list[tuple[str, Found]], leave_out: Sequence[str], notes: list[str]
) -> list[tuple[str, Found]]:
    """The files that are no others beside the annotations; see `chosen_files`."""
    kept: list[tuple[str, Found]] = []
    left: list[tuple[str, Found]] = []
    for split, file in found:
        name = file.path.rpartition("/")[2].rpartition("!")[2]
        beside = name.lower() in _BESIDE and _is_label_file(file)
        is_other = beside or stem(file.path).endswith(tuple(leave_out))
        (left if is_other else kept).append((split, file))
    if left:
        notes.append(
            f"{len(left)} file(s) are no annotations and are not read, such as "
            f"{folder.relative(left[0][1].path)}"
        )
    if found and not kept:
        raise SourceError(f"{folder.slug}: {notes[-1]}, and no others are there")
    return kept


def _is_label_file(file: Found) -> bool:
    """True where a pattern of text files, one a picture, found it."""
    return "stem" in file.values and "txt" not in map(str.lower, file.values.values())


def _above(path: str) -> str:
    """The folder that holds a file or folder, which may be the top of an archive."""
    plain = path.rstrip("/")
    return plain[: max(plain.rfind("/"), plain.rfind("!")) + 1]


def _files_below(folder: Folder, annotations: BySplit) -> list[tuple[str, Found]]:
    """Label files one folder deeper, first those in a folder that is named as in the pattern."""
    by_split = {"": annotations} if isinstance(annotations, str) else annotations
    patterns = {split: p for split, p in by_split.items() if "stem" in files.variables(p)}
    if not patterns:
        return []
    own = {
        reading.split("/")[-2]
        for pattern in patterns.values()
        for reading in files.expand(pattern)
        if "/" in reading
    }
    below = {split: deeper(pattern) for split, pattern in patterns.items()}
    try:
        found = annotation_files(folder, below.get("", below))
    except SourceError:  # none there
        return []
    return sorted(found, key=lambda item: item[1].values[DEEPER] not in own)


def _one_each(
    folder: Folder, found: Iterable[tuple[str, Found]], notes: list[str]
) -> list[tuple[str, Found]]:
    """The first file of each split and set of bound names; a note for each folder left out.

    Where they are many (a folder for each place, say), one note tells of all.
    """
    taken: dict[tuple[str, frozenset[tuple[str, str]]], tuple[str, Found]] = {}
    left: dict[tuple[str, str], list[tuple[Found, Found]]] = {}
    for split, file in found:
        names = frozenset(item for item in file.values.items() if item[0] != DEEPER)
        _, first = taken.setdefault((split, names), (split, file))
        if first is not file:
            folders = file.path.rpartition("/")[0], first.path.rpartition("/")[0]
            left.setdefault(folders, []).append((file, first))
    groups = [*left.values()]
    if len(groups) > _FOLDERS_NOTED:
        groups = [[pair for pairs in groups for pair in pairs]]
    for pairs in groups:
        file, first = pairs[0]
        notes.append(
            f"{len(pairs)} annotation file(s) are left out, such as {folder.relative(file.path)}: "
            f"{folder.relative(first.path)} is read in its place"
        )
    return [*taken.values()]


def absent(
    folder: Folder, annotations: BySplit, there: Iterable[tuple[str, Found]] = ()
) -> list[str]:
    """A note for each wanted split whose annotations the catalogue names and nobody finds.

    there: files that are read, by their splits, wherever they were found.
    """
    if isinstance(annotations, str) or _folders(annotations):  # `saved_tables` tells of these
        return []
    served = {split for split, _ in there}
    return [
        f"{folder.relative(files.shown(pattern))} is not there, so split {split} is not read"
        for split, pattern in annotations.items()
        if folder.wants(split)
        and split not in served
        and not any(files.find(folder.base, pattern, split=split))
    ]


def not_served(folder: Folder, there: Iterable[tuple[str, Found]]) -> list[str]:
    """A note for each archive of annotations that has members which are not served."""
    parts = [split_member(found.path) for _, found in there]
    notes = []
    for archive in dict.fromkeys(part[0] for part in parts if part):
        members = files.passed_over(files.join(folder.base, archive))
        if members:
            several = f"{len(members)} member(s) of {folder.relative(archive)}"
            notes.append(f"{several} are not read, such as {members[0]}")
    return notes


def _is_one_record(path: str, head: bytes, size: int, keys: set[str]) -> bool:
    """True for a document that is one record: an object with the keys of records, and others.

    (One that only wraps a list has one key.)
    """
    if not keys or size > _ONE_RECORD or not _without_mark(head).lstrip().startswith(b"{"):
        return False
    try:
        found = _MEMBERS.decode(_without_mark(files.store(path).read(path)))
    except UNREADABLE:
        return False
    return len(found) > 1 and found.keys() >= keys


def _without_mark(data: bytes) -> bytes:
    return data.removeprefix(b"\xef\xbb\xbf")


def _is_lines(name: str, head: bytes) -> bool:
    """True for a file of JSON Lines: by its ending, or since its first line is a whole record."""
    if files.without_address(name).lower().endswith((".jsonl", ".ndjson")):
        return True
    first, _, rest = utf8_of(head, is_head=True).lstrip().partition(b"\n")
    if not rest.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(msgspec.json.decode(first), dict)
    except UNREADABLE:
        return False

"""Splits that stand apart from annotations: in lists of names, or where the pictures lie.

Lists found by pattern name annotation files by their stems. A list is a text file for each split,
with a stem a line, or one table of all pictures with a column `split`::

    image_path,label_path,split
    Images/trainval/00001.jpg,Annotations/trainval/00001.xml,train

Lists that an entry gives for each split name pictures, one a line, with or without folder and
ending (`eurosat-train.txt`: `Forest_12.jpg` for `Forest/Forest_12.tif`; `lists/val.lst`:
`Forest/Forest_12.tif`). A line may have several columns, parted by a comma, semicolon or tab: the
one that ends as a picture does names it; where none does, the first that names a file which is
there. A first line of columns without a digit is a header.

Source of the table: https://huggingface.co/datasets/torchgeo/dior.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from msgspec import Struct

from converters.read import files
from converters.read.captions import split_name
from converters.read.files import Damaged, Found, SourceError
from converters.read.folder import Folder, Span, picture_ending, picture_stem, stem
from converters.read.list_entries import Stems, list_text, stem_of
from converters.read.records import text_lines
from converters.read.table_rows import column_names
from converters.read.tables import table_records
from schemas.sample import Reject

UNLISTED = "unlisted"  # the split of a file that no list names, and of which no split has a picture
_PICTURE_COLUMNS = ("image_path", "image", "file_name", "filename", "name")


class _List(NamedTuple):
    """The list of one split. name: the file's, relative to the dataset's folder.

    entries: what it names, each with the files of that name which are there.
    """

    split: str
    name: str
    entries: list[tuple[str, Sequence[str]]]


class _Stems(NamedTuple):
    """The stems that a list of one split names. name: the file's."""

    split: str
    name: str
    stems: list[str]


class _Row(Struct):
    picture: str
    split: str


class Splits(NamedTuple):
    """Files by split, those of wanted splits alone; and notes of what is odd about the lists."""

    files: dict[str, list[str]]
    notes: list[str]


def split_by_lists(
    folder: Folder,
    lists: str | Sequence[str],
    found: Iterable[Found],
    splits: Collection[str] | None,
) -> Splits:
    """Annotation files by the split whose list has their stem.

    lists: pattern of text files with one stem a line, `{split}` in it, or of tables, without it; or
    several patterns. The first alternative that has lists of these splits counts. splits: those of
    the dataset, or None for every list. Without a list all files are of the split `unlisted`.

    Raises SourceError where there are lists, and none names a file that is there.
    """
    there = Stems(found)
    patterns = [lists] if isinstance(lists, str) else lists
    some, strangers = _first_lists(folder, patterns, splits, there)
    if not some and not strangers:
        note = f"there is no split list {folder.relative(files.shown(patterns[0]))}"
        by_split, notes = _assigned(folder, [], there.paths, "annotation files")
        return Splits(by_split, [note, *notes])
    named, spelt = _looked_up(some, there)
    if strangers and not some:
        raise SourceError(f"{folder.slug}: {_no_lists_of_splits(strangers)}, and there is no other")
    _check_named(folder, named, there.paths)
    by_split, notes = _assigned(folder, named, there.paths, "annotation files")
    strange = [_no_lists_of_splits(strangers)] if strangers else []
    return Splits(by_split, [*spelt, *notes, *strange])


def _looked_up(lists: Iterable[_Stems], there: Stems) -> tuple[list[_List], list[str]]:
    """Lists with the files that they name, and notes of those that spell them otherwise."""
    named: list[_List] = []
    notes: list[str] = []
    for split, name, entries in lists:
        stems, example = there.spelt_here(entries)
        if example:
            notes.append(f"{name} spells the names of files otherwise, such as {example}")
        named.append(_List(split, name, [(one, there.named(one)) for one in stems]))
    return named, notes


def list_files(
    folder: Folder, lists: Mapping[str, str], leads: Sequence[str] = ()
) -> dict[str, list[str]]:
    """The list files that are there, by split, relative to the dataset's folder.

    Each pattern may find several. They lie below `folder.base`, beside the archive's own folder, or
    in one of `leads`: what lies around the pictures, each ending in `/` or `!`; or in a folder
    around that.
    """
    out: dict[str, list[str]] = {}
    around = dict.fromkeys(place for lead in leads for place in _upwards(lead))
    for split, pattern in lists.items():
        inner = [folder.relative(f.path) for f in files.find(folder.base, pattern, split=split)]
        found = inner or [f.path for f in files.find(folder.root, pattern, split=split)]
        for lead in around if not found else ():
            deeper = files.find(folder.base, f"{lead}{pattern}", split=split)
            found += [folder.relative(one.path) for one in deeper]
        if found:
            out[split] = found
    return out


def _upwards(lead: str) -> Iterator[str]:
    """A place and the folders around it, from the inside: `a/b.zip!c/`, `a/b.zip!`, `a/`."""
    while lead:
        yield lead
        lead = files.parent(lead[:-1])[0]


def split_by_picture_lists(
    folder: Folder, lists: Mapping[str, Sequence[str]], names: Mapping[str, str]
) -> Splits:
    """Files by the split whose lists name them.

    lists: list files as `list_files` gives them. names: all files, each with a path that ends in
    what a list may call it. A name without its folder may be that of several files, which it then
    names all.

    Raises SourceError where a list is no text, or none names a file that is there.
    """
    there: dict[str, list[str]] = {}
    for name, called in names.items():
        for key in _keys(called):
            there.setdefault(key, []).append(name)
    named = [
        _List(split, path, [(line, _found(line, there)) for line in _lines(folder, path, there)])
        for split, paths in lists.items()
        for path in paths
    ]
    _check_named(folder, named, [*names])
    return _assigned(folder, named, names, "pictures")


def split_by_pictures(folder: Folder, images: Mapping[str, str], found: Iterable[Found]) -> Splits:
    """Annotation files by the split whose pattern of `images` has a picture of their stem.

    Of several the first has it. What has a picture nowhere is of the split `unlisted`.
    """
    split_of: dict[str, str] = {}
    for split, pattern in images.items():
        if split == UNLISTED:
            continue
        for reading in files.expand(pattern):
            place = re.sub(r"\{stem\}\.[a-z]+$", "{picture}", reading)
            for picture in files.find(folder.base, place, split=split):
                if picture_ending(picture.path):
                    split_of.setdefault(stem(picture.path), split)
    by_split: dict[str, list[str]] = {}
    for file in found:
        split = split_of.get(stem(file.path), UNLISTED)
        by_split.setdefault(split, []).append(file.path)
    notes = []
    if loose := by_split.get(UNLISTED, []):
        notes.append(
            f"{len(loose)} annotation files have a picture in no split's folder, such as "
            f"{folder.relative(loose[0])}"
        )
    wanted = {split: names for split, names in by_split.items() if folder.wants(split)}
    return Splits(wanted, notes)


def _check_named(folder: Folder, lists: Sequence[_List], paths: Sequence[str]) -> None:
    """Raises Damaged where no list names a file that is there. paths: the files."""
    if any(found for one in lists for _, found in one.entries):
        return
    example = next((one for one in lists if one.entries), lists[0])
    first = f" (its first entry is {example.entries[0][0]!r})" if example.entries else " (empty)"
    meant = f"; the names of files that are there are such as {stem(paths[0])!r}" if paths else ""
    raise Damaged(
        f"{folder.slug}: no split list, such as {example.name}{first}, names a file that is there"
        f"{meant}"
    )


def _assigned(folder: Folder, lists: Iterable[_List], paths: Iterable[str], what: str) -> Splits:
    """Each file to the first list that names it, and those of no list to the split `unlisted`.

    what: how notes call the files.
    """
    by_split: dict[str, list[str]] = {}
    split_of: dict[str, str] = {}
    notes: list[str] = []
    for split, name, entries in lists:
        if not entries and folder.wants(split):
            notes.append(f"{name} is empty, so nothing is of split {split}")
        absent = [entry for entry, found in entries if not found]
        if absent and folder.wants(split):
            count = f"{len(absent)} of {len(entries)} {what}"
            notes.append(f"{name} names {count} that are not there, such as {absent[0]}")
        mine = dict.fromkeys(chain.from_iterable(found for _, found in entries))
        notes += _named_twice(name, split, mine, split_of, what)
        fresh = [path for path in mine if path not in split_of]
        split_of.update(dict.fromkeys(fresh, split))
        by_split.setdefault(split, []).extend(fresh)
    if loose := [path for path in paths if path not in split_of]:
        by_split[UNLISTED] = loose
        if folder.wants(UNLISTED):
            notes.append(f"{len(loose)} {what} are in no split list, such as {loose[0]}")
    return Splits({split: some for split, some in by_split.items() if folder.wants(split)}, notes)


def _named_twice(
    name: str, split: str, mine: Iterable[str], split_of: Mapping[str, str], what: str
) -> list[str]:
    """A note for each other split that has files of the list `name` already."""
    shared: dict[str, list[str]] = {}
    for path in mine:
        if (other := split_of.get(path, split)) != split:
            shared.setdefault(other, []).append(path)
    return [
        f"{len(twice)} of the {what} of {name} are in the list of {other} too and stay in {other}, "
        f"such as {twice[0]}"
        for other, twice in sorted(shared.items())
    ]


def _no_lists_of_splits(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} is the list of no split of this dataset"
    return f"{len(names)} lists are of no split of this dataset, such as {names[0]}"


def _first_lists(
    folder: Folder, patterns: Sequence[str], splits: Collection[str] | None, there: Stems
) -> tuple[list[_Stems], list[str]]:
    """The lists of the first alternative that has some of these splits, and other lists' names.

    A list whose name spells a split otherwise (`Train.txt`, `valid.txt`) is that split's where the
    split has no other.
    """
    strangers: dict[str, None] = {}
    for reading in chain.from_iterable(map(files.expand, patterns)):
        lists = [
            one
            for file in files.find(folder.base, reading)
            for one in _lists_of(folder, file, there)
        ]
        if splits is None:
            found = lists
        else:
            found = [one for one in lists if one.split in splits]
            for one in lists:
                own = _own_split(one.split, splits)
                if one.split not in splits and own and all(own != other.split for other in found):
                    found.append(one._replace(split=own))
                elif one.split not in splits:
                    strangers[one.name] = None
        if found:
            return found, [*strangers]
    return [], [*strangers]


def _own_split(written: str, splits: Collection[str]) -> str:
    """The split that a list's name spells otherwise; empty where it is none."""
    usual = split_name(written)
    return next((split for split in sorted(splits) if split_name(split) == usual), "")


def _lists_of(folder: Folder, file: Found, there: Stems) -> Iterator[_Stems]:
    """A file of one list, or a table of several. Raises SourceError where it cannot be read."""
    name = folder.relative(file.path)
    if "split" in file.values:
        yield _Stems(file.values["split"], name, there.entries_of(list_text(folder, name)))
        return
    header = column_names(files.join(folder.base, file.path))
    picture = next((column for column in _PICTURE_COLUMNS if column in header), None)
    if picture is None or "split" not in header:
        raise SourceError(
            f"{folder.slug}: {name} is no table of splits: it has no column split, or none of "
            f"{', '.join(_PICTURE_COLUMNS)}"
        )
    by_split: dict[str, list[str]] = {}
    span = Span(folder.slug, "", 0, (file.path,))
    for _, row in table_records(folder, span, _Row, {"picture": picture, "split": "split"}):
        if not isinstance(row, Reject):
            by_split.setdefault(row.split, []).append(stem_of(row.picture))
    for split, stems in by_split.items():
        yield _Stems(split, name, stems)


def _keys(name: str) -> tuple[str, str]:
    """What a list may call a file: its name without ending, alone and behind its folder's."""
    parts = re.split(r"[!/\\]", picture_stem(name))
    return parts[-1], "/".join(parts[-2:])


def _found(line: str, there: Mapping[str, list[str]]) -> list[str]:
    """The files that a line names: the whole of it, or one of its columns."""
    columns = _columns(line)
    for text in (line, *([*filter(picture_ending, columns)] or columns)):
        name, place = _keys(text)
        if found := there.get(place if "/" in place else name):
            return found
    return []


def _columns(line: str) -> list[str]:
    return [text.strip().strip('"') for text in re.split(r"[,;\t]", line)]


def _is_header(line: str) -> bool:
    return len(_columns(line)) > 1 and not any(character.isdigit() for character in line)


def list_entries(folder: Folder, path: str) -> list[str]:
    """What a list of pictures names in each line: the column that ends as a picture does.

    path: relative to the dataset's folder. Empty for a line without one. Raises SourceError where
    it is no text.
    """
    columns = (_columns(line) for line in _lines(folder, path, {}))
    return [next(filter(picture_ending, some), "") for some in columns]


def _lines(folder: Folder, path: str, there: Mapping[str, list[str]]) -> list[str]:
    """The lines of a list but its header. Raises SourceError where it is no text."""
    lines = [line.strip() for _, line in text_lines(list_text(folder, path))]
    headed = lines and _is_header(lines[0]) and not _found(lines[0], there)
    return lines[1:] if headed else lines

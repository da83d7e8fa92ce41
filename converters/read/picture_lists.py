"""Split lists: text files that name the pictures of a split, one a line.

A name stands with or without its folder and its ending (`eurosat-train.txt`: `Forest_12.jpg` for
`Forest/Forest_12.tif`; `lists/val.lst`: `Forest/Forest_12.tif`). A line may have several columns,
parted by a comma, semicolon or tab: the one that ends as a picture does names it; where none does,
the first that names a file which is there. A first line of columns without a digit is a header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from converters.read import files
from converters.read.encodings import text_of
from converters.read.files import SourceError
from converters.read.folder import Folder, picture_ending, picture_stem
from converters.read.records import text_lines

UNLISTED = "unlisted"  # the split of a file that no list names


def list_files(
    folder: Folder, lists: Mapping[str, str], leads: Sequence[str] = ()
) -> dict[str, list[str]]:
    """The list files that are there, by split, relative to the dataset's folder.

    Each pattern may find several. They lie below `folder.base`, beside the archive's own folder, or
    in one of `leads`: what lies around the pictures, each ending in `/` or `!`.
    """
    out: dict[str, list[str]] = {}
    for split, pattern in lists.items():
        inner = [folder.relative(f.path) for f in files.find(folder.base, pattern, split=split)]
        found = inner or [f.path for f in files.find(folder.root, pattern, split=split)]
        for lead in leads if not found else ():
            deeper = files.find(folder.base, f"{lead}{pattern}", split=split)
            found += [folder.relative(one.path) for one in deeper]
        if found:
            out[split] = found
    return out


def by_lists(
    folder: Folder, lists: Mapping[str, str], names: Mapping[str, str], leads: Sequence[str] = ()
) -> tuple[dict[str, list[str]], list[str]]:
    """The files of each split as its list has them, and notes.

    names: all files, each with a path that ends in what a list may call it. leads: as in
    `list_files`. Where two lists name a file, the first split of `lists` has it. Files of no list
    are of the split `UNLISTED`; notes count them, and names in lists whose file is not there. Only
    wanted splits are given.

    Raises SourceError where a list is no text, or none names a file that is there.
    """
    there: dict[str, list[str]] = {}
    for name, called in names.items():
        for key in _keys(called):
            there.setdefault(key, []).append(name)
    by_split: dict[str, list[str]] = {}
    taken: dict[str, str] = {}
    notes = []
    for split, paths in list_files(folder, lists, leads).items():
        for path in paths:
            listed = _lines(folder, path)
            if listed and _is_header(listed[0]) and not _found(listed[0], there):
                listed = listed[1:]
            absent = [line for line in listed if not _found(line, there)]
            mine = dict.fromkeys(name for line in listed for name in _found(line, there))
            twice = [name for name in mine if taken.get(name, split) != split]
            if absent and folder.wants(split):
                notes.append(
                    f"{path} names {len(absent)} of {len(listed)} picture(s) that are not there, "
                    f"such as {absent[0]}"
                )
            if twice:
                notes.append(
                    f"{len(twice)} picture(s) of {path} are in the list of another split too and "
                    f"stay there, such as {twice[0]} in {taken[twice[0]]}"
                )
            fresh = [name for name in mine if name not in taken]
            taken.update(dict.fromkeys(fresh, split))
            by_split.setdefault(split, []).extend(fresh)
    if not taken:
        names_of = (files.expand(pattern)[0] for pattern in lists.values())
        wanted = " or ".join(files.join(folder.base, pattern) for pattern in names_of)
        raise SourceError(f"{folder.slug}: no split list {wanted} names a file that is there")
    loose = [name for group in there.values() for name in group if name not in taken]
    if loose := [*dict.fromkeys(loose)]:
        by_split[UNLISTED] = loose
        notes.append(f"{len(loose)} picture(s) are in no split list, such as {loose[0]}")
    return {split: some for split, some in by_split.items() if folder.wants(split)}, notes


def _keys(name: str) -> tuple[str, str]:
    """What a list may call a file: its name without ending, alone and behind its folder's."""
    parts = picture_stem(name).replace("!", "/").split("/")
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


def _lines(folder: Folder, path: str) -> list[str]:
    try:
        text = text_of(files.read_annotation(folder.root, path))
    except UnicodeDecodeError as error:
        raise SourceError(f"{folder.slug}: {path} cannot be read: {error}") from None
    return [line.strip() for _, line in text_lines(text)]

"""All tables below a folder, as `datasets` saves them; a pattern that ends in `/` names it.

`save_to_disk` of Hugging Face's `datasets` writes one folder a set::

    DIOR_RSVG/DIOR_RSVG_train/data-00000-of-00002.arrow
    DIOR_RSVG/DIOR_RSVG_train/data-00001-of-00002.arrow
    DIOR_RSVG/DIOR_RSVG_train/state.json        {"_data_files": [{"filename": "data-..."}], ...}

What `state.json` lists is the set; other tables beside it (caches) are none of it.
Source: https://github.com/huggingface/datasets (arrow_dataset.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from converters.read import files
from converters.read.cells import TABLE_ENDINGS
from converters.read.encodings import utf8_of
from converters.read.files import Damaged, Found, NotThere
from converters.read.folder import Folder
from converters.read.json_elements import UNREADABLE

_STATE = "state.json"
_DEEPEST = 8  # folders below the one that is named


def is_folder(pattern: str) -> bool:
    """True where a pattern stands for all tables below a folder."""
    return files.expand(pattern)[0].endswith("/") or not pattern


def saved_tables(
    folder: Folder, patterns: Mapping[str, str], notes: list[str]
) -> list[tuple[str, Found]]:
    """(split, table) of the wanted splits. patterns: of their folders, by split; of alternatives
    the first with tables below it is taken.

    notes: is told of tables that are listed and not there, or there and not listed.
    Raises SourceError where there is none, or one is a Git LFS pointer.
    """
    found: list[tuple[str, Found]] = []
    for split, pattern in patterns.items():
        if split and not folder.wants(split):
            continue
        for place in files.expand(pattern):
            at = files.located(folder.base, place)
            there = [] if at is None else [*_below(folder, at.rstrip("/"), notes, _DEEPEST)]
            if there:
                found += [(split, one) for one in there]
                break
        else:
            notes.append(f"no table is below {folder.relative(pattern)}")
    if not found:
        places = [files.join(folder.base, pattern) for pattern in patterns.values()]
        endings = ", ".join(TABLE_ENDINGS)
        raise NotThere(f"annotations not found: no table ({endings}) below {', '.join(places)}")
    for _, one in found:
        path = files.join(folder.base, one.path)
        files.check_fetched(path, files.store(path).read(path, 0, 64))
    return found


def _below(folder: Folder, at: str, notes: list[str], depth: int) -> Iterator[Found]:
    """The tables of a folder and of those in it, in path order."""
    entries = files.listing(files.join(folder.base, at))
    lead = at if at.endswith("!") or not at else f"{at}/"
    tables = {
        entry.name: Found(f"{lead}{entry.name}", {}, entry.size)
        for entry in entries
        if not entry.is_dir and entry.name.lower().rpartition(".")[2] in TABLE_ENDINGS
    }
    if any(entry.name == _STATE for entry in entries):
        listed = _listed(folder, f"{lead}{_STATE}")
        _tell(folder, at, sorted(set(listed) - tables.keys()), "listed and not there", notes)
        _tell(folder, at, sorted(tables.keys() - set(listed)), "no part of the set", notes)
        tables = {name: tables[name] for name in listed if name in tables}
    yield from tables.values()
    if depth:
        for entry in entries:
            if entry.is_dir:
                yield from _below(folder, f"{lead}{entry.name}", notes, depth - 1)


def _tell(folder: Folder, at: str, names: list[str], what: str, notes: list[str]) -> None:
    if names:
        where = folder.relative(f"{at}/{names[0]}" if at else names[0])
        notes.append(f"{len(names)} table(s) are {what}, such as {where}")


def _listed(folder: Folder, state: str) -> list[str]:
    """The names of a set's tables, in its order. Raises SourceError."""
    where = f"{folder.slug}: {folder.relative(state)}"
    try:
        body = utf8_of(folder.bytes_of(state))
        parts = msgspec.json.decode(body, type=dict[str, Any])["_data_files"]
        return [str(part["filename"]) for part in parts]
    except (*UNREADABLE, KeyError, TypeError) as error:
        raise Damaged(f"{where} does not list the tables of its set: {error!r}") from None

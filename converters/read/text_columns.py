"""Items of text as columns, for readers of many small records.

A reader that can tells all records of a span at once, as columns of keys, names of pictures and
texts, and `as_columns` falls back on reading them one by one wherever it cannot: where a record is
broken, odd or rejected. So nothing here makes a Reject, and what is read one by one stays as it is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from converters.read.captions import is_plain_text, split_name
from converters.read.column_bytes import is_text
from converters.read.files import SourceError
from converters.read.folder import Folder
from converters.read.picture_paths import PicturePaths
from converters.read.questions import Names, folded_texts
from schemas.sample import Kind, Reject, Sample
from schemas.table import CAPTIONS, LABELS, QUESTIONS, Columns

_A_SIGN = r"[\p{L}\p{N}\p{P}\p{S}]"  # something that is no white space
_NUMBER_WIDTH = 9  # digits of a row's number in the path of a picture in a cell


class Part(NamedTuple):
    """The items of one split of a span."""

    split: str
    table: pa.Table


Read = Callable[[], Iterator[Sample | Reject]]
Take = Callable[[pa.Array], pa.Array]


def as_columns(
    file: str, kind: Kind, parts: Callable[[], Iterable[Part] | None], one_by_one: Read
) -> Iterator[Sample | Columns | Reject]:
    """The items of a span as columns where `parts` can give them, else what `one_by_one` reads.

    parts: in the order of splits; None where a record needs to be looked at by itself. Both read
    the same items, in the same order.
    """
    found = parts() if is_text(file) else None  # else columns cannot hold its name
    if found is None:
        yield from one_by_one()
        return

    def samples() -> Iterator[Sample]:
        return (item for item in one_by_one() if isinstance(item, Sample))

    for part in found:
        yield Columns(file, part.split, part.table, kind, samples)


def picture_lists(
    paths: Sequence[PicturePaths],
    name: str,
    names: pa.Array,
    fixed: Mapping[str, str],
    stems: bool = True,
) -> pa.ListArray | None:
    """The pictures of each record (list<dictionary>), by their names; see `PicturePaths.paths`.

    paths: one for each picture of a record. None where a path leads out of the folder.
    """
    encoded = names.dictionary_encode()
    try:
        found = [one.paths(name, encoded.dictionary, fixed, stems) for one in paths]
    except (SourceError, UnicodeEncodeError):  # a path that leads out, or that columns cannot hold
        return None
    several = len(found)
    known = pa.concat_arrays(found)
    rows = np.asarray(encoded.indices)
    places = rows if several == 1 else rows[:, None] + np.arange(several) * len(found[0])
    return _lists(pa.DictionaryArray.from_arrays(_integers(places.ravel()), known), several)


def cell_lists(file: str, column: str, start: int, count: int) -> pa.ListArray:
    """The pictures in the cells of a column, one a row, from row `start` on (counted from 0)."""
    numbers = pc.utf8_lpad(row_numbers(start, count), _NUMBER_WIDTH, "0")
    known = pc.binary_join_element_wise(f"{file}!{column}/", numbers, "")
    return _lists(pa.DictionaryArray.from_arrays(_integers(np.arange(count)), known), 1)


def row_numbers(start: int, count: int) -> pa.Array:
    """The numbers of so many rows, as texts."""
    return pa.array(np.arange(start, start + count)).cast(pa.string())


def row_places(start: int, count: int) -> pa.Array:
    """What the rows of a table are called (`row 1` is the first), from row `start` on."""
    return pc.binary_join_element_wise("row ", row_numbers(start + 1, count), "")


def caption_columns(values: Mapping[str, Sequence[Any]]) -> dict[str, pa.Array] | None:
    """A text of each record in each of some fields, or a list of texts in the only one, as columns.

    None where one is of the other kind, or where a list holds none, or what is no caption.
    """
    first = next(iter(values.values()))
    kind = pa.list_(pa.string()) if isinstance(first[0], list) else pa.string()
    try:
        said = {field: pa.array(some, kind) for field, some in values.items()}
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None
    if kind == pa.string():
        return said
    (lists,) = said.values() if len(said) == 1 else (None,)
    if lists is None or not pc.min(lists.value_lengths()).as_py():
        return None
    return said if is_plain_text(lists.flatten()) else None


def caption_rows(
    keys: pa.Array,
    pictures: pa.ListArray,
    said: Mapping[str, pa.Array],
    as_they_stand: bool = False,
) -> pa.Table | None:
    """Captions in the schema `CAPTIONS`, in the order of records and, in each, of places.

    said: texts by the place in a record where they stand, null for none. as_they_stand: whatever
    they say is a caption. None where a record has none, or where a text is no caption to
    `captions_at`, or several.
    """
    if not len(keys) or not (as_they_stand or all(map(is_plain_text, said.values()))):
        return None
    places, texts = pa.array(said), pa.concat_arrays(list(said.values()))
    if len(said) == 1 and not texts.null_count:
        keyed = pc.binary_join_element_wise(keys, f"#{places[0]}", "")
        return pa.table([keyed, pictures, texts], schema=CAPTIONS)
    there = np.asarray(texts.is_valid()).reshape(len(said), len(keys)).T
    if not there.any(axis=1).all():
        return None
    rows, columns = np.nonzero(there)
    order = texts.take(pa.array(columns * len(keys) + rows))
    return _captions(keys, pictures, rows, places.take(pa.array(columns)), order)


def listed_captions(
    keys: pa.Array, pictures: pa.ListArray, place: str, lists: pa.ListArray
) -> pa.Table:
    """Captions in the schema `CAPTIONS` from lists that stand in one place of each record.

    lists: of texts, none of them empty.
    """
    counts, texts = np.asarray(lists.value_lengths()), lists.flatten()
    rows = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(texts)) - np.repeat(np.cumsum(counts) - counts, counts)
    places = pa.array([f"{place}[{i}]" for i in range(counts.max(initial=0))], pa.string())
    return _captions(keys, pictures, rows, places.take(pa.array(within)), texts)


def _captions(
    keys: pa.Array,
    pictures: pa.ListArray,
    rows: npt.NDArray[np.int64],
    places: pa.Array,
    texts: pa.Array,
) -> pa.Table:
    """rows: the record of each caption; places: where in it the caption stands."""
    owners = pa.array(rows)
    keyed = pc.binary_join_element_wise(keys.take(owners), places, "#")
    return pa.table([keyed, pictures.take(owners), texts], schema=CAPTIONS)


def question_rows(
    keys: pa.Array,
    pictures: pa.ListArray,
    questions: pa.Array,
    answers: pa.Array,
    types: pa.Array | None,
) -> pa.Table | None:
    """Questions in the schema `QUESTIONS`; answers and types may be null.

    None where `question_of` would not take the texts as they stand, whatever the fields.
    """
    if not len(keys) or not pc.all(pc.match_substring_regex(questions, _A_SIGN)).as_py():
        return None
    for column in (questions, answers):
        if pc.any(pc.match_substring(column, "<")).as_py():
            return None
    if types is None:
        types = pa.nulls(len(keys), pa.string())
    return pa.table([keys, pictures, questions, answers, types], schema=QUESTIONS)


def label_rows(
    keys: pa.Array, pictures: pa.ListArray, names: pa.ListArray, several: bool
) -> pa.Table:
    """Labels in the schema `LABELS`. names: list<string>, one list a record."""
    alike = pa.repeat(pa.scalar(several), len(keys))
    return pa.table([keys, pictures, names, alike], schema=LABELS)


def lists_of_one(values: pa.Array) -> pa.ListArray:
    """Lists of one value each."""
    return _lists(values, 1)


def are_agreed(table: pa.Table) -> bool:
    """True where no two questions (in `QUESTIONS`) of one key ask the same in other words or case
    and have other answers: `without_contradictions` takes them all."""
    keys, asked = table["key"].combine_chunks(), table["question"].combine_chunks()
    if pc.count_distinct(keys).as_py() == len(keys):
        return True
    asked = pc.binary_join_element_wise(keys, folded_texts(asked), "\0")
    number = pc.count_distinct(asked).as_py()
    if number == len(asked):
        return True
    answers = pc.fill_null(table["answer"].combine_chunks(), "")
    told = pc.binary_join_element_wise(asked, answers, "\0")
    return bool(pc.count_distinct(told).as_py() == number)


def split_parts(
    folder: Folder,
    splits: pa.Array,
    unsaid: str,
    table_of: Callable[[str, Take], pa.Table | None],
    usual: Callable[[str | None], str] = split_name,
) -> list[Part] | None:
    """The items of records by split, as far as it is wanted.

    splits: as records spell them, null where they do not. unsaid: the split of these. usual: the
    name of a split so spelt. table_of: makes the items of a split, whose records its second
    argument takes out of a column; where it gives None, so does this.
    """
    encoded = splits.dictionary_encode(null_encoding="encode")
    names = [usual(name) or unsaid for name in encoded.dictionary.to_pylist()]
    known = sorted(set(names))
    numbers = np.array([known.index(name) for name in names])[np.asarray(encoded.indices)]
    parts = []
    for number, split in enumerate(known):
        if not folder.wants(split):
            continue
        rows = None if len(known) == 1 else pa.array(np.flatnonzero(numbers == number))
        table = table_of(split, functools.partial(_taken, rows))
        if table is None:
            return None
        parts.append(Part(split, table))
    return parts


def _taken(rows: pa.Array | None, column: pa.Array) -> pa.Array:
    return column if rows is None else column.take(rows)


def whole_of(cells: Mapping[str, pa.Array | None], names: Names) -> pa.Array | None:
    """The texts of a field that all records have under its first name: `value_of` takes these.

    cells: columns by name; one that is not of texts is None. None where a record lacks the field.
    """
    several = (names,) if isinstance(names, str) else names
    found = next((cells[name] for name in several if name in cells), None)
    return None if found is None or found.null_count else found


def first_of(columns: Sequence[pa.Array | None], count: int) -> pa.Array | None:
    """For each record the first text of some columns that it has, null where it has none.

    None where a column is not of texts (itself None).
    """
    some = [column for column in columns if column is not None]
    if len(some) < len(columns):
        return None
    return pc.coalesce(*some) if some else pa.nulls(count, pa.string())


def _lists(values: pa.Array, several: int) -> pa.ListArray:
    return pa.ListArray.from_arrays(_integers(np.arange(0, len(values) + 1, several)), values)


def _integers(values: np.ndarray) -> pa.Array:
    return pa.array(values.astype(np.int32))

"""Row columns from texts and regions: ids, dedup keys, pictures, conversations. Everything works on whole columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read.images import Facts
from converters.rows import identity
from schemas.conversation import IMAGE_TOKEN
from schemas.entry import Entry
from schemas.mix import SourceSpec
from schemas.sample import Picture
from schemas.table import CONSTANT, IMAGE, ORIGIN, REGION, SEGMENT_ROW, SIZE, TURN

TEMPLATE = "template"


class Job(Struct, frozen=True):
    """One source of a mix at work. index: its place in the mix."""

    index: int
    spec: SourceSpec
    entry: Entry
    seed: int
    dialect: str
    fallback_dialect: str | None
    group: str
    writes_bytes: bool


class Pictures(Struct, frozen=True):
    """The pictures of a batch of rows.

    paths: list<dictionary<string>>, relative to the dataset's folder. known: what annotations say of a path; facts: what reading it said.
    """

    paths: pa.ListArray
    known: Mapping[str, Picture]
    facts: Mapping[str, Facts]

    @staticmethod
    def single(
        paths: pa.Array, known: Mapping[str, Picture], facts: Mapping[str, Facts]
    ) -> Pictures:
        """One picture a row."""
        offsets = pa.array(np.arange(len(paths) + 1, dtype=np.int32))
        return Pictures(pa.ListArray.from_arrays(offsets, paths.dictionary_encode()), known, facts)

    @staticmethod
    def several(
        paths: Sequence[Sequence[str]], known: Mapping[str, Picture], facts: Mapping[str, Facts]
    ) -> Pictures:
        """Any number of pictures a row."""
        lists = nested(paths)
        return Pictures(
            pa.ListArray.from_arrays(lists.offsets, lists.values.dictionary_encode()), known, facts
        )


class Origin(Struct, frozen=True):
    """Where rows come from. file, split: one for all rows, or a string column; gsd: metres a pixel where the annotation states it."""

    file: pa.Array | str
    split: pa.Array | str
    keys: pa.Array
    gsd: Sequence[float | None] | None = None


class Identity(Struct, frozen=True):
    """words: (n, 2) of the ids; ids; dedup: what duplicates share."""

    words: identity.Words
    ids: pa.Array
    dedup: pa.Array


class Text(Struct, frozen=True):
    """What the rows say.

    turns: list<string>, human and gpt in turn, with the picture tokens; templates: template file and wording number of each row; origin: human, template or
    model.
    """

    turns: pa.ListArray
    templates: pa.Array
    origin: str
    dialects: pa.Array | None = None
    regions: pa.Array | None = None


def identify(job: Job, origin: Origin, pictures: Pictures, *source_texts: pa.Array) -> Identity:
    """Ids and dedup keys. source_texts: string columns of what the source says.

    An id holds dataset, split, native key, native picture paths, task and source text: nothing of modes, dialects or templates. A dedup key holds what the
    pictures are (their bytes' hash where read, else folder and path), task and source text.
    """

    def identity_of(path: str) -> str:
        facts = pictures.facts.get(path)
        return facts.sha256 if facts and facts.sha256 else f"{job.entry.folder}/{path}"

    said = identity.combine(
        identity.hash_one(job.spec.task), *(identity.hash128(text) for text in source_texts)
    )
    names, same = _hash_pictures(pictures, lambda path: path), _hash_pictures(pictures, identity_of)
    words = identity.combine(
        identity.hash_one(job.entry.slug),
        _hash_column(origin.split),
        identity.hash128(origin.keys),
        names,
        said,
    )
    return Identity(words, identity.ids(words), identity.digests(identity.combine(same, said)))


def _hash_column(column: pa.Array | str) -> identity.Words:
    """Hashes of a column of few values, or of one value."""
    if isinstance(column, str):
        return identity.hash_one(column)
    encoded = column.dictionary_encode()
    hashes: identity.Words = identity.hash128(encoded.dictionary)[np.asarray(encoded.indices)]
    return hashes


def _hash_pictures(pictures: Pictures, name: Callable[[str], str]) -> identity.Words:
    """Hashes of each row's pictures in order, each distinct picture hashed once."""
    flat = pictures.paths.values
    each = identity.hash128(
        pa.array([name(path) for path in flat.dictionary.to_pylist()], pa.string())
    )[np.asarray(flat.indices)]
    starts = np.asarray(pictures.paths.offsets)
    counts = np.diff(starts)
    out = np.zeros((len(counts), 2), np.uint64)
    for place in range(int(counts.max(initial=0))):
        rows = np.flatnonzero(counts > place)
        out[rows] = identity.combine(out[rows], each[starts[rows] + place])
    return out


def _per_picture(
    pictures: Pictures, kind: pa.DataType, value: Callable[[str], Any]
) -> pa.ListArray:
    """A list column beside the paths, its value worked out once for each distinct picture."""
    flat = pictures.paths.values
    distinct = [value(path) for path in flat.dictionary.to_pylist()]
    return pa.ListArray.from_arrays(
        pictures.paths.offsets, pa.array(distinct, kind).take(flat.indices)
    )


def tokens(count: int) -> str:
    """Picture tokens before the first words, one for each picture."""
    return (IMAGE_TOKEN + "\n") * count


def choose(
    job: Job, words: identity.Words, count: int, purpose: str = "template"
) -> identity.Words:
    """Which of `count` wordings each row takes: a function of the seed and the row's id."""
    if count == 1:
        return np.zeros(len(words), np.uint64)
    picks: identity.Words = identity.choices(
        job.seed, f"{purpose}{identity.FIELD}{job.spec.name}", words[:, 0]
    ) % np.uint64(count)
    return picks


def interleave(humans: pa.Array, gpts: pa.Array) -> pa.ListArray:
    """One human and one gpt turn a row."""
    n = len(humans)
    order = np.arange(2 * n).reshape(2, n).T.ravel()
    values = pa.concat_arrays([humans, gpts]).take(pa.array(order))
    return pa.ListArray.from_arrays(pa.array(np.arange(0, 2 * n + 1, 2, dtype=np.int32)), values)


def nested(lists: Sequence[Sequence[str]]) -> pa.ListArray:
    """Python lists of texts as one list column."""
    return pa.array(lists, pa.list_(pa.string()))


def constant(value: pa.Array | str | None, length: int) -> pa.DictionaryArray:
    """A dictionary column of one value, or of a column's."""
    if value is None:
        return pa.nulls(length, CONSTANT)
    if isinstance(value, pa.Array):
        return value.dictionary_encode()
    return pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(length, np.int32)), pa.array([value], pa.string())
    )


def assemble(
    job: Job, origin: Origin, pictures: Pictures, who: Identity, text: Text
) -> pa.RecordBatch:
    """Rows in the segment schema."""
    n = len(origin.keys)
    entry = job.entry
    sizes = _sizes(pictures, entry.size)
    sha256 = _per_picture(
        pictures,
        pa.string(),
        lambda path: pictures.facts[path].sha256 or None if path in pictures.facts else None,
    )
    times = _per_picture(
        pictures,
        pa.string(),
        lambda path: pictures.known[path].time if path in pictures.known else None,
    )
    weights = _per_picture(
        pictures,
        pa.int64(),
        lambda path: (
            pictures.facts[path].size if job.writes_bytes and path in pictures.facts else 0
        ),
    )
    columns = {
        "id": who.ids,
        "images": _images(entry.folder, pictures.paths),
        "conversations": _conversations(text.turns),
        "task": constant(job.spec.task, n),
        "dataset": constant(entry.slug, n),
        "split": constant(origin.split, n),
        "text_origin": constant(text.origin, n),
        "dialect": text.dialects.dictionary_encode()
        if text.dialects is not None
        else constant(None, n),
        "template": text.templates.dictionary_encode()
        if not pa.types.is_dictionary(text.templates.type)
        else text.templates,
        "regions": text.regions if text.regions is not None else _no_regions(n),
        "sizes": sizes,
        "gsd": pa.array(
            origin.gsd if origin.gsd is not None else np.full(n, entry.gsd or np.nan),
            pa.float32(),
            from_pandas=True,
        ),
        "sensor": constant(entry.sensor, n),
        "times": _null_where_empty(times),
        "license_annotations": constant(entry.licence.annotations, n),
        "license_images": constant(entry.licence.images, n),
        "origin": pa.StructArray.from_arrays(
            [constant(origin.file, n), origin.keys], fields=list(ORIGIN)
        ),
        "image_sha256": _null_where_empty(sha256),
        "dedup": who.dedup,
        "source": pa.array(np.full(n, job.index, np.int16)),
        "image_bytes": _sums(weights),
    }
    return pa.RecordBatch.from_arrays(
        [columns[name] for name in SEGMENT_ROW.names], schema=SEGMENT_ROW
    )


def _no_regions(n: int) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.zeros(n + 1, np.int32)), pa.array([], REGION))


def _images(folder: str, paths: pa.ListArray) -> pa.ListArray:
    flat = paths.values
    full = pa.DictionaryArray.from_arrays(
        flat.indices, pc.binary_join_element_wise(folder, flat.dictionary, "/")
    )
    values = pa.StructArray.from_arrays(
        [pa.nulls(len(full), pa.binary()), full], fields=list(IMAGE)
    )
    return pa.ListArray.from_arrays(paths.offsets, values)


def _conversations(turns: pa.ListArray) -> pa.ListArray:
    values = turns.values
    offsets = np.asarray(turns.offsets)
    place = np.arange(len(values)) - np.repeat(offsets[:-1], np.diff(offsets))
    who = pa.DictionaryArray.from_arrays(
        pa.array((place % 2).astype(np.int32)), pa.array(["human", "gpt"])
    )
    return pa.ListArray.from_arrays(
        turns.offsets, pa.StructArray.from_arrays([who, values], fields=list(TURN))
    )


def _sizes(pictures: Pictures, of_all: tuple[int, int] | None) -> pa.ListArray:
    """What reading a picture said, else what the catalogue says of all, else what the annotation says."""

    def size(path: str) -> dict[str, int] | None:
        facts, known = pictures.facts.get(path), pictures.known.get(path)
        if facts and facts.width:
            return {"width": facts.width, "height": facts.height}
        if of_all:
            return {"width": of_all[0], "height": of_all[1]}
        if known and known.width and known.height:
            return {"width": known.width, "height": known.height}
        return None

    return _null_where_empty(_per_picture(pictures, SIZE, size))


def _null_where_empty(lists: pa.ListArray) -> pa.ListArray:
    """Null in place of a list with an unknown item: half an answer helps nobody."""
    if not lists.values.null_count:
        return lists
    unknown = np.concatenate([[0], np.cumsum(~np.asarray(lists.values.is_valid()))])
    offsets = np.asarray(lists.offsets)
    return pa.ListArray.from_arrays(
        lists.offsets, lists.values, mask=pa.array(unknown[offsets[1:]] > unknown[offsets[:-1]])
    )


def _sums(lists: pa.ListArray) -> pa.Array:
    totals = np.concatenate([[0], np.cumsum(np.asarray(lists.values))])
    offsets = np.asarray(lists.offsets)
    return pa.array((totals[offsets[1:]] - totals[offsets[:-1]]).astype(np.int64))

"""Row columns from items and texts: ids, dedup keys, conversations. All work on whole columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read import recipes
from converters.rows import identity
from converters.rows.pictures import Pictures
from converters.rows.text_bytes import bytes_of
from converters.rows.xxh3 import Words
from schemas.conversation import IMAGE_TOKEN
from schemas.entry import Entry
from schemas.mix import SourceSpec
from schemas.table import (
    CONSTANT,
    IMAGE,
    ORIGIN,
    QUICK_HASH,
    REGION,
    SCENE,
    SEGMENT_ROW,
    SIZE,
    TURN,
)

TEMPLATE = "template"


class Job(Struct, frozen=True):
    """One source of a mix at work.

    index: its place in the mix. classes: the dataset's, as spoken, for prompts that list them.
    unsayable: what happens to a shape that the dialect cannot write. unread: what happens to a
    box in a ready-made text that cannot be read.
    """

    index: int
    spec: SourceSpec
    entry: Entry
    seed: int
    dialect: str
    fallback_dialect: str | None
    group: str
    writes_bytes: bool
    classes: tuple[str, ...] = ()
    unsayable: Literal["enclose", "reject"] = "enclose"
    unread: Literal["keep", "reject"] = "keep"


class Origin(Struct, frozen=True):
    """Where rows come from: file and split, one for all rows or a string column; native keys."""

    file: pa.Array | str
    split: str
    keys: pa.Array

    def take(self, rows: pa.Array) -> Origin:
        """The origin of some of the rows."""
        file = self.file if isinstance(self.file, str) else self.file.take(rows)
        return Origin(file, self.split, self.keys.take(rows))


class Identity(Struct, frozen=True):
    """words: (n, 2) of the ids; ids; dedup: what duplicates share; home: what decides the shard."""

    words: Words
    ids: pa.Array
    dedup: pa.Array
    home: pa.Array


class Turns(Struct, frozen=True):
    """What the rows say.

    texts: list<string>, human and gpt in turn unless `roles` says otherwise (a list<string>
    beside). templates: template file and number of the wording, null where no wording of ours is
    in the row. origin: human, template or model. dialects: string column of those that write
    boxes; regions: `REGION` lists.
    """

    texts: pa.ListArray
    templates: pa.Array
    origin: str
    dialects: pa.Array | None = None
    regions: pa.Array | None = None
    roles: pa.ListArray | None = None


def identify(
    job: Job, origin: Origin, pictures: Pictures, *source_texts: pa.Array | Words
) -> Identity:
    """Ids and dedup keys. source_texts: string columns of what the source says, or their hashes.

    An id holds dataset, split, native key, native picture paths, task and source text: nothing of
    image modes, dialects or templates. A dedup key holds what the pictures are (their bytes' hash
    where read, else folder and path), task and source text. A home holds the first picture alone,
    and begins, for a tile, with what all tiles of its scene have in common.
    """
    hashes = (
        text if isinstance(text, np.ndarray) else identity.hash128(text) for text in source_texts
    )
    said = identity.combine(identity.hash_one(job.spec.task), *hashes)
    names, _ = _hash_pictures(pictures, lambda path: path)
    same, first = _hash_pictures(pictures, pictures.identity)
    words = identity.combine(
        identity.hash_one(job.entry.slug),
        identity.hash_one(origin.split),
        identity.hash128(origin.keys),
        names,
        said,
    )
    dedup = identity.combine(same, said)
    home = np.where((pictures.counts() > 0)[:, None], first, dedup)
    if pictures.tiles:
        _, scenes = _hash_pictures(pictures, pictures.scene_identity)
        home[:, 0] = np.where(pictures.counts() > 0, scenes[:, 0], home[:, 0])
    return Identity(words, identity.ids(words), identity.digests(dedup), identity.digests(home))


def _hash_pictures(pictures: Pictures, name: Callable[[str], str]) -> tuple[Words, Words]:
    """Hashes of each row's pictures in order, and of its first one alone.

    Each distinct picture is hashed once.
    """
    flat = pictures.paths.values
    distinct = pa.array([name(path) for path in flat.dictionary.to_pylist()], pa.string())
    each = identity.hash128(distinct)[np.asarray(flat.indices)]
    starts = np.asarray(pictures.paths.offsets)
    counts = np.diff(starts)
    total = np.zeros((len(counts), 2), np.uint64)
    first = np.zeros((len(counts), 2), np.uint64)
    for place in range(int(counts.max(initial=0))):
        there = counts > place
        rows: slice | npt.NDArray[np.int64] = slice(None) if there.all() else np.flatnonzero(there)
        shown = each[starts[:-1][rows] + place]
        total[rows] = identity.combine(total[rows], shown)
        if place == 0:
            first[rows] = shown
    return total, first


def tokens(count: int) -> str:
    """Picture tokens before the first words, one for each picture."""
    return (IMAGE_TOKEN + "\n") * count


def choose(job: Job, words: Words, count: int, purpose: str = "template") -> Words:
    """Which of `count` wordings each row takes: a function of the seed and the row's id."""
    if count == 1:
        return np.zeros(len(words), np.uint64)
    salt = f"{purpose}{identity.FIELD}{job.spec.name}"
    picks: Words = identity.choices(job.seed, salt, words[:, 0]) % np.uint64(count)
    return picks


def interleave(humans: pa.Array, gpts: pa.Array) -> pa.ListArray:
    """One human and one gpt turn a row; neither has nulls."""
    count = len(humans)
    # Fast way: the two texts of a row are joined, and the seams are where one ends and the other
    # begins, so that all texts are copied once. The plain way is to take them one by one.
    joined = bytes_of(pc.binary_join_element_wise(humans, gpts, ""))
    seams = np.zeros(2 * count + 1, np.int32)
    seams[1::2] = joined.ends - np.asarray(pc.binary_length(gpts))
    seams[2::2] = joined.ends
    values = pa.Array.from_buffers(
        pa.string(), 2 * count, [None, pa.py_buffer(seams), pa.py_buffer(joined.used)]
    )
    offsets = pa.array(np.arange(0, 2 * count + 1, 2, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, values)


def nested(lists: Sequence[Sequence[str]]) -> pa.ListArray:
    """Python lists of texts as one list column."""
    return pa.array(lists, pa.list_(pa.string()))


def constant(value: pa.Array | str | None, length: int) -> pa.DictionaryArray:
    """A dictionary column of one value, or of a column's."""
    if value is None:
        return pa.nulls(length, CONSTANT)
    if isinstance(value, pa.Array):
        return value if pa.types.is_dictionary(value.type) else value.dictionary_encode()
    indices = pa.array(np.zeros(length, np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array([value], pa.string()))


def assemble(
    job: Job, origin: Origin, pictures: Pictures, who: Identity, turns: Turns
) -> pa.RecordBatch:
    """Rows in the segment schema."""
    count = len(origin.keys)
    entry = job.entry
    places = pictures.places()
    columns = {
        "id": who.ids,
        "images": _images(entry.folder, pictures.paths),
        "conversations": _conversations(turns.texts, turns.roles),
        "task": constant(job.spec.task, count),
        "dataset": constant(entry.slug, count),
        "split": constant(origin.split, count),
        "text_origin": constant(turns.origin, count),
        "dialect": constant(turns.dialects, count),
        "template": constant(turns.templates, count),
        "regions": turns.regions if turns.regions is not None else _no_regions(count),
        "scene": _scenes(entry.folder, pictures),
        "recipe": constant(_recipe(job), count),
        "gsd": pictures.gsd(places),
        "lon": places.field("lon"),
        "lat": places.field("lat"),
        "sensor": constant(pictures.sensors(), count),
        "license_annotations": constant(entry.licence.annotations, count),
        "license_images": constant(entry.licence.images, count),
        "origin": pa.StructArray.from_arrays(
            [constant(origin.file, count), origin.keys], fields=list(ORIGIN)
        ),
        "dedup": who.dedup,
        "home": who.home,
        "source": pa.array(np.full(count, job.index, np.int16)),
        **_facts(pictures, job.writes_bytes),
    }
    return pa.RecordBatch.from_arrays(
        [columns[name] for name in SEGMENT_ROW.names], schema=SEGMENT_ROW
    )


def _facts(pictures: Pictures, writes_bytes: bool) -> Mapping[str, pa.Array]:
    """The columns that say what is known of the pictures."""
    facts, stated = pictures.facts, pictures.stated

    def size(path: str) -> dict[str, int] | None:
        found = pictures.size(path)
        return {"width": found[0], "height": found[1]} if found else None

    sha256 = pictures.each(
        pa.string(), lambda path: facts[path].sha256 or None if path in facts else None
    )
    quick = pictures.each(
        QUICK_HASH, lambda path: facts[path].quick_hash or None if path in facts else None
    )
    times = pictures.each(pa.string(), lambda path: stated[path].time if path in stated else None)
    weights = pictures.each(
        pa.int64(), lambda path: facts[path].size if writes_bytes and path in facts else 0
    )
    return {
        "sizes": _null_where_empty(pictures.each(SIZE, size)),
        "times": _null_where_empty(times),
        "image_sha256": _null_where_empty(sha256),
        "quick_hashes": _null_where_empty(quick),
        "image_bytes": _sums(weights),
    }


def _recipe(job: Job) -> str | None:
    """What the written pictures were made by; rows that only name pictures name files."""
    recipe = job.entry.recipe
    if recipe is None or not job.writes_bytes:
        return None
    return recipes.words(recipe.bands, recipe.stretch)


def _scenes(folder: str, pictures: Pictures) -> pa.Array:
    """Of rows that show a tile: the scene, the tile's offset, the scene's size; else null."""
    if not pictures.tiles:
        return pa.nulls(len(pictures.paths), SCENE)

    def value(path: str) -> dict[str, str | int] | None:
        tile = pictures.tiles.get(path)
        return tile and {
            "path": f"{folder}/{tile.scene}",
            "x": tile.x,
            "y": tile.y,
            "width": tile.scene_width,
            "height": tile.scene_height,
        }

    return pictures.of_first(SCENE, value)


def _no_regions(count: int) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.zeros(count + 1, np.int32)), pa.array([], REGION))


def _images(folder: str, paths: pa.ListArray) -> pa.ListArray:
    flat = paths.values
    full = pa.DictionaryArray.from_arrays(
        flat.indices, pc.binary_join_element_wise(folder, flat.dictionary, "/")
    )
    values = pa.StructArray.from_arrays(
        [pa.nulls(len(full), pa.binary()), full], fields=list(IMAGE)
    )
    return pa.ListArray.from_arrays(paths.offsets, values)


def _conversations(texts: pa.ListArray, roles: pa.ListArray | None) -> pa.ListArray:
    if roles is not None:
        speakers = constant(roles.values, len(roles.values))
    else:
        offsets = np.asarray(texts.offsets)
        place = np.arange(len(texts.values)) - np.repeat(offsets[:-1], np.diff(offsets))
        speakers = pa.DictionaryArray.from_arrays(
            pa.array((place % 2).astype(np.int32)), pa.array(["human", "gpt"])
        )
    turns = pa.StructArray.from_arrays([speakers, texts.values], fields=list(TURN))
    return pa.ListArray.from_arrays(texts.offsets, turns)


def _null_where_empty(lists: pa.ListArray) -> pa.ListArray:
    """Null in place of a list with an unknown item: half an answer helps nobody."""
    if not lists.values.null_count:
        return lists
    unknown = np.concatenate([[0], np.cumsum(~np.asarray(lists.values.is_valid()))])
    offsets = np.asarray(lists.offsets)
    mask = pa.array(unknown[offsets[1:]] > unknown[offsets[:-1]])
    return pa.ListArray.from_arrays(lists.offsets, lists.values, mask=mask)


def _sums(lists: pa.ListArray) -> pa.Array:
    totals = np.concatenate([[0], np.cumsum(np.asarray(lists.values))])
    offsets = np.asarray(lists.offsets)
    return pa.array((totals[offsets[1:]] - totals[offsets[:-1]]).astype(np.int64))

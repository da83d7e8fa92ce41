"""The one Arrow schema of a row, written by hand, with the Hugging Face features that trainers
read.

Rows travel through the pipeline with texts that repeat as dictionaries and a few working columns
behind them; the Parquet files hold plain strings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from schemas.sample import Kind, Sample

STRING = pa.string()
CONSTANT = pa.dictionary(pa.int32(), STRING)
IMAGE = pa.struct([("bytes", pa.binary()), ("path", CONSTANT)])
TURN = pa.struct([("from", CONSTANT), ("value", STRING)])
SIZE = pa.struct([("width", pa.int32()), ("height", pa.int32())])
ORIGIN = pa.struct([("file", CONSTANT), ("key", STRING)])
REGION = pa.struct(
    [
        ("image", pa.int32()),
        ("label", STRING),
        ("shape", STRING),
        ("bbox", pa.list_(pa.float32())),
        ("points", pa.list_(pa.float32())),
        ("counts", pa.list_(pa.int32())),
        ("phrase", STRING),
    ]
)

SCENE = pa.struct(
    [
        ("path", CONSTANT),
        ("x", pa.int32()),
        ("y", pa.int32()),
        ("width", pa.int32()),
        ("height", pa.int32()),
    ]
)

_COLUMNS: list[tuple[str, pa.DataType]] = [
    ("id", STRING),
    ("images", pa.list_(IMAGE)),
    ("conversations", pa.list_(TURN)),
    ("task", CONSTANT),
    ("dataset", CONSTANT),
    ("split", CONSTANT),
    ("text_origin", CONSTANT),
    ("dialect", CONSTANT),
    ("template", CONSTANT),
    ("regions", pa.list_(REGION)),
    ("scene", SCENE),  # of a tile: where it was cut from
    ("recipe", CONSTANT),  # of pictures made from several bands: which, and how stretched
    ("sizes", pa.list_(SIZE)),
    ("gsd", pa.float32()),
    ("lon", pa.float64()),  # of the middle of the first picture, degrees of WGS 84
    ("lat", pa.float64()),
    ("sensor", CONSTANT),
    ("times", pa.list_(STRING)),
    ("license_annotations", CONSTANT),
    ("license_images", CONSTANT),
    ("origin", ORIGIN),
    ("image_sha256", pa.list_(STRING)),
]

QUICK_HASH = pa.binary(16)
# What the pipeline needs of a row besides: never written.
WORKING = pa.schema(
    [
        ("dedup", pa.binary(16)),  # hash of the pictures' identities, the task and the source text
        ("home", pa.binary(16)),  # hash of the first picture's identity: its rows lie in one shard
        ("source", pa.int16()),  # index of the mix's source, which is its priority too
        ("image_bytes", pa.int64()),  # sizes of the pictures' files, added; 0 where none is written
        ("quick_hashes", pa.list_(QUICK_HASH)),  # of the pictures' files; a tile's, its scene's
    ]
)
SEGMENT_ROW = pa.schema([*_COLUMNS, *WORKING])

PICTURES = pa.list_(CONSTANT)
# What a reader of many small records yields instead of Samples (see `Columns`): a row an item.
_ITEM = [("key", STRING), ("pictures", PICTURES)]
QUESTIONS = pa.schema([*_ITEM, ("question", STRING), ("answer", STRING), ("type", STRING)])
CAPTIONS = pa.schema([*_ITEM, ("caption", STRING)])
LABELS = pa.schema([*_ITEM, ("names", pa.list_(STRING)), ("several", pa.bool_())])
# Besides, where records state it of their only picture: its middle, degrees of WGS 84.
PLACE = pa.schema([("lon", pa.float64()), ("lat", pa.float64())])

REJECT = pa.schema(
    [
        ("dataset", STRING),
        ("split", STRING),
        ("file", STRING),
        ("key", STRING),
        ("level", STRING),  # item: before a row was made of it; row: after
        ("item", STRING),  # caption, question, ...: the kind of the item; null for a row
        ("reason", STRING),
        ("kind", STRING),  # fault or policy
        ("detail", STRING),
        ("items", pa.int32()),  # how many items (or rows) it stands for
        ("id", STRING),  # of the dropped row
        ("survivor", STRING),  # id of the row that was kept instead of a duplicate
    ]
)


class Columns(NamedTuple):
    """Items of one kind as columns of the schema `QUESTIONS`, `CAPTIONS` or `LABELS`, and `PLACE`.

    pictures: paths relative to the dataset's folder, in time order; a question's type may be null.
    samples: reads all items of the span, of this split and others, as Samples, for what is done
    with one record at a time; None where questions come as columns alone.
    """

    file: str
    split: str
    table: pa.Table
    kind: Kind = "question"
    samples: Callable[[], Iterable[Sample]] | None = None


def plain(kind: pa.DataType) -> pa.DataType:
    """A type with the values of its dictionaries in their place."""
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_list(kind):
        return pa.list_(plain(kind.value_type))
    return (
        pa.struct([(field.name, plain(field.type)) for field in kind])
        if pa.types.is_struct(kind)
        else kind
    )


def feature(kind: pa.DataType) -> Any:
    """The Hugging Face feature of an Arrow type, as the metadata of a Parquet file spells it.

    A list is `[feature]`: `datasets` below 4.0 does not know `{"_type": "List"}`, which newer
    versions write, and all read the old spelling alike.
    """
    if kind == plain(IMAGE):
        return {"_type": "Image"}
    if pa.types.is_list(kind):
        return [feature(kind.value_type)]
    if pa.types.is_struct(kind):
        return {field.name: feature(field.type) for field in kind}
    name = {"float": "float32", "double": "float64"}.get(str(kind), str(kind))
    return {"dtype": name, "_type": "Value"}


def _with_features(fields: list[tuple[str, pa.DataType]]) -> pa.Schema:
    features = {name: feature(kind) for name, kind in fields}
    return pa.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})


ROW = _with_features([(name, plain(kind)) for name, kind in _COLUMNS])
ROW_CONSTANTS = tuple(name for name, kind in _COLUMNS if pa.types.is_dictionary(kind))


def sorted_by_id(table: pa.Table) -> pa.Table:
    """A table in the order of its column `id`, whole numbers; rows of one id keep their order."""
    ids = np.asarray(table["id"])
    if len(ids) and not (ids[1:] >= ids[:-1]).all():
        return table.take(pa.array(np.argsort(ids, kind="stable")))
    return table

"""TRL: Parquet with `images` and `messages`, which `datasets` loads.

    {"images": [<picture>], "messages": [{"role": "user", "content": "How many ships?"},
                                         {"role": "assistant", "content": "3"}]}

TRL puts the pictures before the first user turn by itself, and an `<image>` left in the text would
stay there as words. So the placeholders are taken out, and a row is left out unless they all stand
at the start or the end of the first turn. Source: github.com/huggingface/trl, `trl/data_utils.py`.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.export.kit import ROLES, Picture, Place, Row, Target, Writer, in_first_turn
from schemas.conversation import IMAGE_TOKEN
from schemas.table import IMAGE, STRING, feature, plain

GROUP_BYTES = 100_000_000  # of a row group, when decoded: readers expand it
SHARD_BYTES = 500_000_000
_WORDS = ("role", "content")
_EDGE = re.compile(rf"^(?:{IMAGE_TOKEN}\n?)+|(?:\n?{IMAGE_TOKEN})+$")
# In memory a picture is one value of a dictionary; readers get plain bytes, as the features say.
_IMAGE = pa.struct([(f.name, pa.dictionary(pa.int32(), f.type)) for f in plain(IMAGE)])
_MESSAGES = pa.list_(pa.struct([(word, STRING) for word in _WORDS]))
_SCHEMA = pa.schema([("id", STRING), ("images", pa.list_(_IMAGE)), ("messages", _MESSAGES)])
_FEATURES = {field.name: feature(plain(field.type)) for field in _SCHEMA}
_TEXTS = ("id", "images.list.element.path", *(f"messages.list.element.{w}" for w in _WORDS))
_COMPRESSION = {**dict.fromkeys(_TEXTS, "zstd"), "images.list.element.bytes": "none"}


class ParquetShards:
    """A `Writer` of Parquet files with the pictures' bytes in them, once a row group."""

    def __init__(self, folder: str) -> None:
        self._folder, self._count, self._held = folder, 0, 0
        self._file: pq.ParquetWriter | None = None
        self._waiting: list[Row] = []
        self._waiting_bytes = 0

    def add(self, rows: Sequence[Row]) -> None:
        """Writes rows, a row group as soon as there are enough for one."""
        for row in rows:
            size = sum(picture.size for picture in row.pictures)
            if self._waiting and self._waiting_bytes + size > GROUP_BYTES:
                self._write()
            self._waiting.append(row)
            self._waiting_bytes += size + sum(len(text) for _, text in row.turns)

    def close(self) -> None:
        """Writes what is left, an empty file where there was nothing at all."""
        if self._waiting or self._file is None:
            self._write()
        if self._file is not None:
            self._file.close()

    def _write(self) -> None:
        if self._file is None or self._held > SHARD_BYTES:
            if self._file is not None:
                self._file.close()
            self._file = pq.ParquetWriter(
                f"{self._folder}/data/train-{self._count:05d}.parquet",
                _SCHEMA,
                compression=_COMPRESSION,
                use_dictionary=["images.list.element.bytes", "images.list.element.path"],
                dictionary_pagesize_limit=2 * GROUP_BYTES,  # else each row would hold its bytes
                store_schema=False,
            )
            # The Arrow schema would bring its own types back; the features alone are wanted.
            features = json.dumps({"info": {"features": _FEATURES}})
            self._file.add_key_value_metadata({"huggingface": features})
            self._count, self._held = self._count + 1, 0
        table = pa.Table.from_arrays(list(self._columns()), schema=_SCHEMA)
        self._file.write_table(table, row_group_size=max(1, table.num_rows))
        self._held += self._waiting_bytes
        self._waiting, self._waiting_bytes = [], 0

    def _columns(self) -> Iterator[pa.Array]:
        rows = self._waiting
        yield pa.array([row.id for row in rows], STRING)
        yield self._pictures([row.pictures for row in rows])
        yield pa.array([_messages(row) for row in rows], _MESSAGES)

    def _pictures(self, shown: list[list[Picture]]) -> pa.ListArray:
        """The pictures of rows; each is there once."""
        once = {picture.name: picture for some in shown for picture in some}
        data = pa.array([picture.read(self._folder) for picture in once.values()], pa.binary())
        number = {name: k for k, name in enumerate(once)}
        indices = pa.array([number[picture.name] for some in shown for picture in some], pa.int32())
        values = pa.StructArray.from_arrays(
            [
                pa.DictionaryArray.from_arrays(indices, data),
                pa.DictionaryArray.from_arrays(indices, pa.array(list(once), STRING)),
            ],
            fields=list(_IMAGE),
        )
        ends = itertools.accumulate(map(len, shown), initial=0)
        return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), values)


def _messages(row: Row) -> list[dict[str, Any]]:
    (_, first), *rest = row.turns
    turns = [("human", _EDGE.sub("", first)), *rest]
    return [{"role": ROLES[who], "content": text} for who, text in turns]


def _open(place: Place) -> Writer:
    os.mkdir(f"{place.folder}/data")
    return ParquetShards(place.folder)


def _takes(row: Row) -> str:
    at_edge = in_first_turn(row) and IMAGE_TOKEN not in _EDGE.sub("", row.turns[0][1])
    return "" if at_edge else "picture_not_first"


def _register(place: Place, rows: int) -> list[str]:
    return [f'datasets.load_dataset("{place.final}", split="train")']


TARGET = Target(
    name="trl",
    program="TRL",
    about="Parquet of images and messages",
    open=_open,
    register=_register,
    takes=_takes,
    inline=True,
)

"""Karpathy-style caption JSON (RSICD, UCM-Captions, LEVIR-CC and their kin).

One native record, of the list under `images`::

    {"filename": "airport_1.jpg", "split": "train", "imgid": 0,
     "sentences": [{"raw": "many planes are parked next to a building .", "sentid": 0,
                    "tokens": [...]}, ...]}

Change sets add `filepath` and `changeflag`, and two pictures of one name lie in folders A (before)
and B (after). `split` is the authors' own and the only one to trust; copies spell it in other ways
(`Train`, `train `, `valid`), which are read as the form's own three. `raw` is the sentence
(`tokens` disagree with it in hundreds of rows); `sentids` may disagree with the sentences and is
not read.
Source: Lu et al. 2017, https://github.com/201528014227051/RSICD_optimal; Liu et al. 2022,
https://github.com/Chen-Yang-Liu/RSICC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Struct

from converters.read.captions import split_name
from converters.read.encodings import utf8_of
from converters.read.folder import UNKNOWN, BySplit, Folder, Plan, Sides, Span, stem
from converters.read.json_elements import UNREADABLE
from converters.read.json_rows import columns_of, is_sound, record_type
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.records import json_records, record_pictures
from converters.read.text_columns import (
    Part,
    Take,
    as_columns,
    listed_captions,
    picture_lists,
    split_parts,
)
from schemas.sample import Caption, Kind, Reject, Sample
from schemas.table import Columns

YIELDS: tuple[Kind, ...] = ("caption",)
_SENTENCE_BYTES = 300
_KEYS = ("filename", "split", "filepath", "sentences")


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the JSON file. images: picture paths from `{filename}`, `{stem}`,
    `{filepath}` and `{split}`; a list in time order.
    """

    annotations: BySplit
    images: str | list[str]


class _Record(Struct, gc=False):
    filename: str
    sentences: list[Any] | None = None  # objects with the key `raw`
    split: str | None = None
    filepath: str | None = None


def plan(folder: Folder, options: Options) -> Plan:
    """One span a file; its records tell their splits."""
    return files_plan(
        folder,
        options.annotations,
        options.images,
        files_a_span=1,
        record_bytes=_SENTENCE_BYTES,
        unsplit=UNKNOWN,
    )


def read(
    folder: Folder, options: Options, span: Span, sides: Sides
) -> Iterator[Sample | Columns | Reject]:
    """Captions as columns, or one Sample a record, with its captions in native order.

    Raises SourceError where the file is no such JSON.
    """
    return as_columns(
        folder.relative(span.names[0]),
        "caption",
        lambda: _in_columns(folder, options, span),
        lambda: _read_records(folder, options, span),
    )


# Columns


class _Sentence(Struct, gc=False):
    raw: str


def _in_columns(folder: Folder, options: Options, span: Span) -> list[Part] | None:
    fields: dict[str, Any] = {
        "filename": str,
        "sentences": list[_Sentence],
        "split": str | None,
        "filepath": str | None,
    }
    body = utf8_of(folder.bytes_of(span.names[0]))
    images: Any = list[record_type(fields)]  # type: ignore[misc]
    document: Any = msgspec.defstruct("Document", [("images", images)])
    try:
        rows = msgspec.json.decode(body, type=document).images
    except UNREADABLE:
        return None
    values = columns_of(rows, fields)
    if not is_sound(body, [*values, [rows]], [*fields, "images"]):
        return None
    names, sentences, splits, paths = values
    if not all(sentences):
        return None
    raw = [sentence.raw for some in sentences for sentence in some]
    ends = np.cumsum([0, *map(len, sentences)], dtype=np.int32)
    lists = pa.ListArray.from_arrays(pa.array(ends), pa.array(raw, pa.string()))
    keys, places = pa.array(names, pa.string()), pa.array(paths, pa.string())
    shown = [PicturePaths(folder, template) for template in _templates(options)]

    def captions(split: str, take: Take) -> pa.Table | None:
        above = {path or split for path in take(places).unique().to_pylist()}
        if len(above) > 1:
            return None
        own = take(keys)
        fixed = {"filepath": above.pop(), "split": split}
        pictures = picture_lists(shown, "filename", own, fixed)
        if pictures is None:
            return None
        return listed_captions(own, pictures, "sentences", take(lists))

    return split_parts(folder, pa.array(splits, pa.string()), span.split, captions)


def _templates(options: Options) -> list[str]:
    return [options.images] if isinstance(options.images, str) else options.images


# Records


def _read_records(folder: Folder, options: Options, span: Span) -> Iterator[Sample | Reject]:
    pictures = [PicturePaths(folder, template) for template in _templates(options)]
    file = folder.relative(span.names[0])
    records = json_records(
        folder,
        span,
        _Record,
        table="images",
        named=["filename"],
        split="split",
        item="raw",
        once=_KEYS,
    )
    for _, record in records:
        if isinstance(record, Reject):
            if record.split == span.split or folder.wants(record.split):
                yield record
            continue
        split = split_name(record.split) or span.split
        if folder.wants(split):
            yield from _items(file, split, record, pictures)


def _items(
    file: str, split: str, record: _Record, templates: Sequence[PicturePaths]
) -> Iterator[Sample | Reject]:
    key, sentences = record.filename, record.sentences or []
    values = {
        "filename": key,
        "stem": stem(key),
        "filepath": record.filepath or split,
        "split": split,
    }
    pairs = [(template, values) for template in templates]
    pictures = record_pictures(pairs, file, key, split, max(1, len(sentences)))
    if isinstance(pictures, Reject):
        yield pictures
        return
    if not sentences:
        yield Reject(file, key, split, "missing_field", "no sentences")
        return
    captions = []
    for i, sentence in enumerate(sentences):
        raw = sentence.get("raw") if isinstance(sentence, dict) else sentence
        if isinstance(sentence, dict) and (raw is None or isinstance(raw, str)):
            captions.append(Caption(f"sentences[{i}]", raw or ""))
        else:
            detail = f"raw is {type(raw).__name__}, not text"
            yield Reject(file, f"{key}#sentences[{i}]", split, "bad_value", detail)
    yield Sample(key, file, split, pictures, captions=tuple(captions))

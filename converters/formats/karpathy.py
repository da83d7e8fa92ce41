"""Karpathy-style caption JSON (RSICD, UCM-Captions, LEVIR-CC and their kin).

One native record, of the list under `images`::

    {"filename": "airport_1.jpg", "split": "train", "imgid": 0,
     "sentences": [{"raw": "many planes are parked next to a building .", "sentid": 0, "tokens": [...]}, ...]}

Change sets add `filepath` and `changeflag`, and two pictures of one name lie in folders A (before) and B (after). `split` is the authors' own and the
only one to trust; `raw` is the sentence (`tokens` disagree with it in hundreds of rows); `sentids` may disagree with the sentences and is not read.
Source: Lu et al. 2017, https://github.com/201528014227051/RSICD_optimal; Liu et al. 2022, https://github.com/Chen-Yang-Liu/RSICC.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from converters.read.files import SourceError
from converters.read.folder import BySplit, PicturePaths, Plan, Source, Span, annotation_files, stem
from schemas.sample import Caption, Picture, Reject, Sample, Unit

UNIT: Unit = "caption"
_SENTENCE_BYTES = 300


class Options(Struct, forbid_unknown_fields=True):
    """annotations: the JSON file's pattern. images: picture paths from `{filename}`, `{stem}`, `{filepath}`, `{split}`; a list in time order."""

    annotations: BySplit
    images: str | list[str]


class _Sentence(Struct, gc=False):
    raw: str | None = None


class _Record(Struct, gc=False):
    filename: str
    sentences: list[_Sentence]
    split: str | None = None
    filepath: str | None = None


class _File(Struct):
    images: list[msgspec.Raw]


def plan(source: Source, options: Options) -> Plan:
    """One span a file."""
    found = annotation_files(source, options.annotations)
    return Plan(
        [
            Span(source.slug, split, i, (f.path,), records=f.size // _SENTENCE_BYTES + 1)
            for i, (split, f) in enumerate(found)
        ],
        [],
    )


def read(source: Source, options: Options, span: Span) -> Iterator[Sample | Reject]:
    """One Sample a record, with its captions in native order.

    Raises SourceError where the file is no such JSON.
    """
    name = span.names[0]
    try:
        records = msgspec.json.decode(source.bytes_of(name), type=_File).images
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(
            f"{source.slug}: {source.relative(name)} cannot be read: {error}"
        ) from None
    templates = [options.images] if isinstance(options.images, str) else options.images
    pictures = [PicturePaths(source, template) for template in templates]
    decoder = msgspec.json.Decoder(_Record)
    file = source.relative(name)
    for i, raw in enumerate(records):
        try:
            record = decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield Reject(
                file, f"images[{i}]", span.split or "unknown", "unreadable_record", str(error)
            )
            continue
        split = record.split or span.split or "unknown"
        if source.wants(split):
            yield _sample(file, split, record, pictures)


def _sample(
    file: str, split: str, record: _Record, pictures: list[PicturePaths]
) -> Sample | Reject:
    values = {
        "filename": record.filename,
        "stem": stem(record.filename),
        "filepath": record.filepath or split,
        "split": split,
    }
    try:
        paths = tuple(Picture(p.path(values)) for p in pictures)
    except SourceError as error:
        return Reject(
            file, record.filename, split, "bad_value", str(error), max(1, len(record.sentences))
        )
    captions = tuple(
        Caption(f"sentences[{i}]", sentence.raw or "")
        for i, sentence in enumerate(record.sentences)
    )
    if not captions:
        return Reject(file, record.filename, split, "missing_field", "no sentences")
    return Sample(record.filename, file, split, paths, captions=captions)

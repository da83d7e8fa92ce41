"""Classes of pictures in lines of text: one picture and its class a line (COWC's lists).

One native file (UTF-8 with a byte order mark)::

    Columbus_CSUAV_AFRL/train/EO_Run01_s2_301_15_00_31.752-0001.png 1

The class is the last field, the path all before it. Fields stand between blanks, tabs or commas.
Source: Mundhenk et al. 2016, https://github.com/LLNL/cowc.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from msgspec import Struct

from converters.read.box_fields import shown
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound
from converters.read.line_columns import lines_of
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.records import record_pictures, text_lines, text_records
from converters.read.text_columns import (
    Part,
    as_columns,
    label_rows,
    lists_of_one,
    picture_lists,
)
from schemas.sample import Kind, Label, Reject, Sample
from schemas.table import Columns

YIELDS: tuple[Kind, ...] = ("label",)
_LINE_BYTES = 60
_BETWEEN = " \t\r\n,;"
_BLANK = ord(" ")


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the lists. images: picture path from `{image}` (as written), `{split}`
    and the pattern's names. class_names: classes by the number or word that lists write for them;
    what they write itself, where it is empty.
    """

    annotations: BySplit
    images: BySplit
    class_names: dict[str, str] = {}


def plan(folder: Folder, options: Options) -> Plan:
    """One span a list. Raises SourceError where there is none."""
    return files_plan(
        folder, options.annotations, options.images, files_a_span=1, record_bytes=_LINE_BYTES
    )


def read(
    folder: Folder, options: Options, span: Span, sides: Sides
) -> Iterator[Sample | Columns | Reject]:
    """Labels as columns, or one Sample a line; one that cannot be read is a Reject."""
    return as_columns(
        folder.relative(span.names[0]),
        "label",
        lambda: _part(folder, options, span),
        lambda: _read_lines(folder, options, span),
    )


def _part(folder: Folder, options: Options, span: Span) -> list[Part] | None:
    """Lines with a path, one blank and a class."""
    lines = lines_of(folder, span)
    if lines is None or any(mark in lines.body for mark in b"\t,;\"'\\"):
        return None
    blanks = lines.marks(" ")
    if not len(blanks):
        return None
    cuts = blanks[np.searchsorted(blanks, lines.ends) - 1]  # a line's last blank, if it has one
    if (
        (cuts <= lines.begins).any()
        or (cuts + 1 >= lines.ends).any()
        or (lines.at(lines.begins) == _BLANK).any()
        or (lines.at(cuts - 1) == _BLANK).any()
    ):
        return None
    image = lines.texts(lines.begins, cuts)
    written = lines.texts(cuts + 1, lines.ends).dictionary_encode()
    known = options.class_names
    classes = [known.get(one, "") if known else one for one in written.dictionary.to_pylist()]
    fixed = {**bound(options.annotations, span.names[0]), "split": span.split}
    paths = [PicturePaths(folder, options.images)]
    pictures = picture_lists(paths, "image", image, fixed, stems=False)
    if pictures is None or not all(classes):
        return None
    names = lists_of_one(pa.array(classes).take(written.indices))
    return [Part(span.split, label_rows(image, pictures, names, several=False))]


def _read_lines(folder: Folder, options: Options, span: Span) -> Iterator[Sample | Reject]:
    paths = PicturePaths(folder, options.images)
    for name, text in text_records(folder, span):
        if isinstance(text, Reject):
            yield text
            continue
        file = folder.relative(name)
        values = {**bound(options.annotations, name), "split": span.split}
        for number, line in text_lines(text):
            image, written = _taken_apart(line)
            if not image:
                detail = f"not a path and a class: {shown(line)}"
                yield Reject(file, f"line {number}", span.split, "missing_field", detail)
                continue
            label = options.class_names.get(written, "" if options.class_names else written)
            if not label:
                known = ", ".join(options.class_names)
                detail = f"class {written[:40]!r} is none of {known}"
                yield Reject(file, image, span.split, "bad_value", detail)
                continue
            pictures = record_pictures(
                [(paths, {**values, "image": image})], file, image, span.split
            )
            if isinstance(pictures, Reject):
                yield pictures
            else:
                labels = (Label(image, (label,)),)
                yield Sample(image, file, span.split, pictures, labels=labels)


def _taken_apart(line: str) -> tuple[str, str]:
    """The path and the last field of a line; the path is empty where it has one field."""
    text = line.strip(_BETWEEN)
    cut = max(text.rfind(mark) for mark in _BETWEEN) + 1
    image = text[:cut].strip(_BETWEEN).strip("\"'")
    return image.replace("\\", "/"), text[cut:].strip("\"'")

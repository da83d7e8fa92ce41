"""Scene classes in HDF5 and MATLAB files: all pictures in one array, their classes in another.

So2Sat LCZ42, one file a split, and SAT-6, all splits in one file::

    training.h5    sen2 N x 32 x 32 x 10, label N x 17          one row a picture, 1 at its class
    sat-6-full.mat train_x 28 x 28 x 4 x N, train_y 6 x N       test_x, test_y beside them

The picture of row 12, counted from 0, is shown as `training.h5!sen2@nhwc/12.npy` (see
`converters.read.arrays`), which needs a recipe to become colours.
Source: Zhu et al. 2020 (So2Sat LCZ42), Basu et al. 2015 (SAT-4 and SAT-6).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from converters.read import files
from converters.read.arrays import MAX_ARRAY, open_arrays
from converters.read.files import SourceError
from converters.read.folder import ALL, BySplit, Folder, Plan, Sides, Span, annotation_files
from converters.read.picture_patterns import picture_patterns
from converters.read.plans import absent
from schemas.sample import Kind, Label, Picture, Reject, Sample

YIELDS: tuple[Kind, ...] = ("label",)
_ROWS_A_SPAN = 8192


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the files. pictures, labels: names of the two arrays, with `{split}`
    where a file holds several. inner: those splits. axes: the dimensions of the pictures as the
    authors state them, n for the pictures, h, w and c for rows, columns and bands. label_axes: the
    same of the labels: n and c, of which c is one column a class, or n alone for numbers from 0.
    names: class names in the order of the columns or numbers.
    """

    annotations: BySplit
    pictures: str
    labels: str
    axes: str
    label_axes: str
    names: list[str]
    inner: list[str] = []


class _Fault(Exception):
    """A picture has no class; args: reason, detail."""


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of some thousand pictures: [start, end) are their numbers.

    Raises SourceError where an array is missing, or of another shape than the entry says.
    """
    spans: list[Span] = []
    there = annotation_files(folder, options.annotations)
    for named, found in there:
        inner = [split for split in options.inner if folder.wants(split)]
        for split in inner if options.inner else [named or ALL]:
            count = len(_labels(folder, options, found.path, split)[0])
            for start in range(0, count, _ROWS_A_SPAN):
                end = min(count, start + _ROWS_A_SPAN)
                place = len(spans)
                names = (found.path,)
                spans.append(Span(folder.slug, split, place, names, start, end, "", end - start))
    patterns = picture_patterns(options.annotations)
    classes = tuple(sorted(options.names))
    return Plan(spans, absent(folder, options.annotations), patterns, classes=classes)


def _labels(
    folder: Folder, options: Options, name: str, split: str
) -> tuple[npt.NDArray[Any], str, str]:
    """The labels of a file, one row a picture; the name of the pictures' array, and its axes.

    Raises SourceError where an array is missing, or of another shape than the entry says.
    """
    path, file = files.join(folder.base, name), f"{folder.slug}: {folder.relative(name)}"
    opened = open_arrays(path, files.opened(path))
    turn = -1 if opened.is_reversed else 1
    axes, label_axes = options.axes[::turn], options.label_axes[::turn]
    pictures = options.pictures.replace("{split}", split)
    labels = options.labels.replace("{split}", split)
    found = opened.array(labels)
    if found is None:
        there = ", ".join(opened.names())
        raise SourceError(f"{file} has no array {labels}; it has: {there}")
    if math.prod(found.shape) * found.dtype.itemsize > MAX_ARRAY or found.dtype.kind not in "buif":
        raise SourceError(f"{file}: {labels} is no array of labels: {found.shape} {found.dtype}")
    marks = opened.values(labels)
    if label_axes == "n":
        marks = marks.reshape(-1)
    elif label_axes == "cn":
        marks = marks.T
    shown = opened.array(pictures)
    there = ", ".join(opened.names())
    if shown is None:
        raise SourceError(f"{file} has no array {pictures}; it has: {there}")
    wide = marks.ndim == 1 or marks.shape[1:] == (len(options.names),)
    if len(shown.shape) != len(axes) or shown.shape[axes.index("n")] != len(marks) or not wide:
        raise SourceError(
            f"{file}: {pictures} of {shown.shape} and {labels} of {found.shape} are not {axes} and "
            f"{label_axes} of {len(options.names)} classes"
        )
    return marks, pictures, axes


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture, and a Reject for one without a class."""
    name = span.names[0]
    file = folder.relative(name)
    marks, pictures, axes = _labels(folder, options, name, span.split)
    for number in range(span.start, len(marks) if span.end is None else span.end):
        key = f"{pictures}[{number}]"
        try:
            names = _names(marks[number], options.names)
        except _Fault as fault:
            yield Reject(file, key, span.split, *fault.args)
            continue
        picture = Picture(f"{file}!{pictures}@{axes}/{number}.npy")
        # Columns of 0 and 1 are the numbers of classes in another form, until two are marked.
        label = Label(key, names, several=len(names) > 1)
        yield Sample(key, file, span.split, (picture,), labels=(label,))


def _names(mark: Any, names: list[str]) -> tuple[str, ...]:
    """The classes of one picture: of a number, or of columns of 0 and 1. Raises _Fault."""
    if np.ndim(mark) == 0:
        if not 0 <= mark < len(names) or mark != int(mark):
            raise _Fault("bad_value", f"class {mark} of {len(names)}")
        return (names[int(mark)],)
    marked = mark.tolist()
    if not {*marked} <= {0, 1}:
        raise _Fault("bad_value", f"{marked} are not all 0 or 1"[:200])
    found = tuple(name for name, is_shown in zip(names, marked, strict=True) if is_shown)
    if not found:
        raise _Fault("no_label", "no class is marked")
    return found

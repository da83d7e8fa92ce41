"""Boxes in MATLAB's .mat files.

`layout = "matrix"` (ITCVD), a file a picture: one row an object, `columns` as in
`converters.read.box_fields`, under a variable that is named after the file::

    x00001 = [2010 311 2052 395 ...; 2140 87 2178 169 ...]

`layout = "struct"` (VHRShips), a file for all pictures: a struct array of one element a picture,
whose first three fields are the picture's path, its boxes (a row each) and their classes::

    testList(1) = { 'D:\\ships\\0001.png', [311 200 60 22; 40 51 16 9], {'ferry_2'; 'tug_5'} }

MATLAB's own tables cannot be read outside of it. What is `one_based` counts pixels from 1.
Source: Yang et al. 2018 (ITCVD), Kizilkaya et al. 2022, https://github.com/radres333/VHRShips.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from msgspec import Struct

from converters.read import files
from converters.read.box_fields import BadLine, fitted
from converters.read.files import SourceError
from converters.read.folder import (
    BySplit,
    Folder,
    Plan,
    Sides,
    Span,
    bound,
    picture_stem,
    stem,
)
from converters.read.mat_files import mat_variables, texts_of
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.records import record_pictures
from converters.regions.line_boxes import shape_of
from schemas.sample import Kind, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)
_FILES_A_SPAN = 64
_NO_STRUCT = (
    "It is no struct array of path, boxes and classes; a table is to be saved as one in MATLAB: "
    "testList = table2struct(testList); save('testList.mat', 'testList', '-v7')"
)


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the .mat files. images: picture path from the pattern's names, `{stem}`,
    and of a struct `{name}` (the picture's name without its folder). variable: the variable's name,
    which may hold `{stem}`; in a file with one variable that one is read, whatever its name.
    layout: see above. columns: what the numbers of a box are. label: the class of all objects,
    where the file says none. one_based: True where pixels are counted from 1.
    """

    annotations: BySplit
    images: BySplit
    variable: str
    layout: Literal["matrix", "struct"]
    columns: list[str]
    label: str | None = None
    one_based: bool = False


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of some files. Raises SourceError where there is none."""
    many = _FILES_A_SPAN if options.layout == "matrix" else 1
    return files_plan(folder, options.annotations, options.images, files_a_span=many)


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture, and a Reject for each box or file that cannot be read.

    Raises SourceError where a table of all pictures is none that can be read here.
    """
    paths = PicturePaths(folder, options.images)
    for name in span.names:
        file = folder.relative(name)
        values = {**bound(options.annotations, name), "stem": stem(name), "split": span.split}
        try:
            data = files.store(files.join(folder.base, name)).read(files.join(folder.base, name))
            found = mat_variables(data, f"{folder.slug}: {file}")
            value = _variable(found, files.fill(options.variable, values))
            scenes = [*_scenes(options, value, values)]
        except (ValueError, files.MemberError) as error:
            if options.layout == "struct":
                raise SourceError(f"{folder.slug}: {file}: {error}") from None
            yield Reject(file, values["stem"], span.split, "unreadable_file", str(error)[:200])
            continue
        for scene in scenes:
            yield from _sample(options, paths, scene, file, span.split)


class _Scene(NamedTuple):
    """What a file says of one picture. values: what its path is made of. boxes: as MATLAB's."""

    key: str
    values: dict[str, str]
    boxes: Any
    labels: list[str]


def _variable(found: Mapping[str, Any], name: str) -> Any:
    """Raises ValueError where a file has no such variable, and several others."""
    if name in found:
        return found[name]
    if len(found) == 1:
        return next(iter(found.values()))
    if not found:
        raise ValueError(f"no variable that can be read. {_NO_STRUCT}")
    raise ValueError(f"no variable {name}; there: {', '.join(found)}")


def _scenes(options: Options, value: Any, values: dict[str, str]) -> Iterator[_Scene]:
    """The pictures that a variable is of. Raises ValueError where it is of another kind."""
    if options.layout == "matrix":
        yield _Scene(values["stem"], values, value, [])
        return
    fields = value.dtype.names if isinstance(value, np.ndarray) else None
    if not fields or len(fields) < 3:
        raise ValueError(_NO_STRUCT)
    for number, record in enumerate(value.ravel(), 1):
        path, boxes, labels = (record[field] for field in fields[:3])
        name = "".join(texts_of(path)).replace("\\", "/").rpartition("/")[2]
        more = {"name": name, "stem": picture_stem(name)}
        yield _Scene(name or f"element {number}", values | more, boxes, texts_of(labels))


def _rows(value: Any) -> list[list[str]]:
    """The numbers of a matrix as text, a list a row. Raises ValueError for what is none."""
    if isinstance(value, np.ndarray) and value.dtype == object and value.size == 1:
        value = value.item()  # a matrix in a cell
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf" or value.ndim > 2:
        raise ValueError("boxes are no matrix of numbers")
    if not value.size:
        return []
    return [[str(number) for number in row] for row in np.atleast_2d(value).tolist()]


def _sample(
    options: Options, paths: PicturePaths, scene: _Scene, file: str, split: str
) -> Iterator[Sample | Reject]:
    key = scene.key
    try:
        rows = _rows(scene.boxes)
    except ValueError as error:
        yield Reject(file, key, split, "bad_box", str(error))
        return
    labels = scene.labels if options.label is None else [options.label] * len(rows)
    items = max(1, len(rows))
    if len(labels) != len(rows):
        detail = f"{len(rows)} boxes and {len(labels)} classes"
        yield Reject(file, key, split, "missing_field", detail, items)
        return
    regions: list[Region] = []
    unplaced: list[str] = []
    for number, (row, label) in enumerate(zip(rows, labels, strict=True), 1):
        try:
            shape = shape_of(fitted(row, options.columns), first=int(options.one_based))
        except BadLine as bad:
            yield Reject(file, f"{key}#row {number}", split, *bad.args)
            unplaced.append(label)
        else:
            regions.append(Region(f"row {number}", label, shape))
    pictures = record_pictures([(paths, scene.values)], file, key, split, items)
    if isinstance(pictures, Reject):
        yield pictures
        return
    yield Sample(key, file, split, pictures, regions=tuple(regions), unplaced=tuple(unplaced))

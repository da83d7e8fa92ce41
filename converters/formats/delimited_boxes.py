"""Boxes in lines of text, one object a line: a file for each picture, or one for all of them.

VisDrone, `columns = ["x", "y", "w", "h", "score", "class", "truncation", "occlusion"]`::

    678,695,80,94,1,4,0,0

CARPK, `columns = ["x1", "y1", "x2", "y2", "class"]`::

    1019 521 1129 571 1

NWPU VHR-10, the same columns::

    (563,478),(630,573),1

UCAS-AOD, four corners, an angle and an upright box (tabs); the folder is the class::

    2.763971e+02	9.125021e+01	2.911375e+02 ...

YOLO, `columns = ["class", "cx", "cy", "w", "h"]` and `fractions = true`::

    0 0.4677 0.5722 0.0281 0.0852

RetinaNet's table of all pictures, `columns = ["image", "x1", "y1", "x2", "y2", "class"]`::

    train/0417.JPG,120,80,190,142,Elephant

`converters.read.box_fields` says which columns there are and how lines are taken apart. Besides,
`score` (0: do not use), `difficult`, `lost` (1: out of the picture) and `frame` (of a video) are
known; other names become attributes. Coordinates are pixels and taken as they stand (0-based, the
second corner just beyond the box), unless they are `fractions` of the picture's sides.
An empty file, and a picture with nothing behind it in a table, is a picture without objects.
Source: https://github.com/VisDrone/VisDrone-Dataset, https://lafi.github.io/LPN/, Cheng et al.
2014 (NWPU VHR-10), Zhu et al. 2015 (UCAS-AOD), https://github.com/fizyr/keras-retinanet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from converters.read import files
from converters.read.box_fields import (
    SHAPES,
    WORDS,
    BadLine,
    is_marked,
    is_yolo,
    number,
)
from converters.read.box_scenes import LineRules, Scene, scenes_of
from converters.read.class_numbers import numbered_otherwise
from converters.read.files import Found, SourceError
from converters.read.folder import (
    ALL,
    BySplit,
    Folder,
    Plan,
    Sides,
    Span,
    batched,
    bound,
    picture_ending,
    picture_stem,
    stem,
)
from converters.read.picture_paths import PicturePaths
from converters.read.picture_patterns import picture_patterns, pictures_elsewhere
from converters.read.plans import chosen_files, files_plan
from converters.read.records import record_pictures, text_lines, text_records
from converters.read.sizes import PictureSizes
from converters.read.split_lists import split_by_lists
from converters.regions.line_boxes import shape_of
from schemas.sample import Kind, Picture, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)
_FILES_A_SPAN = 256
_LINE_BYTES = 40
_NEGATIVES = "negatives"  # the table of spans of pictures without a label file
_HEAD_BYTES = 4096
_PROBED = 8  # label files that are looked into before anything is read
_OWN = frozenset({*WORDS, *(name for names in SHAPES for name in names)})
_FLAGS = frozenset({"score", "difficult", "lost", "frame"})
_NO_ATTRIBUTES = _OWN | _FLAGS


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the text files. images: picture path from the pattern's names, `{stem}`,
    `{frame}`, and of a column `image` `{image}` (as written) and `{name}` (without folder).
    columns: what the fields of a line are. delimiter: what stands between them, where blanks or
    commas belong to a field. lists: pattern of the split lists, or several. class_names: classes by
    the number or word that files write for them, or that a folder `{label}` is called. label: the
    class of all objects, where no column and no `{label}` in the pattern says it. ignored_names:
    classes that are no objects. unannotated_names: classes of areas in which nobody marked objects.
    fractions: True where coordinates are fractions of the picture. every: of a video the frames 0,
    n, 2n, ... are read. negatives: pattern of pictures that have no label file because they show no
    object.
    """

    annotations: BySplit
    images: BySplit
    columns: list[str]
    delimiter: str | None = None
    lists: str | list[str] | None = None
    class_names: dict[str, str] = {}
    label: str | None = None
    ignored_names: list[str] = []
    unannotated_names: list[str] = []
    fractions: bool = False
    every: int = 1
    negatives: BySplit | None = None


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of a few hundred label files, or of one table each.

    Raises SourceError where there is none, they hold YOLO's lines and others were meant, or a file
    beside such lines numbers the classes otherwise.
    """
    notes: list[str] = []
    negatives = _negatives(folder, options)
    patterns = [*picture_patterns(options.images)]
    if options.negatives is not None:
        patterns += picture_patterns(options.negatives)
    try:
        there = [file for _, file in chosen_files(folder, options.annotations, notes)]
    except SourceError:
        if folder.splits is None or not negatives:
            raise
        return Plan(negatives, notes, tuple(patterns))  # a split of nothing but such pictures
    _refuse_yolo(folder, options, there)
    if options.fractions and (why := numbered_otherwise(folder, options.class_names)):
        hint = "an entry of your own can say these numbers in class_names"
        raise SourceError(f"{folder.slug}: {why}: the labels are numbered otherwise; {hint}")
    if options.lists is None:
        table = "image" in options.columns or "frame" in options.columns
        found = files_plan(
            folder,
            options.annotations,
            options.images,
            files_a_span=1 if table else _FILES_A_SPAN,
            record_bytes=_LINE_BYTES if table else None,
        )
        spans, notes = found.spans, found.notes
    else:
        spans = []
        splits = options.images if isinstance(options.images, dict) else None
        by_split, more = split_by_lists(folder, options.lists, there, splits)
        for split, names in sorted(by_split.items()):
            spans += batched(folder.slug, split, names, _FILES_A_SPAN, len(spans))
        notes += [*more, *pictures_elsewhere(folder, options.images)]
    spans += [replace(span, index=len(spans) + span.index) for span in negatives]
    return Plan(spans, notes, tuple(patterns))


def _refuse_yolo(folder: Folder, options: Options, there: list[Found]) -> None:
    """Raises SourceError where the first files hold YOLO's lines and nothing else."""
    if options.fractions:
        return
    probed = False
    for file in there[:_PROBED]:
        path = files.join(folder.base, file.path)
        head = files.store(path).read(path, 0, _HEAD_BYTES).decode("utf-8-sig", "replace")
        lines = [line for _, line in text_lines(head)]
        whole = lines if file.size <= _HEAD_BYTES else lines[:-1]
        if not all(map(is_yolo, whole)):
            return
        probed = probed or bool(whole)
    if probed:
        columns = [column.removesuffix("?") for column in options.columns]
        raise SourceError(
            f"{folder.slug}: {folder.relative(there[0].path)} holds YOLO text (a class's number "
            f"and four fractions of the picture a line), not {', '.join(columns)}: these "
            f"are not the authors' annotation files"
        )


def _negatives(folder: Folder, options: Options) -> list[Span]:
    """Spans of the pictures that have no label file, numbered from 0."""
    by_split: dict[str, list[str]] = {}
    patterns = options.negatives or {}
    for split, pattern in ({"": patterns} if isinstance(patterns, str) else patterns).items():
        places = ([*files.find(folder.base, reading)] for reading in files.expand(pattern))
        for found in next(filter(None, places), []):
            own = split or found.values.get("split", ALL)
            if picture_ending(found.path) and folder.wants(own):
                by_split.setdefault(own, []).append(found.path)
    spans: list[Span] = []
    for split, names in sorted(by_split.items()):
        spans += batched(folder.slug, split, names, _FILES_A_SPAN, len(spans))
    return [replace(span, table=_NEGATIVES) for span in spans]


class _Placed(NamedTuple):
    """What the lines of one picture become."""

    regions: list[Region]
    rejects: list[Reject]
    unplaced: list[str]


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture, and a Reject for each line that cannot be read."""
    if span.table == _NEGATIVES:
        for name in span.names:
            path = folder.relative(name)
            yield Sample(picture_stem(path), path, span.split, (Picture(path),))
        return
    paths, sizes = PicturePaths(folder, options.images), PictureSizes(folder)
    folder_class = {name.casefold(): name for name in options.class_names or ()}
    rules = LineRules(options.columns, options.delimiter, options.every)
    for name, text in text_records(folder, span):
        if isinstance(text, Reject):
            yield text
            continue
        file = folder.relative(name)
        values = {**bound(options.annotations, name), "stem": stem(name), "split": span.split}
        label = values.get("label", "")
        if label and options.class_names and label not in options.class_names:
            label = values["label"] = folder_class.get(label.casefold(), label)
        if label and options.class_names and label not in options.class_names:
            detail = f"in the folder {label}, which is none of a class"
            yield Reject(file, values["stem"], span.split, "unselected", detail)
            continue
        scenes, rejects = scenes_of(rules, text, file, values)
        yield from rejects
        for scene in scenes:
            yield from _sample(options, paths, sizes, scene, file, span.split)


def _sample(
    options: Options,
    paths: PicturePaths,
    sizes: PictureSizes,
    scene: Scene,
    file: str,
    split: str,
) -> Iterator[Sample | Reject]:
    """The Sample of one picture, and the Rejects of its lines."""
    items = max(1, len(scene.lines))
    pictures = record_pictures([(paths, scene.values)], file, scene.key, split, items)
    if isinstance(pictures, Reject):
        yield pictures
        return
    [picture] = pictures
    size = None
    if options.fractions and scene.lines:
        size = sizes.of(picture.path)
        if size is None:
            detail = f"fractions of a picture that is not there: {picture.path}"
            yield Reject(file, scene.key, split, "no_size", detail, items)
            return
        picture = Picture(picture.path, *size)
    found = _placed(options, scene, size, file, split)
    yield from found.rejects
    regions, unplaced = tuple(found.regions), tuple(found.unplaced)
    yield Sample(scene.key, file, split, (picture,), regions=regions, unplaced=unplaced)


def _placed(
    options: Options, scene: Scene, size: tuple[int, int] | None, file: str, split: str
) -> _Placed:
    found = _Placed([], [], [])
    hidden = scene.damaged
    for key, fields in scene.lines:
        label = ""
        try:
            label = _label(options, fields, scene.values)
            found.regions.append(_region(options, key, label, fields, size))
        except BadLine as bad:
            found.rejects.append(Reject(file, f"{scene.key}#{key}", split, *bad.args))
            if label in options.unannotated_names:
                hidden = True
            elif label:
                found.unplaced.append(label)
    if hidden:  # the picture may show more of every class
        found.unplaced.extend(dict.fromkeys(region.label for region in found.regions))
    return found


def _label(options: Options, fields: Mapping[str, str], values: Mapping[str, str]) -> str:
    """The class of a line: its own, its folder's, or the entry's. Raises BadLine."""
    written = fields.get("class") or values.get("label") or options.label or ""
    if not written:
        raise BadLine("missing_field", "no class")
    names = options.class_names
    if not names or written in names.values():
        return written
    value = number(written)
    name = names.get(f"{value:g}" if value is not None else written)
    if name is None:
        raise BadLine("bad_value", f"class {written[:40]!r} is none of {', '.join(names)}"[:200])
    return name


def _region(
    options: Options,
    key: str,
    label: str,
    fields: Mapping[str, str],
    size: tuple[int, int] | None,
) -> Region:
    """Raises BadLine, for the policy `ignored` too."""
    if label in options.ignored_names or label in options.unannotated_names:
        raise BadLine("ignored", f"{label} {' '.join(fields.values())}")
    if number(fields.get("score", "1")) == 0:
        raise BadLine("ignored", f"score 0: {label} {' '.join(fields.values())}")
    shape = shape_of(fields, size)
    more = {name: text for name, text in fields.items() if name not in _NO_ATTRIBUTES}
    ignored = is_marked(fields.get("difficult", ""))
    return Region(key, label, shape, ignored=ignored, attributes=more)

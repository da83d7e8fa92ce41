"""Change masks: two pictures of one place, and masks of what changed between them.

The native layout is the annotation::

    train/A/train_1.png      before
    train/B/train_1.png      after
    train/label/train_1.png  0 unchanged, 255 changed

The entry says which picture is the earlier one. Sets with several masks a pair (new and demolished
buildings, classes before and after) have one layer for each; a layer's regions lie in one of the
two pictures: where the thing is that it shows. Numbers of masks are read as in `mask_raster`.

A region is all pixels of one kind of change and not one object, so nothing here can be counted; or,
where the entry says so, each connected part of them. Its expression says what changed. Masks are
pixels of both pictures, which must be as large.
Source: Chen and Shi 2020, https://justchenhao.github.io/LEVIR (LEVIR-CD); Yang et al. 2021,
https://captain-whu.github.io/SCD (SECOND).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct

from converters.read.folder import BySplit, Folder, Plan, Sides, Span
from converters.read.mask_files import Listed, masks_plan
from converters.read.mask_pairs import Paired, with_pictures
from converters.read.picture_paths import PicturePaths
from converters.regions.areas import read_runs
from converters.regions.masks import mask_parts
from converters.regions.pixel_classes import PixelTable, areas, pixel_classes
from schemas.sample import Expression, Kind, Picture, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region", "expression")
OURS: tuple[Kind, ...] = ("expression",)
_MASKS_A_SPAN = 128
_PLACES = ("before", "after")


class Layer(PixelTable, forbid_unknown_fields=True, kw_only=True):
    """One mask of each pair, besides what `PixelTable` lists.

    masks: pattern of the mask files, with the names of the first layer's. shown: the picture in
    which the things lie that it tells.
    """

    masks: BySplit
    shown: Literal["before", "after"] = "after"


class Options(Struct, forbid_unknown_fields=True, kw_only=True):
    """What an entry may say.

    before, after: paths of the earlier and the later picture from the names of the first layer's
    pattern. layers: what each mask of a pair tells; a pair is there where the first one's mask is.
    apart: whether each connected part (8 neighbours) of a kind of change is a region of its own.
    listed: splits that are no folders, as `Listed` says.
    """

    before: BySplit
    after: BySplit
    layers: Annotated[list[Layer], Meta(min_length=1)]
    apart: bool = False
    listed: Listed = Listed()


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of some pairs. Raises SourceError where there is none, or a value means two classes."""
    tables = [pixel_classes(layer) for layer in options.layers]
    return masks_plan(
        folder,
        options.layers[0].masks,
        [options.before, options.after],
        options.listed,
        classes=tuple(dict.fromkeys(name for table in tables for name in table.names)),
        others=[layer.masks for layer in options.layers[1:]],
        files_a_span=_MASKS_A_SPAN,
    )


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a pair, the earlier picture first; each kind of change is a region."""
    images = [options.before, options.after]
    layers = [(layer, PicturePaths(folder, layer.masks)) for layer in options.layers]
    for found in with_pictures(folder, span, options.layers[0].masks, images):
        if isinstance(found, Reject):
            yield found
        else:
            yield from _pair(folder, layers, options.apart, found)


def _pair(
    folder: Folder, layers: list[tuple[Layer, PicturePaths]], apart: bool, pair: Paired
) -> Iterator[Sample | Reject]:
    """The Sample of a pair, and a Reject of each of its masks that cannot be read or does not fit.

    Without any mask there is no Sample.
    """
    pictures: tuple[Picture, ...] = ()
    regions: list[Region] = []
    expressions: list[Expression] = []
    for at, (layer, masks) in enumerate(layers):
        classes = pixel_classes(layer)
        name = pair.beside(folder, masks) if at else pair.name
        runs = read_runs(folder, name, pair.split, classes.form)
        if isinstance(runs, Reject):
            yield runs
            continue
        fitting = pair.pictures(runs.width, runs.height)
        if isinstance(fitting, Reject):
            yield fitting
            continue
        pictures = fitting
        found = areas(runs, classes)
        if found.unknown:
            yield Reject(folder.relative(name), name, pair.split, "bad_value", found.unknown)
        for label, mask in found.masks:
            key = f"{layer.shown} {label}" if len(layers) > 1 else label
            image = _PLACES.index(layer.shown)
            parts = {key: mask}
            if apart:
                parts = {f"{key} {i}": part for i, part in enumerate(mask_parts(mask))}
            regions += [Region(name, label, part, image) for name, part in parts.items()]
            expressions.append(Expression(key, layer.phrase(label), tuple(parts), True))
    if pictures:
        yield Sample(
            pair.name,
            pair.file,
            pair.split,
            pictures,
            regions=tuple(regions),
            expressions=tuple(expressions),
        )

"""Semantic masks: beside each picture another of its size that tells the class of each pixel.

The native layout is the annotation::

    Train/Urban/images_png/1366.png      RGB
    Train/Urban/masks_png/1366.png       1 band: 0 no data, 1 background, 2 building, 3 road ...

Numbers of a mask are one band's values (palette indices where it has a palette), or colours; the
entry says what each means. A mask of one class is of 0 and 1 or of 0 and 255, as its copies differ.
Values that the entry does not name are counted: the picture then has no label, since a class may
be missing from it, and its other classes stay regions.

A region is all pixels of one class and not one object, so nothing here can be counted; its
expression is the class's name. Masks are pixels of the picture, which must be as large.
Source: Wang et al. 2021, https://github.com/Junjue-Wang/LoveDA (LoveDA); ISPRS Vaihingen and
Potsdam (colours).
"""

from __future__ import annotations

from collections.abc import Iterator

from converters.read.folder import BySplit, Folder, Plan, Sides, Span
from converters.read.mask_files import Listed, masks_plan
from converters.read.mask_pairs import Paired, with_pictures
from converters.regions.areas import Runs, read_runs
from converters.regions.pixel_classes import PixelClasses, PixelTable, areas, pixel_classes
from schemas.sample import Expression, Kind, Label, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("label", "region", "expression")
OURS: tuple[Kind, ...] = ("expression",)
_MASKS_A_SPAN = 128


class Options(PixelTable, forbid_unknown_fields=True, kw_only=True):
    """What an entry may say, besides what `PixelTable` lists.

    masks: pattern of the mask files. images: picture path from the names of that pattern.
    listed: splits that are no folders, as `Listed` says.
    """

    masks: BySplit
    images: BySplit
    listed: Listed = Listed()


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of some masks. Raises SourceError where there is none, or a value means two classes."""
    classes = pixel_classes(options).names
    return masks_plan(
        folder,
        options.masks,
        [options.images],
        options.listed,
        classes=classes,
        files_a_span=_MASKS_A_SPAN,
    )


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a mask: the classes present as label, each class's pixels as a region."""
    classes = pixel_classes(options)
    for found in with_pictures(folder, span, options.masks, [options.images]):
        if isinstance(found, Reject):
            yield found
            continue
        runs = read_runs(folder, found.name, span.split, classes.form)
        if isinstance(runs, Reject):
            yield runs
        else:
            yield from _sample(found, runs, options, classes)


def _sample(
    mask: Paired, runs: Runs, table: PixelTable, classes: PixelClasses
) -> Iterator[Sample | Reject]:
    pictures = mask.pictures(runs.width, runs.height)
    if isinstance(pictures, Reject):
        yield pictures
        return
    found = areas(runs, classes)
    names = tuple(name for name, _ in found.masks)
    labels = (Label(mask.name, names, several=True),) if names else ()
    if found.unknown:
        yield Reject(mask.file, mask.name, mask.split, "bad_value", found.unknown)
        labels = ()
    yield Sample(
        mask.name,
        mask.file,
        mask.split,
        pictures,
        labels=labels,
        regions=tuple(Region(name, name, area) for name, area in found.masks),
        expressions=tuple(Expression(name, table.phrase(name), (name,), True) for name in names),
    )

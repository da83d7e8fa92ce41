"""Masks of objects: beside each picture another of its size in which every object can be told.

Objects have a number or colour of their own in one mask, and a class in another::

    P0119.png                        the picture
    P0119_instance_id_RGB.png        black, and one colour an object
    P0119_instance_color_RGB.png     black, and one colour a class

Where there is no mask of objects, an object is a connected part (8 neighbours) of a class's pixels.
An object's class is that of most of its pixels; 0 and black are no object. Numbers and colours of
classes are read as in `mask_raster`. Masks are pixels of the picture, which must be as large.
Source: Zamir et al. 2019, https://github.com/CAPTAIN-WHU/iSAID_Devkit (iSAID); Wei et al. 2020,
https://github.com/chaozhong2010/HRSID (HRSID).
"""

from __future__ import annotations

from collections.abc import Iterator

from converters.read.folder import BySplit, Folder, Plan, Sides, Span
from converters.read.mask_files import Listed, masks_plan
from converters.read.mask_pairs import Paired, with_pictures
from converters.read.picture_paths import PicturePaths
from converters.read.rasters import Form, colour_code, colour_of
from converters.regions.areas import Runs, masks_by, most_common, read_runs
from converters.regions.masks import mask_parts
from converters.regions.pixel_classes import PixelClasses, PixelTable, areas, pixel_classes
from schemas.sample import Kind, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)
_MASKS_A_SPAN = 32
_IDS = Form(ids=True)
_BLACK = colour_code(0, 0, 0)


class Options(PixelTable, forbid_unknown_fields=True, kw_only=True):
    """What an entry may say, besides what `PixelTable` lists.

    masks: pattern of the masks that tell classes. images: picture path from the names of that
    pattern. objects: pattern of the masks that tell objects, with those names, where there are any.
    listed: splits that are no folders, as `Listed` says.
    """

    masks: BySplit
    images: BySplit
    objects: BySplit = ""
    listed: Listed = Listed()


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of some masks. Raises SourceError where there is none, or a value means two classes."""
    return masks_plan(
        folder,
        options.masks,
        [options.images],
        options.listed,
        classes=pixel_classes(options).names,
        others=[options.objects] if options.objects else [],
        files_a_span=_MASKS_A_SPAN,
    )


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a mask, each of its objects a region."""
    classes = pixel_classes(options)
    others = PicturePaths(folder, options.objects)
    for found in with_pictures(folder, span, options.masks, [options.images]):
        if isinstance(found, Reject):
            yield found
            continue
        runs = read_runs(folder, found.name, span.split, classes.form)
        if isinstance(runs, Reject):
            yield runs
            continue
        pictures = found.pictures(runs.width, runs.height)
        if isinstance(pictures, Reject):
            yield pictures
            continue
        regions = []
        for item in _objects(folder, options, others, found, runs, classes):
            if isinstance(item, Reject):
                yield item
            else:
                regions.append(item)
        yield Sample(found.name, found.file, span.split, pictures, regions=tuple(regions))


def _objects(
    folder: Folder,
    options: Options,
    others: PicturePaths,
    mask: Paired,
    runs: Runs,
    classes: PixelClasses,
) -> Iterator[Region | Reject]:
    if options.objects:
        name = mask.beside(folder, others)
        objects = read_runs(folder, name, mask.split, _IDS)
        if isinstance(objects, Reject):
            yield objects
        elif (objects.width, objects.height) != (runs.width, runs.height):
            sizes = f"{objects.width} x {objects.height} and {runs.width} x {runs.height}"
            detail = f"masks of objects and of classes are of {sizes}"
            yield Reject(mask.file, mask.name, mask.split, "size_conflict", detail)
        else:
            yield from _by_id(mask, objects, runs, classes)
        return
    found = areas(runs, classes)
    if found.unknown:
        yield Reject(mask.file, mask.name, mask.split, "bad_value", found.unknown)
    for label, area in found.masks:
        for number, part in enumerate(mask_parts(area)):
            yield Region(f"{label} {number}", label, part)


def _by_id(
    mask: Paired, objects: Runs, runs: Runs, classes: PixelClasses
) -> Iterator[Region | Reject]:
    """Each object with the class of most of its pixels, by ascending number."""
    values = most_common(objects, runs)
    for code, shape in masks_by(objects, objects.value):
        if code in (0, _BLACK):
            continue
        key = "{:02x}{:02x}{:02x}".format(*colour_of(code)) if code > _BLACK else str(code)
        label = classes.name(values[code])
        if label is None:
            value = classes.written(values[code])
            detail = f"an object whose mask of classes says {value}, which is no class"
            yield Reject(mask.file, f"{mask.name}#{key}", mask.split, "bad_value", detail)
        else:
            yield Region(key, label, shape)

"""XML that names objects by their colour in a mask (RarePlanes, synthetic part).

One native file, `xmls/NAME.xml`, beside `images/NAME.png` and `masks/NAME_mask.png`::

    <image>
      <object id="001A48A6">
        <category0>Airplane</category0> <category1>Civil</category1>
        <object_mask_color_rgba>145,247,100,255</object_mask_color_rgba>
        <bndbox2D> <xmin>943</xmin> ... </bndbox2D>
      </object>
    </image>

The mask shows everything in a colour of its own, houses and ground too; objects are those that
the XML lists. A region is all pixels of an object's colour; transparency is not compared. The box
of the XML is not read: it is the extent of those pixels.
Source: Shermeyer et al. 2020, https://github.com/VisionSystemsInc/RarePlanes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import numpy as np
from msgspec import Struct

from converters.read.beside import Beside
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound, stem
from converters.read.mask_pairs import Paired, sizes_of
from converters.read.patterns import once
from converters.read.picture_paths import PicturePaths
from converters.read.places import unpacked
from converters.read.plans import files_plan
from converters.read.rasters import Form, colour_code
from converters.read.records import record_pictures, xml_records
from converters.regions.areas import Runs, mask_of_runs, read_runs
from schemas.sample import Kind, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)
_FILES_A_SPAN = 32
_COLOUR = re.compile(r"\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,\s*\d{1,3}\s*)?")


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the XML files. images: picture path from the pattern's names and
    `{stem}`. masks: path of the mask, from the folder above that of the XML file. colour, label:
    the tags of an object's colour and class. kept: the classes that are objects; others are
    `unselected`. attributes: tags that say more of an object.
    """

    annotations: BySplit
    images: BySplit
    masks: str
    colour: str
    label: str
    kept: list[str] = []
    attributes: list[str] = []


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of some XML files."""
    return files_plan(folder, options.annotations, options.images, files_a_span=_FILES_A_SPAN)


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a file, and a Reject for each object without a class, a colour or pixels."""
    paths, masks = PicturePaths(folder, options.images), Beside(folder, f"{{above}}{options.masks}")
    for name, root in xml_records(folder, span):
        if isinstance(root, Reject):
            yield root
            continue
        file, key = folder.relative(name), stem(name)
        values = {**bound(options.annotations, name), "stem": key, "split": span.split}
        pictures = record_pictures([(paths, values)], file, key, span.split)
        if isinstance(pictures, Reject):
            yield pictures
            continue
        above = "".join(f"{part}/" for part in once(unpacked(name)).split("/")[:-2])
        mask = masks.path({**values, "above": above})
        runs = read_runs(folder, mask, span.split, Form(coloured=True))
        if isinstance(runs, Reject):
            yield runs
            continue
        path = pictures[0].path
        pair = Paired(key, file, span.split, values, (path,), sizes_of(folder, [path]))
        shown = pair.pictures(runs.width, runs.height)
        if isinstance(shown, Reject):
            yield shown
            continue
        regions = []
        for number, element in enumerate(root.iter("object")):
            found = _region(element, f"object[{number}]", runs, options)
            if isinstance(found, Region):
                regions.append(found)
            else:
                yield Reject(file, f"{key}#{found[0]}", span.split, found[1], found[2])
        yield Sample(key, file, span.split, shown, regions=tuple(regions))


def _region(
    element: Element, place: str, runs: Runs, options: Options
) -> Region | tuple[str, str, str]:
    """An object's region, or its key, the reason why there is none, and the detail."""
    key = element.get("id") or place
    label = (element.findtext(options.label) or "").strip()
    if not label:
        return key, "missing_field", f"no {options.label}"
    if options.kept and label not in options.kept:
        return key, "unselected", f"{options.label} is {label}"
    text = element.findtext(options.colour) or ""
    colour = _COLOUR.fullmatch(text)
    if colour is None or max(map(int, colour.groups())) > 255:
        return key, "bad_value", f"{options.colour} is {text[:40]!r}"
    red, green, blue = map(int, colour.groups())
    chosen = np.flatnonzero(runs.value == colour_code(red, green, blue))
    if not len(chosen):
        return key, "zero_area", f"no pixel of the mask is {red}, {green}, {blue}"
    said = {tag: (element.findtext(tag) or "").strip() for tag in options.attributes}
    attributes = {tag: value for tag, value in said.items() if value}
    return Region(key, label, mask_of_runs(runs, chosen), attributes=attributes)

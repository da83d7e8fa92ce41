"""Detection XML, one file a picture: the walk is VOC's, the geometry leaf differs.

`geometry = "bndbox"` (DIOR)::

    <annotation><filename>00255.jpg</filename><size><width>800</width>...</size>
      <object><name>dam</name>
        <bndbox><xmin>449</xmin><ymin>189</ymin><xmax>634</xmax><ymax>290</ymax></bndbox>
      </object></annotation>

`geometry = "robndbox"` (DIOR-R)::

    <object><name>dam</name>
      <robndbox><x_left_top>460</x_left_top><y_left_top>180</y_left_top> ...
        <y_left_bottom>194</y_left_bottom></robndbox></object>

Sets that were labelled anew with roLabelImg have its box under the same tag, read by its own
convention: pixels from the picture's corner, the angle in radians, clockwise::

    <robndbox><cx>150.0</cx><cy>150.0</cy><w>100.0</w><h>40.0</h><angle>0.5</angle></robndbox>

`geometry = "points"` (FAIR1M)::

    <objects><object><possibleresult><name>Van</name></possibleresult>
      <points><point>801.000000,949.000000</point> ... five, the first repeated ...</points>
    </object></objects>

`geometry = "mbox"`, `object_tag = "HRSC_Object"` (HRSC2016)::

    <HRSC_Image><Img_SizeWidth>1172</Img_SizeWidth> ... <HRSC_Objects><HRSC_Object>
      <Class_ID>100000013</Class_ID><mbox_cx>341.2143</mbox_cx><mbox_cy>443.3325</mbox_cy>
      <mbox_w>778.4297</mbox_w><mbox_h>178.2595</mbox_h><mbox_ang>-1.122944</mbox_ang>
    </HRSC_Object></HRSC_Objects></HRSC_Image>

`converters.regions.xml_leaves` has all geometries. An entry says how corners count pixels:
`one_based` from 1, the last one included (DIOR, DIOR-R, HRRSD); `inclusive` from 0, the last one
included (RarePlanes); neither: they are taken as they stand (FAIR1M, HIT-UAV). The picture is
named by the file's own stem, since `<filename>` is wrong in several sets.
Source: Li et al. 2020 (DIOR), Cheng et al. 2022 (DIOR-R), Sun et al. 2022 (FAIR1M), Liu et al.
2017 (HRSC2016), https://github.com/cgvict/roLabelImg.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal
from xml.etree.ElementTree import Element

from msgspec import Struct

from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, batched, bound, stem
from converters.read.picture_paths import PicturePaths
from converters.read.picture_patterns import picture_patterns, pictures_elsewhere
from converters.read.plans import chosen_files, files_plan
from converters.read.records import record_pictures, xml_records
from converters.read.split_lists import split_by_lists, split_by_pictures
from converters.read.xml_values import first_text, is_flag, metres, pixels, texts_of
from converters.regions.xml_leaves import Counting, Fault, other_objects, shape_of
from schemas.sample import Kind, Picture, Region, Reject, Sample, Shape

YIELDS: tuple[Kind, ...] = ("region",)
_FILES_A_SPAN = 256

Geometry = Literal[
    "bndbox",
    "bndbox2D",
    "box",
    "robndbox",
    "mbox",
    "points",
    "upright_points",
    "polygon",
    "rotated_bndbox",
    "segm",
]


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the XML files; leave_out: what the names of files that it matches and
    that are no annotations end in. images: picture path from `{stem}`, `{split}` and the pattern's
    names. lists: pattern of the split lists, one stem a line, or of a table with a column `split`,
    or several, where splits are no folders; where only the folders of the pictures tell the split,
    `images` has a pattern for each.

    geometry: the leaf that holds the coordinates, or several, of which the first that an object
    has is read. one_based: True where they count pixels from 1, corners included; inclusive: True
    where they count from 0, corners included.

    object_tag, label_tags, size_tags, gsd_tag: the tag of an object, the paths of its class (the
    first that has a text; an object with two that differ is a Reject), of the picture's width and
    height, and of its metres a pixel.
    unlabelled: the class of an object without one. attribute_tags: paths of what else is said of
    an object, by the name of what they say.

    ignored_names: classes that mean "ignore this", such as DontCare. other_names: classes of
    objects that are not what the dataset is about. Each object of these is a Reject.
    """

    annotations: BySplit
    images: BySplit
    geometry: Geometry | list[Geometry]
    one_based: bool
    inclusive: bool = False
    lists: str | list[str] | None = None
    leave_out: list[str] = []
    object_tag: str = "object"
    label_tags: tuple[str, ...] = ("name", "possibleresult/name")
    unlabelled: str = ""
    size_tags: tuple[str, str] = ("size/width", "size/height")
    gsd_tag: str = ""
    attribute_tags: dict[str, str] = {}
    ignored_names: list[str] = []
    other_names: list[str] = []

    def geometries(self) -> Sequence[str]:
        """The leaves that may hold an object's coordinates, in the order in which they count."""
        return [self.geometry] if isinstance(self.geometry, str) else self.geometry

    def counting(self) -> Counting:
        """How the corners count pixels."""
        return Counting(1, True) if self.one_based else Counting(0, self.inclusive)


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of a few hundred XML files, by split.

    Raises SourceError where there is none, and says what became of the pictures that lists name.
    """
    notes: list[str] = []
    told_by_path = isinstance(options.annotations, dict) or "{split}" in options.annotations
    if options.lists is None and (told_by_path or isinstance(options.images, str)):
        return files_plan(
            folder,
            options.annotations,
            options.images,
            files_a_span=_FILES_A_SPAN,
            leave_out=options.leave_out,
        )
    chosen = chosen_files(folder, options.annotations, notes, options.leave_out)
    found = [file for _, file in chosen]
    elsewhere = pictures_elsewhere(folder, options.images)
    splits = options.images if isinstance(options.images, dict) else {}
    if options.lists is None:
        by_split, more = split_by_pictures(folder, splits, found)
    else:
        by_split, more = split_by_lists(folder, options.lists, found, splits or None)
    if not any(by_split.values()):
        asked = ", ".join(sorted(folder.splits or ()))
        raise SourceError(f"{folder.slug}: no pictures of split {asked}. {'. '.join(more)}".strip())
    spans: list[Span] = []
    for split, names in sorted(by_split.items()):
        spans += batched(folder.slug, split, names, _FILES_A_SPAN, len(spans))
    return Plan(spans, [*notes, *more, *elsewhere], picture_patterns(options.images))


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample an XML file, and a Reject for each object or file that cannot be read."""
    paths = PicturePaths(folder, options.images)
    geometries, counting = options.geometries(), options.counting()
    for name, root in xml_records(folder, span):
        if isinstance(root, Reject):
            yield root
            continue
        file, key = folder.relative(name), stem(name)
        regions: list[Region] = []
        unplaced: list[str] = []
        for i, node in enumerate(root.iter(options.object_tag)):
            at = f"{options.object_tag}[{i}]"
            names = texts_of(node, options.label_tags)
            label = names[0] if names else options.unlabelled
            if label in options.other_names:
                detail = f"{label} is no class of this dataset"
                yield Reject(file, f"{key}#{at}", span.split, "unselected", detail)
                continue
            if label in options.ignored_names:
                detail = f"{label} says that this is to be ignored"
                yield Reject(file, f"{key}#{at}", span.split, "ignored", detail)
                continue
            try:
                if not label:
                    raise Fault("missing_field", f"object without a {options.label_tags[0]}")
                if len(names) > 1:
                    raise Fault("bad_value", f"two names that differ: {label}, {names[1]}")
                shape = shape_of(node, geometries, counting)
                regions.append(_region(node, label, shape, options, at))
            except Fault as fault:
                if label:
                    unplaced.append(label)
                yield Reject(file, f"{key}#{at}", span.split, *fault.args)
        for number, tag in enumerate(other_objects(root, options.object_tag)):
            detail = f"an object of the tag {tag} where {options.object_tag} was meant"
            yield Reject(file, f"{key}#{tag}[{number}]", span.split, "bad_value", detail)
        values = {**bound(options.annotations, name), "stem": key, "split": span.split}
        items = max(1, len(regions))
        pictures = record_pictures([(paths, values)], file, key, span.split, items)
        if isinstance(pictures, Reject):
            yield pictures
            continue
        width, height = (pixels(root, path) for path in options.size_tags)
        gsd = metres(root, options.gsd_tag) if options.gsd_tag else None
        yield Sample(
            key,
            file,
            span.split,
            (Picture(pictures[0].path, width, height, gsd=gsd),),
            regions=tuple(regions),
            unplaced=tuple(unplaced),
        )


def _region(node: Element, label: str, shape: Shape, options: Options, key: str) -> Region:
    ignored = is_flag(node.findtext("difficult") or "")
    said = {name: first_text(node, [path]) for name, path in options.attribute_tags.items()}
    attributes = {name: text for name, text in said.items() if text}
    return Region(key, label, shape, ignored=ignored, attributes=attributes)

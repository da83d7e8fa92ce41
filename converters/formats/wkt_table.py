"""Outlines in a table: one object a row, as WKT in pixels (SpaceNet).

One native file, `SN6_Train_AOI_11_Rotterdam_Buildings.csv`::

    ImageId,TileBuildingId,PolygonWKT_Pix,Mean_Building_Height
    20190822070610_20190822070846_tile_3721,0,"POLYGON ((10.5 3, 40 3, 40 20, 10.5 3))",9.2
    20190822070610_20190822070846_tile_3722,-1,POLYGON EMPTY,

Pixels are 0-based, x to the right, y down, and taken as they stand. An empty outline is a picture
without objects. Holes and several parts make a mask. The rows of one picture need not stand
together.
Source: https://spacenet.ai/sn6-challenge/, torchgeo's datasets/spacenet.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.sizes import PictureSizes
from converters.read.tables import table_records
from converters.regions.conventions import BadShape
from converters.regions.parts import rings_of_wkt, shape_of_rings
from schemas.sample import Kind, Picture, Region, Reject, Sample

YIELDS: tuple[Kind, ...] = ("region",)
_ROW_BYTES = 250


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: the tables. images: picture path from `{image}`, `{split}` and the pattern's names.
    image, outline: their columns. label: the column of the class, or one_class: the class of all.
    id: the column that names an object.
    """

    annotations: BySplit
    images: BySplit
    image: str = "ImageId"
    outline: str = "PolygonWKT_Pix"
    label: str | None = None
    one_class: str = ""
    id: str | None = None


class _Row(Struct):
    image: str
    outline: str
    label: str | None = None
    id: str | None = None


def plan(folder: Folder, options: Options) -> Plan:
    """One span a table. Raises SourceError where there is none, and names what is there."""
    return files_plan(
        folder, options.annotations, options.images, files_a_span=1, record_bytes=_ROW_BYTES
    )


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture, and a Reject for each row that cannot be used."""
    name = span.names[0]
    file = folder.relative(name)
    columns = {"image": options.image, "outline": options.outline}
    more = {"label": options.label, "id": options.id}
    columns |= {field: column for field, column in more.items() if column}
    by_picture: dict[str, list[tuple[str, _Row]]] = {}
    for place, row in table_records(folder, span, _Row, columns, named="image"):
        if isinstance(row, Reject):
            yield row
        else:
            by_picture.setdefault(row.image, []).append((place, row))
    paths, sizes = PicturePaths(folder, options.images), PictureSizes(folder)
    own = bound(options.annotations, name)
    for image, rows in by_picture.items():
        try:
            path = paths.path({**own, "image": image, "split": span.split})
        except SourceError as error:
            yield Reject(file, image, span.split, "bad_value", str(error), len(rows))
            continue
        regions: list[Region] = []
        unplaced: list[str] = []
        for place, row in rows:
            label = row.label or options.one_class
            try:
                rings = rings_of_wkt(row.outline)
                if not rings:  # a picture without objects
                    continue
                if not label:
                    raise BadShape("missing_field", f"no {options.label}")
                size = sizes.of(path) if len(rings) > 1 else None
                shape = shape_of_rings(rings, size)
            except BadShape as fault:
                unplaced += [label] if label else []
                yield Reject(file, f"{image}#{place}", span.split, *fault.args)
                continue
            regions.append(Region(row.id or place, label, shape))
        yield Sample(
            image,
            file,
            span.split,
            (Picture(path),),
            regions=tuple(regions),
            unplaced=tuple(unplaced),
        )

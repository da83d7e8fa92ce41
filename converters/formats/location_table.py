"""Where on Earth pictures were taken, from tables of longitude and latitude (S2-100K, MP-16 Pro).

::

    lat,lon,url,fn
    35.99298294340872,9.519603756652518,https://...,patch_70975.tif

    IMG_ID,LAT,LON,...,city,county,state,country,...
    ee/62/4203763134.jpg,45.43,12.33,...

Degrees, WGS 84. The question is the entry's, and the answer its form: "35.99 N, 9.52 E".
Source: Klemmer et al. 2023 (SatCLIP), https://github.com/microsoft/satclip;
https://huggingface.co/datasets/Jia-py/MP16-Pro.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from converters.read.folder import BySplit, Folder, Plan, Sides, Span
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.records import record_pictures
from converters.read.tables import table_records
from schemas.sample import Kind, Question, Reject, Sample

YIELDS: tuple[Kind, ...] = ("question",)
_ROW_BYTES = 120


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the tables. images: picture path from `{image}` and `{split}`. image,
    longitude, latitude: columns. slash: what stands in a picture's path for the slashes of its
    name, where that is something else. question: what is asked of each picture. decimals: of the
    degrees in an answer.
    """

    annotations: BySplit
    images: BySplit
    image: str
    longitude: str
    latitude: str
    question: str
    slash: str = "/"
    decimals: int = 2


class _Row(Struct):
    image: str
    longitude: float
    latitude: float


def plan(folder: Folder, options: Options) -> Plan:
    """One span a table. Raises SourceError where there is none."""
    return files_plan(
        folder, options.annotations, options.images, files_a_span=1, record_bytes=_ROW_BYTES
    )


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a row; one with coordinates that are on no globe is a Reject."""
    file = folder.relative(span.names[0])
    paths = PicturePaths(folder, options.images)
    columns = {name: getattr(options, name) for name in ("image", "longitude", "latitude")}
    for _, row in table_records(folder, span, _Row, columns, named="image"):
        if isinstance(row, Reject):
            yield row
            continue
        if not (abs(row.latitude) <= 90 and abs(row.longitude) <= 180):
            detail = f"latitude {row.latitude:g}, longitude {row.longitude:g}"
            yield Reject(file, row.image, span.split, "bad_value", detail)
            continue
        image = row.image.replace("/", options.slash)
        values = {"image": image, "split": span.split}
        found = record_pictures([(paths, values)], file, row.image, span.split)
        if isinstance(found, Reject):
            yield found
            continue
        place = (row.longitude, row.latitude)
        found = (msgspec.structs.replace(found[0], place=place),)
        where = Question(row.image, options.question, _place(row, options.decimals), "geolocation")
        yield Sample(row.image, file, span.split, found, questions=(where,))


def _place(row: _Row, decimals: int) -> str:
    north = "N" if row.latitude >= 0 else "S"
    east = "E" if row.longitude >= 0 else "W"
    return f"{abs(row.latitude):.{decimals}f} {north}, {abs(row.longitude):.{decimals}f} {east}"

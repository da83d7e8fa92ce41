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
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read.folder import BySplit, Folder, Plan, Sides, Span
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.records import record_pictures
from converters.read.table_columns import table_columns, texts
from converters.read.tables import table_records
from converters.read.text_columns import Part, as_columns, picture_lists
from schemas.sample import Kind, Question, Reject, Sample
from schemas.table import PLACE, QUESTIONS, Columns

YIELDS: tuple[Kind, ...] = ("question",)
_ROW_BYTES = 120
_TYPE = "geolocation"
_HALF_ROUND = 180  # degrees of longitude, and twice those of latitude
_DECIMAL = r"^-?(0|[1-9][0-9]{0,2})(\.[0-9]{1,20})?$"


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


def read(
    folder: Folder, options: Options, span: Span, sides: Sides
) -> Iterator[Sample | Columns | Reject]:
    """Questions as columns, or one Sample a row.

    A row with coordinates that are on no globe is a Reject.
    """
    return as_columns(
        folder.relative(span.names[0]),
        "question",
        lambda: _in_columns(folder, options, span),
        lambda: _read_rows(folder, options, span),
    )


def _in_columns(folder: Folder, options: Options, span: Span) -> list[Part] | None:
    columns = {name: getattr(options, name) for name in ("image", "longitude", "latitude")}
    found = table_columns(folder, span, columns)
    if found is None:
        return None
    key = texts(found["image"])
    longitude, latitude = (_degrees(found[name]) for name in ("longitude", "latitude"))
    if key is None or key.null_count or longitude is None or latitude is None:
        return None
    if np.abs(longitude).max() > _HALF_ROUND or np.abs(latitude).max() > _HALF_ROUND / 2:
        return None
    names = key if options.slash == "/" else pc.replace_substring(key, "/", options.slash)
    paths = [PicturePaths(folder, options.images)]
    shown = picture_lists(paths, "image", names, {"split": span.split}, stems=False)
    if shown is None:
        return None
    where = [
        _place(*degrees, options.decimals)
        for degrees in zip(longitude.tolist(), latitude.tolist(), strict=True)
    ]
    asked = pa.repeat(pa.scalar(options.question), len(key))
    kinds = pa.repeat(pa.scalar(_TYPE), len(key))
    values = [key, shown, asked, pa.array(where), kinds, pa.array(longitude), pa.array(latitude)]
    schema = pa.unify_schemas([QUESTIONS, PLACE])
    return [Part(span.split, pa.table(values, schema=schema))]


def _degrees(column: pa.ChunkedArray) -> npt.NDArray[np.float64] | None:
    """A column of plain decimal numbers, none missing."""
    if pa.types.is_string(column.type):
        if not pc.all(pc.match_substring_regex(column, _DECIMAL), skip_nulls=False).as_py():
            return None
    elif not pa.types.is_float64(column.type):
        return None
    found = np.asarray(column.cast(pa.float64()), float)
    return found if len(found) and np.isfinite(found).all() else None


def _read_rows(folder: Folder, options: Options, span: Span) -> Iterator[Sample | Reject]:
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
        said = _place(row.longitude, row.latitude, options.decimals)
        where = Question(row.image, options.question, said, _TYPE)
        yield Sample(row.image, file, span.split, found, questions=(where,))


def _place(longitude: float, latitude: float, decimals: int) -> str:
    north = "N" if latitude >= 0 else "S"
    east = "E" if longitude >= 0 else "W"
    return f"{abs(latitude):.{decimals}f} {north}, {abs(longitude):.{decimals}f} {east}"

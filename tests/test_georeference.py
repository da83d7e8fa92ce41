"""Where pictures lie on Earth: positions and metres a pixel from their georeference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from given import convert, sample
from laid_out import found_in
from rasterio.crs import CRS
from rasterio.transform import from_origin

from converters.read.georeference import Georeference, georeference, position
from schemas.mix import TileSpec
from schemas.sample import Box, Caption, Picture, Polygon, Region

ASKED: dict[str, Any] = {"georeference": True}


def put(
    path: Path,
    system: str | None,
    left: float,
    top: float,
    step: float,
    side: int = 10,
    height: int | None = None,
) -> None:
    """A GeoTIFF of side x height pixels, each `step` units of its reference system wide."""
    height = side if height is None else height
    shape = {"width": side, "height": height, "count": 1, "dtype": "uint8"}
    place = {"crs": system, "transform": from_origin(left, top, step, step)} if system else {}
    with rasterio.open(path, "w", "GTiff", **shape, **place) as file:
        file.write(np.zeros((1, height, side), np.uint8))


def said(root: Path, values: dict[str, Any] = ASKED, **picture: Any) -> dict[str, Any]:
    """The row of a picture `a.tif` with a caption."""
    record = sample(pictures=(Picture("a.tif", **picture),), captions=(Caption("0", "a field"),))
    [row] = convert([record], ["caption"], root=root, values=values).rows
    return row


@pytest.fixture
def utm(tmp_path: Path) -> Path:
    """Ten pixels of 2 m whose middle lies on the middle meridian of UTM's zone 32, 9 degrees east.

    Along it the map is smaller than the ground by 0.9996.
    """
    put(tmp_path / "a.tif", "EPSG:32632", 499_990, 5_000_010, 2)
    return tmp_path


def test_a_geotiff_says_where_its_middle_lies_and_how_fine_it_is(utm: Path) -> None:
    row = said(utm)
    assert (row["lon"], row["lat"]) == (pytest.approx(9.0), pytest.approx(45.1535, abs=1e-3))
    assert row["gsd"] == pytest.approx(2 / 0.9996, rel=1e-5)


def test_the_middle_of_a_picture_that_is_wider_than_high_lies_in_its_middle(tmp_path: Path) -> None:
    put(tmp_path / "a.tif", "EPSG:4326", 10, 1, 0.1, side=20, height=4)
    row = said(tmp_path)
    assert (row["lon"], row["lat"]) == (pytest.approx(11.0), pytest.approx(0.8))


def test_metres_are_those_on_the_ground_and_not_of_mercators_map(tmp_path: Path) -> None:
    # At 60 degrees north this map is 1 / 0.50126 as wide as the ground and 1 / 0.50042 as high.
    put(tmp_path / "a.tif", "EPSG:3857", 0, 8_399_737.89, 20)
    row = said(tmp_path)
    assert row["lat"] == pytest.approx(60, abs=1e-3)
    assert row["gsd"] == pytest.approx(10.0168, abs=1e-3)


def test_degrees_become_metres(tmp_path: Path) -> None:
    put(tmp_path / "a.tif", "EPSG:4326", 10, 0.00005, 0.00001)
    row = said(tmp_path)
    assert (row["lon"], row["lat"]) == (pytest.approx(10.00005), pytest.approx(0, abs=1e-9))
    # At the equator a degree is 111.32 km along it and 110.57 km across.
    assert row["gsd"] == pytest.approx(0.00001 * (111_319.5 * 110_574.3) ** 0.5, rel=1e-4)


def test_a_picture_across_the_date_line_has_its_metres() -> None:
    to_pixels = np.array([[1000.0, 0, -180_000 + 0.5], [0, -1000, 0]])
    lies = Georeference(to_pixels, CRS.from_epsg(4326).to_wkt(), (1, 1))
    found = position(lies, 0.5, 0.5)
    assert found is not None
    assert found.gsd == pytest.approx(110.95, abs=0.05)


def test_nothing_is_asked_of_pictures_whose_entry_does_not_say_so(
    utm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("converters.convert.georeference", None)  # calling it would be an error
    row = said(utm, {})
    assert (row["gsd"], row["lon"], row["lat"]) == (None, None, None)


@pytest.mark.parametrize(
    "values, picture, gsd", [({"gsd": 1.5}, {}, 1.5), ({"gsd": 1.5}, {"gsd": 0.5}, 0.5)]
)
def test_metres_that_record_or_entry_state_stay(
    utm: Path, values: dict[str, Any], picture: dict[str, Any], gsd: float
) -> None:
    row = said(utm, ASKED | values, **picture)
    assert (row["gsd"], row["lon"]) == (gsd, pytest.approx(9.0))


def notes(root: Path, **values: Any) -> dict[str, int]:
    """What is noted of pictures `a.tif` and `b.tif`."""
    records = [
        sample(name, pictures=(Picture(f"{name}.tif"),), captions=(Caption("0", "a field"),))
        for name in ("a", "b")
    ]
    counts = convert(records, ["caption"], root=root, values=ASKED | values).counts
    return {key.bucket: n for key, n in counts.items() if key.level == "notes" and n}


def test_pictures_without_a_georeference_are_counted(utm: Path) -> None:
    put(utm / "b.tif", None, 0, 0, 1)
    assert notes(utm) == {"without_georeference": 1}


def test_stated_metres_that_the_georeference_contradicts_are_counted(utm: Path) -> None:
    put(utm / "b.tif", "EPSG:32632", 500_000, 5_000_000, 4)
    assert notes(utm, gsd=2.2) == {"other_gsd": 1}


def test_a_system_that_lies_nowhere_on_earth_gives_no_position() -> None:
    local = 'LOCAL_CS["a wall",UNIT["metre",1]]'
    assert position(Georeference(np.eye(2, 3), local, (1, 1)), 0, 0) is None
    assert position(Georeference(np.eye(2, 3), "", (1, 1)), 0, 0) is None


def test_a_tile_has_the_position_of_its_own_middle(tmp_path: Path) -> None:
    put(tmp_path / "a.tif", "EPSG:4326", 0, 40, 0.5, side=40)
    region = Region("0", "field", Box(20, 20, 40, 40))
    record = sample(pictures=(Picture("a.tif", 40, 40),), regions=(region,))
    tiles = {"tile": TileSpec(size=20, overlap=0)}
    [row] = convert([record], ["description"], root=tmp_path, values=ASKED, sources=tiles).rows
    assert (row["scene"]["x"], row["scene"]["y"]) == (20, 20)
    assert (row["lon"], row["lat"]) == (pytest.approx(15), pytest.approx(25))


def test_the_first_picture_of_a_pair_says_where_it_is(utm: Path) -> None:
    put(utm / "b.tif", "EPSG:4326", 1, 1, 1)
    pair = (Picture("b.tif"), Picture("a.tif"))
    record = sample(pictures=pair, captions=(Caption("0", "a field"),))
    [row] = convert([record], ["change_caption"], root=utm, values=ASKED).rows
    assert (row["lon"], row["lat"]) == (pytest.approx(6), pytest.approx(-4))


def test_the_size_of_a_georeference_is_the_files(utm: Path) -> None:
    assert georeference(f"{utm}/a.tif").size == (10, 10)


@pytest.mark.parametrize(
    "crs",
    [
        *(None, "EPSG:3857", {"properties": {"name": ""}}, {"properties": {"name": 3857}}),
        *({"properties": ["EPSG:3857"]}, {"properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}),
    ],
)
def test_outlines_are_degrees_where_their_file_names_no_other_system(
    crs: Any, tmp_path: Path
) -> None:
    put(tmp_path / "1.tif", "EPSG:4326", 10, 5, 0.1)
    ring = [[10.1, 4.9], [10.3, 4.9], [10.3, 4.7], [10.1, 4.7], [10.1, 4.9]]
    outline = {"type": "Polygon", "coordinates": [ring]}
    document = {"crs": crs, "features": [{"properties": {}, "geometry": outline}]}
    options = {"annotations": "{stem}.json", "images": "{stem}.tif", "coordinates": "map"}
    files: dict[str, str | bytes] = {"1.json": json.dumps(document)}
    found = found_in(tmp_path, "geojson_regions", options | {"one_class": "dam"}, files)
    [region] = found.samples[0].regions
    assert isinstance(region.shape, Polygon)
    assert region.shape.points == pytest.approx((1, 1, 3, 1, 3, 3, 1, 3))

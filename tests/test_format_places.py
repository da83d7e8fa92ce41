"""Objects and classes in GeoJSON, in tables of outlines, in arrays, and before and after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from laid import laid, shot
from laid_out import found_in
from native import DATA, changed, convert, dataset, read, words
from rasterio.crs import CRS

from converters.catalogue import entry_of
from converters.read import georeference
from converters.read.files import SourceError
from converters.read.georeference import Georeference, position, to_pixels
from schemas.sample import Box, Label, Mask, Polygon, Reject, Shape

XVIEW = read(entry_of("xview"), DATA / "geojson_regions/xview")
RAREPLANES = read(entry_of("rareplanes"), DATA / "geojson_regions/rareplanes")
MUDS = read(entry_of("muds"), DATA / "geojson_regions/muds")
SPACENET = read(entry_of("spacenet6"), DATA / "wkt_table/spacenet6")
DEBRIS = read(entry_of("marine_debris"), DATA / "npy_boxes/marine_debris")
XBD = read(entry_of("xbd"), DATA / "disaster_pairs/xbd")
METER = read(entry_of("meter_ml"), DATA / "geojson_labels/meter_ml")


def faults(rejects: list[Reject]) -> list[tuple[str, str]]:
    return [(reject.key, reject.reason) for reject in rejects]


def pixels(shape: Shape) -> int:
    """How many pixels a mask has; 0 for what is none."""
    return sum(shape.counts[1::2]) if isinstance(shape, Mask) else 0


# GeoJSON


def test_features_of_one_picture_are_one_sample_wherever_they_stand() -> None:
    first, second = XVIEW.samples
    assert [(region.label, region.shape) for region in first.regions] == [
        ("Building", Box(10, 20, 40, 60)),
        ("Small Car", Box(-3, 22, 42, 62)),
    ]
    assert [(region.label, region.shape) for region in second.regions] == [
        ("Small Car", Box(1, 2, 3, 4))
    ]
    assert first.pictures[0].path == "train_images/7.tif"


def test_a_number_without_a_class_and_a_box_without_numbers_are_rejected() -> None:
    assert faults(XVIEW.rejects) == [
        ("features[5]", "missing_field"),
        ("features[6]", "unreadable_record"),
        ("7.tif#features[2]", "dangling_reference"),
        ("7.tif#features[3]", "missing_field"),
    ]
    assert XVIEW.samples[0].unplaced == ("Small Car",)


def test_map_coordinates_become_pixels_by_the_file_beside_the_picture() -> None:
    [plane] = RAREPLANES.samples[0].regions
    assert isinstance(plane.shape, Polygon)
    assert plane.shape.points == pytest.approx((5, 1, 8, 3, 5, 7, 2, 3), abs=1e-6)
    assert plane.attributes == {"role": "Small Civil Transport/Utility", "num_engines": "2"}


def test_a_picture_without_a_georeference_is_named() -> None:
    assert faults(RAREPLANES.rejects) == [
        ("10_a_tile_1#features[1]", "bad_value"),
        ("10_a_tile_2#features[0]", "bad_value"),
        ("10_a_tile_4", "unreadable_file"),
    ]
    assert RAREPLANES.rejects[1].detail == (
        "real/train/PS-RGB_tiled/10_a_tile_2.png: it has no georeference, and the annotations are "
        "in map coordinates"
    )


def test_a_tile_without_aircraft_is_a_picture_without_regions() -> None:
    [empty] = [sample for sample in RAREPLANES.samples if sample.key == "10_a_tile_3"]
    assert empty.regions == ()


def test_without_rasterio_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(georeference, "has_rasterio", lambda: False)
    with pytest.raises(SourceError, match=r"in map coordinates, needs rasterio: .*earthmix\[geo\]"):
        read(entry_of("rareplanes"), DATA / "geojson_regions/rareplanes")


def test_longitude_and_latitude_are_projected_onto_a_picture_in_metres() -> None:
    # UTM zone 16: the meridian of 87 degrees west is easting 500,000.
    half_metres = np.array([[2.0, 0, -1_000_000], [0, -2.0, 8_856_000]])
    lies = Georeference(half_metres, CRS.from_epsg(32616).to_wkt(), (10, 10))
    [[x, y]] = to_pixels(np.array([[-87.0, 40.0]]), "OGC:CRS84", lies)
    assert (x, y) == pytest.approx((0, 485.5626), abs=0.01)


def test_a_point_that_the_map_does_not_hold_costs_itself() -> None:
    lies = Georeference(np.eye(2, 3), CRS.from_epsg(4326).to_wkt(), (1, 1))
    far = np.array([[500_000.0, 5_000_000.0], [1e30, 1e30]])
    pixels = to_pixels(far, "EPSG:32631", lies)
    assert pixels[0] == pytest.approx([3.0, 45.15], abs=0.01)
    assert not np.isfinite(pixels[1]).any()
    utm = CRS.from_epsg(32631).to_wkt()
    beyond = Georeference(np.array([[1, 0, -1e30], [0, 1, -1e30]]), utm, (1, 1))
    assert position(beyond, 0, 0) is None


def test_an_unknown_reference_system_is_an_error() -> None:
    lies = Georeference(np.array([[1.0, 0, 0], [0, 1, 0]]), "", (10, 10))
    with pytest.raises(SourceError, match="unknown reference system 'EPSG:0'"):
        to_pixels(np.array([[0.0, 0.0]]), "EPSG:0", lies)


def test_one_ring_is_a_polygon_and_several_are_a_mask() -> None:
    first = MUDS.samples[0]
    by_key = {region.key: region.shape for region in first.regions}
    assert by_key["11"] == Polygon((1, 1, 4, 1, 4, 3, 1, 3))
    # 36 pixels less a hole of 4; 1 pixel and 4 pixels apart.
    assert {key: pixels(shape) for key, shape in by_key.items()} == {"11": 0, "12": 32, "13": 5}


def test_a_line_and_a_hole_in_a_picture_of_unknown_size_are_bad_outlines() -> None:
    line = ("global_monthly_2018_01_mosaic_L15_a#14", "bad_box")
    assert faults(MUDS.rejects) == [line]
    found = read(changed("muds", size=None), DATA / "geojson_regions/muds")
    hole = ("global_monthly_2018_02_mosaic_L15_a#12", "bad_box")
    assert faults(found.rejects) == [line, hole]


def test_the_entry_of_xview_names_all_classes_but_75_and_82() -> None:
    names = entry_of("xview").options["names"]
    assert len(names) == 60
    assert not {"75", "82"} & names.keys()


# Tables and arrays


def test_rows_of_a_table_are_gathered_by_picture() -> None:
    first, second = SPACENET.samples
    assert [(region.key, region.label, region.shape) for region in first.regions] == [
        ("0", "building", Polygon((10.5, 3, 40, 3, 40, 20))),
        ("1", "building", Polygon((1, 1, 5, 1, 5, 5))),
    ]
    assert (second.key, second.regions) == ("a_tile_2", ())


def test_what_is_no_outline_is_rejected() -> None:
    assert faults(SPACENET.rejects) == [
        ("row 6", "missing_field"),
        ("a_tile_1#row 4", "bad_value"),
        ("a_tile_1#row 5", "bad_box"),
    ]


def test_an_outline_with_a_hole_needs_no_picture_where_the_catalogue_says_its_size(
    tmp_path: Path,
) -> None:
    table = "AOI_11_Rotterdam/SummaryData/SN6_Train_AOI_11_Rotterdam_Buildings.csv"
    outline = "POLYGON ((1 1, 9 1, 9 9, 1 9, 1 1), (3 3, 5 3, 5 5, 3 5, 3 3))"
    rows = f'ImageId,TileBuildingId,PolygonWKT_Pix\na_tile_1,0,"{outline}"\n'
    found = read(entry_of("spacenet6"), laid(tmp_path, {table: rows}))
    assert not found.rejects
    [building] = found.samples[0].regions
    assert pixels(building.shape) == 64 - 4


def test_rows_of_an_array_are_boxes() -> None:
    first, second = DEBRIS.samples
    assert [(region.label, region.shape) for region in first.regions] == [
        ("marine_debris", Box(12, 40, 60, 90)),
        ("marine_debris", Box(5, 5, 5, 9)),
    ]
    assert second.regions == ()


def test_an_array_of_objects_or_of_another_shape_is_refused() -> None:
    assert [(reject.key, reject.reason, reject.detail) for reject in DEBRIS.rejects] == [
        ("20160928_0e0f_1-2-16#[2]", "dangling_reference", "class 2 has no name"),
        ("20160928_0e0f_5-6-16", "unreadable_file", "an array of (1, 3), not of rows of 5"),
        ("20160928_0e0f_7-8-16", "unreadable_file", "an array of object, not of numbers"),
    ]


def test_an_array_that_says_it_is_huge_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    head = b"{'descr': '<i8', 'fortran_order': False, 'shape': (99999999999, 5), }"
    (tmp_path / "labels/a.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00" + head.ljust(117) + b"\n")
    [reject] = read(entry_of("marine_debris"), tmp_path).rejects
    assert reject.detail == "an array of (99999999999, 5) in a file of 128 bytes"


# Before and after


def test_a_pair_has_the_earlier_picture_first_and_damage_in_the_later_one() -> None:
    first = XBD.samples[0]
    assert [(picture.path, picture.time, picture.gsd) for picture in first.pictures] == [
        (f"train/images/{first.key}_pre_disaster.png", "2018-01-02T16:15:51.000Z", 1.9),
        (f"train/images/{first.key}_post_disaster.png", "2018-06-22T16:15:51.000Z", 1.9),
    ]
    assert [(r.key, r.image, r.label, r.ignored) for r in first.regions] == [
        ("before/u1", 0, "building", False),
        ("before/u2", 0, "building", False),
        ("after/u1", 1, "destroyed", False),
        ("after/u2", 1, "un-classified", True),
    ]
    assert first.labels == (Label("disaster_type", ("volcano",)),)


def test_a_building_with_a_courtyard_is_a_mask() -> None:
    courtyard = XBD.samples[0].regions[1].shape
    assert isinstance(courtyard, Mask)
    assert (courtyard.width, sum(courtyard.counts[1::2])) == (1024, 12)


def test_bad_buildings_and_absent_label_files_are_named() -> None:
    assert faults(XBD.rejects) == [
        ("guatemala-volcano_00000000#u3", "missing_field"),
        ("guatemala-volcano_00000000#u4", "bad_box"),
        ("guatemala-volcano_00000000#features.xy[4]", "unreadable_record"),
        ("guatemala-volcano_00000001", "unreadable_file"),
    ]
    assert XBD.samples[0].unplaced == ("no-damage",)
    assert XBD.notes[-1] == (
        "1 label file(s) of an earlier picture have no later one and are not read, such as "
        "train/labels/guatemala-volcano_00000002_pre_disaster.json"
    )


def test_the_later_picture_alone_can_be_described() -> None:
    result = convert(dataset(entry_of("xbd_after"), ["grounding"], DATA / "disaster_pairs/xbd"))
    [row] = result.rows
    assert [image["path"] for image in row["images"]] == [
        "xbd/train/images/guatemala-volcano_00000000_post_disaster.png"
    ]
    assert "1 destroyed building" in row["conversations"][1]["value"]


def test_the_scenes_of_one_disaster_may_lie_in_one_folder(tmp_path: Path) -> None:
    native = DATA / "disaster_pairs/xbd/train/labels"
    scene = "guatemala-volcano_00000000"
    names = [f"{scene}_pre_disaster.json", f"{scene}_post_disaster.json"]
    place = "xBD/guatemala-volcano/labels"
    files: dict[str, str | bytes] = {f"{place}/{n}": (native / n).read_bytes() for n in names}
    [sample] = read(entry_of("xbd_folder"), laid(tmp_path, files)).samples
    assert (sample.split, sample.pictures[0].path) == (
        "all",
        f"xBD/guatemala-volcano/images/{scene}_pre_disaster.png",
    )
    assert sample.regions == XBD.samples[0].regions


# Places of pictures


def test_photographs_of_mp_16_pro_lie_under_names_without_slashes(tmp_path: Path) -> None:
    rows = "IMG_ID,LAT,LON,city\nee/62/42.jpg,45.4371,12.3345,Venice\nee/62/43.jpg,95,12,None\n"
    root = laid(
        tmp_path,
        {"metadata/MP16_Pro_filtered.csv": rows, "mp-16-images.tar!ee_62_42.jpg": shot("JPEG")},
    )
    found = convert(dataset(entry_of("mp_16_pro"), ["vqa"], root))
    assert [(row["images"][0]["path"], words(row)) for row in found.rows] == [
        (
            "mp_16_pro/mp-16-images.tar!ee_62_42.jpg",
            [
                "<image>\nWhere on Earth was this picture taken? Answer with latitude and "
                "longitude in degrees.",
                "45.44 N, 12.33 E",
            ],
        )
    ]
    assert [(one["key"], one["reason"]) for one in found.rejects] == [("ee/62/43.jpg", "bad_value")]


# Labels


def test_a_place_has_the_class_or_the_classes_of_its_feature() -> None:
    assert [(sample.pictures[0].path, sample.labels[0].names) for sample in METER.samples] == [
        ("val_images/3/naip.png", ("WWTPs",)),
        ("val_images/4/naip.png", ("CAFOs", "Landfills")),
    ]
    assert faults(METER.rejects) == [
        ("val_images/5", "no_label"),
        ("features[3]", "missing_field"),
        ("../../6", "bad_value"),
    ]


def test_a_missing_file_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "xView_val.geojson").write_text("{}")
    with pytest.raises(SourceError, match=r"there is: xView_val\.geojson"):
        read(changed("xview"), tmp_path)


def test_a_place_has_its_picture_in_the_folder_of_its_split(tmp_path: Path) -> None:
    columns = {"image": "id", "longitude": "lon", "latitude": "lat", "question": "Where?"}
    options = {"annotations": {"val": "a.csv"}, "images": "{split}/{image}"} | columns
    found = found_in(tmp_path, "location_table", options, {"a.csv": "id,lon,lat\n1.png,1,2\n"})
    assert [one.pictures[0].path for one in found.samples] == ["val/1.png"]

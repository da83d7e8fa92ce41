"""Entries of expressions and places: a tiny file in each one's documented layout."""

from __future__ import annotations

from pathlib import Path

import pytest
from native import DATA, picture, read

from converters.catalogue import entry_of
from converters.read.files import SourceError
from schemas.sample import Box, Expression, Mask, Polygon, Quad, Sample

REFGEO = (
    '{"image_id": "7.jpg", "question": "the red car", "question_id": 3, "bbox": [4, 2, 16, 12]}'
)
SAID = Expression("question", "the red car", ("regions[0]",))


def put(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def only(slug: str, root: Path) -> Sample:
    found = read(entry_of(slug), root)
    assert found.rejects == []
    [sample] = found.samples
    return sample


@pytest.mark.parametrize(
    ("slug", "file", "split", "image"),
    [
        ("aavg", "refGeo/metainfo/avvg_train.jsonl", "train", "refGeo/images/avvg/7.jpg"),
        ("aavg", "metainfo/avvg_test.jsonl", "test", "images/avvg/7.jpg"),
        ("rsvg", "metainfo/rsvg_val.jsonl", "val", "images/rsvg/7.jpg"),
        ("rsvg", "rsvg_test.jsonl", "test", "images/rsvg/7.jpg"),
        ("refgeo", "metainfo/rrsisd_train.jsonl", "train", "images/rrsisd/7.jpg"),
        ("refgeo", "metainfo/avvg_detection_train.jsonl", "train", "images/avvg_detection/7.jpg"),
    ],
)
def test_refgeo_is_read_as_documented(
    slug: str, file: str, split: str, image: str, tmp_path: Path
) -> None:
    put(tmp_path, file, REFGEO)
    sample = only(slug, tmp_path)
    assert (sample.key, sample.split, sample.pictures[0].path) == ("3", split, image)
    assert sample.expressions == (SAID,)
    assert sample.regions[0].shape == Box(4, 2, 16, 12)


def test_a_record_of_refgeo_says_where_its_picture_is(tmp_path: Path) -> None:
    put(tmp_path, "metainfo/avvg_detection_train.jsonl", f'{REFGEO[:-1]}, "dataset": "avvg"}}')
    assert only("refgeo", tmp_path).pictures[0].path == "images/avvg/7.jpg"


@pytest.mark.parametrize(
    ("slug", "dataset"),
    [("aavg_obb", "avvg"), ("refgeo_geochat_obb", "geochat"), ("refgeo_vrsbench_obb", "vrsbench")],
)
def test_corners_are_read_as_documented(slug: str, dataset: str, tmp_path: Path) -> None:
    poly = '"poly": [[10, 2], [16, 8], [10, 12], [4, 6]]'
    record = REFGEO.replace('"bbox": [4, 2, 16, 12]', poly)
    put(tmp_path, f"metainfo/{dataset}_test.jsonl", record)
    assert only(slug, tmp_path).regions[0].shape == Quad((10, 2, 16, 8, 10, 12, 4, 6))


def test_region_captions_of_geochat_bench_are_words_of_the_box_in_the_question(
    tmp_path: Path,
) -> None:
    picture(tmp_path / "images/P1.png", 200, 100)
    put(
        tmp_path,
        "region_captioning.jsonl",
        '{"image_id": "P1", "question": "{<10><20><30><40>|<0>}", "question_id": "P1_0",'
        ' "ground_truth": "1 ship at the left", "obj_ids": [0]}',
    )
    sample = only("geochat_bench_region_captioning", tmp_path)
    assert sample.expressions[0].text == "1 ship at the left"
    assert sample.regions[0].shape == Box(20, 20, 60, 40)


@pytest.mark.parametrize("folders", [("img_rgb", "mask"), ("images", "masks")])
def test_risbench_names_a_picture_with_its_ending(folders: tuple[str, str], tmp_path: Path) -> None:
    put(tmp_path, "RISBench_dataset/output_phrase_val.txt", "9_a.png the small ship on the left\n")
    picture(tmp_path / f"RISBench_dataset/{folders[0]}/9_a.png", 3, 2)
    picture(tmp_path / f"RISBench_dataset/{folders[1]}/9_a.tif", 3, 2)
    sample = only("risbench", tmp_path)
    assert sample.pictures[0].path == f"RISBench_dataset/{folders[0]}/9_a.png"
    assert sample.regions[0].shape == Mask(3, 2, (0, 6))
    assert sample.expressions[0].text == "the small ship on the left"


def test_earthreason_may_lie_in_a_doubled_folder(tmp_path: Path) -> None:
    put(tmp_path, "val/val/QAs/a.json", '{"questions": ["Where do planes land?"], "answer": ["x"]}')
    picture(tmp_path / "val/val/labels/a.png", 2, 1, (0, 0, 9))
    picture(tmp_path / "val/val/images/a.jpg", 2, 1)
    sample = only("earthreason", tmp_path)
    assert sample.pictures[0].path == "val/val/images/a.jpg"
    assert sample.regions[0].shape == Mask(2, 1, (0, 2))


def test_xview_may_lie_in_doubled_folders(tmp_path: Path) -> None:
    put(
        tmp_path,
        "train_labels/xView_train.geojson",
        '{"features": [{"properties": {"bounds_imcoords": "1,2,3,4", "type_id": 11,'
        ' "image_id": "5.tif"}, "geometry": null}]}',
    )
    picture(tmp_path / "train_images/train_images/5.tif")
    sample = only("xview", tmp_path)
    assert sample.pictures[0].path == "train_images/train_images/5.tif"
    assert sample.regions[0].label == "Fixed-wing Aircraft"


def test_spacenet6_shows_radar_in_an_entry_of_its_own(tmp_path: Path) -> None:
    put(
        tmp_path,
        "train/AOI_11_Rotterdam/SummaryData/SN6_Train_AOI_11_Rotterdam_Buildings.csv",
        'ImageId,TileBuildingId,PolygonWKT_Pix\na_tile_1,0,"POLYGON ((1 1, 5 1, 5 5, 1 1))"\n',
    )
    sample = only("spacenet6_sar", tmp_path)
    assert sample.pictures[0].path == (
        "train/AOI_11_Rotterdam/SAR-Intensity/SN6_Train_AOI_11_Rotterdam_SAR-Intensity_a_tile_1.tif"
    )
    assert sample.regions[0].shape == Polygon((1, 1, 5, 1, 5, 5))


def test_a_tile_of_satlas_has_classes_and_the_polygons_in_its_pixels() -> None:
    found = read(entry_of("satlaspretrain"), DATA / "satlas_vectors/satlaspretrain")
    [sample] = found.samples
    assert (sample.split, sample.pictures[0].path) == (
        "train",
        "satlas/sentinel2/S2A_1/tci/10_20.png",
    )
    assert [label.names for label in sample.labels] == [("solar_farm", "wind_turbine")]
    assert [region.shape for region in sample.regions] == [Polygon((10, 20, 100, 20, 100, 200))]
    assert sample.unplaced == ("solar_farm", "wind_turbine", "wind_turbine")


def test_what_satlas_has_besides_is_counted() -> None:
    found = read(entry_of("satlaspretrain"), DATA / "satlas_vectors/satlaspretrain")
    assert [(r.key, r.reason, r.items) for r in found.rejects] == [
        ("11_20", "unreadable_file", 1),
        ("10_20#solar_farm[1]", "bad_box", 1),
        ("10_20#wind_turbine", "unselected", 2),
    ]
    assert found.notes == [
        "1 tile(s) with labels have no picture and are not read",
        "1 tile(s) with a picture have no labels and are not read",
        "1 further picture(s) of tiles that have one already are not read",
    ]


def test_labels_of_satlas_without_pictures_are_an_error_that_says_so(tmp_path: Path) -> None:
    put(tmp_path, "static/1_2/vector.json", "{}")
    with pytest.raises(SourceError, match=r"1 tile\(s\) have labels, and none has a picture"):
        read(entry_of("satlaspretrain"), tmp_path)

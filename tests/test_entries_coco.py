"""Entries in COCO: a tiny file in each one's documented layout, and the Sample it becomes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from native import read

from converters.catalogue import catalogue
from schemas.sample import Box, Mask, Polygon, Quad, Shape

BOX = {"bbox": [10, 20, 30, 8]}
RING = {"bbox": [10, 20, 30, 8], "segmentation": [[10, 20, 40, 20, 40, 28, 12, 28]]}
RUNS = {"segmentation": {"size": [64, 64], "counts": [10, 5, 4081]}}
UPRIGHT = Box(10, 20, 40, 28)
OUTLINE = Polygon((10, 20, 40, 20, 40, 28, 12, 28))

ENTRIES: list[tuple[str, str, str, dict[str, Any], str, str, Shape]] = [
    # slug, annotation file, file name in it, annotation, split, picture's path, shape
    ("ssdd", "SSDD.json", "000001.jpg", BOX, "all", "JPEGImages/000001.jpg", UPRIGHT),
    (
        "ssdd_split",
        "annotations/SSDD_instances_train.json",
        "000001.jpg",
        BOX,
        "train",
        "imgs/000001.jpg",
        UPRIGHT,
    ),
    ("ssdd_masks", "SSDD.json", "000001.jpg", RING, "all", "JPEGImages/000001.jpg", OUTLINE),
    (
        "ssdd_official",
        "Official-SSDD-OPEN/BBox_SSDD/coco_style/annotations/train.json",
        "000002.jpg",
        BOX,
        "train",
        "Official-SSDD-OPEN/BBox_SSDD/coco_style/images/train/000002.jpg",
        UPRIGHT,
    ),
    (
        "ssdd_official_masks",
        "Official-SSDD-OPEN/PSeg_SSDD/coco_style/annotations/test.json",
        "000001.jpg",
        RING,
        "test",
        "Official-SSDD-OPEN/PSeg_SSDD/coco_style/images/test/000001.jpg",
        OUTLINE,
    ),
    (
        "hrsid",
        "HRSID_PNG/annotations/test2017.json",
        "P0001_0_800_0_800.png",
        BOX,
        "test",
        "HRSID_PNG/images/P0001_0_800_0_800.png",
        UPRIGHT,
    ),
    (
        "hrsid_masks",
        "HRSID_JPG/annotations/train2017.json",
        "P0001_0_800_0_800.jpg",
        RING,
        "train",
        "HRSID_JPG/JPEGImages/P0001_0_800_0_800.jpg",
        OUTLINE,
    ),
    (
        "s2_ships",
        "S2SHIPS/coco-s2ships.json",
        "rome_rgb.png",
        RING,
        "all",
        "S2SHIPS/rome_rgb.png",
        OUTLINE,
    ),
    (
        "soda_a",
        "train/Annotations/00001.json",
        "00001.jpg",
        {"poly": [10, 20, 40, 20, 40, 28, 10, 28]},
        "train",
        "train/Images/00001.jpg",
        Quad((10, 20, 40, 20, 40, 28, 10, 28)),
    ),
    (
        "hit_uav_json",
        "normal_json/annotations/instances_val.json",
        "1_60_50_0_00001.jpg",
        BOX,
        "val",
        "normal_json/val/1_60_50_0_00001.jpg",
        UPRIGHT,
    ),
    (
        "hit_uav_rotate_json",
        "rotate_json/annotations/train.json",
        "1_60_50_0_00001.jpg",
        {"bbox": [25, 24, 30, 8, 0.0], "difficult": False},
        "train",
        "rotate_json/images/train/1_60_50_0_00001.jpg",
        Quad((10, 20, 40, 20, 40, 28, 10, 28)),
    ),
    (
        "levir_ship_coco",
        "coco/annotations/instances_train2017.json",
        "a_1.png",
        BOX,
        "train",
        "train/images/a_1.png",
        UPRIGHT,
    ),
    (
        "sardet_100k",
        "SARDet_100K/Annotations/val.json",
        "0000005.png",
        BOX,
        "val",
        "SARDet_100K/JPEGImages/val/0000005.png",
        UPRIGHT,
    ),
    (
        "deforestation",
        "valid/_annotations.coco.json",
        "a_jpg.rf.0f.jpg",
        RUNS,
        "valid",
        "valid/a_jpg.rf.0f.jpg",
        Mask(64, 64, (10, 5, 4081)),
    ),
    (
        "rareplanes_coco",
        "real/metadata_annotations/RarePlanes_Test_Coco_Annotations_tiled.json",
        "7_10400_tile_2.png",
        RING,
        "test",
        "real/test/PS-RGB_tiled/7_10400_tile_2.png",
        OUTLINE,
    ),
    (
        "hrrsd_coco",
        "COCOFormat/Anns/hrrsd_val_1.json",
        "00001.jpg",
        BOX | {"ignore": 0, "segmentation": []},
        "val",
        "OPT2017/JPEGImages/00001.jpg",
        UPRIGHT,
    ),
    (
        "shiprsimagernet_coco",
        "ShipRSImageNet_V1/COCO_Format/ShipRSImageNet_bbox_train_level_3.json",
        "000001.bmp",
        RING,
        "train",
        "ShipRSImageNet_V1/VOC_Format/JPEGImages/000001.bmp",
        Quad((10, 20, 40, 20, 40, 28, 12, 28)),
    ),
    (
        "nwpu_vhr_10_coco",
        "annotations.json",
        "001.jpg",
        BOX,
        "all",
        "NWPU VHR-10 dataset/positive image set/001.jpg",
        UPRIGHT,
    ),
    (
        "nwpu_vhr_10_split",
        "annotations/NWPU_instances_val.json",
        "001.jpg",
        BOX,
        "val",
        "imgs/001.jpg",
        UPRIGHT,
    ),
    (
        "nwpu_vhr_10_masks",
        "annotations.json",
        "001.jpg",
        RING,
        "all",
        "NWPU VHR-10 dataset/positive image set/001.jpg",
        Polygon((10.5, 20.5, 40.5, 20.5, 40.5, 28.5, 12.5, 28.5)),
    ),
    (
        "isaid_scenes_coco",
        "train/Annotations/iSAID_train.json",
        "P0001.png",
        RING,
        "train",
        "train/images/P0001.png",
        OUTLINE,
    ),
    (
        "crowdai",
        "val/annotation-small.json",
        "000000000001.jpg",
        RING,
        "val",
        "val/images/000000000001.jpg",
        OUTLINE,
    ),
    (
        "isaid_coco",
        "iSAID_patches/train/instancesonly_filtered_train.json",
        "P0002_0_800_0_800.png",
        RING,
        "train",
        "iSAID_patches/train/images/P0002_0_800_0_800.png",
        OUTLINE,
    ),
    (
        "fpcd_objects",
        "object_annotations_test_coco.json",
        "Beed_Ambe_201804_1.jpg",
        RING,
        "test",
        "T1/Beed_Ambe_201804_1.jpg",
        OUTLINE,
    ),
    (
        "dfc2023",
        "track1/annotations/roof_fine_train.json",
        "P_0001.tif",
        RING,
        "train",
        "track1/train/rgb/P_0001.tif",
        OUTLINE,
    ),
    (
        "dfc2023_buildings",
        "annotations/buildings_only_val.json",
        "P_0001.tif",
        RING,
        "val",
        "val/rgb/P_0001.tif",
        OUTLINE,
    ),
    (
        "visdrone_coco",
        "annotations/VisDrone2019-DET_val_coco.json",
        "0000001_02999_d_0000005.jpg",
        BOX,
        "val",
        "VisDrone2019-DET-val/images/0000001_02999_d_0000005.jpg",
        UPRIGHT,
    ),
    (
        "dior_coco",
        "coco_ann/DIOR_test_coco.json",
        "11726.jpg",
        BOX,
        "test",
        "JPEGImages-test/11726.jpg",
        UPRIGHT,
    ),
    (
        "dota_patches_coco",
        "trainval1024/DOTA_trainval1024.json",
        "P0000__1__0___0.png",
        RING,
        "trainval",
        "trainval1024/images/P0000__1__0___0.png",
        Quad((10, 20, 40, 20, 40, 28, 12, 28)),
    ),
]


def put(root: Path, path: str, text: str = "") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_every_entry_in_coco_is_tried() -> None:
    found = {slug for slug, entry in catalogue().items() if entry.format.startswith("coco")}
    assert found == {row[0] for row in ENTRIES}


@pytest.mark.parametrize(
    ("slug", "file", "name", "annotation", "split", "picture", "shape"),
    ENTRIES,
    ids=[row[0] for row in ENTRIES],
)
def test_an_annotation_in_the_documented_layout_is_a_region(
    slug: str,
    file: str,
    name: str,
    annotation: dict[str, Any],
    split: str,
    picture: str,
    shape: Shape,
    tmp_path: Path,
) -> None:
    tables = {
        "images": [{"id": 0, "file_name": name, "width": 64, "height": 64}],
        "categories": [{"id": 3, "name": "aircraft"}],
        "annotations": [{"id": 5, "image_id": 0, "category_id": 3} | annotation],
    }
    put(tmp_path, file, json.dumps(tables))
    put(tmp_path, picture)
    found = read(catalogue()[slug], tmp_path)
    assert not found.rejects
    assert [
        (sample.split, sample.pictures[0].path, [(r.label, r.shape) for r in sample.regions])
        for sample in found.samples
    ] == [(split, picture, [("aircraft", shape)])]


def test_only_named_files_are_splits_of_hit_uav(tmp_path: Path) -> None:
    tables = '{"images": [], "categories": [], "annotations": []}'
    put(tmp_path, "rotate_json/annotations/val.json", tables)
    put(tmp_path, "rotate_json/annotations/log.json", '{"train": 2029}')
    notes = read(catalogue()["hit_uav_rotate_json"], tmp_path).notes
    assert not [note for note in notes if "log.json" in note]


@pytest.mark.parametrize(
    ("slug", "folder", "numbers"),
    [
        ("hit_uav_json", "normal_json", [10, 20, 30, 8]),
        ("hit_uav_rotate_json", "rotate_json", [25, 24, 30, 8, 0.0]),
    ],
)
def test_dontcare_is_ignored(slug: str, folder: str, numbers: list[float], tmp_path: Path) -> None:
    tables = {
        "images": [{"id": 0, "filename": "a.jpg", "width": 64, "height": 64}],
        "categories": [{"id": 4, "name": "DontCare"}],
        "annotations": [{"id": 5, "image_id": 0, "category_id": 4, "bbox": numbers}],
    }
    put(tmp_path, f"{folder}/annotations/val.json", json.dumps(tables))
    found = read(catalogue()[slug], tmp_path)
    assert [sample.regions for sample in found.samples] == [()]
    assert [reject.reason for reject in found.rejects] == ["ignored"]

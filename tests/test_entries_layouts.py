"""Layouts in which people have sets of masks: as loaders and archives make them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from mask_files import put_mask, put_text
from native import read

from converters.catalogue import entry_of
from schemas.sample import Sample

BUILDING = [[[0, 0, 255], [0, 0, 255]]]  # in the colours of Potsdam and Vaihingen
BEIRUT = "{}/beirut-explosion_00000014"
FINE = "GID/Fine Land-cover Classification_15classes"
PAIR = [[0, 255]]
SHIP = [[[0, 0, 63]]]  # in the colours of iSAID

# slug, files that are pictures, masks with their pixels, and of each Sample its split, its pictures
# and its classes
LAYOUTS: list[tuple[str, list[str], dict[str, object], list[tuple[str, list[str], list[str]]]]] = [
    (
        "vaihingen",
        ["test_images/top_mosaic_09cm_area38.tif"],
        {
            "test_masks/top_mosaic_09cm_area38.tif": BUILDING,
            "test_masks_eroded/top_mosaic_09cm_area38_noBoundary.tif": [[[0, 0, 0], [0, 0, 0]]],
        },
        [("test", ["test_images/top_mosaic_09cm_area38.tif"], ["Building"])],
    ),
    (
        "vaihingen",
        ["top/top_mosaic_09cm_area1.tif"],
        {"gts_eroded_for_participants/top_mosaic_09cm_area1_noBoundary.tif": BUILDING},
        [("train", ["top/top_mosaic_09cm_area1.tif"], ["Building"])],
    ),
    (
        "potsdam",
        ["Potsdam/2_Ortho_RGB/2_Ortho_RGB/top_potsdam_2_13_RGB.tif"],
        {"Potsdam/5_Labels_all_noBoundary/top_potsdam_2_13_label_noBoundary.tif": BUILDING},
        [("test", ["Potsdam/2_Ortho_RGB/2_Ortho_RGB/top_potsdam_2_13_RGB.tif"], ["Building"])],
    ),
    (  # a colour beside the palette, as in label 4_12
        "potsdam",
        ["4_Ortho_RGBIR/top_potsdam_4_12_RGBIR.tif"],
        {"5_Labels_all/top_potsdam_4_12_label.tif": [[[252, 255, 0], [252, 255, 0]]]},
        [("train", ["4_Ortho_RGBIR/top_potsdam_4_12_RGBIR.tif"], ["Car"])],
    ),
    (
        "deepglobe_land_cover",
        ["data/training_data/images/1_sat.jpg", "data/test_data/images/2_sat.jpg"],
        {
            "data/training_data/masks/1_mask.png": [[[0, 0, 255], [0, 0, 255]]],
            "data/test_data/masks/2_mask.png": [[[0, 255, 0], [0, 255, 0]]],
        },
        [
            ("train", ["data/test_data/images/2_sat.jpg"], ["Forest land"]),
            ("train", ["data/training_data/images/1_sat.jpg"], ["Water"]),
        ],
    ),
    (
        "loveda",
        ["Train/Train/Urban/images_png/7.png"],
        {"Train/Train/Urban/masks_png/7.png": [[0, 3]]},
        [("train", ["Train/Train/Urban/images_png/7.png"], ["road"])],
    ),
    (
        "loveda_mmseg",
        ["loveDA/img_dir/val/7.png"],
        {"loveDA/ann_dir/val/7.png": [[1, 7]]},
        [("val", ["loveDA/img_dir/val/7.png"], ["agriculture"])],
    ),
    (
        "isaid_mmseg",
        ["img_dir/train/P1_0_896_0_896.png"],
        {"ann_dir/train/P1_0_896_0_896_instance_color_RGB.png": [[255, 14]]},
        [("train", ["img_dir/train/P1_0_896_0_896.png"], ["plane"])],
    ),
    (
        "loveda_mmseg",
        ["pseudo_loveda_dataset/img_dir/0.png"],
        {"pseudo_loveda_dataset/ann_dir/0.png": [[1, 7]]},
        [("all", ["pseudo_loveda_dataset/img_dir/0.png"], ["agriculture"])],
    ),
    (
        "isaid_mmseg",
        ["pseudo_isaid_dataset/img_dir/P1_0_896_0_896.png"],
        {"pseudo_isaid_dataset/ann_dir/P1_0_896_0_896_instance_color_RGB.png": [[255, 14]]},
        [("all", ["pseudo_isaid_dataset/img_dir/P1_0_896_0_896.png"], ["plane"])],
    ),
    (
        "hrscd_land_cover",
        [
            "images_2006/2006/D14/14-2005-0415-6890-LA93.tif",
            "images_2012/2012/D14/14-2012-0415-6890-LA93-0M50-E080.tif",
        ],
        {
            f"labels_land_cover_{year}/{year}/D14/14-2012-0415-6890-LA93-0M50-E080.tif": [[0, kind]]
            for year, kind in ((2006, 3), (2012, 1))
        },
        [
            ("all", ["images_2006/2006/D14/14-2005-0415-6890-LA93.tif"], ["Forests"]),
            (
                "all",
                ["images_2012/2012/D14/14-2012-0415-6890-LA93-0M50-E080.tif"],
                ["Artificial surfaces"],
            ),
        ],
    ),
    (
        "hrscd",
        [
            "images_2006/2006/D35/35-2006-0310-6780-LA93.tif",
            "images_2012/2012/D35/35-2012-0310-6780-LA93-0M50-E080.tif",
        ],
        {"labels_change/change/D35/35-2012-0310-6780-LA93-0M50-E080.tif": [[0, 1]]},
        [
            (
                "all",
                [
                    "images_2006/2006/D35/35-2006-0310-6780-LA93.tif",
                    "images_2012/2012/D35/35-2012-0310-6780-LA93-0M50-E080.tif",
                ],
                ["change"],
            )
        ],
    ),
    (
        "levir_cd",
        ["A/val_1.png", "B/val_1.png"],
        {"label/val_1.png": PAIR},
        [("val", ["A/val_1.png", "B/val_1.png"], ["change"])],
    ),
    (
        "whu_cd_256",
        ["WHU-CD-256/A/whucd_1.png", "WHU-CD-256/B/whucd_1.png"],
        {"WHU-CD-256/label/whucd_1.png": PAIR},
        [("all", ["WHU-CD-256/A/whucd_1.png", "WHU-CD-256/B/whucd_1.png"], ["change"])],
    ),
    (
        "whu_cd_crops",
        ["val/A/1.png", "val/B/1.png"],
        {"val/OUT/1.png": PAIR},
        [("val", ["val/A/1.png", "val/B/1.png"], ["change"])],
    ),
    (
        "whu_cd",
        [
            f"1. The two-period image data/{year}/whole_image/train/image/{year}_train.tif"
            for year in (2012, 2016)
        ],
        {"1. The two-period image data/change_label/train/change_label.tif": [[0, 1]]},
        [
            (
                "train",
                [
                    f"1. The two-period image data/{year}/whole_image/train/image/{year}_train.tif"
                    for year in (2012, 2016)
                ],
                ["change"],
            )
        ],
    ),
    (
        "second",
        ["SECOND_total_test/test/im1/3.png", "SECOND_total_test/test/im2/3.png"],
        {
            "SECOND_total_test/test/label1/3.png": [[[255, 255, 255], [0, 255, 0]]],
            "SECOND_total_test/test/label2/3.png": [[[255, 255, 255], [128, 0, 0]]],
        },
        [
            (
                "test",
                ["SECOND_total_test/test/im1/3.png", "SECOND_total_test/test/im2/3.png"],
                ["tree", "building"],
            )
        ],
    ),
    (
        "egy_bcd",
        ["EGY-BCD/A/1.png", "EGY-BCD/B/1.png"],
        {"EGY-BCD/label/1.png": PAIR},
        [("all", ["EGY-BCD/A/1.png", "EGY-BCD/B/1.png"], ["change"])],
    ),
    (
        "isaid",
        ["train/images/part1/images/P1.png"],
        {
            "TrainData/train/Semantic_masks/images/images/P1_instance_color_RGB.png": SHIP,
            "TrainData/train/Instance_masks/images/images/P1_instance_id_RGB.png": [[[1, 0, 0]]],
        },
        [("train", ["train/images/part1/images/P1.png"], ["ship"])],
    ),
    (  # as ChangeMamba wants them
        "levir_cd",
        ["train/T1/00001.png", "train/T2/00001.png"],
        {"train/GT/00001.png": PAIR},
        [("train", ["train/T1/00001.png", "train/T2/00001.png"], ["change"])],
    ),
    (
        "sysu_cd",
        ["SYSU/test/T1/00001.png", "SYSU/test/T2/00001.png"],
        {"SYSU/test/GT/00001.png": PAIR},
        [("test", ["SYSU/test/T1/00001.png", "SYSU/test/T2/00001.png"], ["change"])],
    ),
    (
        "whu_cd_crops",
        ["train/T1/1.png", "train/T2/1.png"],
        {"train/GT/1.png": PAIR},
        [("train", ["train/T1/1.png", "train/T2/1.png"], ["change"])],
    ),
    (
        "bright",
        [
            f"{BEIRUT.format('pre-event')}_pre_disaster.tif",
            f"{BEIRUT.format('post-event')}_post_disaster.tif",
        ],
        {f"{BEIRUT.format('target')}_building_damage.tif": [[0, 3]]},
        [
            (
                "all",
                [
                    f"{BEIRUT.format('pre-event')}_pre_disaster.tif",
                    f"{BEIRUT.format('post-event')}_post_disaster.tif",
                ],
                ["destroyed buildings"],
            )
        ],
    ),
    (
        "xbd_targets",
        [f"train/images/palu-tsunami_00000001_{when}_disaster.png" for when in ("pre", "post")],
        {
            "train/targets/palu-tsunami_00000001_pre_disaster_target.png": [[0, 1]],
            "train/targets/palu-tsunami_00000001_post_disaster_target.png": [[0, 4]],
        },
        [
            (
                "train",
                [
                    "train/images/palu-tsunami_00000001_pre_disaster.png",
                    "train/images/palu-tsunami_00000001_post_disaster.png",
                ],
                ["destroyed"],
            )
        ],
    ),
    (
        "whu_cdc_masks",
        ["whu_CDC_dataset/images/val/A/1.png", "whu_CDC_dataset/images/val/B/1.png"],
        {"whu_CDC_dataset/images/val/label/1.png": PAIR},
        [
            (
                "val",
                ["whu_CDC_dataset/images/val/A/1.png", "whu_CDC_dataset/images/val/B/1.png"],
                ["change"],
            )
        ],
    ),
    (
        "gid_15_colours",
        [f"{FINE}/image_RGB/GF2_PMS1__L1A0001064454-MSS1.tif"],
        {f"{FINE}/label_15classes/GF2_PMS1__L1A0001064454-MSS1_label.tif": [[[150, 250, 0]]]},
        [("all", [f"{FINE}/image_RGB/GF2_PMS1__L1A0001064454-MSS1.tif"], ["irrigated land"])],
    ),
    (
        "gid_15_colours",
        ["GID/img_dir/val/GF2_1.tif"],
        {"GID/ann_dir/val/GF2_1_15label.tif": [[[0, 150, 200], [0, 0, 0]]]},
        [("val", ["GID/img_dir/val/GF2_1.tif"], ["lake"])],
    ),
    (
        "gid_5",
        ["Large-scale Classification_5classes/image_RGB/GF2_1.tif"],
        {"Large-scale Classification_5classes/label_5classes/GF2_1_label.tif": [[[0, 255, 255]]]},
        [("all", ["Large-scale Classification_5classes/image_RGB/GF2_1.tif"], ["forest"])],
    ),
]


def seen(sample: Sample) -> tuple[str, list[str], list[str]]:
    classes = [region.label for region in sample.regions]
    return sample.split, [picture.path for picture in sample.pictures], classes


@pytest.mark.parametrize(("slug", "pictures", "masks", "expected"), LAYOUTS)
def test_masks_are_read_from_a_layout_that_people_have(
    slug: str,
    pictures: list[str],
    masks: dict[str, object],
    expected: list[tuple[str, list[str], list[str]]],
    tmp_path: Path,
) -> None:
    height, width = np.array(next(iter(masks.values()))).shape[:2]
    for path in pictures:
        put_mask(tmp_path / path, np.zeros((height, width, 3)))
    for path, pixels in masks.items():
        put_mask(tmp_path / path, pixels)
    found = read(entry_of(slug), tmp_path)
    assert sorted(map(seen, found.samples)) == expected
    assert found.rejects == []


def test_starcop_has_its_splits_in_the_folders_of_its_archives(tmp_path: Path) -> None:
    for folder, scene in (("STARCOP_train_easy", "ang1"), ("STARCOP_test", "ang2")):
        put_mask(tmp_path / folder / scene / "labelbinary.tif", [[0, 1]])
        put_mask(tmp_path / folder / scene / "TOA_AVIRIS_640nm.tif", [[5, 6]])
    table = "id,window_row_off,has_plume\n{},0,True\n"
    put_text(tmp_path / "STARCOP_train_easy/train_easy.csv", table.format("ang1"))
    put_text(tmp_path / "STARCOP_test/test.csv", table.format("ang2"))
    found = read(entry_of("starcop_masks"), tmp_path)
    assert sorted((sample.split, sample.pictures[0].path) for sample in found.samples) == [
        ("test", "STARCOP_test/ang2/TOA_AVIRIS_640nm.tif"),
        ("train", "STARCOP_train_easy/ang1/TOA_AVIRIS_640nm.tif"),
    ]
    assert found.notes == []
    assert [sample.split for sample in read(entry_of("starcop"), tmp_path).samples] == [
        "test",
        "train",
    ]


def test_pictures_of_the_other_date_are_none_without_a_mask(tmp_path: Path) -> None:
    for year in (2018, 2019):
        put_mask(tmp_path / f"train/image/{year}/9.png", [[[1, 1, 1]]])
    put_mask(tmp_path / "train/mask/2018_2019/9.png", [[[1, 3, 2]]])
    assert read(entry_of("hi_ucd"), tmp_path).notes == []


@pytest.mark.parametrize(
    ("place", "split"),
    [
        ("train_images_labels_targets/train", "train"),
        ("tier3/tier3", "tier3"),
        ("hold", "hold"),
        ("geotiffs/tier1", "tier1"),
    ],
)
def test_xbd_is_read_from_the_folders_of_its_archives(
    place: str, split: str, tmp_path: Path
) -> None:
    for half, subtype in (("pre", {}), ("post", {"subtype": "destroyed"})):
        building = {
            "properties": {"feature_type": "building", "uid": "u", **subtype},
            "wkt": "POLYGON ((1 1, 5 1, 5 4, 1 1))",
        }
        stem = f"mexico-earthquake_00000001_{half}_disaster"
        labels = {"features": {"xy": [building]}, "metadata": {"width": 8, "height": 8}}
        put_text(tmp_path / place / f"labels/{stem}.json", json.dumps(labels))
        put_mask(tmp_path / place / f"images/{stem}.png", [[1]])
    [sample] = read(entry_of("xbd"), tmp_path).samples
    assert sample.split == split
    assert [(region.label, region.image) for region in sample.regions] == [
        ("building", 0),
        ("destroyed", 1),
    ]
    assert [picture.path.rpartition("/")[0] for picture in sample.pictures] == [
        f"{place}/images",
        f"{place}/images",
    ]


@pytest.mark.parametrize("slug", ["levir_cd", "s2looking", "egy_bcd"])
def test_areas_of_change_are_read_wherever_the_masks_that_hold_them_are(slug: str) -> None:
    whole, apart = (entry_of(name).options for name in (slug, f"{slug}_areas"))
    for name in ("before", "after", "layers"):
        assert apart[name] == whole[name]

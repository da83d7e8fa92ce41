"""Entries of masks: one tiny mask in each one's documented layout, and the Sample it becomes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mask_files import Pixels, only, put_mask, put_text

AREAS: list[tuple[str, str, Pixels, str, list[str], str]] = [
    # slug, path of the mask, its pixels, the split, the classes, the picture
    (
        "loveda",
        "Val/Rural/masks_png/9.png",
        [[0, 1, 7, 3]],
        "val",
        ["road", "agriculture"],
        "Val/Rural/images_png/9.png",
    ),
    (
        "vaihingen",
        "top_mosaic_09cm_area38.tif",
        [[[255, 255, 0], [0, 0, 0]]],
        "test",
        ["Car"],
        "top/top_mosaic_09cm_area38.tif",
    ),
    (
        "vaihingen_mmseg",
        "ann_dir/val/area1_0_0_512_512.png",
        [[0, 4]],
        "val",
        ["Tree"],
        "img_dir/val/area1_0_0_512_512.png",
    ),
    (
        "potsdam",
        "5_Labels_all/top_potsdam_7_13_label.tif",
        [[[0, 255, 255], [255, 0, 0]]],
        "test",
        ["Low Vegetation"],
        "2_Ortho_RGB/top_potsdam_7_13_RGB.tif",
    ),
    (
        "potsdam_mmseg",
        "ann_dir/train/2_10_0_0_512_512.png",
        [[0, 6, 2]],
        "train",
        ["Building"],
        "img_dir/train/2_10_0_0_512_512.png",
    ),
    (
        "earthvqa_masks",
        "EarthVQA/Val/masks_png/2522.png",
        [[0, 1, 8]],
        "val",
        ["playground"],
        "EarthVQA/Val/images_png/2522.png",
    ),
    (
        "inria",
        "AerialImageDataset/train/gt/austin1.tif",
        [[0, 255]],
        "train",
        ["building"],
        "AerialImageDataset/train/images/austin1.tif",
    ),
    (
        "dlrsd",
        "DLRSD/Labels/harbor/harbor07.png",
        [[14, 17]],
        "all",
        ["ship", "water"],
        "DLRSD/Images/harbor/harbor07.tif",
    ),
    (
        "deepglobe_land_cover",
        "train/119_mask.png",
        [[[2, 253, 255], [0, 1, 0]]],
        "train",
        ["Urban land"],
        "train/119_sat.jpg",
    ),
    (
        "gid_15",
        "GID/ann_dir/val/GF2_1_15label.png",
        [[0, 15]],
        "val",
        ["pond"],
        "GID/img_dir/val/GF2_1.tif",
    ),
    (
        "uavid",
        "uavid_val/seq16/Labels/000000.png",
        [[[64, 0, 128], [0, 0, 0]]],
        "val",
        ["Moving_Car"],
        "uavid_val/seq16/Images/000000.png",
    ),
    (
        "geonrw",
        "nrw_dataset/herne/370_5711_seg.tif",
        [[0, 9]],
        "test",
        ["roads"],
        "nrw_dataset/herne/370_5711_rgb.jp2",
    ),
    (
        "minifrance",
        "labeled_train/Nice/UrbanAtlas/06-2014_UA2012.tif",
        [[15, 14]],
        "train",
        ["Water"],
        "labeled_train/Nice/BDORTHO/06-2014.tif",
    ),
    (
        "globe230k",
        "patch_label/x1.png",
        [[8, 10]],
        "all",
        ["impervious surface", "ice/snow"],
        "patch_image/x1.jpg",
    ),
    (
        "openearthmap_sar",
        "train/labels/a.tif",
        [[0, 8]],
        "train",
        ["building"],
        "train/sar_images/a.tif",
    ),
    (
        "whu_building_dataset",
        "test/label/0.tif",
        [[0, 1]],
        "test",
        ["building"],
        "test/image/0.tif",
    ),
    (
        "samrs_sota",
        "trainval/hbox_segs_init/gray/P0000__1024__0___0.png",
        [[255, 4]],
        "all",
        ["plane"],
        "dotav2_1024/trainval/images/P0000__1024__0___0.png",
    ),
    (
        "samrs_sior",
        "hbox_segs_trainvaltest_init/gray/00001.png",
        [[255, 9]],
        "all",
        ["golffield"],
        "dior/JPEGImages-trainval/00001.jpg",
    ),
    (
        "samrs_fast",
        "FAST/trainval/rhbox_segs_init/gray/1.png",
        [[36, 255]],
        "all",
        ["Warship"],
        "fair1m_1024/trainval/images/1.png",
    ),
    (
        "hi_ucd_first",
        "train/mask/2017_2018/1.png",
        [[[0, 1, 2], [3, 1, 1]]],
        "train",
        ["building"],
        "train/image/2017/1.png",
    ),
    (
        "hi_ucd_second",
        "train/mask/2017_2018/1.png",
        [[[0, 1, 2], [3, 1, 1]]],
        "train",
        ["Water"],
        "train/image/2018/1.png",
    ),
    (
        "floodnet",
        "FloodNet-Supervised_v1.0/val/val-label-img/6284_lab.png",
        [[0, 3]],
        "val",
        ["flooded road"],
        "FloodNet-Supervised_v1.0/val/val-org-img/6284.jpg",
    ),
    (
        "rescuenet",
        "RescueNet/train/train-label-img/10778_lab.png",
        [[0, 8]],
        "train",
        ["blocked road"],
        "RescueNet/train/train-org-img/10778.jpg",
    ),
]


@pytest.mark.parametrize(("slug", "path", "pixels", "split", "names", "shown"), AREAS)
def test_an_area_is_read_from_the_documented_layout(
    slug: str,
    path: str,
    pixels: Pixels,
    split: str,
    names: list[str],
    shown: str,
    tmp_path: Path,
) -> None:
    put_mask(tmp_path / path, pixels)
    sample = only(slug, tmp_path)
    assert (sample.split, [*sample.labels[0].names]) == (split, names)
    assert [picture.path for picture in sample.pictures] == [shown]


def test_whu_opt_sar_has_its_splits_in_one_list_with_headings(tmp_path: Path) -> None:
    put_mask(tmp_path / "lbl/NH49E001014.tif", [[0, 70]])
    text = "train:\nNH49E004021.tif\n\ntest:\nNH49E001014.tif\n\n"
    put_text(tmp_path / "The division of the dataset.txt", text)
    sample = only("whu_opt_sar", tmp_path)
    assert (sample.split, sample.labels[0].names) == ("test", ("others",))
    assert sample.pictures[0].path == "optical/NH49E001014.tif"


def test_starcop_has_its_splits_in_tables(tmp_path: Path) -> None:
    put_mask(tmp_path / "ang1_r0/labelbinary.tif", [[0, 1]])
    put_text(tmp_path / "test.csv", "id,window_row_off\nang1_r0,0\n")
    sample = only("starcop_masks", tmp_path)
    assert (sample.split, sample.labels[0].names) == ("test", ("methane plume",))
    assert sample.pictures[0].path == "ang1_r0/TOA_AVIRIS_640nm.tif"


def test_isaid_has_the_class_of_each_object_in_a_second_mask(tmp_path: Path) -> None:
    put_mask(tmp_path / "val/images/P1_instance_color_RGB.png", [[[0, 127, 255], [0, 0, 0]]])
    put_mask(tmp_path / "val/images/P1_instance_id_RGB.png", [[[1, 2, 3], [0, 0, 0]]])
    sample = only("isaid", tmp_path)
    assert [(region.key, region.label) for region in sample.regions] == [("010203", "plane")]
    assert (sample.split, sample.pictures[0].path) == ("val", "val/images/P1.png")


def test_s2_ships_are_parts_of_numpy_masks(tmp_path: Path) -> None:
    (tmp_path / "dataset_npy").mkdir()
    mask = np.zeros((2, 4, 1), np.float32)
    mask[0, 0] = mask[1, 3] = 1
    np.save(tmp_path / "dataset_npy/01_mask_rome.npy", mask)
    sample = only("s2_ships_masks", tmp_path)
    assert [region.shape.counts for region in sample.regions] == [(0, 1, 7), (7, 1)]
    assert sample.pictures[0].path == "S2SHIPS/dataset_png/rome_rgb.png"

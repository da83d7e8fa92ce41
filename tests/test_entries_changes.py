"""Entries of change masks: one tiny mask in each one's documented layout, and its Sample."""

from __future__ import annotations

from pathlib import Path

import pytest
from laid import laid, shot
from mask_files import Pixels, only, put_mask, put_text

CHANGES: list[tuple[str, str, Pixels, str, list[str], str, str]] = [
    # slug, path of the mask, its pixels, the split, the classes, the earlier and the later picture
    (
        "cdd",
        "ChangeDetectionDataset/Real/subset/train/OUT/00001.jpg",
        [[255, 255]],
        "train",
        ["change"],
        "ChangeDetectionDataset/Real/subset/train/A/00001.jpg",
        "ChangeDetectionDataset/Real/subset/train/B/00001.jpg",
    ),
    (
        "cdd_model",
        "ChangeDetectionDataset/Model/with_shift/val/OUT/1.bmp",
        [[0, 255]],
        "val",
        ["change"],
        "ChangeDetectionDataset/Model/with_shift/val/A/1.jpg",
        "ChangeDetectionDataset/Model/with_shift/val/B/1.jpg",
    ),
    (
        "whu_cd",
        "change_label/test/change_label.tif",
        [[0, 1]],
        "test",
        ["change"],
        "2012/whole_image/test/image/2012_test.tif",
        "2016/whole_image/test/image/2016_test.tif",
    ),
    (
        "whu_cd",
        "change label/change_label.tif",
        [[0, 1]],
        "all",
        ["change"],
        "before/before.tif",
        "after/after.tif",
    ),
    (
        "dsifn",
        "test/mask/3.tif",
        [[0, 255]],
        "test",
        ["change"],
        "test/t1/3.jpg",
        "test/t2/3.jpg",
    ),
    (
        "levir_cd",
        "val/label/val_1.png",
        [[0, 255]],
        "val",
        ["change"],
        "val/A/val_1.png",
        "val/B/val_1.png",
    ),
    (
        "s2looking",
        "test/label1/7.png",
        [[0, 255]],
        "test",
        ["newly built"],
        "test/Image1/7.png",
        "test/Image2/7.png",
    ),
    (
        "sysu_cd",
        "train/label/00001.png",
        [[0, 255]],
        "train",
        ["change"],
        "train/time1/00001.png",
        "train/time2/00001.png",
    ),
    (
        "egy_bcd",
        "train/label/a.png",
        [[0, 255]],
        "train",
        ["change"],
        "train/A/a.png",
        "train/B/a.png",
    ),
    (
        "gvlm",
        "GVLM_Change_Detection/Big Sur_United States/ref.png",
        [[0, 255]],
        "all",
        ["landslide"],
        "GVLM_Change_Detection/Big Sur_United States/im1.png",
        "GVLM_Change_Detection/Big Sur_United States/im2.png",
    ),
    (
        "gvlm_1_1",
        "GVLM_1.1_8bit/Site/label.tif",
        [[0, 255]],
        "all",
        ["landslide"],
        "GVLM_1.1_8bit/Site/img1_HR.tif",
        "GVLM_1.1_8bit/Site/img2_HR.tif",
    ),
    (
        "levir_mci",
        "Levir-MCI-dataset/images/test/label/test_000289.png",
        [[0, 128, 255]],
        "test",
        ["road", "building"],
        "Levir-MCI-dataset/images/test/A/test_000289.png",
        "Levir-MCI-dataset/images/test/B/test_000289.png",
    ),
    (
        "hi_ucd",
        "val/mask/2017_2018/1.png",
        [[[1, 1, 1], [1, 3, 2]]],
        "val",
        ["changed"],
        "val/image/2017/1.png",
        "val/image/2018/1.png",
    ),
]


@pytest.mark.parametrize(("slug", "path", "pixels", "split", "names", "before", "after"), CHANGES)
def test_a_change_is_read_from_the_documented_layout(
    slug: str,
    path: str,
    pixels: Pixels,
    split: str,
    names: list[str],
    before: str,
    after: str,
    tmp_path: Path,
) -> None:
    put_mask(tmp_path / path, pixels)
    sample = only(slug, tmp_path)
    assert (sample.split, [region.label for region in sample.regions]) == (split, names)
    assert [picture.path for picture in sample.pictures] == [before, after]


@pytest.mark.parametrize(
    "slug, first, second", [("sysu_cd", "time1", "time2"), ("levir_cd", "A", "B")]
)
def test_the_archive_of_a_split_may_be_unpacked_into_a_folder_of_its_name(
    slug: str, first: str, second: str, tmp_path: Path
) -> None:
    places = [f"train/train/{side}/train_1.png" for side in (first, second)]
    laid(tmp_path, dict.fromkeys(places, shot(size=(2, 1))))
    put_mask(tmp_path / "train/train/label/train_1.png", [[0, 255]])
    sample = only(slug, tmp_path)
    assert (sample.split, [picture.path for picture in sample.pictures]) == ("train", places)


def test_the_captions_of_levir_mci_stand_beside_its_masks(tmp_path: Path) -> None:
    put_text(
        tmp_path / "Levir-MCI-dataset/LevirCCcaptions.json",
        '{"images": [{"filename": "test_1.png", "filepath": "test", "split": "test",'
        ' "sentences": [{"raw": "a road appears ."}]}]}',
    )
    sample = only("levir_mci_captions", tmp_path)
    assert [picture.path for picture in sample.pictures] == [
        "Levir-MCI-dataset/images/test/A/test_1.png",
        "Levir-MCI-dataset/images/test/B/test_1.png",
    ]
    assert sample.captions[0].text == "a road appears ."

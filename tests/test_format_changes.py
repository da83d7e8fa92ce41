"""Change masks: what their reader makes of native files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mask_files import by_stem, put_mask
from native import DATA, read
from PIL import Image

from converters.catalogue import entry_of
from schemas.sample import Mask

LEVIR = DATA / "change_masks/levir_cd"
CHANGES = read(entry_of("levir_cd"), LEVIR)


def test_noise_of_a_jpeg_mask_is_no_change(tmp_path: Path) -> None:
    mask = np.zeros((16, 16), np.uint8)
    mask[:, 8:] = 255
    (tmp_path / "train/OUT").mkdir(parents=True)
    Image.fromarray(mask).save(tmp_path / "train/OUT/1.jpg", quality=40)
    [sample] = read(entry_of("cdd"), tmp_path).samples
    assert [region.shape for region in sample.regions] == [Mask(16, 16, (128, 128))]


def test_a_pair_is_shown_earlier_first_and_its_change_lies_in_the_later_picture() -> None:
    sample = by_stem(CHANGES)["train_1"]
    assert [shown.path for shown in sample.pictures] == [
        "train/A/train_1.png",
        "train/B/train_1.png",
    ]
    assert [(r.label, r.image, r.shape) for r in sample.regions] == [
        ("change", 1, Mask(4, 3, (3, 2, 1, 1, 5)))
    ]
    assert [(said.text, said.regions) for said in sample.expressions] == [
        ("the change of buildings between the two images", ("change",))
    ]


def test_change_masks_may_be_of_0_and_1() -> None:
    assert by_stem(CHANGES)["train_2"].regions[0].shape == Mask(4, 3, (3, 1, 2, 1, 4, 1))


def test_a_pair_without_change_has_no_items() -> None:
    sample = by_stem(CHANGES)["train_3"]
    assert (len(sample.pictures), sample.regions, sample.expressions) == (2, (), ())


def test_a_pair_whose_pictures_differ_in_size_is_a_reject() -> None:
    assert [(r.key, r.reason, r.detail) for r in CHANGES.rejects] == [
        (
            "test/label/test_4.png",
            "size_conflict",
            "mask of 4 x 3, test/B/test_4.png of 5 x 3",
        )
    ]


def test_pairs_without_a_mask_are_counted() -> None:
    assert CHANGES.notes == [
        "val/label/{stem}.png (or one of 5 other places) is not there, so split val is not read",
        "1 picture(s) have no mask and are not read, such as test/A/test_5.png",
        "1 picture(s) have no mask and are not read, such as test/B/test_5.png",
    ]


def test_lists_say_the_splits_and_what_they_do_not_name_is_not_read(tmp_path: Path) -> None:
    for stem in ("a_1", "a_2"):
        put_mask(tmp_path / f"label/{stem}.png", [[255]])
    (tmp_path / "list").mkdir()
    (tmp_path / "list/val.txt").write_text("a_1.png\nA/a_3.png B/a_3.png label/a_3.png\n")
    (tmp_path / "list/trainval.txt").write_text("a_1.png\na_2.png\n")  # no split of the entry
    found = read(entry_of("levir_cd_256"), tmp_path)
    assert [(sample.key, sample.split) for sample in found.samples] == [("label/a_1.png", "val")]
    assert found.notes[:2] == [
        "1 mask(s) stand in no list and are not read, such as label/a_2.png",
        "1 listed mask(s) are not there, such as a_3",
    ]


def test_two_masks_a_pair_tell_what_was_there_before_and_after(tmp_path: Path) -> None:
    water, white, tree = [0, 0, 255], [255, 255, 255], [0, 255, 0]
    put_mask(tmp_path / "train/label1/1.png", [[water, white]])
    put_mask(tmp_path / "train/label2/1.png", [[tree, white]])
    [sample] = read(entry_of("second"), tmp_path).samples
    assert [(r.key, r.label, r.image, r.shape) for r in sample.regions] == [
        ("before water", "water", 0, Mask(2, 1, (0, 1, 1))),
        ("after tree", "tree", 1, Mask(2, 1, (0, 1, 1))),
    ]
    assert [said.text for said in sample.expressions] == [
        "the water area before the change",
        "the tree area after the change",
    ]


def test_a_pair_keeps_the_mask_that_can_be_read(tmp_path: Path) -> None:
    put_mask(tmp_path / "train/label1/1.png", [[0, 9]])
    found = read(entry_of("s2looking"), tmp_path)
    assert [r.label for r in found.samples[0].regions] == ["newly built"]
    assert [(r.file, r.reason, r.detail) for r in found.rejects] == [
        ("train/label2/1.png", "unreadable_file", "the mask is not there")
    ]


def test_masks_with_another_ending_are_of_a_split_that_is_read(tmp_path: Path) -> None:
    for name in ("A/1", "B/1", "label/1", "label/2"):
        put_mask(tmp_path / f"train/{name}.tif", [[0, 255]])
    notes = read(entry_of("levir_cd"), tmp_path).notes
    assert len(set(notes)) == len(notes)
    assert [note.rpartition(" split ")[2] for note in notes if "is not there" in note] == [
        "val is not read",
        "test is not read",
    ]

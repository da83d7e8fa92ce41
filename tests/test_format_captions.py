"""Karpathy captions and class folders: what their readers make of the files in tests/data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from native import DATA, changed, read

from converters.catalogue import catalogue
from converters.read.files import SourceError
from schemas.sample import Caption, Label, Picture, Reject, Sample

RSICD = catalogue()["rsicd"]
FILE = "dataset_rsicd.json"


def sample(key: str, split: str, *captions: str) -> Sample:
    said = tuple(Caption(f"sentences[{i}]", text) for i, text in enumerate(captions))
    return Sample(key, FILE, split, (Picture(f"RSICD_images/{key}"),), captions=said)


# Karpathy


def test_a_record_becomes_a_sample_with_its_raw_sentences_in_order() -> None:
    assert read(RSICD).samples == [
        sample(
            "airport_1.jpg",
            "train",
            "two planes wait beside a hall .",
            "a runway  and grass .",
            "two planes wait beside a hall .",
        ),
        sample("bridge_59.jpg", "val", " . ", "a bridge crosses the canal"),
        sample("pond_1.jpg", "test", "Ponds . .", ""),
        sample("school_4.jpg", "unknown", "a school without a split ."),
    ]


def test_records_that_cannot_be_read_are_rejected_one_by_one() -> None:
    assert read(RSICD).rejects == [
        Reject(
            FILE,
            "7",
            "test",
            "unreadable_record",
            "Expected `str`, got `int` - at `$.filename`",
        ),
        Reject(
            FILE,
            "../park_3.jpg",
            "train",
            "bad_value",
            "'RSICD_images/../park_3.jpg' leaves its folder",
            2,
        ),
        Reject(FILE, "farm_2.jpg", "train", "missing_field", "no sentences"),
    ]


def test_only_records_of_the_wanted_splits_are_read() -> None:
    assert [found.key for found in read(RSICD, splits=["val", "test"]).samples] == [
        "bridge_59.jpg",
        "pond_1.jpg",
    ]


def test_the_record_has_the_last_word_on_its_split(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text(
        '{"images": [{"filename": "a.jpg", "split": "val", "sentences": [{"raw": "x"}]}]}'
    )
    entry = changed("rsicd", options={"annotations": "{split}.json", "images": "{filename}"})
    assert [found.split for found in read(entry, tmp_path).samples] == ["val"]


def test_a_record_without_a_split_is_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text(
        '{"images": [{"filename": "a.jpg", "sentences": [{"raw": "x"}]}]}'
    )
    entry = changed("rsicd", options={"annotations": "{split}.json", "images": "{filename}"})
    assert [found.split for found in read(entry, tmp_path).samples] == ["train"]


def test_a_change_pair_has_its_two_pictures_in_time_order() -> None:
    assert read(catalogue()["levir_cc"]).samples == [
        Sample(
            "train_000003.png",
            "LevirCCcaptions.json",
            "train",
            (
                Picture("images/train/A/train_000003.png"),
                Picture("images/train/B/train_000003.png"),
            ),
            captions=(
                Caption("sentences[0]", " a road appears in the wood ."),
                Caption("sentences[1]", " a house is built beside it ."),
            ),
        ),
        Sample(
            "test_000002.png",
            "LevirCCcaptions.json",
            "test",
            (Picture("images/test/A/test_000002.png"), Picture("images/test/B/test_000002.png")),
            captions=(Caption("sentences[0]", " the scene is the same as before ."),),
        ),
    ]


def test_a_pair_without_a_folder_lies_in_that_of_its_split(tmp_path: Path) -> None:
    (tmp_path / "LevirCCcaptions.json").write_text(
        '{"images": [{"filename": "val_1.png", "split": "val", "sentences": [{"raw": "x"}]}]}'
    )
    [found] = read(catalogue()["levir_cc"], tmp_path).samples
    assert found.pictures == (Picture("images/val/A/val_1.png"), Picture("images/val/B/val_1.png"))


def test_a_pair_without_sentences_is_rejected_by_its_name() -> None:
    assert [(reject.key, reject.reason) for reject in read(catalogue()["levir_cc"]).rejects] == [
        ("test_000009.png", "missing_field")
    ]


def test_the_later_release_is_read_under_its_own_name(tmp_path: Path) -> None:
    shutil.copy(
        DATA / "karpathy/levir_cc/LevirCCcaptions.json", tmp_path / "LevirCCcaptions_v1.json"
    )
    assert len(read(catalogue()["levir_cc"], tmp_path).samples) == 2


def test_the_archives_own_folder_is_part_of_the_picture_path(tmp_path: Path) -> None:
    (tmp_path / "UCM_captions").mkdir()
    (tmp_path / "UCM_captions/dataset.json").write_text(
        '{"images": [{"filename": "1.tif", "split": "val", "sentences": [{"raw": "x"}]}],'
        ' "dataset": "UCM"}'
    )
    [found] = read(catalogue()["ucm_captions"], tmp_path).samples
    assert (found.file, found.pictures) == (
        "UCM_captions/dataset.json",
        (Picture("UCM_captions/imgs/1.tif"),),
    )


@pytest.mark.parametrize(
    "text, message",
    [
        (
            '{"images": [{"filename": "a.jpg", "sente',
            "rsicd: dataset_rsicd.json cannot be read: Input data was truncated",
        ),
        (
            "[]",
            "rsicd: dataset_rsicd.json cannot be read: an empty list, and no key 'images'",
        ),
        (
            '{"annotations": []}',
            "rsicd: dataset_rsicd.json cannot be read: it has no key 'images'; its keys: "
            "'annotations'",
        ),
        (
            "{'images': [{'filename': 'a.jpg'}]}",
            "rsicd: dataset_rsicd.json cannot be read: it is no JSON: its keys are not in double "
            "quotes",
        ),
        (
            "version https://git-lfs.github.com/spec/v1\n",
            "is a Git LFS pointer, not the file; fetch it with `git lfs pull`",
        ),
        ("", "dataset_rsicd.json is empty"),
    ],
)
def test_a_file_that_is_no_caption_set_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(SourceError) as error:
        read(RSICD, tmp_path)
    assert str(error.value).endswith(message)


def test_bytes_that_are_no_utf_8_cost_their_record(tmp_path: Path) -> None:
    good = b'{"filename": "b.jpg", "split": "val", "sentences": [{"raw": "x"}]}'
    (tmp_path / FILE).write_bytes(
        b'{"images": [{"filename": "a.jpg", "split": "val", "sentences": [{"raw": "\xff"}]}, '
        + good
        + b"]}"
    )
    found = read(RSICD, tmp_path)
    assert ([s.key for s in found.samples], [r.key for r in found.rejects]) == (
        ["b.jpg"],
        ["a.jpg"],
    )


@pytest.mark.parametrize(
    "written, split",
    [
        ("Train", "train"),
        ("train ", "train"),
        ("training", "train"),
        ("valid", "val"),
        ("Validation", "val"),
        ("TEST", "test"),
        (" ", "unknown"),
        ("Restval ", "Restval"),
    ],
)
def test_a_split_spelt_otherwise_is_one_of_the_forms_own(
    tmp_path: Path, written: str, split: str
) -> None:
    record = {"filename": "a.jpg", "split": written, "sentences": [{"raw": "a road"}]}
    (tmp_path / FILE).write_text(json.dumps({"images": [record]}))
    assert [found.split for found in read(RSICD, tmp_path).samples] == [split]
    assert len(read(RSICD, tmp_path, splits=[split]).samples) == 1


# Class folders

AID = catalogue()["aid"]


def test_a_picture_has_the_label_of_its_folder() -> None:
    assert [(found.pictures[0].path, found.labels, found.split) for found in read(AID).samples] == [
        ("AID/Airport/airport_1.jpg", (Label("Airport/airport_1.jpg", ("Airport",)),), "all"),
        ("AID/Airport/airport_2.jpg", (Label("Airport/airport_2.jpg", ("Airport",)),), "all"),
        (
            "AID/BareLand/bareland_1.jpg",
            (Label("BareLand/bareland_1.jpg", ("BareLand",)),),
            "all",
        ),
        (
            "AID/BareLand/bareland_2.jpg",
            (Label("BareLand/bareland_2.jpg", ("BareLand",)),),
            "all",
        ),
    ]


def test_a_picture_outside_the_class_folders_has_no_label() -> None:
    assert read(AID).rejects == [
        Reject(
            "AID/river_192.jpg",
            "river_192.jpg",
            "all",
            "no_label",
            "a picture outside any class folder",
        )
    ]


def test_a_split_may_be_a_folder_too(tmp_path: Path) -> None:
    for name in ("train/Airport/a.png", "val/Airport/b.png", "loose.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    entry = changed("aid", options={"images": "{split}/{label}/{file}"})
    found = read(entry, tmp_path, ["val"])
    assert ([(sample.split, sample.labels) for sample in found.samples], found.rejects) == (
        [("val", (Label("val/Airport/b.png", ("Airport",)),))],
        [],
    )


def test_pictures_without_class_folders_are_no_dataset(tmp_path: Path) -> None:
    (tmp_path / "river_192.png").touch()
    with pytest.raises(SourceError) as error:
        read(AID, tmp_path)
    assert str(error.value) == (
        f"no class folders found: {tmp_path}/{{label}}/{{file}}; "
        "1 picture(s) outside a class folder, such as river_192.png; there: river_192.png"
    )

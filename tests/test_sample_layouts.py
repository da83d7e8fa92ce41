"""The native layouts of the sample data."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import runs
from PIL import Image
from sample_files import HBB, OBB, PICTURE_ENDINGS, load, lr


@pytest.mark.parametrize(
    "name",
    [
        "rsvqa_lr/Images_LR/0.tif",
        "rsvqa_hr/USGS_split_test_phili_questions.json",
        "rsvqa_hr/Images/Data/0.png",
        "rsvqa_hr/Images/Data/0.tif",
        "floodnet_vqa/Valid_Question.json",
        "floodnet_vqa/Images/Valid_Image/20007.JPG",
        "nwpu_resisc45/NWPU-RESISC45/beach/beach_001.jpg",
        "aid/AID/BareLand/bareland_1.jpg",
        "dota_v1/val/labelTxt/P0101.txt",
        f"{OBB}/00001.xml",
        "dior/JPEGImages-trainval/05863.jpg",
        "dior/JPEGImages-test/11726.jpg",
        "fair1m/train/part1/labelXml/0.xml",
        "fair1m/train/part2/labelXmls/5.xml",
        "fair1m/validation/labelXmls/0.xml",
        "rsicd/RSICD_images/00001.jpg",
        "ucm_captions/imgs/1.tif",
        "levir_cc/images/train/B/train_000005.png",
    ],
)
def test_native_names(sample: Path, name: str) -> None:
    assert (sample / name).is_file()


def test_nwpu_has_its_45_classes(sample: Path) -> None:
    classes = {path.name for path in (sample / "nwpu_resisc45/NWPU-RESISC45").iterdir()}
    assert len(classes) == 45
    assert {"beach", "island", "meadow"} <= classes


def test_only_the_meant_pictures_are_alike_or_unreadable(sample: Path) -> None:
    files = {
        name: digest
        for name, digest in runs.digests(sample).items()
        if Path(name).suffix in PICTURE_ENDINGS
    }
    repeated = {digest for digest, times in Counter(files.values()).items() if times > 1}
    lakes = [f"nwpu_resisc45/NWPU-RESISC45/lake/lake_00{n}.jpg" for n in (1, 2)]
    assert sorted(name for name, digest in files.items() if digest in repeated) == lakes
    broken = []
    for name in files:
        try:
            with Image.open(sample / name) as image:
                image.load()
        except OSError:
            broken.append(name)
    assert sorted(broken) == [
        "dior/JPEGImages-trainval/00011.jpg",
        "nwpu_resisc45/NWPU-RESISC45/stadium/stadium_002.jpg",
    ]


def test_rsvqa_rows_of_other_splits_are_placeholders(sample: Path) -> None:
    rows = lr(sample, "val", "questions")
    assert [row["id"] for row in rows] == list(range(len(rows)))
    assert rows[0] == {"id": 0, "active": False}
    assert rows[-1]["active"] is True
    assert list(rows[-1]) == [
        "id",
        "date_added",
        "img_id",
        "people_id",
        "type",
        "question",
        "answers_ids",
        "active",
    ]
    assert {row["img_id"] for row in rows if row["active"]} == {4, 10, 15}


def test_rsvqa_texts_have_their_native_quirks(sample: Path) -> None:
    questions = [row["question"] for row in lr(sample, "train", "questions") if "question" in row]
    assert questions[0] == "Is it a rural or an urban area"
    assert "Is there a building next to a  road?" in questions


def test_rsvqa_hr_areas_end_in_square_metres(sample: Path) -> None:
    questions = load(sample, "rsvqa_hr/USGS_split_train_questions.json")["questions"]
    answers = {
        row["id"]: row for row in load(sample, "rsvqa_hr/USGS_split_train_answers.json")["answers"]
    }
    areas = [
        answers[row["answers_ids"][0]]["answer"] for row in questions if row.get("type") == "area"
    ]
    assert all(re.fullmatch(r"\d+m2", text) for text in areas)
    assert "0m2" in areas and set(areas) != {"0m2"}


def test_floodnet_counts_are_numbers_and_held_out_splits_have_no_truth(sample: Path) -> None:
    train = load(sample, "floodnet_vqa/Train_Question.json")
    assert list(train) == [str(index) for index in range(len(train))]
    assert {
        type(row["Ground_Truth"])
        for row in train.values()
        if row["Question_Type"].endswith("Counting")
    } == {int}
    assert "flooded,non flooded" in [row["Ground_Truth"] for row in train.values()]
    assert all(
        "Ground_Truth" not in row
        for split in ("Valid", "Test")
        for row in load(sample, f"floodnet_vqa/{split}_Question.json").values()
    )


def test_line_ends_are_native(sample: Path) -> None:
    assert (
        (sample / "dota_v1/train/labelTxt/P0001.txt")
        .read_bytes()
        .startswith(b"imagesource:GoogleEarth\r\ngsd:0.126000\r\n")
    )
    assert (sample / "dior/ImageSets/Main/val.txt").read_bytes() == b"05863\r\n05864"
    assert (
        (sample / HBB / "00001.xml")
        .read_bytes()
        .startswith(b"<annotation>\r\n\t<filename>00001.jpg")
    )
    assert b"\r" not in (sample / OBB / "00001.xml").read_bytes()
    assert (
        (sample / "fair1m/train/part1/labelXml/0.xml")
        .read_bytes()
        .endswith(b"\t</objects>\n</annotation>")
    )


def test_levir_raws_begin_with_a_blank_and_unchanged_pairs_share_them(sample: Path) -> None:
    rows = load(sample, "levir_cc/LevirCCcaptions.json")["images"]
    assert list(rows[0]) == [
        "filepath",
        "filename",
        "imgid",
        "sentences",
        "split",
        "changeflag",
        "sentids",
    ]
    assert all(sentence["raw"].startswith(" ") for row in rows for sentence in row["sentences"])
    unchanged = {tuple(s["raw"] for s in row["sentences"]) for row in rows if not row["changeflag"]}
    assert len(unchanged) == 1

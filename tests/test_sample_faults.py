"""The faults that the sample data are meant to have."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sample_files import dota, fair1m, hbb, load, lr


def test_one_question_is_asked_twice(sample: Path) -> None:
    asked = Counter(
        (row["img_id"], row["question"])
        for row in lr(sample, "train", "questions")
        if "question" in row
    )
    assert [(image, times) for (image, _), times in asked.items() if times > 1] == [(2, 2)]


def test_one_question_is_switched_off(sample: Path) -> None:
    rows = [row for row in lr(sample, "train", "questions") if not row["active"] and len(row) == 8]
    assert [row["img_id"] for row in rows] == [5]


def test_one_answer_is_missing(sample: Path) -> None:
    there = {row["id"] for row in lr(sample, "train", "answers")}
    rows = [
        row
        for row in lr(sample, "train", "questions")
        if row["active"] and row["answers_ids"][0] not in there
    ]
    assert [row["img_id"] for row in rows] == [8]


def test_dota_faults(sample: Path) -> None:
    assert dota(sample, "train", "P0003")[-1][2] == "six"
    assert dota(sample, "train", "P0005")[-1][:8] == ["300", "20"] * 4
    assert (sample / "dota_v1/train/labelTxt/P0008.txt").read_bytes() == b""
    assert (sample / "dota_v1/train/images/P0008.png").is_file()
    assert len(dota(sample, "train", "P0009")) == 2
    assert not (sample / "dota_v1/train/images/P0009.png").exists()


def test_dota_marks_some_objects_difficult(sample: Path) -> None:
    assert [line[-1] for line in dota(sample, "train", "P0004")] == ["0", "0", "0", "1"]


def test_dior_faults(sample: Path) -> None:
    assert hbb(sample, "00004")[-1] == ("ship", (747, 381, 802, 402))
    assert hbb(sample, "00007")[-1] == ("vehicle", (772, 301, 772, 330))
    repeated = hbb(sample, "00009")
    assert repeated[0] == repeated[-1]


def test_fair1m_faults(sample: Path) -> None:
    assert fair1m(sample, "train/part1", "labelXml", "1")[-1] == (
        "Dry Cargo Ship",
        [1000, 401.4, 1000, 400, 997, 400, 997, 401.4, 1000, 401.4],
    )
    assert fair1m(sample, "train/part1", "labelXml", "2")[-1] == ("Small Car", [512, 1000] * 5)
    beyond = [max(points) for _, points in fair1m(sample, "train/part1", "labelXml", "3")[-2:]]
    assert all(1000 < corner < 1030 for corner in beyond)


def test_captions_repeat_and_one_has_no_word(sample: Path) -> None:
    raws = [
        [s["raw"] for s in row["sentences"]]
        for row in load(sample, "rsicd/dataset_rsicd.json")["images"]
    ]
    assert [len(set(five)) for five in raws] == [4, 1, 4, 4, 4, 5]
    assert raws[2][2] == " ."

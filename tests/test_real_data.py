"""Real annotation files, where they are. Counts only.

They lie beside the repository in ../shared/data, or where $EARTHMIX_REAL_DATA points.

The counts were taken from the files by others (shared/formats), not by the code under test.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from native import Result, convert, dataset

from converters.catalogue import catalogue
from converters.dialects import dialect, render
from converters.read.files import SourceError

ROOT = Path(
    os.environ.get("EARTHMIX_REAL_DATA") or Path(__file__).parent.parent.parent / "shared/data"
)


def folder(name: str) -> Path:
    """A dataset's real files, or a test skipped by its name."""
    if not (ROOT / name).is_dir():
        pytest.skip(
            f"the real files of {name} are not at {ROOT / name}; set EARTHMIX_REAL_DATA to where "
            f"they are"
        )
    return ROOT / name


@functools.cache
def real(slug: str, task: str, name: str | None = None) -> Result:
    return convert(dataset(catalogue()[slug], [task], folder(name or slug), fallback="pixel"))


def items(result: Result) -> dict[str, int]:
    """Items of all splits of the one kind that there is: read, used, and each reason."""
    found: Counter[str] = Counter()
    for page in result.book.values():
        [ended] = page["items"].values()
        found.update({"read": ended["read"], "used": ended["used"]})
        found.update(ended["rejected"])
        found.update(ended["filtered"])
    return dict(found)


def distinct(result: Result) -> int:
    return len({row["dedup"] for row in result.rows})


def test_rsicd_has_54605_sentences_of_which_5_have_no_word() -> None:
    found = real("rsicd", "caption")
    assert (
        items(found),
        distinct(found),
        len({row["images"][0]["path"] for row in found.rows}),
    ) == (
        {"read": 54_605, "used": 54_600, "no_words": 5},
        24_328,
        10_921,
    )


def test_rsicd_splits_are_the_authors() -> None:
    pictures = {(row["split"], row["images"][0]["path"]) for row in real("rsicd", "caption").rows}
    assert Counter(split for split, _ in pictures) == {"train": 8_734, "val": 1_094, "test": 1_093}


def test_ucm_has_10500_sentences_of_which_9985_differ() -> None:
    found = real("ucm_captions", "caption")
    assert (items(found), distinct(found)) == ({"read": 10_500, "used": 10_500}, 9_985)


def test_levir_has_10077_pairs_with_five_sentences_each() -> None:
    found = real("levir_cc", "change_caption")
    pairs = {
        (row["split"], row["images"][0]["path"], row["images"][1]["path"]) for row in found.rows
    }
    assert (items(found), Counter(split for split, _, _ in pairs)) == (
        {"read": 50_385, "used": 50_385},
        {"train": 6_815, "val": 1_333, "test": 1_929},
    )


def test_rsvqa_has_1200_questions_all_answered() -> None:
    assert items(real("rsvqa_lr", "vqa")) == {"read": 1_200, "used": 1_200}


def test_floodnet_has_4511_answered_questions_and_2844_without_an_answer() -> None:
    assert items(real("floodnet_vqa", "vqa")) == {"read": 7_355, "used": 4_511, "no_answer": 2_844}


def test_floodnet_asks_4511_questions_in_words_of_its_own() -> None:
    assert distinct(real("floodnet_vqa", "vqa")) == 4_511


def test_dota_has_984_objects() -> None:
    assert items(real("dota_v1", "grounding")) == {"read": 984, "used": 984}


def test_dior_has_five_boxes_without_area_and_one_that_stands_twice() -> None:
    found = items(real("dior", "grounding"))
    assert {reason: n for reason, n in found.items() if reason not in ("read", "used")} == {
        "zero_area": 5,
        "duplicate_region": 1,
    }


def test_every_dior_object_in_the_files_is_read() -> None:
    files = folder("dior") / "Annotations/Horizontal Bounding Boxes"
    assert items(real("dior", "grounding"))["read"] == sum(
        path.read_text(errors="replace").count("<object>") for path in files.glob("*.xml")
    )


def test_every_dior_r_object_in_the_files_is_read() -> None:
    files = folder("dior") / "Annotations/Oriented Bounding Boxes"
    assert items(real("dior_r", "grounding", "dior"))["read"] == sum(
        path.read_text(errors="replace").count("<object>") for path in files.glob("*.xml")
    )


def test_fair1m_has_26_objects() -> None:
    assert items(real("fair1m", "grounding"))["read"] == 26


def test_an_example_picture_of_aid_is_no_dataset() -> None:
    with pytest.raises(SourceError, match="no class folders found"):
        real("aid", "classification")


# GeoChat-Bench's truth, as EarthDial writes it: the same five numbers in brackets. 7,593 questions.

BOX = re.compile(r"\[\[(-?\d+), (-?\d+), (-?\d+), (-?\d+), (-?\d+)\]\]")


@pytest.fixture(scope="module")
def truth() -> Iterator[list[str]]:
    """Every box of the truth in GeoChat's own braces."""
    lines = (folder("earthdial") / "rs_detection/GeoChat.jsonl").read_text().splitlines()
    yield [
        f"{{<{a}><{b}><{c}><{d}>|<{t}>}}"
        for line in lines
        for a, b, c, d, t in BOX.findall(json.loads(line)["gt_bbox"])
    ]


def test_every_box_of_geochat_bench_is_read(truth: list[str]) -> None:
    assert len(dialect("geochat").read("<delim>".join(truth), (504, 504))) == len(truth)


def test_geochat_bench_has_boxes_in_every_record() -> None:
    lines = (folder("earthdial") / "rs_detection/GeoChat.jsonl").read_text().splitlines()
    assert (len(lines), sum(not BOX.search(json.loads(line)["gt_bbox"]) for line in lines)) == (
        7_593,
        0,
    )


def test_boxes_of_geochat_bench_are_written_again_as_they_were(truth: list[str]) -> None:
    size = (504, 504)
    fair = [text for text in truth if upright(text)]
    again = []
    for text in fair:
        [found] = dialect("geochat").read(text, size)
        again += render(dialect("geochat"), [found.shape], np.array([size], float))[0]
    assert sum(a != b for a, b in zip(again, fair, strict=True)) == 0


def upright(text: str) -> bool:
    """True for a box with an extent and an angle below 90, which GeoChat writes in one way only."""
    x1, y1, x2, y2, degrees = (int(n) for n in re.findall(r"-?\d+", text))
    return x1 < x2 and y1 < y2 and 0 <= degrees < 90

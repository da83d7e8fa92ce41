"""Real files of questions, where they are (see `test_real_data`). Counts only.

The counts were taken from the files by others (shared/formats), not by the code under test.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from native import Result, convert, dataset, words

from converters.catalogue import catalogue

ROOT = Path(
    os.environ.get("EARTHMIX_REAL_DATA") or Path(__file__).parent.parent.parent / "shared/data"
)


def real(slug: str, task: str, place: Path | None = None) -> Result:
    """What becomes of a dataset's real files, or a test skipped by its name."""
    if not (ROOT / slug).is_dir():
        pytest.skip(
            f"the real files of {slug} are not at {ROOT / slug}; set EARTHMIX_REAL_DATA to where "
            f"they are"
        )
    return convert(dataset(catalogue()[slug], [task], place or ROOT / slug))


def test_cdvqa_val_has_16441_questions_on_400_pairs() -> None:
    found = real("cdvqa", "vqa")
    assert found.book["val"]["items"]["question"] == {
        "read": 16_441,
        "used": 16_441,
        "rejected": {},
        "filtered": {},
    }
    pairs = {tuple(image["path"] for image in row["images"]) for row in found.rows}
    assert len(pairs) == 400
    assert ("cdvqa/im1/02180.png", "cdvqa/im2/02180.png") in pairs


def test_cdvqa_has_19_answers() -> None:
    found = real("cdvqa", "vqa")
    assert len({words(row)[1] for row in found.rows}) == 19


def test_rsivqa_has_27964_questions_in_the_parts_that_are_there() -> None:
    found = real("rsivqa", "vqa")
    assert Counter(row["split"] for row in found.rows) == {
        "aid": 10_921,
        "dota_train": 12_389,
        "dota_val": 4_041,
        "sydney": 613,
    }
    assert not found.rejects


def test_rsivqa_dota_train_is_balanced() -> None:
    found = real("rsivqa", "vqa")
    said = Counter(words(row)[1] for row in found.rows if row["split"] == "dota_train")
    assert (said["yes"], said["no"]) == (4_125, 4_125)


def test_rsvqaxben_of_configilm_has_30_questions() -> None:
    found = real("rsvqaxben_configilm", "vqa")
    assert Counter(row["split"] for row in found.rows) == {"train": 10, "val": 10, "test": 10}
    assert not found.rejects


def test_rspope_has_6_questions_a_picture() -> None:
    found = real("rspope", "vqa")
    assert set(Counter(row["images"][0]["path"] for row in found.rows).values()) == {6}
    assert len(found.rows) == 60
    assert {words(row)[1] for row in found.rows} == {"yes", "no"}


def test_ddfav_has_conversations_of_many_turns(tmp_path: Path) -> None:
    if (ROOT / "ddfav").is_dir():
        shutil.copy(ROOT / "ddfav/dior.head2.json", tmp_path / "dior.json")
    found = real("ddfav", "conversation", tmp_path)
    assert sorted(len(row["conversations"]) for row in found.rows) == [8, 16]

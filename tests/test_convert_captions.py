"""Captions as rows: exact turns, and counts that balance."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from native import DATA, ROOTS, convert, dataset, picture, words
from text_rows import page, rejected, said

from converters.catalogue import catalogue

RSICD, LEVIR = (catalogue()[slug] for slug in ("rsicd", "levir_cc"))
CAPTION = "<image>\nDescribe the image in one sentence."


@pytest.fixture
def rsicd(tmp_path: Path) -> Iterator[Path]:
    """RSICD's fixture with pictures: one is missing and one is cut off."""
    shutil.copytree(DATA / ROOTS["rsicd"], tmp_path, dirs_exist_ok=True)
    for name in ("airport_1", "bridge_59", "school_4"):
        picture(tmp_path / f"RSICD_images/{name}.jpg")
    cut = tmp_path / "RSICD_images/bridge_59.jpg"
    cut.write_bytes(cut.read_bytes()[:-20])
    yield tmp_path


def test_a_caption_is_one_row_with_the_blank_before_its_stop_gone() -> None:
    assert said(convert(dataset(RSICD, ["caption"])), "train") == [
        [CAPTION, "two planes wait beside a hall."],
        [CAPTION, "a runway and grass."],
        [CAPTION, "two planes wait beside a hall."],
    ]


def test_captions_that_cannot_become_rows_are_rejected_with_their_reasons() -> None:
    assert rejected(convert(dataset(RSICD, ["caption"]))) == [
        ("../park_3.jpg", "bad_value", "fault"),
        ("7", "unreadable_record", "fault"),
        ("bridge_59.jpg#sentences[0]", "no_words", "fault"),
        ("farm_2.jpg", "missing_field", "fault"),
        ("pond_1.jpg#sentences[1]", "no_words", "fault"),
    ]


def test_every_caption_ends_in_one_bucket() -> None:
    assert convert(dataset(RSICD, ["caption"])).book == {
        "test": page("caption", 3, 1, {"no_words": 1, "unreadable_record": 1}, {}, 1),
        "train": page("caption", 6, 3, {"bad_value": 2, "missing_field": 1}, {}, 1),
        "unknown": page("caption", 1, 1, {}, {}, 1),
        "val": page("caption", 2, 1, {"no_words": 1}, {}, 1),
    }


def test_a_change_caption_has_both_pictures_in_time_order() -> None:
    row = convert(dataset(LEVIR, ["change_caption"], splits=["test"])).rows[0]
    assert ([image["path"] for image in row["images"]], words(row)) == (
        ["levir_cc/images/test/A/test_000002.png", "levir_cc/images/test/B/test_000002.png"],
        [
            "<image>\n<image>\nThe two images show the same place at two dates, the earlier "
            "first. Describe what has changed in one sentence.",
            "the scene is the same as before.",
        ],
    )


def test_captions_of_one_picture_can_be_one_row() -> None:
    assert said(convert(dataset(RSICD, ["caption"], group="image")), "train") == [
        [
            CAPTION,
            "two planes wait beside a hall.",
            "Describe the image in one sentence.",
            "a runway and grass.",
        ]
    ]


def test_in_path_mode_a_row_holds_what_the_annotations_say_and_no_more() -> None:
    row = convert(dataset(RSICD, ["caption"], splits=["val"])).rows[0]
    known = [
        "dataset",
        "split",
        "task",
        "text_origin",
        "dialect",
        "template",
        "regions",
        "sizes",
        "gsd",
        "lon",
        "lat",
        "sensor",
        "times",
        "license_images",
        "image_sha256",
        "origin",
    ]
    assert {name: row[name] for name in known} == {
        "dataset": "rsicd",
        "split": "val",
        "task": "caption",
        "text_origin": "human",
        "dialect": None,
        "template": "plain/caption/0",
        "regions": [],
        "sizes": None,
        "gsd": None,
        "lon": None,
        "lat": None,
        "sensor": "Google Earth, Baidu Map, MapABC, Tianditu RGB",
        "times": None,
        "license_images": "unstated",
        "image_sha256": None,
        "origin": {"file": "dataset_rsicd.json", "key": "bridge_59.jpg#sentences[1]"},
    }


def test_where_pictures_are_read_a_row_holds_their_size_and_hash(rsicd: Path) -> None:
    row = convert(dataset(RSICD, ["caption"], rsicd, images="embed", splits=["train"])).rows[0]
    digest = hashlib.sha256((rsicd / "RSICD_images/airport_1.jpg").read_bytes()).hexdigest()
    assert (row["sizes"], row["image_sha256"], row["image_bytes"]) == (
        [{"width": 8, "height": 6}],
        [digest],
        (rsicd / "RSICD_images/airport_1.jpg").stat().st_size,
    )


def test_each_rows_bytes_are_those_of_its_own_pictures(rsicd: Path) -> None:
    for number, path in enumerate(sorted((rsicd / "RSICD_images").glob("*.jpg"))):
        path.write_bytes(path.read_bytes() + bytes(1000 * number))
    rows = convert(dataset(RSICD, ["caption"], rsicd, images="embed")).rows
    weights = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path.stat().st_size
        for path in (rsicd / "RSICD_images").glob("*.jpg")
    }
    assert len({row["image_bytes"] for row in rows}) == 2
    assert [row["image_bytes"] for row in rows] == [weights[row["image_sha256"][0]] for row in rows]


def test_verifying_in_path_mode_reads_pictures_but_writes_no_bytes(rsicd: Path) -> None:
    row = convert(dataset(RSICD, ["caption"], rsicd, splits=["train"], verify=True)).rows[0]
    assert (row["sizes"], row["image_bytes"]) == ([{"width": 8, "height": 6}], 0)


def test_pictures_that_cannot_be_used_cost_all_their_captions(rsicd: Path) -> None:
    found = convert(dataset(RSICD, ["caption"], rsicd, images="embed"))
    assert [
        (r["key"], r["reason"], r["items"], r["detail"])
        for r in found.rejects
        if "image" in r["reason"]
    ] == [
        ("pond_1.jpg", "missing_image", 2, "RSICD_images/pond_1.jpg: pond_1.jpg"),
        (
            "bridge_59.jpg",
            "truncated_image",
            2,
            "RSICD_images/bridge_59.jpg: the file's end is missing",
        ),
    ]


def test_the_hash_of_the_bytes_tells_duplicates_where_pictures_are_read(rsicd: Path) -> None:
    shutil.copy(rsicd / "RSICD_images/airport_1.jpg", rsicd / "RSICD_images/copy.jpg")
    records = [
        {"filename": name, "split": "train", "sentences": [{"raw": "a hall."}]}
        for name in ("airport_1.jpg", "copy.jpg")
    ]
    (rsicd / "dataset_rsicd.json").write_text(json.dumps({"images": records}))
    read, unread = (
        len({row["dedup"] for row in convert(dataset(RSICD, ["caption"], rsicd, images=mode)).rows})
        for mode in ("embed", "path")
    )
    assert (read, unread) == (1, 2)


def test_a_picture_token_in_a_native_text_costs_its_row(tmp_path: Path) -> None:
    records = [
        {
            "filename": "a.jpg",
            "split": "train",
            "sentences": [
                {"raw": "an <image> of a hall ."},
                {"raw": "a\\nhall ."},
                {"raw": "a \x01 hall ."},
            ],
        }
    ]
    (tmp_path / "dataset_rsicd.json").write_text(json.dumps({"images": records}))
    found = convert(dataset(RSICD, ["caption"], tmp_path))
    assert [(r["level"], r["key"], r["reason"]) for r in found.rejects] == [
        ("row", "a.jpg#sentences[0]", "image_tokens"),
        ("row", "a.jpg#sentences[1]", "literal_escape"),
        ("row", "a.jpg#sentences[2]", "control_characters"),
    ]

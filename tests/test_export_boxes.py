"""Boxes in exported texts: read in the row's dialect, written from its regions in another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mixes
import pyarrow.parquet as pq
import pytest
import runs

PNG = mixes.picture(size=(200, 100))
FIRST, SECOND = mixes.region(20, 10, 60, 30), mixes.region(100, 50, 150, 90)
GROUND = "<p>2 boats</p> {<10><10><30><30>|<0>}<delim>{<50><50><75><90>|<0>} at <p>sea</p>."


def rows(*texts: str, regions: list[Any], n: int = 1, dialect: str = "geochat") -> dict[str, Any]:
    turns = mixes.turns("<image>\nWhere?", *texts)
    return mixes.row(n, PNG, conversations=turns, regions=regions, dialect=dialect)


def answer(tmp_path: Path, row: dict[str, Any], dialect: str, *words: str) -> str:
    """The answer of one row in another dialect."""
    out = mixes.write(tmp_path / "out", [row])
    folder = mixes.export(out, "llava", "--dialect", dialect, *words)
    text: str = mixes.json(folder / "llava.json")[0]["conversations"][-1]["value"]
    return text


@pytest.mark.parametrize(
    "dialect, text",
    [
        ("geochat", GROUND),
        ("pixel", "2 boats [20, 10, 60, 30], [100, 50, 150, 90] at sea."),
        (
            "internvl",
            "<ref>2 boats</ref><box>[[100, 100, 300, 300], [500, 500, 750, 900]]</box> "
            "at <ref>sea</ref>.",
        ),
        (
            "qwen3_vl",
            '[{"bbox_2d": [100, 100, 300, 300], "label": "boat"}, '
            '{"bbox_2d": [500, 500, 750, 900], "label": "boat"}] at sea.',
        ),
    ],
)
def test_boxes_and_phrases_are_written_in_another_dialect(
    tmp_path: Path, dialect: str, text: str
) -> None:
    assert answer(tmp_path, rows(GROUND, regions=[FIRST, SECOND]), dialect) == text


def test_numbers_are_those_of_the_region_and_not_of_the_text(tmp_path: Path) -> None:
    row = rows("{<10><10><30><30>|<0>}", regions=[mixes.region(21, 9, 59, 31)])
    assert answer(tmp_path, row, "pixel") == "[21, 9, 59, 31]"


def test_a_box_is_the_region_near_it_whatever_their_order(tmp_path: Path) -> None:
    row = rows(GROUND, regions=[SECOND, FIRST])
    assert answer(tmp_path, row, "pixel").startswith("2 boats [20, 10, 60, 30], [100, 50")


def test_a_region_that_is_named_twice_is_written_twice(tmp_path: Path) -> None:
    text = "{<10><10><30><30>|<0>} and {<10><10><30><30>|<0>}"
    row = rows(text, regions=[FIRST])
    assert answer(tmp_path, row, "pixel") == "[20, 10, 60, 30] and [20, 10, 60, 30]"


def test_boxes_of_the_second_picture_are_read_by_its_size(tmp_path: Path) -> None:
    turns = mixes.turns("<image>\n<image>\nWhat is new?", "{<10><10><30><30>|<0>}")
    small = mixes.picture(size=(40, 20))
    region = mixes.region(20, 10, 60, 30, image=1)
    row = mixes.row(1, small, PNG, conversations=turns, regions=[region], dialect="geochat")
    out = mixes.write(tmp_path / "out", [row])
    [line] = mixes.lines(mixes.export(out, "qwen-vl", "--dialect", "pixel") / "ponds.jsonl")
    assert line["conversations"][-1]["value"] == "[20, 10, 60, 30]"


def test_qwen2_5_writes_pixels_of_the_resized_picture(tmp_path: Path) -> None:
    # 200 x 100 within 28 x 28 x 8 = 6,272 pixels: 112 x 56, times 0.56
    row = rows("{<10><10><30><30>|<0>}", regions=[FIRST])
    text = answer(tmp_path, row, "qwen2_5_vl", "--min-pixels", "784", "--max-pixels", "6272")
    assert text == '[{"bbox_2d": [11, 6, 34, 17]}]'


def test_a_box_that_is_no_region_leaves_the_row_out(tmp_path: Path) -> None:
    good, bad = rows(GROUND, regions=[FIRST, SECOND]), rows(GROUND, regions=[FIRST], n=2)
    out = mixes.write(tmp_path / "out", [good, bad])
    folder = mixes.export(out, "llava", "--dialect", "pixel")
    assert pq.read_table(folder / "rows.parquet")["left_out"].to_pylist() == [None, "unknown_box"]


def test_a_turned_box_is_enclosed_where_the_dialect_has_none_and_told(tmp_path: Path) -> None:
    points = (40, 10, 60, 20, 40, 30, 20, 20)
    quad = mixes.region(20, 10, 60, 30, shape="obb", points=points)
    # what GeoChat writes of these corners: sides 22.4 and 17.9 pixels, turned
    row = rows("{<14><11><26><29>|<27>}", regions=[quad])
    out = mixes.write(tmp_path / "out", [row])
    ended = runs.earthmix("export", out, "--to", "llava", tmp_path / "to", "--dialect", "qwen2_vl")
    assert (ended.code, ended.out.splitlines()[1:3]) == (
        0,
        [
            "  boxes written from the regions: 1",
            "  of them around a shape that the program has no form for: 1",
        ],
    )


def test_a_turned_box_beyond_the_edge_is_the_region_whose_box_ends_there(tmp_path: Path) -> None:
    # A square of 60 turned by 45 degrees about (30, 50); 12.4 pixels of it lie left of the picture
    points = (-12.4, 50, 30, 7.6, 72.4, 50, 30, 92.4)
    quad = mixes.region(0, 7.6, 72.4, 92.4, shape="obb", points=points)
    row = rows("{<0><20><30><80>|<45>}", regions=[quad])
    assert answer(tmp_path, row, "pixel") == "[-12, 50, 30, 8, 72, 50, 30, 92]"


def test_words_inside_boxes_are_not_lost_silently(tmp_path: Path) -> None:
    text = '[{"bbox_2d": [100, 100, 300, 300], "label": "boat"}]'
    good = rows(GROUND, regions=[FIRST, SECOND])
    out = mixes.write(
        tmp_path / "out", [good, rows(text, regions=[FIRST], n=2, dialect="qwen3_vl")]
    )
    folder = mixes.export(out, "llava", "--dialect", "geochat")
    assert pq.read_table(folder / "rows.parquet")["left_out"].to_pylist() == [
        None,
        "words_in_boxes",
    ]


# ms-swift


def swift(tmp_path: Path, *found: dict[str, Any]) -> list[Any]:
    out = mixes.write(tmp_path / "out", list(found))
    return mixes.lines(mixes.export(out, "swift") / "ponds.jsonl")


def test_swift_gets_boxes_beside_the_text_in_pixels(tmp_path: Path) -> None:
    [line] = swift(tmp_path, rows(GROUND, regions=[FIRST, SECOND]))
    assert (line["messages"][-1]["content"], line["objects"]) == (
        "<ref-object><bbox><bbox> at <ref-object>.",
        {
            "ref": ["2 boats", "sea"],
            "bbox": [[20.0, 10.0, 60.0, 30.0], [100.0, 50.0, 150.0, 90.0]],
            "image_id": [0, 0],
        },
    )


def test_swift_gets_marks_that_a_mix_has_written_already(tmp_path: Path) -> None:
    row = rows("<bbox> and <bbox>", regions=[SECOND, FIRST], dialect="ms_swift")
    [line] = swift(tmp_path, row)
    assert line["objects"]["bbox"] == [[100.0, 50.0, 150.0, 90.0], [20.0, 10.0, 60.0, 30.0]]


def test_such_marks_are_left_out_elsewhere_without_a_dialect(tmp_path: Path) -> None:
    marked = rows("<bbox>", regions=[FIRST], dialect="ms_swift")
    out = mixes.write(tmp_path / "out", [marked, rows(GROUND, regions=[FIRST, SECOND], n=2)])
    folder = mixes.export(out, "llava")
    assert pq.read_table(folder / "rows.parquet")["left_out"].to_pylist() == [
        "boxes_beside_text",
        None,
    ]


def test_such_marks_are_written_as_numbers_in_a_dialect(tmp_path: Path) -> None:
    row = rows("<bbox>", regions=[FIRST], dialect="ms_swift")
    assert answer(tmp_path, row, "geochat") == "{<10><10><30><30>|<0>}"


def test_every_row_for_swift_has_objects_where_one_has_boxes(tmp_path: Path) -> None:
    # The first row shows readers the types of lists that are empty in it; no text refers to them.
    plain = mixes.row(1, PNG)
    found = swift(tmp_path, plain, mixes.row(2, PNG), rows(GROUND, regions=[FIRST, SECOND], n=3))
    assert [line["objects"] for line in found[:2]] == [
        {"ref": [""], "bbox": [[0.0, 0.0, 0.0, 0.0]], "image_id": [0]},
        {"ref": [], "bbox": [], "image_id": []},
    ]


def test_rows_without_boxes_have_no_objects(tmp_path: Path) -> None:
    [line] = swift(tmp_path, mixes.row(1, PNG))
    assert list(line) == ["messages", "images"]


def test_words_that_are_swifts_placeholders_are_left_out(tmp_path: Path) -> None:
    row = mixes.row(2, PNG, conversations=mixes.turns("<image>\nWhat is <bbox>?", "a tag"))
    out = mixes.write(tmp_path / "out", [mixes.row(1, PNG), row])
    folder = mixes.export(out, "swift")
    assert pq.read_table(folder / "rows.parquet")["left_out"].to_pylist() == [
        None,
        "placeholder_in_text",
    ]

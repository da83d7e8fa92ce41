"""Expressions in tables whose pictures lie in their cells: XLRS-Bench's visual grounding."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from laid import shot
from native import convert, dataset, read, words

from converters.catalogue import entry_of
from converters.read.files import SourceError
from schemas.sample import Box, Expression, Picture, Region, Sample

CELL = {"bytes": shot(), "path": "a.png"}
ROW = {
    "question_id": "Visual grounding/001",
    "image": CELL,
    "image_width": 60.0,
    "image_height": 50.0,
    "question": "Find the target. Description: The pool behind the hall.",
    "answer": "a box",
    "bbox": [0.1, 0.2, 0.5, 0.4],
    "category": "Visual grounding",
}
TEST = "XLRS-Bench_visual_grounding_en/test"


def written(root: Path, rows: list[dict[str, Any]], ending: str = "parquet") -> Path:
    table = pa.Table.from_pylist(rows)
    (root / TEST).mkdir(parents=True)
    path = root / f"{TEST}/data-00000-of-00001.{ending}"
    if ending == "parquet":
        pq.write_table(table, path)
        return root
    with pa.ipc.new_stream(path, table.schema) as out:  # as `datasets` writes it
        out.write_table(table)
    return root


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_a_row_is_a_picture_with_an_expression_and_its_box(tmp_path: Path, ending: str) -> None:
    found = read(entry_of("xlrs_bench_grounding"), written(tmp_path, [ROW], ending))
    file = f"{TEST}/data-00000-of-00001.{ending}"
    assert found.samples == [
        Sample(
            "Visual grounding/001",
            file,
            "test",
            (Picture(f"{file}!image/000000000", 60, 50),),
            regions=(Region("0", "", Box(6, 10, 30, 20)),),
            expressions=(Expression("text", "The pool behind the hall.", ("0",)),),
        )
    ]


def test_the_picture_of_a_row_is_embedded(tmp_path: Path) -> None:
    entry = entry_of("xlrs_bench_grounding")
    root = written(tmp_path, [ROW])
    [row] = convert(dataset(entry, ["refer"], root, images="embed", dialect="pixel")).rows
    assert words(row)[1] == "[6, 10, 30, 20]"
    assert row["sizes"] == [{"width": 60, "height": 50}]


def test_a_text_without_the_words_before_a_description_is_the_expression(tmp_path: Path) -> None:
    root = written(tmp_path, [{**ROW, "question": " The pool. "}])
    [sample] = read(entry_of("xlrs_bench_grounding"), root).samples
    assert isinstance(sample, Sample)
    assert sample.expressions[0].text == "The pool."


def test_a_row_that_lacks_something_costs_itself_alone(tmp_path: Path) -> None:
    bad: list[dict[str, Any]] = [
        {"question": "Description: "},
        {"image": None},
        {"bbox": None},
        {"bbox": [0.1, 0.2, 0.3]},
        {"image_width": None},
        {"image_width": None, "question_id": None},
        {"image_width": math.inf},
    ]
    rows = [{**ROW, "question_id": str(number), **one} for number, one in enumerate(bad)]
    found = read(entry_of("xlrs_bench_grounding"), written(tmp_path, [*rows, ROW]))
    assert len(found.samples) == 1
    assert [(one.key, one.reason, one.detail) for one in found.rejects] == [
        ("0", "missing_field", "no question"),
        ("1", "missing_field", "no image"),
        ("2", "missing_field", "no box"),
        ("3", "bad_box", "3 numbers where 4 were meant"),
        ("4", "no_size", "the box is in fraction of a picture whose size is unknown"),
        ("row 6", "no_size", "the box is in fraction of a picture whose size is unknown"),
        ("6", "no_size", "the box is in fraction of a picture whose size is unknown"),
    ]


def test_a_table_without_a_column_is_named(tmp_path: Path) -> None:
    root = written(tmp_path, [{name: value for name, value in ROW.items() if name != "bbox"}])
    with pytest.raises(SourceError, match=r"has no column 'bbox'"):
        read(entry_of("xlrs_bench_grounding"), root)


@pytest.mark.parametrize("side", ["image_width", "image_height"])
@pytest.mark.parametrize("stated", [None, 0.0, -5.0])
def test_fractions_of_a_picture_whose_size_is_not_stated_are_no_box(
    side: str, stated: float | None, tmp_path: Path
) -> None:
    whole = ROW | {"question_id": "2"}
    found = read(entry_of("xlrs_bench_grounding"), written(tmp_path, [ROW | {side: stated}, whole]))
    assert [(one.key, one.reason) for one in found.rejects] == [("Visual grounding/001", "no_size")]
    assert [one.key for one in found.samples] == ["2"]

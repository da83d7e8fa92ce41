"""Questions and captions in tables, whose pictures may lie in their cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from native import DATA, Native, changed, convert, dataset, encoded, opened, read, words

from converters.catalogue import catalogue
from converters.read import files
from converters.read.files import SourceError
from schemas.sample import Caption, Picture, Question, Reject


def faults(native: Native) -> list[tuple[str, str, str]]:
    return [(one.key, one.reason, one.detail) for one in native.rejects]


def test_a_caption_stands_in_a_row() -> None:
    native = read(catalogue()["sarlang_1m_captions"], DATA / "vqa_table/sarlang_1m")
    [sample] = native.samples
    assert (sample.key, sample.split, sample.captions, sample.pictures) == (
        "SARimages/a_0001.png",
        "train",
        (Caption("caption[0]", "A harbor, with two ships."),),
        (Picture("SARimages/a_0001.png"),),
    )
    assert faults(native) == [
        ("SARimages/a_0001.png", "missing_field", "no answer"),
        ("row 3", "missing_field", "no image"),
        (
            "SARimages/../../a_0002.png",
            "bad_value",
            "'SARimages/../../a_0002.png' leaves its folder",
        ),
        ("row 5", "unreadable_record", "3 cells under 2 columns"),
    ]
    assert {one.kind for one in native.rejects} == {"caption"}


PNG = encoded("PNG")
ROWS: list[dict[str, Any]] = [
    {
        "index": 7,
        "question": "What colour is it?",
        "multi-choice options": ["(A) Red", "(B) White"],
        "answer": "B",
        "category": "Object properties/Object color",
        "image": [{"bytes": PNG, "path": "a.png"}],
    },
    {
        "index": 8,
        "question": "Which are there?",
        "multi-choice options": ["(A) Farm", "(B) Road, paved", "(C) Lake"],
        "answer": "AB",
        "category": "Land use",
        "image": [{"bytes": PNG, "path": "a.png"}, {"bytes": PNG, "path": None}],
    },
    {
        "index": 9,
        "question": "Which is it?",
        "multi-choice options": ["(A) Farm", "(B) Road"],
        "answer": "A",
        "category": "Land use",
        "image": [],
    },
]


def written(root: Path, ending: str) -> None:
    """The rows as a table whose pictures lie in its cells."""
    table = pa.Table.from_pylist(ROWS)
    (root / "data").mkdir()
    path = root / f"data/data-00000-of-00001.{ending}"
    if ending == "parquet":
        pq.write_table(table, path, row_group_size=2)
        return
    with pa.ipc.new_stream(path, table.schema) as out:  # as `datasets` writes it
        out.write_table(table, max_chunksize=2)


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_pictures_in_the_cells_of_a_table_are_files(tmp_path: Path, ending: str) -> None:
    written(tmp_path, ending)
    native = read(catalogue()["xlrs_bench"], tmp_path)
    table = f"data/data-00000-of-00001.{ending}"
    assert [[picture.path for picture in one.pictures] for one in native.samples] == [
        [f"{table}!image/000000000/0"],
        [f"{table}!image/000000001/0", f"{table}!image/000000001/1"],
    ]
    assert faults(native) == [("9", "missing_field", "no image")]
    folder = opened(catalogue()["xlrs_bench"], tmp_path)
    for path in (f"{table}!image/000000001/1", f"{table}!image/000000000/0"):
        place = folder.absolute(path)
        assert files.exists(place)
        assert files.store(place).read(place) == PNG
        assert files.store(place).size(place) == len(PNG)


@pytest.mark.parametrize("cell", ["image/000000001/2", "image/000000003", "label/000000000", "x"])
def test_a_cell_without_a_picture_is_a_missing_file(tmp_path: Path, cell: str) -> None:
    written(tmp_path, "parquet")
    place = f"{tmp_path}/data/data-00000-of-00001.parquet!{cell}"
    assert not files.exists(place)
    with pytest.raises(FileNotFoundError):
        files.store(place).read(place)


def test_pictures_in_cells_are_embedded(tmp_path: Path) -> None:
    written(tmp_path, "parquet")
    made = convert(dataset(catalogue()["xlrs_bench"], ["choice"], tmp_path, images="embed"))
    assert [(words(row), row["sizes"]) for row in made.rows] == [
        (
            ["<image>\nWhat colour is it?\nA. Red\nB. White", "B"],
            [{"width": 8, "height": 6}],
        )
    ]


def test_a_question_of_which_several_options_are_right_is_an_open_one(tmp_path: Path) -> None:
    written(tmp_path, "parquet")
    assert read(catalogue()["xlrs_bench"], tmp_path).samples[1].questions == (
        Question(
            "8",
            "Which are there? A. Farm; B. Road, paved; C. Lake.",
            "Farm; Road, paved",
            "Land use",
        ),
    )


def test_a_table_without_a_column_that_is_needed_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"ask": ["a?"]}), tmp_path / "data/data-0.parquet")
    with pytest.raises(
        SourceError, match=r"data/data-0\.parquet has no column 'question'; it has: ask"
    ):
        read(catalogue()["xlrs_bench"], tmp_path)


def test_rows_that_an_entry_leaves_out_are_counted(tmp_path: Path) -> None:
    options = "['<image 1>', 'of <image 2> the left']"
    row = {"id": "1", "question": "Which <image 1> is it?", "choices": options, "answer": "B"}
    shown = {f"image_{i}": {"bytes": PNG, "path": None} if i < 3 else None for i in range(1, 7)}
    kinds = [
        {"metric": "multiple-choice", "view_type": "Satellite"},
        {"metric": "multiple-choice", "view_type": "Street"},
        {"metric": "open-ended", "view_type": "cross-view"},
        {"metric": "mIoU", "view_type": "cross-view"},
    ]
    (tmp_path / "counting").mkdir()
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema(
        [(name, pa.string()) for name in (*row, *kinds[0])] + [(name, kind) for name in shown]
    )
    table = pa.Table.from_pylist([{**row, **one, **shown} for one in kinds], schema)
    pq.write_table(table, tmp_path / "counting/test-00000-of-00001.parquet")
    native = read(catalogue()["urbench"], tmp_path)
    [sample] = native.samples
    left = "of image 2 the left"
    assert sample.questions == (
        Question("1", "Which image 1 is it?", left, choices=("image 1", left)),
    )
    assert [one.path.rpartition("!")[2] for one in sample.pictures] == [
        "image_1/000000000",
        "image_2/000000000",
    ]
    file = "counting/test-00000-of-00001.parquet"
    assert native.rejects == [
        Reject(file, "", "test", "unselected", f"{name} is not what the entry reads", n, "question")
        for name, n in (("metric", 2), ("view_type", 1))
    ]


def test_a_csv_holds_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("question,answer\na?,b\n")
    entry = changed("xlrs_bench", options={"annotations": {"vqa": "a.csv"}, "pictures": ["image"]})
    with pytest.raises(SourceError, match=r"a\.csv holds no pictures; Parquet and Arrow tables do"):
        read(entry, tmp_path)


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/data-0.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(SourceError, match=r"data/data-0\.parquet cannot be read"):
        read(catalogue()["xlrs_bench"], tmp_path)
    place = f"{tmp_path}/data/data-0.parquet!image/000000000"
    with pytest.raises(OSError, match="damaged in its table"):
        files.store(place).read(place)


def test_all_tables_below_a_folder_are_read_but_those_that_its_set_does_not_list(
    tmp_path: Path,
) -> None:
    place = tmp_path / "XLRS-Bench-lite" / "train"
    place.mkdir(parents=True)
    for name in ("data-00000-of-00001", "cache-1"):
        pq.write_table(pa.Table.from_pylist(ROWS[:1]), place / f"{name}.parquet")
    (place / "state.json").write_text(
        '{"_data_files": [{"filename": "data-00000-of-00001.parquet"}]}'
    )
    found = read(catalogue()["xlrs_bench"], tmp_path)
    path = "XLRS-Bench-lite/train/data-00000-of-00001.parquet"
    assert [sample.file for sample in found.samples] == [path]
    assert found.notes == [
        "1 table(s) are no part of the set, such as XLRS-Bench-lite/train/cache-1.parquet"
    ]


def test_a_table_may_lack_some_columns_of_pictures(tmp_path: Path) -> None:
    (tmp_path / "counting").mkdir()
    row = {"id": 1, "metric": "multiple-choice", "question": "How many?", "answer": "B"}
    row |= {"choices": "['1', '2']", "task_type": "counting", "view_type": "cross-view"}
    table = tmp_path / "counting/test-00000-of-00001.parquet"
    pq.write_table(pa.Table.from_pylist([{**row, "image_1": {"bytes": PNG}}]), table)
    [sample] = read(catalogue()["urbench"], tmp_path).samples
    cell = "counting/test-00000-of-00001.parquet!image_1/000000000"
    assert sample.pictures == (Picture(cell),)
    pq.write_table(pa.Table.from_pylist([row]), table)
    with pytest.raises(SourceError, match="no column 'image_1' or 'image_2'"):
        read(catalogue()["urbench"], tmp_path)

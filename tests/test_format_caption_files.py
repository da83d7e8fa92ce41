"""Captions in JSON and in tables: what their readers make of the files in tests/data and others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from native import DATA, changed, convert, dataset, encoded, read

from converters.catalogue import catalogue
from converters.read.captions import listed_texts
from converters.read.files import SourceError, store
from schemas.sample import Caption, Picture, Reject, Sample

NWPU = read(catalogue()["nwpu_captions"], DATA / "caption_json/nwpu_captions")
REMOTE = read(catalogue()["remoteclip"], DATA / "caption_table/remoteclip")
RETRIEVAL = "csv_file/train/Ret-3_train.csv"


def said(sample: Sample) -> list[str]:
    return [caption.text for caption in sample.captions]


# JSON


def test_the_class_of_a_class_dictionary_is_in_the_path_of_its_pictures() -> None:
    file = "dataset_nwpu.json"
    assert NWPU.samples == [
        Sample(
            "harbor_002.jpg",
            file,
            "train",
            (Picture("NWPU_images/harbor/harbor_002.jpg"),),
            captions=(
                Caption("raw", "Two ships lie at the pier ."),
                Caption("raw_1", "A pier  with two ships ."),
                Caption("raw_2", "Il y a deux navires à quai ."),
            ),
        ),
        Sample(
            "harbor_003.jpg",
            file,
            "val",
            (Picture("NWPU_images/harbor/harbor_003.jpg"),),
            captions=(Caption("raw_2", "Boats ."), Caption("raw_3", "")),
        ),
    ]


def test_what_is_no_caption_in_json_is_rejected_by_record_and_field() -> None:
    file = "dataset_nwpu.json"
    path = "'NWPU_images/sea_ice/../sea_ice_001.jpg' leaves its folder"
    assert NWPU.rejects == [
        Reject(file, "harbor_003.jpg#raw", "val", "bad_value", "raw is int, not text"),
        Reject(file, "harbor_003.jpg#raw_1", "val", "missing_field", "raw_1 is 'nan'"),
        Reject(file, "harbor[2]", "train", "missing_field", "no filename"),
        Reject(file, "harbor_004.jpg", "test", "missing_field", "no caption"),
        Reject(file, "harbor[4]", "all", "unreadable_record", "a str in place of a record"),
        Reject(file, "../sea_ice_001.jpg", "test", "bad_value", path, 2),
    ]


def test_a_broken_record_of_a_class_costs_itself_alone(tmp_path: Path) -> None:
    text = '{"a": [{"filename": "1.jpg", "split": "x" "raw": "Bad."}, {"filename": "2.jpg", '
    (tmp_path / "dataset_nwpu.json").write_text(text + '"split": "test", "raw": "Good."}]}')
    found = read(catalogue()["nwpu_captions"], tmp_path)
    assert [sample.key for sample in found.samples] == ["2.jpg"]
    assert [(one.key, one.reason) for one in found.rejects] == [("a[0]", "unreadable_record")]


def json_entry(**options: Any) -> Any:
    base: dict[str, Any] = {"annotations": "a.json", "images": "{image}", **options}
    return changed("rsicap", options=base)


def test_an_object_by_picture_holds_texts_lists_or_records(tmp_path: Path) -> None:
    text = '{"a.png": "One.", "b.png": ["Two.", "Three."], "c.png": {"caption": "Four."}, "d": 5}'
    (tmp_path / "a.json").write_text(text)
    found = read(json_entry(by="image"), tmp_path)
    assert [(one.key, said(one)) for one in found.samples] == [
        ("a.png", ["One."]),
        ("b.png", ["Two.", "Three."]),
        ("c.png", ["Four."]),
    ]
    assert [(one.key, one.reason) for one in found.rejects] == [("d#caption", "bad_value")]


def test_a_caption_may_be_text_list_or_list_written_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '[{"image": "a.png", "caption": "One."}, {"image_id": "b.png", "caption": ["Two."]},'
        ' {"image": "c.png", "caption": "[\'Three.\', \\"Fo\'ur.\\"]"}]'
    )
    assert [said(one) for one in read(json_entry(), tmp_path).samples] == [
        ["One."],
        ["Two."],
        ["Three.", "Fo'ur."],
    ]


def test_an_array_is_read_though_the_entry_knows_a_key_above_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('\ufeff[{"image": "a.png", "caption": "One."}]')
    assert [said(one) for one in read(json_entry(table="images"), tmp_path).samples] == [["One."]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('["a", "b"]', ["a", "b"]),
        ("['a' 'b']", ["a", "b"]),
        ("['a\\'s', ]", ["a's"]),
        ("[a, b]", None),
        ("A dam ['x'].", None),
        ("['a''b']", None),
    ],
)
def test_a_list_written_as_text(text: str, expected: list[str] | None) -> None:
    assert listed_texts(text) == expected


# Tables


def test_tabs_under_the_name_csv_with_a_mark_are_read_row_by_row() -> None:
    folder = "data/Ret-3_train"
    train = [sample for sample in REMOTE.samples if sample.split == "train"]
    assert [(one.key, one.pictures[0].path, said(one)) for one in train] == [
        ("rsitmd_school_12.png", f"{folder}/rsitmd_school_12.png", ["A school, near a road."]),
        ("rsitmd_school_12.png", f"{folder}/rsitmd_school_12.png", ['A "red"  roof.']),
        ("ucm_pond_1.png", f"{folder}/ucm_pond_1.png", ["A pond.", 'A "green" pond.']),
    ]
    assert [(one.split, said(one)) for one in REMOTE.samples if one not in train] == [
        ("test", ["A lake."])
    ]


def test_what_is_no_caption_in_a_table_is_rejected_by_row() -> None:
    assert [(one.file, one.key, one.reason, one.detail) for one in REMOTE.rejects] == [
        (RETRIEVAL, "rsitmd_school_13.png", "missing_field", "no caption"),
        (RETRIEVAL, "row 4", "missing_field", "no filename"),
        (RETRIEVAL, "row 5", "unreadable_record", "3 cells under 2 columns"),
        (RETRIEVAL, "row 7", "unreadable_record", "bytes that are no text"),
    ]


def test_a_table_without_a_column_of_captions_is_an_error_that_names_its_columns(
    tmp_path: Path,
) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train/Det-10.csv").write_text("label\tfilename\nx\ta.png\n")
    with pytest.raises(SourceError, match="has no column title; it has: label, filename"):
        read(catalogue()["remoteclip"], tmp_path)


def test_of_versions_of_the_same_rows_one_is_read_and_the_others_are_named(
    tmp_path: Path,
) -> None:
    for version in ("top30", "top50"):
        (tmp_path / f"SkyScript_val_{version}.csv").write_text(
            f"FilePath,title\nimages2/w1_CH_19.jpg,a farm in {version}\n"
        )
    found = read(catalogue()["skyscript"], tmp_path)
    assert [said(one) for one in found.samples] == [["a farm in top30"]]
    assert "SkyScript_val_top50.csv is left out: SkyScript_val_top30.csv" in found.notes[0]


def test_of_two_forms_of_the_same_rows_one_is_read_and_the_other_is_named(tmp_path: Path) -> None:
    rows = {"caption": ["A bay."], "file": ["a.zarr.zip"], "sample_id": ["7"], "time_id": [2]}
    pq.write_table(pa.table(rows), tmp_path / "val.parquet")
    (tmp_path / "val").mkdir()
    (tmp_path / "val/ssl4eos12_val_seasonal_data_000001.csv").write_text(
        "caption,file,sample_id,time_id\nA cove.,b.zarr.zip,8,1\n"
    )
    found = read(catalogue()["llama3_ssl4eos12"], tmp_path)
    assert [(one.key, one.pictures[0].path, said(one)) for one in found.samples] == [
        ("8", "val/b.zarr.zip!8/1", ["A cove."])
    ]
    assert found.notes == [
        "1 file(s) are another form of the same records and are not read, such as val.parquet"
    ]


def git_table(picture: bytes) -> pa.Table:
    return pa.table(
        {
            "image": [{"bytes": picture, "path": "x.png"}, {"bytes": None, "path": None}],
            "img_name": ["a.png", "b.png"],
            "text": ["18_GOOGLE_LEVEL_A village_green.", "A mill."],
            "resolution": [0.5, float("nan")],
        }
    )


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_pictures_in_a_column_are_read_where_they_lie(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"train-0.{ending}"
    picture = encoded("PNG", 8, 6)
    table = git_table(picture)
    if ending == "parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_stream(path, table.schema) as out:
            out.write_table(table)
    found = read(catalogue()["git_10m"], tmp_path)
    assert [(one.key, one.pictures[0], said(one)) for one in found.samples] == [
        ("a.png", Picture(f"train-0.{ending}!image/000000000", gsd=0.5), ["A village_green."]),
        ("b.png", Picture(f"train-0.{ending}!image/000000001"), ["A mill."]),
    ]
    place = f"{tmp_path}/train-0.{ending}!image/000000000"
    assert store(place).read(place) == picture
    done = convert(dataset(catalogue()["git_10m"], ["caption"], tmp_path, images="embed"))
    assert [row["sizes"] for row in done.rows] == [[{"width": 8, "height": 6}]]
    assert [one["reason"] for one in done.rejects] == ["missing_image"]

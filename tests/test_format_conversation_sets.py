"""Conversations with something beside them: outlines, pictures in tables, sheets of pairs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from native import DATA, changed, convert, dataset, encoded, read, words

from converters.catalogue import catalogue
from converters.read.files import SourceError
from schemas.sample import Conversation, Expression, Mask, Picture, Polygon, Region

GEOPIXELD = catalogue()["geopixeld"]
OUTLINES = DATA / "llava_json/geopixeld"
EARTHDIAL = catalogue()["earthdial_instruct"]
SHARDS = DATA / "conversation_table/earthdial_instruct"
PONDS = "training_set/Grounding/Ponds/Ponds_train"


# GeoPixelD: outlines in a file beside


def test_outlines_stand_beside_the_text_in_the_order_of_its_marks() -> None:
    [first, parts, without] = read(GEOPIXELD, OUTLINES).samples
    assert first.pictures == (Picture("GeoPixelD/train/P0001_0_8_0_8.png"),)
    assert first.conversations == (
        Conversation(
            "",
            (
                ("human", "Describe it with masks."),
                ("gpt", "A <p> pond-1 </p> [SEG] beside a <p> pond-2 </p> [SEG] ."),
            ),
            "geopixel",
            (
                Region("polygons[0]", "", Polygon((1, 1, 5, 1, 5, 4, 1, 4))),
                Region("polygons[1]", "", Polygon((2, 5, 7, 5, 7, 7))),
            ),
        ),
    )
    # Two squares of 2 x 2 pixels, down the columns of a picture of 8 x 8.
    [region] = parts.conversations[0].regions
    assert region.shape == Mask(8, 8, (0, 2, 6, 2, 26, 2, 6, 2, 18))
    assert without.conversations[0].regions == ()


def test_outlines_that_cannot_be_read_cost_their_record() -> None:
    assert [(one.key, one.reason, one.detail) for one in read(GEOPIXELD, OUTLINES).rejects] == [
        (
            "GeoPixelD/train/P0003_0_8_0_8.png 2",
            "bad_box",
            "polygons[0] has no ring of three points",
        ),
        (
            "GeoPixelD/train/P0004_0_8_0_8.png 3",
            "unreadable_file",
            "GeoPixelD/train/P0004_0_8_0_8.json is not there",
        ),
    ]


def test_marks_become_boxes_of_the_mixs_dialect() -> None:
    found = convert(dataset(GEOPIXELD, ["conversation"], OUTLINES, dialect="qwen2_vl"))
    # The entry says that pictures are 800 x 800: 1 of 800 is 1 of 1000, 5 are 6.
    assert words(found.rows[0])[1] == (
        "A <|object_ref_start|>pond-1<|object_ref_end|> <|box_start|>(1,1),(6,5)<|box_end|> "
        "beside a <|object_ref_start|>pond-2<|object_ref_end|> "
        "<|box_start|>(2,6),(9,9)<|box_end|> ."
    )


def test_marks_stay_where_the_mix_has_them_too() -> None:
    found = convert(dataset(GEOPIXELD, ["conversation"], OUTLINES, dialect="geopixel"))
    assert [(row["dialect"], words(row)[1], len(row["regions"])) for row in found.rows] == [
        ("geopixel", "A <p> pond-1 </p> [SEG] beside a <p> pond-2 </p> [SEG] .", 2),
        ("geopixel", "Two parts of one <p> pond </p> [SEG] .", 1),
        (None, "Nothing but grass.", 0),
    ]


# EarthDial: pictures in the rows of saved tables


def test_a_row_has_its_pictures_in_its_cells() -> None:
    found = read(EARTHDIAL, SHARDS).samples
    assert [(one.key, [picture.path for picture in one.pictures]) for one in found] == [
        ("row 1", [f"{PONDS}/data-00000-of-00002.arrow!jpg/000000000"]),
        ("row 3", []),
        (
            "row 1",
            [
                "training_set/Temporal/Fields_train/data-00000-of-00001.arrow!jpg_A/000000000",
                "training_set/Temporal/Fields_train/data-00000-of-00001.arrow!jpg_B/000000000",
            ],
        ),
    ]
    assert found[0].conversations == (
        Conversation(
            "",
            (
                ("human", "[refer] [hr_rgb_0.5] <image> \\n where is the <ref>pond</ref>"),
                ("gpt", "<box>[[10, 20, 50, 60, 0]]</box>"),
            ),
            "earthdial",
            escapes=True,
        ),
    )


def test_a_row_whose_turns_are_no_json_is_rejected() -> None:
    assert [(one.key, one.reason) for one in read(EARTHDIAL, SHARDS).rejects] == [
        ("row 2", "bad_value")
    ]


def test_tables_that_the_set_does_not_list_or_lacks_are_named() -> None:
    assert read(EARTHDIAL, SHARDS).notes == [
        f"1 table(s) are listed and not there, such as {PONDS}/data-00001-of-00002.arrow",
        f"1 table(s) are no part of the set, such as {PONDS}/cache-1.arrow",
    ]


def test_pictures_of_cells_become_bytes_and_boxes_their_pixels() -> None:
    found = convert(dataset(EARTHDIAL, ["conversation"], SHARDS, images="embed"))
    [pond, fields] = found.rows
    assert words(pond) == [
        "[refer] [hr_rgb_0.5] <image> \n where is the <p>pond</p>",
        "{<10><20><50><60>|<0>}",
    ]
    # The picture is 10 x 8: a tenth of its width is a pixel, of its height 0.8.
    assert [region["bbox"] for region in pond["regions"]] == [pytest.approx([1, 1.6, 5, 4.8])]
    assert (len(fields["image_sha256"]), words(fields)[1]) == (2, "A pond was filled in.")
    assert [(one["key"], one["reason"]) for one in found.rejects] == [
        ("row 2", "bad_value"),
        ("row 3", "image_tokens"),
    ]


def test_a_row_of_an_evaluation_set_is_a_question_and_its_truth(tmp_path: Path) -> None:
    place = tmp_path / "Eardial_downstream_task_datasets"
    cell = [encoded("PNG")]
    asked = {"question": ['"[refer] <image> \\n Where is the <ref>car</ref>"']}
    parquet(
        *(place / "Detection/A_test/data-00000-of-00001.parquet",),
        **{"groundtruth": ['"[[10, 20, 50, 60, 0]]"'], "jpg": cell, **asked},
    )
    parquet(
        *(place / "Change_detection/B/B_test/data-00000-of-00001.parquet",),
        **{"groundtruth0": ["A road ."], "groundtruth1": ["b"], "jpg_A": cell, "jpg_B": cell},
        question=["<image> <image> What?"],
    )
    found = convert(dataset(catalogue()["earthdial_eval"], ["conversation"], tmp_path))
    assert [(row["split"], len(row["images"]), words(row)) for row in found.rows] == [
        (
            "detection",
            1,
            ["[refer] <image> \n Where is the <p>car</p>", "{<10><20><50><60>|<0>}"],
        ),
        ("change_detection", 2, ["<image> <image> What?", "A road ."]),
    ]
    captions = place / "Image_captioning/C/C_test/data-00000-of-00001.parquet"
    parquet(captions, groundtruth0=["A road ."], groundtruth1=["A dam ."], jpg=cell)
    [sample] = read(catalogue()["earthdial_eval_captions"], tmp_path).samples
    assert [one.text for one in sample.captions] == ["A road .", "A dam ."]


def parquet(path: Path, /, **columns: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def test_a_list_of_pictures_in_a_column_is_a_series(tmp_path: Path) -> None:
    shown = [{"bytes": encoded("PNG"), "path": None}] * 2
    turns = [{"role": "user", "content": "Two?"}, {"role": "assistant", "content": "Yes."}]
    parquet(tmp_path / "train-0.parquet", images=[shown], messages=[turns], id=[4])
    entry = changed(
        "earthdial_instruct",
        options={
            "annotations": "{split}-{part}.parquet",
            "pictures": ["images"],
            "fields": {"conversations": "messages"},
        },
    )
    [found] = read(entry, tmp_path).samples
    assert (found.key, found.split, [one.path for one in found.pictures]) == (
        "4",
        "train",
        ["train-0.parquet!images/000000000/0", "train-0.parquet!images/000000000/1"],
    )


def test_a_pair_of_named_columns_is_in_the_order_of_the_entry(tmp_path: Path) -> None:
    cell = [encoded("PNG")]
    talk = ['[{"from": "human", "value": "?"}, {"from": "gpt", "value": "!"}]']
    parquet(tmp_path / "q/a.parquet", jpg_post=cell, jpg_pre=cell, conversations=talk)
    [found] = read(EARTHDIAL, tmp_path).samples
    assert [one.path for one in found.pictures] == [
        "q/a.parquet!jpg_pre/000000000",
        "q/a.parquet!jpg_post/000000000",
    ]


def test_numbered_columns_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    cell = [encoded("PNG")]
    talk = ['[{"from": "human", "value": "?"}, {"from": "gpt", "value": "!"}]']
    parquet(tmp_path / "a.parquet", jpg_10=cell, jpg_2=cell, conversations=talk)
    [found] = read(EARTHDIAL, tmp_path).samples
    assert [one.path for one in found.pictures] == [
        "a.parquet!jpg_2/000000000",
        "a.parquet!jpg_10/000000000",
    ]


def test_a_table_without_turns_or_pictures_is_an_error(tmp_path: Path) -> None:
    table = parquet(tmp_path / "a.parquet", jpg=[b"x"], caption=["y"])
    with pytest.raises(SourceError, match=r"no column 'conversations' or .*; it has: jpg, caption"):
        read(EARTHDIAL, tmp_path)
    parquet(table, conversations=["[]"])
    with pytest.raises(SourceError, match="no column 'jpg' or 'png'"):
        read(EARTHDIAL, tmp_path)


def test_without_tables_the_error_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "rs_vqa").mkdir()
    (tmp_path / "rs_vqa/RSVQA_LR.jsonl").write_text("{}")
    with pytest.raises(SourceError, match=r"no table .* there is: rs_vqa/"):
        read(EARTHDIAL, tmp_path)


def test_a_table_that_was_never_fetched_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data.arrow").write_text("version https://git-lfs.github.com/spec/v1\noid x")
    with pytest.raises(SourceError, match="Git LFS pointer"):
        read(EARTHDIAL, tmp_path)


def test_a_csv_may_hold_queries_with_the_paths_of_their_pictures(tmp_path: Path) -> None:
    (tmp_path / "val.csv").write_text("images,query,response\na.png,Is it?,yes\n,Is it?,\n")
    entry = changed(
        "earthdial_instruct",
        options={
            "annotations": "{split}.csv",
            "images": "pictures/{image}",
            "fields": {"question": "query", "answer": "response"},
        },
    )
    assert [
        (one.key, [picture.path for picture in one.pictures], one.conversations[0].turns)
        for one in read(entry, tmp_path).samples
    ] == [
        ("a.png", ["pictures/a.png"], (("human", "Is it?"), ("gpt", "yes"))),
        ("row 2", [], (("human", "Is it?"), ("gpt", ""))),
    ]


# GeoPixInstruct: masks with descriptions


def test_described_objects_are_regions_and_expressions() -> None:
    found = read(catalogue()["geopixinstruct"], DATA / "described_instances/geopixinstruct")
    [sample] = found.samples
    # Down the columns of 4 x 4 pixels: two in the second column, two in the third.
    assert sample.regions == (
        Region("7", "ship", Mask(4, 4, (5, 2, 2, 2, 5))),
        Region("9", "ship", Mask(4, 4, (8, 8))),
    )
    assert sample.expressions == (Expression("7", "the ship in the middle", ("7",)),)
    assert (sample.split, sample.unplaced) == ("train_sota", ("dock",))
    assert sample.pictures == (Picture("SOTA/P1.png", 4, 4),)
    assert [(one.key, one.reason, one.detail) for one in found.rejects] == [
        ("P1#8", "bad_value", "mask: run lengths of 11 pixels for a mask of 4 x 4"),
        ("P2", "bad_value", "'../P2.png' leaves its folder"),
    ]


# GeoLLaVA: a video is a pair that a sheet names


def test_a_video_is_the_pair_of_its_row_in_order_of_time(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    shutil.copytree(DATA / "llava_json/geollava", tmp_path, dirs_exist_ok=True)
    from openpyxl import Workbook

    book = Workbook()
    folder = "/Datasets/val/dam/dam_0/dam_0"
    head = "category location_id image1 timestamp1 image_path1 image2 timestamp2 image_path2"
    book.worksheets[0].append(head.split())
    late, early = "2016-09-08 16:07:23.000", "2012-05-19 07:34:13.000"
    row = ["dam", 0, 4, late, f"{folder}_4_rgb.jpg", 1, early, f"{folder}_1_rgb.jpg"]
    book.worksheets[0].append(row)
    book.save(tmp_path / "updated_val_pairs_sheet.xlsx")
    found = read(catalogue()["geollava"], tmp_path)
    assert [one.pictures for one in found.samples] == [
        (
            Picture("val/dam/dam_0/dam_0_1_rgb.jpg", time="2012-05-19T07:34:13.000"),
            Picture("val/dam/dam_0/dam_0_4_rgb.jpg", time="2016-09-08T16:07:23.000"),
        )
    ]
    assert [(one.reason, one.detail) for one in found.rejects] == [
        ("dangling_reference", "dam_7_4-dam_7_1.mp4 is in no row of the sheet")
    ]


def test_videos_without_a_sheet_are_an_error() -> None:
    with pytest.raises(SourceError, match=r"annotations not found: .*pairs_sheet"):
        read(catalogue()["geollava"], DATA / "llava_json/geollava")

"""The same records in other forms: packed, wrapped, numbers as texts, tables with titles."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from laid import laid
from native import DATA, Result, convert, dataset, read

from converters.catalogue import entry_of
from converters.read import files
from converters.read.cells import CellStore
from converters.read.files import SourceError
from converters.read.patterns import bind
from converters.read.table_rows import column_names
from schemas.sample import Box

TEXTS = (".json", ".jsonl", ".csv", ".txt", ".geojson")
FIXTURES = [
    ("rsicd", "karpathy/rsicd"),
    ("levir_cc", "karpathy/levir_cc"),
    ("nwpu_captions", "caption_json/nwpu_captions"),
    ("remoteclip", "caption_table/remoteclip"),
    ("hrsid", "coco/hrsid"),
    ("soda_a", "coco_files/soda_a"),
    ("au_air", "boxes_json/au_air"),
    ("dota_v1", "dota/dota_v1"),
    ("visdrone", "delimited_boxes/visdrone"),
    ("geochat_instruct", "llava_json/geochat_instruct"),
    ("rsvqa_lr", "rsvqa/rsvqa_lr"),
    ("cdvqa", "rsvqa/cdvqa"),
    ("floodnet_vqa", "vqa_json/floodnet_vqa"),
    ("lrs_vqa", "vqa_json/lrs_vqa"),
    ("earthvqa", "picture_json/earthvqa"),
    ("vrsbench", "picture_json/vrsbench"),
    ("geotext_1652", "referring_json/geotext_1652"),
    ("mlrsnet", "label_table/mlrsnet"),
    ("muds", "geojson_regions/muds"),
    ("asd", "run_length_table/asd"),
    ("s2_100k", "location_table/s2_100k"),
    ("rsivqa", "vqa_text/rsivqa"),
]


def converted(slug: str, root: Path) -> Result:
    entry = entry_of(slug)
    return convert(dataset(entry, entry.tasks, root, dialect="pixel", fallback="pixel"))


def said(result: Result) -> list[Any]:
    """What the rows say of which pictures."""
    return sorted(
        (
            row["task"],
            [turn["value"] for turn in row["conversations"]],
            [picture["path"] for picture in row["images"]],
        )
        for row in result.rows
    )


def other(tmp_path: Path, root: str, change: Callable[[Path], None]) -> Path:
    """A copy of a fixture, each of its text files changed."""
    copy = tmp_path / "copy"
    shutil.copytree(DATA / root, copy)
    found = [path for path in copy.rglob("*") if path.suffix in TEXTS]
    assert found
    for path in found:
        change(path)
    return copy


def pack(path: Path) -> None:
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()


@pytest.mark.parametrize("slug, root", FIXTURES)
def test_texts_packed_by_gzip_are_read_as_they_are(slug: str, root: str, tmp_path: Path) -> None:
    found = converted(slug, other(tmp_path, root, pack))
    assert said(found) == said(converted(slug, DATA / root))


def test_a_row_names_the_packed_file_and_its_text(tmp_path: Path) -> None:
    found = converted("rsicd", other(tmp_path, "karpathy/rsicd", pack))
    assert {row["origin"]["file"] for row in found.rows} == {
        "dataset_rsicd.json.gz!dataset_rsicd.json"
    }


def test_a_file_that_lies_unpacked_too_is_read_alone(tmp_path: Path) -> None:
    def beside(path: Path) -> None:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(b"[]"))

    found = converted("rsicd", other(tmp_path, "karpathy/rsicd", beside))
    assert {row["origin"]["file"] for row in found.rows} == {"dataset_rsicd.json"}


def test_a_packed_text_that_is_damaged_is_named(tmp_path: Path) -> None:
    root = laid(tmp_path, {"dataset_rsicd.json.gz": b"\x1f\x8b\x08 cut off"})
    with pytest.raises(
        SourceError, match=r"dataset_rsicd\.json\.gz is no archive that can be read"
    ):
        converted("rsicd", root)


def test_names_are_bound_to_the_packed_files_own_name() -> None:
    assert bind("{split}/{part}.csv", "train/a.csv.gz!a.csv") == {"split": "train", "part": "a"}


def wrap(path: Path) -> None:
    document = json.loads(path.read_text("utf-8-sig"))
    path.write_text(json.dumps({"version": 1, "data": document}))


@pytest.mark.parametrize(
    "slug, root, name",
    [
        ("geochat_instruct", "llava_json/geochat_instruct", "GeoChat_Instruct.json"),
        ("teochatlas", "llava_json/teochat", "instruct.json"),
    ],
)
def test_a_list_in_an_object_is_that_list(slug: str, root: str, name: str, tmp_path: Path) -> None:
    turns = [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "A pond."}]
    records = [{"id": str(i), "image": [f"{i}.png"][0], "conversations": turns} for i in range(3)]
    if slug == "teochatlas":
        records = [{**record, "video": [record["image"]]} for record in records]
    files_ = laid(tmp_path, {name: json.dumps({"version": "1.0", "data": records})})
    assert len(read(entry_of(slug), files_).samples) >= 3


def test_an_object_of_records_is_no_wrapping(tmp_path: Path) -> None:
    asked = [{"Type": "Basic Judging", "Question": "Is there a road?", "Answer": "Yes"}]
    root = laid(tmp_path, {"Train_QA.json": json.dumps({"2522.png": asked})})
    [sample] = read(entry_of("earthvqa"), root).samples
    assert (sample.key, len(sample.questions)) == ("2522.png", 1)


# Numbers and lists as texts


def coco(tmp_path: Path, change: Callable[[Any], Any], **more: Any) -> list[Any]:
    document = {
        "images": [{"id": change(7), "file_name": "a.jpg", "width": change(100), "height": 80}],
        "categories": [{"id": change(1), "name": "ship"}],
        "annotations": [{"id": change(3), "image_id": change(7), "category_id": change(1), **more}],
    }
    root = laid(tmp_path, {"annotations/train2017.json": json.dumps(document)})
    found = read(entry_of("hrsid"), root)
    assert [(one.reason, one.detail) for one in found.rejects] == []
    [sample] = found.samples
    assert (sample.pictures[0].width, sample.pictures[0].height) == (100, 80)
    return [(region.key, region.label, region.shape) for region in sample.regions]


@pytest.mark.parametrize("change", [int, float, str])
@pytest.mark.parametrize("box", [[1, 2, 3, 4], ["1", "2.0", "3", "4"], "[1, 2, 3, 4]"])
def test_ids_and_boxes_of_coco_may_be_floats_and_texts(
    change: Callable[[Any], Any], box: Any, tmp_path: Path
) -> None:
    assert coco(tmp_path, change, bbox=box) == [("3", "ship", Box(1, 2, 4, 6))]


def test_corners_in_a_text_are_a_list(tmp_path: Path) -> None:
    plain = read(entry_of("vrsbench"), DATA / "picture_json/vrsbench").samples
    root = tmp_path / "copy"
    shutil.copytree(DATA / "picture_json/vrsbench", root)
    for path in root.rglob("*.json"):
        path.write_text(re.sub(r"(\[[-.0-9, ]+\])", r'"\1"', path.read_text()))
    assert [sample.regions for sample in read(entry_of("vrsbench"), root).samples] == [
        sample.regions for sample in plain
    ]


# Names of pictures


@pytest.mark.parametrize("name", ["./pond_1.jpg", ".\\pond_1.jpg", "a/..b/.//pond_1.jpg"])
def test_a_path_has_no_dots_and_forward_slashes(name: str, tmp_path: Path) -> None:
    split = {"filename": name, "split": "train", "sentences": [{"raw": "A pond."}]}
    root = laid(tmp_path, {"dataset_rsicd.json": json.dumps({"images": [split]})})
    [sample] = read(entry_of("rsicd"), root).samples
    expected = {"a/..b/.//pond_1.jpg": "RSICD_images/a/..b/pond_1.jpg"}
    assert sample.pictures[0].path == expected.get(name, "RSICD_images/pond_1.jpg")


def test_a_picture_in_the_text_is_a_reject_that_says_so(tmp_path: Path) -> None:
    turns = [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "A pond."}]
    picture = f"data:image/png;base64,{base64.b64encode(bytes(900)).decode()}"
    record = {"id": "1", "image": picture, "conversations": turns}
    root = laid(tmp_path, {"GeoChat_Instruct.json": json.dumps([record])})
    found = read(entry_of("geochat_instruct"), root)
    [reject] = found.rejects
    assert (found.samples, reject.reason) == ([], "bad_value")
    assert reject.detail.startswith("a picture in the text itself, of 1,2")
    assert len(reject.detail) < 200


@pytest.mark.parametrize("lead", ["", "data:image/png;base64,", "\n data:image/jpeg;base64,"])
def test_a_cell_with_a_picture_as_text_may_say_so_and_break_its_lines(
    lead: str, tmp_path: Path
) -> None:
    picture = np.random.default_rng(0).bytes(200)
    text = base64.encodebytes(picture).decode()
    path = f"{tmp_path}/a.parquet"
    pa.parquet.write_table(pa.table({"image": [lead + text]}), path)
    assert CellStore(files.store).read(f"{path}!image/000000000") == picture


# Tables


@pytest.mark.parametrize("mark", [";", "\t", "|", ","])
@pytest.mark.parametrize("title", ["", "Places of all pictures\n", "Places, version 2\n\n"])
def test_a_table_has_the_mark_of_its_header_and_may_have_a_title(
    mark: str, title: str, tmp_path: Path
) -> None:
    if mark != "," and "," in title:
        title = title.replace(",", "")
    table = "lat,lon,url,fn\n1.5,2.5,x,patch_1.tif\n".replace(",", mark)
    found = read(entry_of("s2_100k"), laid(tmp_path, {"index.csv": title + table}))
    assert [(one.key, one.questions[0].answer) for one in found.samples] == [
        ("patch_1.tif", "1.50 N, 2.50 E")
    ]
    assert [(one.reason, one.detail) for one in found.rejects] == (
        [("unreadable_record", f"above the header: {' '.join(title.replace(',', ' ').split())}")]
        if title
        else []
    )


def test_a_title_is_no_list_of_classes(tmp_path: Path) -> None:
    table = "Labels of bridge\nimage,bridge,water\nbridge_1.jpg,1,0\n"
    found = read(entry_of("mlrsnet"), laid(tmp_path, {"labels/bridge.csv": table}))
    assert [sample.labels[0].names for sample in found.samples] == [("bridge",)]


def test_a_sheet_may_have_a_title(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    from converters.read.table_rows import column_names, open_table

    book = openpyxl.Workbook()
    for line in (["All pictures"], [], ["image", "caption"], ["a.png", "A pond."]):
        book.worksheets[0].append(line)
    path = f"{tmp_path}/a.xlsx"
    book.save(path)
    assert column_names(path) == ["image", "caption"]
    names, rows = open_table(path, {"text": "caption"}, None, None, None)
    assert (names, [*rows]) == (
        ["image", "caption"],
        ["above the header: All pictures", ("a.png", "A pond.")],
    )


def test_a_row_of_many_unquoted_commas_is_no_header(tmp_path: Path) -> None:
    table = tmp_path / "captions.csv"
    table.write_text("image,caption\na.jpg,a plane, a runway, two trees, grass\nb.jpg,a lake\n")
    assert column_names(str(table)) == ["image", "caption"]


def test_a_title_of_one_cell_stands_above_the_header(tmp_path: Path) -> None:
    table = tmp_path / "captions.csv"
    table.write_text("Captions of the set\nimage,caption\na.jpg,a lake\n")
    assert column_names(str(table)) == ["image", "caption"]

"""Records read as columns: the rows, rejects and counts that reading them one by one gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from laid import laid, shot
from native import Result, convert, dataset

from converters.catalogue import catalogue, format_module, format_names
from converters.dataset import open_dataset, read_items, read_span
from converters.read import images
from schemas.mix import ImageMode
from schemas.sample import Reject, Sample
from schemas.table import Columns

Files = Mapping[str, str | bytes]


def lines(*records: Mapping[str, Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def parquet(folder: Path, *rows: Mapping[str, Any]) -> bytes:
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), folder / "x.parquet")
    return (folder / "x.parquet").read_bytes()


def karpathy(*records: tuple[str, str, list[str]]) -> str:
    images = [
        {"filename": name, "split": split, "sentences": [{"raw": text} for text in said]}
        for name, split, said in records
    ]
    return json.dumps({"images": images, "dataset": "rsicd"})


CLASSES = {
    "harbor": [
        {"filename": f"h{i}.jpg", "split": "train", "raw": f"Ship {i} .", **more}
        for i, more in enumerate(
            [{f"raw_{k}": f"a ship {k} ." for k in range(1, 5)} for _ in range(2)]
        )
    ]
}
# Of each format: an entry, its files, and the file that holds the records.
CASES: dict[str, tuple[str, Files, str]] = {
    "caption_table": (
        "remoteclip",
        {
            "csv_file/train/Ret-3_train.csv": 'title,filename\n"A ship, grey",1.png\nA dam.,2.png\n'
            '"A ""big"" pier.",1.png\n',
            "data/Ret-3_train/1.png": shot(),
            "data/Ret-3_train/2.png": shot(),
        },
        "csv_file/train/Ret-3_train.csv",
    ),
    "caption_json": (
        "nwpu_captions",
        {
            "dataset_nwpu.json": json.dumps(CLASSES),
            "NWPU_images/harbor/h0.jpg": shot("JPEG"),
            "NWPU_images/harbor/h1.jpg": shot("JPEG"),
        },
        "dataset_nwpu.json",
    ),
    "karpathy": (
        "rsicd",
        {
            "dataset_rsicd.json": karpathy(
                ("a.jpg", "train", ["One ship .", "two"]), ("b.jpg", "val", ["A dam ."])
            ),
            "RSICD_images/a.jpg": shot("JPEG"),
            "RSICD_images/b.jpg": shot("JPEG"),
        },
        "dataset_rsicd.json",
    ),
    "vqa_table": (
        "sarlang_1m_csv",
        {
            "Text/VQA/train/a_train.csv": "image,question,answer\n1.png,Is it grey?,yes\n"
            "1.png,How many?,2\n",
            "SARimages/1.png": shot(),
        },
        "Text/VQA/train/a_train.csv",
    ),
    "vqa_text": (
        "rsivqa",
        {
            "AID/rsicd_vqa.txt": "1.jpg:is it grey?yes\n1.jpg: how many ? 2\n2.jpg:is it grey?no\n",
            "AID/images/1.jpg": shot("JPEG"),
            "AID/images/2.jpg": shot("JPEG"),
        },
        "AID/rsicd_vqa.txt",
    ),
    "vqa_json": (
        "lrs_vqa",
        {
            "LRS_VQA_merged.jsonl": lines(
                *(
                    {
                        "question_id": f"q{i}",
                        "image": "LRS_VQA/image/1.tif",
                        "category": "count",
                        "text": f"How many at {i}?\nAnswer the question using a single word or "
                        "phrase.",
                        "ground_truth": "3",
                    }
                    for i in range(2)
                )
            ),
            "LRS_VQA/image/1.png": shot(),
        },
        "LRS_VQA_merged.jsonl",
    ),
    "location_table": (
        "mp_16_pro",
        {
            "metadata/MP16_Pro_places365.csv": "IMG_ID,LAT,LON\nee/1.jpg,35.9983,-9.5196\n"
            "ff/2.jpg,-0.005,179.995\n",
            "mp-16-images/ee_1.jpg": shot("JPEG"),
            "mp-16-images/ff_2.jpg": shot("JPEG"),
        },
        "metadata/MP16_Pro_places365.csv",
    ),
    "label_table": (
        "multiscene",
        {
            "MultiScene/train.csv": "image,apron,bridge\n1,1,0\n2,1,1\n",
            "MultiScene/images/1.jpg": shot("JPEG"),
            "MultiScene/images/2.jpg": shot("JPEG"),
        },
        "MultiScene/train.csv",
    ),
    "label_lines": (
        "cowc",
        {
            "COWC_train_list_detection.txt": "train/a b.png 1\ntrain/c.png 0\n",
            "train/a b.png": shot(),
            "train/c.png": shot(),
        },
        "COWC_train_list_detection.txt",
    ),
}
# What stands in a record in place of something, so that it has to be looked at by itself.
ODD: list[tuple[str, str, str]] = [
    ("caption_table", "A dam.", "nan"),
    ("caption_table", "A dam.", " N/A "),
    ("caption_table", "A dam.", ""),
    ("caption_table", "A dam.", "['One.' 'Two.']"),
    ("caption_table", "A dam.,2.png", "A dam.,"),
    ("caption_table", "A dam.,2.png", "A dam."),
    ("caption_table", "A dam.,2.png", "A dam.,../2.png"),
    ("caption_table", "A dam.", 'A "dam.'),
    ("caption_table", "A dam.", '"A" dam.'),
    ("caption_table", "A dam.", "A d\ram."),
    ("caption_json", '"Ship 1 ."', "null"),
    ("caption_json", '"Ship 1 ."', '["a ship", "a boat"]'),
    ("caption_json", '"Ship 1 ."', '"a", "raw": "b"'),
    ("caption_json", '"Ship 1 ."', '"a", "raw" : "b"'),
    ("caption_json", '"Ship 1 ."', '"a", "x": 1e999'),
    ("caption_json", '"h1.jpg"', '"../../h1.jpg"'),
    ("caption_json", '"h1.jpg"', "1.5"),
    ("karpathy", '{"raw": "two"}', '"two"'),
    ("karpathy", '{"raw": "two"}', '{"raw": null}'),
    ("karpathy", '[{"raw": "A dam ."}]', "[]"),
    ("karpathy", '"b.jpg"', '"b.jpg", "filename": "a.jpg"'),
    ("karpathy", '"val"', "7"),
    ("vqa_table", "yes", "yes,no"),
    ("vqa_table", "yes", ""),
    ("vqa_table", "Is it grey?", "<image> Is it grey?"),
    ("vqa_table", "Is it grey?", " "),
    ("vqa_table", "1.png,How", "..\\1.png,How"),
    ("vqa_table", "1.png,How", "a\\1.png,How"),
    ("vqa_json", "LRS_VQA/image", "LRS_VQA\\\\image"),
    ("vqa_text", "is it grey?no", "is it grey no"),
    ("vqa_text", "2.jpg:is", ":is"),
    ("vqa_text", "2.jpg:is it grey?no", "1.jpg:Is it  grey ?no"),
    ("vqa_text", "2.jpg:is it grey?no", "1.jpg:IS IT GREY?no"),
    ("vqa_text", "2.jpg:is", "2.jpg\x85:is"),
    ("vqa_json", '"3"', '["3"]'),
    ("vqa_json", '"3"', "null"),
    ("vqa_json", '"q1"', '"q1", "question_id": "q2"'),
    ("vqa_json", '"q1"', "1e400"),
    ("vqa_json", '"count"', '"\xff"'),
    ("vqa_json", "\n{", " {"),
    ("vqa_json", '"q1", "image"', '"q1", \n"image"'),
    ("vqa_json", "How many at 1?\\n", "<image 2> "),
    *(("location_table", "35.9983", odd) for odd in ("035.9", "91", "nan", "", "3e1", " 35.9")),
    ("label_table", "2,1,1", "2,0,0"),
    ("label_table", "2,1,1", "2,1,maybe"),
    ("label_table", "2,1,1", ",1,1"),
    ("label_table", "2,1,1", "2,True,1.0"),
    ("label_lines", "train/c.png 0", "train/c.png"),
    ("label_lines", "train/c.png 0", "train/c.png, 0"),
    ("label_lines", "train/c.png 0", '"train/c.png" 0'),
    ("label_lines", "train/c.png 0", " train/c.png  0 "),
]


def converted(slug: str, root: Path, images: ImageMode) -> Result:
    entry = catalogue()[slug]
    return convert(dataset(entry, entry.tasks, root, images))


def one_by_one(patch: pytest.MonkeyPatch) -> None:
    """Lets no reader give columns where it can give Samples."""
    for name in format_names():
        if hasattr(format_module(name), "as_columns"):
            patch.setattr(format_module(name), "as_columns", lambda file, kind, parts, read: read())


def read(slug: str, root: Path) -> list[Sample | Columns | Reject]:
    entry = catalogue()[slug]
    folder, plan = open_dataset(entry, str(root))
    return [item for span in plan.spans for item in read_span(entry, folder, span, {})]


@pytest.mark.parametrize("form", CASES)
@pytest.mark.parametrize("images", ["path", "embed"])
def test_columns_give_what_samples_give(form: str, images: ImageMode, tmp_path: Path) -> None:
    slug, files, _ = CASES[form]
    laid(tmp_path, files)
    assert all(isinstance(item, Columns) for item in read(slug, tmp_path))
    found = converted(slug, tmp_path, images)
    with pytest.MonkeyPatch.context() as patch:
        one_by_one(patch)
        assert all(isinstance(item, Sample) for item in read(slug, tmp_path))
        assert converted(slug, tmp_path, images) == found
    assert found.rows and not found.rejects


@pytest.mark.parametrize(("form", "old", "new"), ODD)
def test_what_is_odd_is_read_one_by_one(form: str, old: str, new: str, tmp_path: Path) -> None:
    slug, files, name = CASES[form]
    text = files[name]
    assert isinstance(text, str) and old in text
    laid(tmp_path, {**files, name: text.replace(old, new, 1).encode("latin-1")})
    items = read(slug, tmp_path)
    assert not any(isinstance(item, Columns) for item in items)
    entry = catalogue()[slug]
    assert [*read_items(entry, *open_dataset(entry, str(tmp_path)))] == items


@pytest.mark.parametrize(
    ("form", "old", "new"),
    [
        ("caption_table", "A dam.", "'Nan' stands  in [it]. "),
        ("caption_table", "\n", "\r\n"),
        ("caption_table", "A dam.", '"Two lines,\nand a comma."'),
        ("caption_table", "A dam.", "Eine T\u00fcr."),
        ("caption_json", '"Ship 1 ."', '""'),
        ("caption_json", '"Ship 1 ."', '"raw: \\"raw\\": ."'),
        ("karpathy", '"val"', '" Valid "'),
        ("vqa_json", "How many at 1", "How many at 1e3"),
        ("vqa_table", "yes", "01"),
        ("label_table", "2,1,1", "2,,1"),
    ],
)
def test_what_only_looks_odd_is_a_column(form: str, old: str, new: str, tmp_path: Path) -> None:
    slug, files, name = CASES[form]
    text = files[name]
    assert isinstance(text, str) and old in text
    laid(tmp_path, {**files, name: text.replace(old, new)})
    assert all(isinstance(item, Columns) for item in read(slug, tmp_path))
    found = converted(slug, tmp_path, "path")
    with pytest.MonkeyPatch.context() as patch:
        one_by_one(patch)
        assert converted(slug, tmp_path, "path") == found


@pytest.mark.parametrize("form", CASES)
def test_a_picture_that_is_not_there_drops_its_whole_records(form: str, tmp_path: Path) -> None:
    slug, files, _ = CASES[form]
    laid(tmp_path, files)
    next(path for path in sorted(tmp_path.rglob("*")) if path.suffix in (".png", ".jpg")).unlink()
    found = converted(slug, tmp_path, "embed")
    with pytest.MonkeyPatch.context() as patch:
        one_by_one(patch)
        assert converted(slug, tmp_path, "embed") == found
    assert {reject["reason"] for reject in found.rejects} == {"missing_image"}


def test_pictures_are_read_once_where_one_is_at_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug, files, _ = CASES["karpathy"]
    laid(tmp_path, files)
    (tmp_path / "RSICD_images/b.jpg").unlink()
    asked: list[str] = []
    read_all = images.read_all

    def counted(places: list[str], *options: Any) -> list[images.Facts]:
        asked.extend(places)
        return read_all(places, *options)

    monkeypatch.setattr(images, "read_all", counted)
    assert converted(slug, tmp_path, "embed").rejects
    assert len(asked) == len(set(asked)) == 2


def test_a_kind_that_no_source_asks_for_is_counted_by_records(tmp_path: Path) -> None:
    slug, files, _ = CASES["karpathy"]
    laid(tmp_path, files)
    found = convert(dataset(catalogue()[slug], [], tmp_path))
    told = [(one["key"], one["reason"], one["items"]) for one in found.rejects]
    assert told == [("a.jpg", "unselected", 2), ("b.jpg", "unselected", 1)]


def test_rows_of_cells_are_called_by_their_place(tmp_path: Path) -> None:
    rows = [{"image": {"bytes": shot(), "path": None}, "caption": f"Ship {i}."} for i in range(2)]
    table = parquet(tmp_path, *rows)
    laid(tmp_path / "a", {"data/train-00000-of-00001.parquet": table})
    (columns,) = read("ucm_captions_hub", tmp_path / "a")
    assert isinstance(columns, Columns)
    assert columns.table.to_pylist()[1] == {
        "key": "row 2#caption",
        "pictures": ["data/train-00000-of-00001.parquet!image/000000001"],
        "caption": "Ship 1.",
    }


def test_samples_stand_in_the_order_of_records(tmp_path: Path) -> None:
    laid(
        tmp_path,
        {
            "dataset_rsicd.json": karpathy(
                ("a.jpg", "val", ["A."]), ("b.jpg", "train", ["B."]), ("c.jpg", "val", ["C."])
            )
        },
    )
    entry = catalogue()["rsicd"]
    assert [columns.split for columns in read("rsicd", tmp_path)] == ["train", "val"]
    found = read_items(entry, *open_dataset(entry, str(tmp_path)))
    assert [(item.key, item.split) for item in found if isinstance(item, Sample)] == [
        ("a.jpg", "val"),
        ("b.jpg", "train"),
        ("c.jpg", "val"),
    ]

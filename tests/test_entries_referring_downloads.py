"""Sets of expressions laid out as their downloads are, and as programs that read them expect."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from laid import laid, shot
from native import convert, dataset, read, repairs
from PIL import Image

from converters.catalogue import entry_of
from converters.dataset import open_dataset
from converters.read.files import SourceError
from schemas.sample import Box, Expression, Mask, Quad, Sample

JPG, PNG = shot("JPEG"), shot()


def voc(picture: str, *texts: str, split: str = "") -> str:
    """Detection XML of a picture with a ship for each text: columns 10 to 30, rows 20 to 40."""
    objects = "".join(
        f"<object><name>ship</name><pose>Unspecified</pose><bndbox><xmin>{11 + i}</xmin>"
        f"<ymin>21</ymin><xmax>30</xmax><ymax>40</ymax></bndbox><description>{text}</description>"
        "</object>"
        for i, text in enumerate(texts)
    )
    tag = f"<split>{split}</split>" if split else ""
    size = "<size><width>60</width><height>50</height></size>"
    return f"<annotation><filename>{picture}</filename>{tag}{size}{objects}</annotation>"


def mask(size: tuple[int, int], marked: tuple[int, int, int, int]) -> bytes:
    image = Image.new("L", size)
    image.paste(255, marked)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def only(slug: str, root: Path, split: str) -> Sample:
    found = read(entry_of(slug), root, [split])
    assert found.rejects == []
    [sample] = found.samples
    return sample


# 00011 has two objects, 00256 one: numbers 0, 1 and 2.
COUNTED: dict[str, str | bytes] = {
    "Annotations{}00256.xml": voc("00256.jpg", "The third ship"),
    "Annotations{}00011.xml": voc("00011.jpg", "The first ship", "The second ship"),
    "JPEGImages{}00011.jpg": JPG,
    "JPEGImages{}00256.jpg": JPG,
    "train.txt": "2\n0\n",
    "val.txt": "",
    "test.txt": "1\n",
}


@pytest.mark.parametrize(
    "top, archive, pictures",
    [
        ("DIOR_RSVG/", "/", "DIOR_RSVG/JPEGImages/"),
        ("DIOR-RSVG/", "/", "DIOR-RSVG/JPEGImages/"),
        ("RSVGD/", "/", "RSVGD/JPEGImages/"),
        ("", "/", "JPEGImages/"),
        ("", ".zip!", "JPEGImages.zip!"),
        ("DIOR_RSVG.zip!DIOR_RSVG/", "/", "DIOR_RSVG.zip!DIOR_RSVG/JPEGImages/"),
    ],
)
def test_dior_rsvg_is_read_from_folders_and_from_the_archives_of_the_hub(
    top: str, archive: str, pictures: str, tmp_path: Path
) -> None:
    if archive.endswith("!"):
        names = {path: path.format(f"{archive}{path.split('{')[0]}/") for path in COUNTED}
    else:
        names = {path: path.format(archive) for path in COUNTED}
    files = {f"{top}{names[path]}": text for path, text in COUNTED.items() if text}
    root = laid(tmp_path, files)
    sample = only("dior_rsvg", root, "test")
    assert sample.pictures[0].path.startswith(pictures)
    assert sample.pictures[0].path.endswith("00011.jpg")
    assert [one.text for one in sample.expressions] == ["The second ship"]
    assert [region.shape for region in sample.regions] == [Box(11, 20, 30, 40)]
    train = read(entry_of("dior_rsvg"), root, ["train"])
    assert [[one.text for one in sample.expressions] for sample in train.samples] == [
        ["The first ship"],
        ["The third ship"],
    ]


def test_dior_rsvg_of_the_hub_has_a_row_for_each_picture_of_a_split(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    objects = {
        "bbox": [[11, 21, 30, 40], [11, 21, 30, 40], [1, 2, 3, 4]],
        "captions": ["The ship on the left", "A grey ship", ""],
        "categories": ["ship", "ship", "vehicle"],
        "categories_normalized": ["ship", "ship", "vehicle"],
    }
    row = {"image": {"bytes": PNG, "path": None}, "path": "00011.jpg", "objects": objects}
    short = {**row, "path": "00012.jpg", "objects": {**objects, "captions": ["One text"]}}
    pq.write_table(pa.Table.from_pylist([row, short]), tmp_path / "data/val-00000-of-00001.parquet")
    found = read(entry_of("dior_rsvg_hub"), tmp_path)
    [sample] = found.samples
    assert (sample.key, sample.split) == ("00011.jpg", "val")
    assert sample.pictures[0].path == "data/val-00000-of-00001.parquet!image/000000000"
    assert [(one.text, one.regions) for one in sample.expressions] == [
        ("The ship on the left", ("0",)),
        ("A grey ship", ("0",)),
    ]
    assert [(region.label, region.shape) for region in sample.regions] == [
        ("ship", Box(11, 21, 30, 40)),
        ("vehicle", Box(1, 2, 3, 4)),
    ]
    assert [(reject.key, reject.kind, reject.reason) for reject in found.rejects] == [
        ("00011.jpg#2", "expression", "missing_field"),
        ("00012.jpg", None, "missing_field"),
    ]


RLE = {"size": [50, 60], "counts": [10, 20, 2970]}
INSTANCES = json.dumps(
    {
        "images": [{"id": 7, "file_name": "00007.jpg", "height": 50, "width": 60}],
        "annotations": [
            {"id": 7, "image_id": 7, "category_id": 1, "bbox": [0, 10, 1, 30],
             "area": 999999, "segmentation": [RLE]}
        ],
        "categories": [{"id": 1, "name": "ship"}],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    "images, instances",
    [
        ("images/rrsisd/", "rrsisd/"),  # the data root of the authors' REFER
        ("rrsisd/images/rrsisd/", "rrsisd/"),  # a script that downloads each file
        ("", ""),  # as the files lie in the authors' folder
        ("RRSIS-D/images/rrsisd/", "RRSIS-D/rrsisd/"),
    ],
)
@pytest.mark.parametrize("archive", ["/", ".zip!ann_split/"])
def test_rrsis_d_lies_in_several_ways(
    images: str, instances: str, archive: str, tmp_path: Path
) -> None:
    root = laid(
        tmp_path,
        {
            f"{images}ann_split{archive}7.xml": voc("00007.jpg", "The grey ship", split="val"),
            f"{images}JPEGImages/00007.jpg": JPG,
            f"{instances}instances.json": INSTANCES,
            f"{instances}refs(unc).p": b"\x80\x03]q\x00.",
        },
    )
    for slug, shape in (
        ("rrsis_d", Box(10, 20, 30, 40)),
        ("rrsis_d_masks", Mask(60, 50, (10, 20, 2970))),
    ):
        sample = only(slug, root, "val")
        assert sample.pictures[0].path == f"{images}JPEGImages/00007.jpg"
        assert [one.text for one in sample.expressions] == ["The grey ship"]
        assert sample.regions[0].shape == shape


def test_rrsis_d_without_its_xml_says_that_the_rest_is_a_pickle(tmp_path: Path) -> None:
    laid(tmp_path, {"instances.json": INSTANCES, "refs(unc).p": b"p", "JPEGImages.zip!a.jpg": JPG})
    with pytest.raises(SourceError, match=r"annotations not found: .*refs\(unc\)\.p is a Python"):
        open_dataset(entry_of("rrsis_d"), str(tmp_path))


@pytest.mark.parametrize("top", ["RefSegRS/", "RefSegRS.zip!RefSegRS/", "RefSegRS.zip!", ""])
def test_refsegrs_may_stay_in_the_archive_of_the_hub(top: str, tmp_path: Path) -> None:
    root = laid(
        tmp_path,
        {
            "README.md": "RefSegRS",
            f"{top}images/1066.tif": shot("TIFF"),
            f"{top}masks/1066.tif": mask((60, 50), (0, 0, 1, 50)),
            f"{top}output_phrase_val.txt": "1066 the road at the top\n",
        },
    )
    sample = only("rrsis_refsegrs", root, "val")
    assert sample.pictures[0].path == f"{top}images/1066.tif"
    assert sample.expressions == (Expression("phrase", "the road at the top", ("mask",)),)
    assert sample.regions[0].shape == Mask(60, 50, (0, 50, 2950))


@pytest.mark.parametrize(
    "images, others",
    [
        ("RSReasonSeg/val/", "RSReasonSeg/val/"),
        ("rs_reason_seg/RSReasonSeg/val/", "rs_reason_seg/RSReasonSeg/val/"),
        ("val/val/", "val/"),
        ("val.zip!val/", "val.zip!val/"),
        ("EarthReason/val/val/", "EarthReason/val/val/"),
    ],
)
def test_earthreason_lies_in_several_ways(images: str, others: str, tmp_path: Path) -> None:
    asked = {"questions": ["Where can ships land?", "Where is a pier?"], "answer": ["The pier."]}
    root = laid(
        tmp_path,
        {
            f"{images}images/a.jpg": JPG,
            f"{others}labels/a.png": mask((60, 50), (0, 0, 1, 50)),
            f"{others}QAs/a.json": json.dumps(asked),
            f"{images}images/none.jpg": JPG,
            f"{others}labels/none.png": mask((60, 50), (0, 0, 0, 0)),
            f"{others}QAs/none.json": '{"questions": ["Where do planes land?"], "answer": []}',
        },
    )
    found = read(entry_of("earthreason"), root, ["val"])
    assert found.rejects == []
    assert [sample.pictures[0].path for sample in found.samples] == [
        f"{images}images/a.jpg",
        f"{images}images/none.jpg",
    ]
    assert [one.regions for one in found.samples[0].expressions] == [("mask",), ("mask",)]
    assert [one.regions for one in found.samples[1].expressions] == [()]


REFERRED = '{"image_id": "7.jpg", "question": "the red car", "question_id": 3, %s}\n'
BOX = '"dataset": "%s", "bbox": [4, 2, 16, 12], "poly": [[4, 2], [16, 2], [16, 12], [4, 12]]'


@pytest.mark.parametrize(
    "slug, file, dataset, image",
    [
        ("rsvg", "metainfo/rsvg_test.jsonl", "rsvg", "images/RSVG/7.jpg"),
        ("rsvg", "metainfo/rsvg_test.jsonl", "rsvg", "images/rsvg/7.jpg"),
        ("aavg", "metainfo/avvg_test.jsonl", "avvg", "images/AVVG/7.JPG"),
        ("refgeo", "metainfo/dior_rsvg_test.jsonl", "dior_rsvg", "images/DIOR-RSVG/7.jpg"),
        ("refgeo", "metainfo/geochat_test.jsonl", "geochat", "images/geochat_test/7.png"),
        ("refgeo", "metainfo/vrsbench_test.jsonl", "vrsbench", "images/VRSBench/7.png"),
        ("refgeo_geochat_obb", "metainfo/geochat_test.jsonl", "geochat", "images/geochat/7.png"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("top", ["refGeo/", "", "data/refGeo/"])
def test_refgeo_finds_its_pictures_however_their_folders_are_written(
    slug: str, file: str, dataset: str, image: str, top: str, tmp_path: Path
) -> None:
    root = laid(tmp_path, {f"{top}{file}": REFERRED % (BOX % dataset), f"{top}{image}": JPG})
    sample = only(slug, root, "test")
    assert sample.pictures[0].path == f"{top}{image}"
    assert sample.expressions[0].text == "the red car"


def test_opt_rsvg_lies_as_programs_that_read_it_expect(tmp_path: Path) -> None:
    root = laid(
        tmp_path,
        {
            "opt-rsvg/Annotations/00001.xml": voc("img_1.jpg", "The ship", "A ship at the pier"),
            "opt-rsvg/Image/img_1.jpg": JPG,
            "opt-rsvg/split/train.txt": "0\n",
            "opt-rsvg/split/test.txt": "1\n",
        },
    )
    sample = only("opt_rsvg", root, "test")
    assert sample.pictures[0].path == "opt-rsvg/Image/img_1.jpg"
    assert [one.text for one in sample.expressions] == ["A ship at the pier"]


@pytest.mark.parametrize("name", ["P1", "P1.png", "P1.jpg"])
def test_geochat_bench_names_its_pictures_with_an_ending_or_without(
    name: str, tmp_path: Path
) -> None:
    record = {"image_id": name, "question": "ship", "ground_truth": "{<1><2><3><4>|<0>}"}
    record["question_id"] = "1"
    pictures = "images/share/softwares/kartik/GeoChat_finetuning/final_images_llava/P1.png"
    laid(tmp_path, {"GeoChat-Bench/referring.jsonl": json.dumps(record), pictures: PNG})
    assert only("geochat_bench_referring", tmp_path, "test").pictures[0].path == pictures


def test_rsvg_hr_shows_the_pictures_of_rsvg(tmp_path: Path) -> None:
    root = laid(
        tmp_path,
        {
            "RSVG-HR/Annotations/rsvg_hr_test.txt": "a_sport.jpg,1.0,2.0,30.5,40.0,a pool, left\n",
            "RSVG-HR/Annotations/rsvg_hr_test_10.txt": "UASs_1.jpg,1.0,2.0,3.0,4.0,a weed\n",
            "RSVG/images/a_sport.jpg": JPG,
        },
    )
    sample = only("rsvg_hr", root, "test")
    assert sample.pictures[0].path == "RSVG/images/a_sport.jpg"
    assert sample.expressions[0].text == "a pool, left"


@pytest.mark.parametrize(
    ("said", "phrase"),
    [
        ("find a pool, left", "a pool, left"),
        ("Search the largest field", "the largest field"),
        ("search for a pool", "a pool"),
        ("findings on a roof", "findings on a roof"),
        ("find", "find"),
    ],
)
def test_a_word_of_command_is_no_part_of_a_phrase(tmp_path: Path, said: str, phrase: str) -> None:
    record = {"image_id": "a.jpg", "question": said, "question_id": 1, "bbox": [1, 2, 30, 40]}
    files: dict[str, str | bytes] = {
        "RSVG-HR/Annotations/rsvg_hr_test.txt": f"a.jpg,1.0,2.0,30.5,40.0,{said}\n",
        "RSVG/images/a.jpg": JPG,
        "metainfo/rsvg_test.jsonl": json.dumps(record),
        "images/rsvg/a.jpg": JPG,
        "masks/rsvg/a_1.png": mask((60, 50), (1, 2, 30, 40)),
    }
    root = laid(tmp_path, files)
    for slug in ("rsvg_hr", "rsvg", "refgeo", "refgeo_mask"):
        found = convert(dataset(entry_of(slug), ["refer"], root, splits=["test"]))
        assert [row["regions"][0]["phrase"] for row in found.rows] == [phrase]
        assert repairs(found).get("leads", 0) == (said != phrase)


def test_choice_asks_for_boxes_and_for_masks(tmp_path: Path) -> None:
    folder = "perception/one_instance"
    asked = "Please output the coordinates of the dam in the image in the format (x1, y1, x2, y2)."
    corners = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.4], [0.1, 0.4]]
    box = {"id": "b", "image_path": f"{folder}/images/1.png", "question": asked, "answer": corners}
    shown = {
        "id": "m",
        "image_path": f"{folder}/images/1.png",
        "mask_path": f"{folder}/masks/1.png",
    }
    shown["question"] = "Give me the mask of all ships in this image."
    segment = "referring_expression_segmentation"
    root = laid(
        tmp_path,
        {
            f"CHOICE/{folder}/visual_grounding/visual_grounding.json": json.dumps([box]),
            f"CHOICE/{folder}/{segment}/{segment}.json": json.dumps([shown]),
            f"CHOICE/{folder}/images/1.png": PNG,
            f"CHOICE/{folder}/masks/1.png": mask((60, 50), (1, 2, 30, 40)),
        },
    )
    for slug, phrase in (
        ("choice_grounding", "the dam"),
        ("choice_masks", "all ships in this image."),
    ):
        found = convert(dataset(entry_of(slug), ["refer"], root, splits=["test"]))
        assert [row["regions"][0]["phrase"] for row in found.rows] == [phrase]
    [region] = only("choice_grounding", root, "test").regions
    assert region.shape == Quad((6.0, 10.0, 30.0, 10.0, 30.0, 20.0, 6.0, 20.0))


def test_boxes_in_per_cent_need_no_picture_where_all_are_of_one_size(tmp_path: Path) -> None:
    record = {"image_id": "P1.png", "question": "The ship", "ground_truth": "{<25><40><50><75>}"}
    record |= {"question_id": "1", "obj_cls": "ship"}
    laid(tmp_path, {"VRSBench_EVAL_referring.json": json.dumps([record])})
    [region] = only("vrsbench_eval_referring", tmp_path, "val").regions
    assert region.shape == Box(128.0, 204.8, 256.0, 384.0)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_aerialvg_grounds_its_first_region(split: str, tmp_path: Path) -> None:
    regions = [
        {"bbox": [1, 2, 30, 40], "phrase": "van", "realation": "on the left"},
        {"bbox": [31, 2, 50, 40], "phrase": "car"},
    ]
    record = {"filename": "a.jpg", "height": 50, "width": 60,
              "grounding": {"caption": "the van left of a car", "regions": regions}}  # fmt: skip
    lines = f"AerialVG/annotation/vg_{split}_odvg.jsonl"
    root = laid(tmp_path, {lines: json.dumps(record), "AerialVG/images/a.jpg": JPG})
    sample = only("uavvg", root, split)
    assert sample.pictures[0].path == "AerialVG/images/a.jpg"
    assert [(one.text, one.regions) for one in sample.expressions] == [
        ("the van left of a car", ("regions[0]",))
    ]

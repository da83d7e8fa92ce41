"""Real conversation files, where they are (see test_real_data.py). Counts only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from native import changed, convert, dataset, read
from test_real_data import folder

from converters.catalogue import catalogue
from converters.dialects import dialect
from converters.read.files import SourceError

# The truth of each file, and how many boxes it and its questions hold.
BOXES = {
    "rs_change_detection/Dubai_CC": (25, 0),
    "rs_change_detection/FMoW": (25, 0),
    "rs_change_detection/LEVIR_MCI": (25, 0),
    "rs_change_detection/MUDS": (10, 0),
    "rs_change_detection/SYSU": (25, 0),
    "rs_change_detection/xBD_image_captioning": (25, 0),
    "rs_change_detection/xBD_object_detection": (25, 111),
    "rs_change_detection/xBD_referred_object_detection": (25, 25),
    "rs_change_detection/xBD_reg_cls_testset_1": (25, 25),
    "rs_change_detection/xBD_reg_cls_testset_2": (25, 25),
    "rs_classification/AID": (3000, 0),
    "rs_detection/GeoChat": (7593, 10_571),
    "rs_image_caption/RSICD_Captions": (1093, 0),
    "rs_vqa/RSVQA_LR": (10_004, 0),
}


@pytest.mark.parametrize("name", BOXES)
def test_truths_of_earthdial_are_exchanges_with_boxes(name: str) -> None:
    truth = ["gt_bbox", "annotation", "caption0"]
    entry = changed(
        "geochat_instruct",
        options={
            "annotations": f"{name}.jsonl",
            "fields": {"question": "question", "answer": truth},
        },
    )
    found = read(entry, folder("earthdial"))
    texts = [text for one in found.samples for talk in one.conversations for _, text in talk.turns]
    boxes = sum(len(dialect("earthdial").read(text, (504, 504))) for text in texts)
    assert ((len(found.samples), boxes), found.rejects) == (BOXES[name], [])


def test_results_of_an_evaluation_are_no_training_set() -> None:
    with pytest.raises(SourceError, match="no table"):
        read(catalogue()["earthdial_instruct"], folder("earthdial"))


def test_geopixeld_has_4_tennis_courts_in_one_record() -> None:
    found = convert(dataset(catalogue()["geopixeld"], ["conversation"], folder("geopixeld")))
    [row] = found.rows
    assert [region["bbox"] for region in row["regions"]] == [
        [688, 380, 785, 576],
        [581, 767, 673, 799],
        [729, 762, 799, 799],
        [433, 770, 526, 799],
    ]


def test_two_records_of_ddfav_have_8_and_4_exchanges(tmp_path: Path) -> None:
    shutil.copy(folder("ddfav") / "dior.head2.json", tmp_path / "dior.json")
    found = read(catalogue()["ddfav"], tmp_path).samples
    assert [len(one.conversations[0].turns) for one in found] == [16, 8]


def test_the_demo_of_llamafactory_has_6_conversations_of_two_questions() -> None:
    entry = changed(
        "geochat_instruct",
        options={"annotations": "mllm_demo.json", "fields": {"conversations": "messages"}},
    )
    found = read(entry, folder("llamafactory"))
    assert [
        (len(one.pictures), [role for role, _ in one.conversations[0].turns])
        for one in found.samples
    ] == [(pictures, ["human", "gpt", "human", "gpt"]) for pictures in (2, 1, 1, 2, 1, 1)]


def test_the_sheet_of_geollava_gives_a_video_its_pair(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    shutil.copy(folder("geollava") / "updated_val_pairs_sheet.xlsx", tmp_path)
    turns = [{"from": "human", "value": "<video>\n?"}, {"from": "gpt", "value": "!"}]
    record = {"id": 1, "video": "airport_hangar_0_4-airport_hangar_0_1.mp4"}
    told = [{**record, "conversations": turns}]
    (tmp_path / "updated_val_annotations.json").write_text(json.dumps(told))
    [found] = read(catalogue()["geollava"], tmp_path).samples
    assert [(one.path[-10:], one.time) for one in found.pictures] == [
        ("_4_rgb.jpg", "2012-09-08T16:07:23.000"),
        ("_1_rgb.jpg", "2016-05-19T07:34:13.000"),
    ]


def test_the_first_record_of_geochat_is_about_a_church() -> None:
    name = "GeoChat_Instruct.first_record.json"
    entry = changed("geochat_instruct", options={"annotations": name})
    [found] = read(entry, folder("geochat_instruct")).samples
    assert found.conversations[0].turns[1] == ("gpt", "church")


def test_a_pair_of_pictures_alone_is_no_dataset() -> None:
    with pytest.raises(SourceError, match=r"annotations not found: .*; there is: A/, B/"):
        read(catalogue()["changechat_87k"], folder("rsunivlm_cd"))

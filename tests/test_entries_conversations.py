"""Entries of conversations: a tiny native file in each one's documented layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from native import read
from test_entries import put

from converters.catalogue import catalogue
from schemas.sample import Picture

TURNS = [{"from": "human", "value": "<image>\n?"}, {"from": "gpt", "value": "!"}]
TALK = (("human", "<image>\n?"), ("gpt", "!"))


class Layout(NamedTuple):
    """A record, and the split, pictures and dialect that it is read as. there: a file that is."""

    slug: str
    file: str
    record: dict[str, Any]
    split: str
    pictures: list[str]
    boxes: str | None = None
    there: str = ""


LAYOUTS = [
    Layout("skyeye_968k", "caption/caption_RSICD_train.json", {"image": "airport_1.jpg"}, "train",
           ["RSICD/airport_1.jpg"], "minigpt_v2"),
    Layout("skyeye_968k", "SkyEye-968k/vqa/EARVqa.json", {"image": "a.jpg"}, "train",
           ["EAR/SingleFrames/Tra/a.jpg"], "minigpt_v2", "EAR/SingleFrames/Tra/a.jpg"),
    Layout("skyeye_968k", "vg/another.json", {"image": "RSVG/a.jpg"}, "train",
           ["RSVG/a.jpg"], "minigpt_v2"),
    Layout("mmrs_1m", "data/json/total.json", {"image": "data/RSVG/DIOR_RSVG/images/1.jpg"},
           "train", ["data/RSVG/DIOR_RSVG/images/1.jpg"], "mmrs"),
    Layout("mmrs_1m", "json/total.json", {"image": "data/a/1.jpg"}, "train", ["a/1.jpg"], "mmrs",
           "a/1.jpg"),
    Layout("mmrs_1m_tasks", "data/json/caption/caption_ucm.json", {"image": "data/caption/1.jpg"},
           "caption", ["data/caption/1.jpg"], "mmrs"),
    Layout("mmrs_1m_tasks", "data/json/detection/sar/ssdd.json", {"image": "data/x/1.jpg"},
           "detection", ["data/x/1.jpg"], "mmrs"),
    Layout("vrsbench_conversations", "VRSBench_train.json",
           {"id": "Final_Data/v1.2", "image": "00002_0000.png"}, "train",
           ["Images_train/00002_0000.png"], "vrsbench"),
    Layout("fit_rs", "FIT-RS_Instruction/FIT-RS-train-1415k.json", {"id": 1, "image": "a_0.png"},
           "train", ["FIT-RS_Img/imgv2_split_512_100_vaild/a_0.png"], "fit_rs"),
    Layout("fit_rs_sampled",
           "FIT-RS_Instruction/FIT-RS-train-sampled-381k(subset of 1415k).json", {"image": "a"},
           "train", ["FIT-RS_Img/imgv2_split_512_100_vaild/a.png"], "fit_rs",
           "FIT-RS_Img/imgv2_split_512_100_vaild/a.png"),
    Layout("fit_rs_tasks", "train_data_of_each_individual_task/train_instruction_vqa_400k.json",
           {"image": "a.png"}, "train", ["imgv2_split_512_100_vaild/a.png"], "fit_rs",
           "imgv2_split_512_100_vaild/a.png"),
    Layout("versad", "list_pretrain.json", {"image": "1.jpg", "source_dataset": "loveda"}, "train",
           ["loveda/1.jpg"]),
    Layout("versad_instruct", "list_sft.json", {"image": "1.jpg", "source_dataset": "DOTA-train"},
           "train", ["DOTA-train/1.jpg"], "vhm"),
    Layout("hnstd", "datasets_eval/presence_mo_dota.json", {"image": "1.jpg", "image_path": "DOTA"},
           "presence", ["datasets_eval/DOTA/1.jpg"]),
    Layout("variousrs_instruct", "datasets_eval/VG_DOIR_RSVG_test.json",
           {"image": "1.jpg", "image_path": "DIOR"}, "grounding", ["datasets_eval/DIOR/1.jpg"]),
    Layout("teochatlas", "eval/AID.json",
           {"video": ["TEOChatlas/eval/External_images/AID/a.jpg"], "timestamp": []}, "eval",
           ["eval/External_images/AID/a.jpg"], "teochat"),
    Layout("changechat_87k", "changechat_105k_train.json",
           {"image": ["train/A/t_1.png", "train/B/t_1.png"]}, "train",
           ["images/train/A/t_1.png", "images/train/B/t_1.png"]),
    Layout("changechat_87k", "annotations/changechat_105k_test_dialog.json",
           {"image": ["test/A/t_1.png", "test/B/t_1.png"]}, "dialog",
           ["images/test/A/t_1.png", "images/test/B/t_1.png"]),
    Layout("geochat_instruct", "GeoChat_Instruct.json", {"image": "a/b.png"}, "train",
           ["images/a/b.png"], "geochat", "images/a/b.png"),
]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: f"{layout.slug}-{layout.file}")
def test_a_record_in_its_layout_is_a_conversation(tmp_path: Path, layout: Layout) -> None:
    put(tmp_path, layout.file, json.dumps([{**layout.record, "conversations": TURNS}]))
    if layout.there:
        put(tmp_path, layout.there, "")
    found = read(catalogue()[layout.slug], tmp_path)
    [sample] = found.samples
    [talk] = sample.conversations
    assert (sample.split, [one.path for one in sample.pictures], talk.dialect, talk.turns) == (
        layout.split,
        layout.pictures,
        layout.boxes,
        TALK,
    )
    assert found.rejects == []


def test_a_record_that_lacks_the_folder_of_its_picture_is_rejected(tmp_path: Path) -> None:
    put(tmp_path, "list_sft.json", json.dumps([{"image": "1.jpg", "conversations": TURNS}]))
    [bad] = read(catalogue()["versad_instruct"], tmp_path).rejects
    assert (bad.key, bad.reason, bad.detail) == ("1.jpg", "missing_field", "no source_dataset")


def test_series_of_teochatlas_are_in_the_order_of_their_dates(tmp_path: Path) -> None:
    record = {
        "video": ["train/b.jpg", "train/a.jpg"],
        "timestamp": ["2019-01-02", "2018-05-06"],
        "conversations": [{"from": "human", "value": "<video>\n?"}, {"from": "gpt", "value": "!"}],
    }
    put(tmp_path, "train/instruct.json", json.dumps([record]))
    [found] = read(catalogue()["teochatlas"], tmp_path).samples
    assert found.pictures == (
        Picture("train/a.jpg", time="2018-05-06"),
        Picture("train/b.jpg", time="2019-01-02"),
    )


@pytest.mark.parametrize(
    "file, body, pictures, turns",
    [
        ("Stage2Data/RSITMD.json",
         {"data": [{"name": "a.jpg", "conv": [{"Question": "q", "Answer": "a"},
                                              {"Question": "r", "value": "b"}]}]},
         ["Stage2Data/RSITMD_Image/a.jpg"],
         (("human", "q"), ("gpt", "a"), ("human", "r"), ("gpt", "b"))),
        ("Stage2Data/METERML.json",
         {"data": [{"name": "plant_7", "conv": [{"Question": "q", "Answer": "a"}]}]},
         ["Stage2Data/METERML_Image/plant_7/naip.png"], (("human", "q"), ("gpt", "a"))),
        ("Stage2Data/RSVG.json", [{"img": "1.jpg", "question": "q", "answer": "[0.1,0.2,0.3,0.4]"}],
         ["Stage2Data/RSVG_Image/1.jpg"], (("human", "q"), ("gpt", "[0.1,0.2,0.3,0.4]"))),
        ("Stage3Data/chattext.json", [{"instruction": "q", "input": "i", "output": "a"}],
         [], (("human", "q\ni"), ("gpt", "a"))),
    ],
)  # fmt: skip
def test_lhrs_has_several_forms_of_records(
    tmp_path: Path, file: str, body: Any, pictures: list[str], turns: tuple[tuple[str, str], ...]
) -> None:
    put(tmp_path, file, json.dumps(body))
    for picture in pictures:
        put(tmp_path, picture, "")
    found = read(catalogue()["lhrs_instruct"], tmp_path)
    [sample] = found.samples
    assert ([one.path for one in sample.pictures], found.rejects) == (pictures, [])
    assert sample.conversations[0].turns == turns


def test_a_record_without_a_picture_needs_no_folder_of_one(tmp_path: Path) -> None:
    put(tmp_path, "list_sft.json", json.dumps([{"id": 3, "conversations": TURNS}]))
    [found] = read(catalogue()["versad_instruct"], tmp_path).samples
    assert (found.key, found.pictures) == ("3", ())


@pytest.mark.parametrize(
    "slug, keys",
    [
        ("hnstd", ["idk"]),
        ("variousrs_instruct", ["vqa", "vg"]),
        ("versad_instruct", ["none"]),
    ],
)
def test_the_mark_of_a_question_says_to_which_set_of_vhm_it_belongs(
    tmp_path: Path, slug: str, keys: list[str]
) -> None:
    asked = {"vqa": "{VQA} Is it?", "idk": "{IDK} Red?", "vg": "{VG} Where?", "none": "Describe."}
    records = [
        {
            "image": f"{key}.jpg",
            "source_dataset": "dota",
            "conversations": [
                {"from": "human", "value": f"<image>\n{words}"},
                {"from": "gpt", "value": "Yes {CLS}."},
            ],
        }
        for key, words in asked.items()
    ]
    put(tmp_path, "list_sft.json", json.dumps(records))
    found = read(catalogue()[slug], tmp_path)
    assert [one.key for one in found.samples] == [f"{key}.jpg" for key in keys]
    assert found.rejects == []


def test_two_files_of_outlines_are_one_too_many(tmp_path: Path) -> None:
    record = {"image": "a.png", "polygons": ["a.json", "b.json"], "conversations": TURNS}
    put(tmp_path, "GeoPixelD.json", json.dumps([record]))
    [bad] = read(catalogue()["geopixeld"], tmp_path).rejects
    assert (bad.reason, bad.detail) == ("bad_value", "2 files of outlines")

"""Entries of texts as people have their files: elsewhere, below a top folder, or packed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from native import convert, dataset, read, repairs, words

from converters.catalogue import catalogue
from converters.read import files
from schemas.sample import Sample


def karpathy(name: str, **more: str) -> dict[str, Any]:
    sentence = {"raw": "a road .", "tokens": ["a", "road"], "imgid": 0, "sentid": 0}
    record = {"filename": name, "imgid": 0, "sentences": [sentence], "split": "train", **more}
    return {"images": [record], "dataset": "x"}


def tables(prefix: str, end: str = "") -> dict[str, Any]:
    """The three tables of RSVQA with one question."""
    row = {"id": 0, "img_id": 0, "question_id": 0, "questions_ids": [0], "answers_ids": [0]}
    row |= {"active": True, "type": "area", "question": "Is it?", "answer": "0m2"}
    names = ("questions", "answers", "images")
    return {f"{prefix}_split_train_{name}{end}.json": {name: [row]} for name in names}


def talk(*images: str) -> list[dict[str, Any]]:
    turns = [{"from": "human", "value": "Is it?"}, {"from": "gpt", "value": "Yes."}]
    return [{"id": 1, "image": images[0] if len(images) == 1 else images, "conversations": turns}]


FLOOD = {"0": {"Image_ID": "1.JPG", "Question": "Is it?", "Ground_Truth": 4}}
EARTH = {"2522.png": [{"Type": "Basic Counting", "Question": "Is it?", "Answer": 3}]}
NWPU = {"dam": [{"filename": "dam_1.jpg", "split": "train", "raw": "A dam ."}]}
CAPERA = {"ERA_caption": [{"video_id": "Fire_1.mp4", "annotation": {"English_caption": ["a b"]}}]}
LRS = {"question_id": 1, "image": "LRS_VQA/image/7.tif", "text": "Is it?", "ground_truth": "no"}
UAV = {"images": [{"SubFolder": "a", "ImageName": "1.png", "Caption": "A field."}]}
MME = {
    **{"Question_id": "1", "Image": "remote_sensing/a.png", "Text": "What is it?"},
    **{"Answer choices": ["(A) A dam", "(B) A lake"], "Ground truth": "B"},
    **{"Subtask": "Remote_Sensing"},
}
VRS = {"image": "2_0000.png", "caption": "A dam."}
FIT = {"question_id": 4, "image": "a.png", "text": "Is it?", "ground_truth": "no"}
CHANGE = {
    **{"id": 0, "img_id": 0, "question_id": 0, "questions_ids": [0], "answers_ids": [0]},
    **{"active": True, "question": "Is it?", "answer": "yes", "file_name": "2.png"},
}
CDVQA = {f"Train_{name}.json": {name: [CHANGE]} for name in ("questions", "answers", "images")}
REMOTE = "\ufefftitle\tfilename\nA car.\td.png\n"
GEOBENCH = {
    "question_id": 1,
    "image_path": ["Temporal/images/t_0.png", "Temporal/images/t_1.png"],
    "prompts": ["What is it?", "Which is it?"],
    "options_list": ["A dam", "A lake"],
    "ground_truth_option": "B",
}
# As pandas writes an array of texts, and a picture's bytes as text.
DISASTER = {
    "pre_image_path": "train_images\\a_pre_0.png",
    "post_image_path": "train_images\\a_post_0.png",
    "ground_truth": "explosion",
    "ground_truth_option": "B",
    "options_list": ["fire", "explosion"],
    "prompts": "What kind of calamity has this area experienced?",
    "training_answer": "This area has been affected by an explosion.",
    "task": "Disaster Type Recognition",
}
RSVLM = {
    "id": "0",
    "image": "RSVLM-QA/INRIA/train/images/austin11.tif",
    "caption": "A town.",
    "tags": ["road"],
    "vqa_pairs": [
        {"question_id": "1", "question_type": "spatial", "question": "Where?", "answer": "Left."}
    ],
}
KAGGLE = "filename,captions,image\nrsicd_images/dam_1.jpg,\"['A dam .' 'A lake .'\n 'A road .']\","
KAGGLE += "\"{'bytes': b'\\xff\\xd8'}\"\n"
SKY = "filepath,title\nimages2/a1_CH_19.jpg,a farm\n"

# slug, files of text, pictures that lie beside them and are those of the one item
LAYOUTS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("rsvqa_hr", tables("USGS"), ["Data/0.tif"]),
    ("rsvqa_hr", tables("RSVQA-HR/USGS"), ["RSVQA-HR/Images/Data/0.png"]),
    ("rsvqa_lr", tables("LR"), ["Images_LR.zip!Images_LR/0.tif"]),
    ("rsvqaxben", tables("RSVQAxBEN"), ["Images.zip!Images/0.tif"]),
    ("rsicd", {"annotations_rsicd/dataset_rsicd.json": karpathy("a.jpg")}, ["RSICD_images/a.jpg"]),
    ("rsicd", {"dataset_rsicd.json": karpathy("a.jpg")}, ["RSICD_images.zip!RSICD_images/a.jpg"]),
    ("ucm_captions", {"dataset_ucm_modified.json": karpathy("1.tif")}, ["images/1.tif"]),
    (
        *("sydney_captions", {"Sydney_captions/dataset.json": karpathy("1.tif")}),
        ["Sydney_captions/imgs/1.tif"],
    ),
    ("rsitmd", {"dataset_rsitmd.json": karpathy("a_1.tif")}, ["RSITMD_images/a_1.tif"]),
    ("rsitmd", {"labels/dataset_RSITMD.json": karpathy("a_1.jpg")}, ["images/a_1.jpg"]),
    (
        *("levir_cc", {"Levir-CC-dataset/LevirCCcaptions.json": karpathy("1.png")}),
        [f"Levir-CC-dataset/images/train/{side}/1.png" for side in "AB"],
    ),
    (
        *("levir_mci_captions", {"LEVIR-MCI-dataset/LevirCCcaptions.json": karpathy("1.png")}),
        [f"LEVIR-MCI-dataset/images/train/{side}/1.png" for side in "AB"],
    ),
    ("nwpu_captions", {"dataset_nwpu.json": NWPU}, ["images/dam/dam_1.jpg"]),
    (
        *("capera", {"annotations/CapERA_DATASET_train.json": CAPERA}),
        ["SingleFrames/Tra/Fire/Fire_1.jpg"],
    ),
    ("uav_captions", {"UAVICD.json": UAV}, ["UAVICD_Image/a/1.png"]),
    (
        *("remoteclip", {"csv_file/train/Det-10.csv": REMOTE}),
        ["data/Det-10_part2.zip!Det-10_part2/d.png"],
    ),
    ("skyscript", {"SkyScript_train_top30pct.csv": SKY}, ["images2.zip!images2/a1_CH_19.jpg"]),
    ("floodnet_vqa", {"Questions/Training Question.json": FLOOD}, ["Images/Train_Image/1.JPG"]),
    ("earthvqa", {"EarthVQA/Val_QA.json": EARTH}, ["EarthVQA/Val/Urban/images_png/2522.png"]),
    ("earthvqa", {"EarthVQA/Val_QA.json": EARTH}, ["EarthVQA/Val/Val/images_png/2522.png"]),
    ("cdvqa", CDVQA, [f"SECOND_train_set/im{time}/2.png" for time in (1, 2)]),
    ("lrs_vqa", {"LRS_VQA_merged.jsonl": [LRS]}, ["image/7.tif"]),
    ("lrs_vqa", {"LRS-VQA/LRS_VQA_merged.jsonl": [LRS]}, ["LRS-VQA/LRS_VQA/image/7.tif"]),
    (
        *("mme_realworld", {"MME-RealWorld/MME_RealWorld.json": [MME]}),
        ["MME-RealWorld/remote_sensing/remote_sensing/a.png"],
    ),
    (
        *("vrsbench", {"Annotations_val/Annotations_val/2_0000.json": VRS}),
        ["Images_val/Images_val/2_0000.png"],
    ),
    (
        *("vrsbench_conversations", {"VRSBench/VRSBench_train.json": talk("2_0000.png")}),
        ["VRSBench/Images_train/2_0000.png"],
    ),
    (
        *("fit_rs", {"FIT-RS/FIT-RS_Instruction/FIT-RS-train-1415k.json": talk("a.png")}),
        ["FIT-RS/FIT-RS_Image/imgv2_split_512_100_vaild/a.png"],
    ),
    (
        *("fit_rsfg", {"FIT-RSFG/FIT-RSFG-Bench/test_FITRS_vqa_eval.jsonl": [FIT]}),
        ["FIT-RS_Img/imgv2_split_512_100_vaild/a.png"],
    ),
    (
        "changechat_87k",
        {"changechat-105k/changechat_105k_train.json": talk("A/1.png", "B/1.png")},
        ["LEVIR-CC/images/A/1.png", "LEVIR-CC/images/B/1.png"],
    ),
    (
        *("geochat_instruct", {"GeoChat_Instruct.json": talk("NWPU/a.jpg")}),
        ["share/softwares/kartik/GeoChat_finetuning/final_images_llava/NWPU/a.jpg"],
    ),
    (
        *("sarlang_1m", {"Text/VQA/train/SARVQA1_train.json": [
            {"query": "<image>Is it?", "response": "no", "images": ["/elsewhere/SAR/0009787.jpg"]}
        ]}),
        ["SARimages/0009787.jpg"],
    ),
    (
        *("nwpu_captions", {"02_NWPU_caption/dataset_nwpu.json": NWPU}),
        ["02_NWPU_RESISC45/dam/dam_1.jpg"],
    ),
    (
        *("skyscript", {"data/dataframe/SkyScript_val_5K.csv": SKY}),
        ["data/images/images2/a1_CH_19.jpg"],
    ),
    (
        *("cdvqa", {f"annotations/{name}": table for name, table in CDVQA.items()}),
        [f"SECOND/im{time}/2.png" for time in (1, 2)],
    ),
    (
        *("vrsbench_conversations", {"VRSBench/VRSBench_train.json": talk("2_0000.png")}),
        ["VRSBench/data/Images_train/2_0000.png"],
    ),
    (
        *("geochat_bench", {"GeoChat-Bench/UCmerced.jsonl": [{**FIT, "image": "beach/1.tif"}]}),
        ["GeoChat-Bench/images/UCMerced_LandUse/Images/beach/1.tif"],
    ),
    (
        *("geochat_bench_descriptions", {"GeoChat-Bench/grounding_description.jsonl": [
            {"image_id": "P1.jpg", "description": "A ship at sea."}
        ]}),
        ["final_images_llava/P1.png"],
    ),
    (
        *("teochatlas", {"TEOChatlas/eval/AID.json": talk("TEOChatlas/eval/External/a.jpg")}),
        ["TEOChatlas/eval/External/a.jpg"],
    ),
    (
        *("changechat_87k_captions", {"dataset/annotations/changechat_105k_test.json": [
            {"image_A": "test/A/1.png", "image_B": "test/B/1.png", "captions": ["A road ."] * 5}
        ]}),
        ["dataset/images/test/A/1.png", "dataset/images/test/B/1.png"],
    ),
    (
        *("lhrs_align", {"OSCapAnn/captions_01.json": {"data": [
            {"name": "7_1.0_2.0", "info": {"location": ["France", "Nice"]}, "cap": "A road."}
        ]}}),
        ["OSM_Image/France/Nice/7_1.0_2.0.jpg"],
    ),
    (
        *("rsitmd_retrieval", {"data/finetune/rsitmd_test.json": [
            {"image": "test/parking_229.tif", "caption": ["A road .", "A wide road ."]}
        ]}),
        ["images/parking_229.tif"],
    ),
    (
        *("rsicd_retrieval", {"rsicd_train.json": [
            {"caption": "A dam .", "image": "train/dam_1.jpg", "image_id": 3, "label_name": "dam"}
        ]}),
        ["imgs/train/dam_1.jpg"],
    ),
    ("rsicd_kaggle", {"valid.csv": KAGGLE}, ["RSICD_images/dam_1.jpg"]),
    (
        "whu_cdc",
        {"data/whu_CDC_dataset/whuCCcaptions.json": karpathy("a.png", filepath="train")},
        [f"data/whu_CDC_dataset/images/train/{time}/a.png" for time in "AB"],
    ),
    (
        *("second_cc", {"SECOND-CC-AUG/SECOND-CC-AUG.json": karpathy("1.png")}),
        [f"SECOND-CC-AUG/train/rgb/{time}/1.png" for time in "AB"],
    ),
    (
        *("dubai_cc", {"captions/Train_Dubai_CC.json": karpathy("t_1.tif")}),
        [f"imgs_tiles/RGB/500_{year}/t_1.tif" for year in (2000, 2010)],
    ),
    ("rsvlm_qa", {"RSVLM-QA.jsonl": [RSVLM]}, ["RSVLM-QA/INRIA/train/images/austin11.tif"]),
    (
        *("rsvlm_qa", {"RSVL-VQA/RSVLM-QA.jsonl": [RSVLM]}),
        ["RSVL-VQA/INRIA/train/images/austin11.tif"],
    ),
    (
        *("rsvlm_qa", {"RSVLM-QA.jsonl": [RSVLM]}),
        ["RSVLM-QA/RSVL-VQA/INRIA/train/images/austin11.tif"],
    ),
    (
        *("mme_realworld_lite", {"MME-RealWorld-Lite/data/MME-RealWorld-Lite.json": [MME]}),
        ["MME-RealWorld-Lite/data/imgs/remote_sensing/a.png"],
    ),
    (
        *("disasterm3", {"DisasterM3_Instruct/train_release.json": [DISASTER]}),
        [
            "DisasterM3_Instruct/train_images/train_images/a_pre_0.png",
            "DisasterM3_Instruct/train_images/train_images/a_post_0.png",
        ],
    ),
    (
        *("geobench_vlm", {"Temporal/qa.json": [GEOBENCH]}),
        ["Temporal/images/t_0.png", "Temporal/images/t_1.png"],
    ),
    (
        *("geobench_vlm_captions", {"GEOBench-VLM/Captioning/qa.json": [
            {"image_path": "Captioning/images/c.png", "ground_truth": "A dam."}
        ]}),
        ["GEOBench-VLM/Captioning/images/c.png"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("slug, texts, pictures", LAYOUTS)
def test_the_pictures_are_found_where_people_put_them(
    slug: str, texts: dict[str, Any], pictures: list[str], tmp_path: Path
) -> None:
    for path, value in texts.items():
        text = value if isinstance(value, str) else json.dumps(value)
        if path.endswith(".jsonl"):
            text = "\n".join(map(json.dumps, value))
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    for path in pictures:
        archive, _, member = path.rpartition("!")
        place = tmp_path / (archive or path)
        place.parent.mkdir(parents=True, exist_ok=True)
        if archive:
            with zipfile.ZipFile(place, "w") as packed:
                packed.writestr(member, b"a picture")
        else:
            place.write_bytes(b"a picture")
    found = read(catalogue()[slug], tmp_path)
    shown = [[picture.path for picture in sample.pictures] for sample in found.samples]
    shown += [row for columns in found.columns for row in columns.table["pictures"].to_pylist()]
    assert (shown, found.rejects) == ([pictures], [])


def test_a_picture_that_is_not_there_is_awaited_where_its_authors_put_it(tmp_path: Path) -> None:
    record = {"image": "test/river_325.tif", "caption": ["A river ."]}
    (tmp_path / "rsitmd_test.json").write_text(json.dumps([record]))
    (tmp_path / "rsicd_test.json").write_text(json.dumps([record]))
    for slug, path in (
        ("rsitmd_retrieval", "images/river_325.tif"),
        ("rsicd_retrieval", "RSICD_images/river_325.jpg"),
    ):
        found = read(catalogue()[slug], tmp_path)
        assert [[one.path for one in sample.pictures] for sample in found.samples] == [[path]]


def test_a_whole_set_is_read_where_it_lies_packed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "RSITMD.zip", "w") as packed:
        packed.writestr("RSITMD/dataset_RSITMD.json", json.dumps(karpathy("a_1.tif")))
        packed.writestr("RSITMD/images/a_1.tif", b"a picture")
    [sample] = read(catalogue()["rsitmd"], tmp_path).samples
    assert isinstance(sample, Sample)
    assert (sample.split, sample.file, sample.pictures[0].path) == (
        *("train", "RSITMD.zip!RSITMD/dataset_RSITMD.json"),
        "RSITMD.zip!RSITMD/images/a_1.tif",
    )
    assert files.store(f"{tmp_path}/x.zip!").read(f"{tmp_path}/{sample.pictures[0].path}") == (
        b"a picture"
    )


def test_the_splits_of_a_benchmark_are_its_authors(tmp_path: Path) -> None:
    asked = {"question": "What?", "choices": "A. Dam; B. Park.", "answer": "B.", "type": ["1"]}
    bench = {"data": [{"filename": "1.png", "qa_pairs": [asked]}]}
    (tmp_path / "qa.json").write_text(json.dumps(bench))
    found = read(catalogue()["lhrs_bench"], tmp_path, ["test"])
    assert [(sample.split, sample.questions[0].answer) for sample in found.samples] == [
        ("test", "Park")
    ]


def test_an_archive_that_stays_beside_what_was_unpacked_is_left_out(tmp_path: Path) -> None:
    record = json.dumps({"image": "P1.png", "objects": [], "caption": "A ship.", "qa_pairs": []})
    (tmp_path / "Annotations_train").mkdir()
    (tmp_path / "Annotations_train/P1.json").write_text(record)
    with zipfile.ZipFile(tmp_path / "Annotations_train.zip", "w") as packed:
        packed.writestr("Annotations_train/P1.json", record)
    found = read(catalogue()["vrsbench"], tmp_path)
    assert len(found.samples) == 1
    assert [note for note in found.notes if "Annotations_val" not in note] == [
        "1 annotation file(s) are left out, such as Annotations_train.zip!Annotations_train/"
        "P1.json: Annotations_train/P1.json is read in its place"
    ]


def test_what_lies_in_place_of_the_annotations_is_named(tmp_path: Path) -> None:
    (tmp_path / "captions").mkdir()
    (tmp_path / "captions/rsicd.json").write_text("{}")
    with pytest.raises(files.SourceError, match=r"annotations not found: .*; there is: captions/"):
        read(catalogue()["rsicd"], tmp_path)


def test_answers_that_are_codes_are_said_in_words(tmp_path: Path) -> None:
    told = {0: "10_to_20", 1: "NVG_surface", 2: "yes"}
    for name in ("questions", "answers", "images"):
        rows = [
            CHANGE
            | dict.fromkeys(("id", "img_id", "question_id"), key)
            | {"answers_ids": [key], "answer": answer}
            for key, answer in told.items()
        ]
        (tmp_path / f"Train_{name}.json").write_text(json.dumps({name: rows}))
    found = convert(dataset(catalogue()["cdvqa"], ["vqa"], tmp_path))
    said = [words(row)[1] for row in found.rows]
    assert said == ["10 to 20 %", "non-vegetated ground surface", "yes"]
    assert repairs(found) == {"spoken_answers": 2}


def test_the_tasks_of_one_file_are_entries_of_their_own(tmp_path: Path) -> None:
    report = {"task": "disaster caption", "ground_truth": "DISASTER: Fire", "prompts": ["Tell."]}
    count = {"task": "Road Damage Counting", "ground_truth": 231, "options_list": [231, 323]}
    boxed = {
        "task": "relational reasoning",
        "ground_truth": "The red one is below.",
        "prompts": "?",
    }
    boxed["image_path"] = "train_images\\box_train_images\\a_post_1_0.png"
    lone = {"task": "Building Damage Counting", "prompts": "?", "post_image_path": "a.png"}
    records = [
        DISASTER,
        {**DISASTER, **report},
        {**{k: v for k, v in DISASTER.items() if "option" not in k}, **count},
        boxed,
        lone,
    ]
    advice = {"task": "disaster restoration advice", "ground_truth": "Clear the roads."}
    records.append({**DISASTER, **advice, "prompts": ["What is to be done?"]})
    (tmp_path / "train_release.json").write_text(json.dumps(records))
    asked, told, related, advised = (
        read(catalogue()[f"disasterm3{task}"], tmp_path)
        for task in ("", "_captions", "_relations", "_advice")
    )
    assert [s.questions[0].answer for s in asked.samples] == ["explosion", "231"]
    assert [(r.reason, r.detail, r.items) for r in asked.rejects] == [
        ("missing_field", "no pre_image_path", 1),
        ("unselected", "task is not what the entry reads", 3),
    ]
    assert [(s.captions[0].text, len(s.pictures)) for s in told.samples] == [("DISASTER: Fire", 2)]
    assert [(r.reason, r.items) for r in told.rejects] == [("unselected", 5)]
    assert [(s.questions[0].answer, len(s.pictures)) for s in advised.samples] == [
        ("Clear the roads.", 2)
    ]
    assert [(s.questions[0].answer, s.pictures[0].path) for s in related.samples] == [
        ("The red one is below.", "DisasterM3_Instruct/box_train_images/a_post_1_0.png")
    ]

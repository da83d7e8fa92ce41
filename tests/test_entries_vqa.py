"""Entries of question sets without files in tests/data: a tiny folder in each documented layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from native import convert, dataset, read, repairs, words

from converters.catalogue import catalogue
from schemas.sample import Caption, Conversation, Question, Sample

CHOICES = ["A dam", "A lake"]
LETTERED = ["(A) A dam", "(B) A lake"]
MME = {
    "Question_id": "perception/remote_sensing/color/0001",
    "Question type": "Multiple Choice",
    "Image": "remote_sensing/a.png",
    "Text": "What is it?",
    "Answer choices": LETTERED,
    "Ground truth": "B",
    "Category": "color",
    "Subtask": "Remote Sensing",
    "Output": "A",
}
GEOBENCH = {
    "question_id": 4,
    "task": "Marine Debirs Counting",
    "image_path": "images/single_4.bmp",
    "prompts": ["What is it?", "Which is it?"],
    "options": "A. A dam  B. A lake",
    "options_list": CHOICES,
    "ground_truth": "A lake",
    "ground_truth_option": "B",
    "cls_description": "",
}
TEMPORAL = {**GEOBENCH, "image_path": ["images/t_0.png", "images/t_1.png"]}
FIT = {"question_id": 4, "image": "a.png", "category": "exist", "ground_truth": "B"}
LAKE = ("What is it?", "A lake")

# slug, path of its file, what is in it, split, paths of the pictures, question and answer, type,
# options
QUESTIONS: list[tuple[str, str, Any, str, list[str], tuple[str, str], str | None, list[str]]] = [
    (
        *("mme_realworld", "MME_RealWorld.json", [MME], "test", ["remote_sensing/a.png"]),
        *(LAKE, "color", CHOICES),
    ),
    (
        *("geobench_vlm", "Single/qa.json", [GEOBENCH], "single", ["Single/images/single_4.bmp"]),
        *(LAKE, "Marine Debirs Counting", CHOICES),
    ),
    (
        *("geobench_vlm", "Temporal/qa.json", [TEMPORAL], "temporal"),
        *(["Temporal/images/t_0.png", "Temporal/images/t_1.png"], LAKE),
        *("Marine Debirs Counting", CHOICES),
    ),
    (
        *("fit_rsrc", "FIT-RSRC/FIT-RSRC_Questions_2k.jsonl"),
        *({**FIT, "text": "What is it?\nA. A dam\nB. A lake"}, "test"),
        *(["imgv2_split_512_100_vaild/a.png"], LAKE, "exist", CHOICES),
    ),
    (
        *("fit_rsfg", "FIT-RSFG-Bench/test_FITRS_vqa_eval.jsonl"),
        *({**FIT, "question": "Is it? Answer in one word or a short phrase."}, "vqa"),
        *(["imgv2_split_512_100_vaild/a.png"], ("Is it?", "B"), "exist", []),
    ),
    (
        *("geochat_bench", "lrben.jsonl"),
        *({"question_id": 4, "image": "4.tif", "text": "Is it?", "category": "comp"}, "lrben"),
        *(["Images_LR/4.tif"], ("Is it?", ""), "comp", []),
    ),
    (
        *("geochat_bench", "UCmerced.jsonl"),
        *({**FIT, "text": "Is it?\nAnswer with one word or short phrase."}, "ucmerced"),
        *(["UCmerced/a.png"], ("Is it?", "B"), "exist", []),
    ),
    (
        *("vrsbench_eval", "VRSBench_EVAL_vqa.json"),
        [
            {
                "image_id": "P0003_0002.png",
                "question": "How many?",
                "ground_truth": "2",
                "question_id": 0,
                "type": "object quantity",
            }
        ],
        *("val", ["Images_val/P0003_0002.png"], ("How many?", "2"), "object quantity", []),
    ),
    (
        *("sarlang_1m_csv", "Text/VQA/train/SARVQA1_train.csv"),
        *("image,question,answer\na.png,How many ships?,two\n", "train"),
        *(["a.png"], ("How many ships?", "two"), None, []),
    ),
]


def put(root: Path, path: str, content: Any) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(content if isinstance(content, str) else json.dumps(content))


def only(slug: str, root: Path) -> Sample:
    """The one Sample; columns of one row as one."""
    found = read(catalogue()[slug], root)
    assert not found.rejects
    if found.samples:
        [sample] = found.samples
        return sample
    [columns] = found.columns
    [row] = columns.table.to_pylist()
    question = Question(row["key"], row["question"], row["answer"] or "", row["type"])
    pictures = tuple(row["pictures"])
    return Sample(row["key"], columns.file, columns.split, pictures, questions=(question,))


@pytest.mark.parametrize(
    ("slug", "path", "content", "split", "pictures", "said", "kind", "choices"),
    QUESTIONS,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_question_is_read_from_the_documented_layout(
    slug: str,
    path: str,
    content: Any,
    split: str,
    pictures: list[str],
    said: tuple[str, str],
    kind: str | None,
    choices: list[str],
    tmp_path: Path,
) -> None:
    put(tmp_path, path, content)
    sample = only(slug, tmp_path)
    [question] = sample.questions
    shown = [one if isinstance(one, str) else one.path for one in sample.pictures]
    assert (sample.split, shown) == (split, pictures)
    assert (question.question, question.answer, question.type) == (*said, kind)
    assert list(question.choices) == choices


def test_mme_realworld_reads_its_remote_sensing_part_alone(tmp_path: Path) -> None:
    put(tmp_path, "MME_RealWorld.json", [MME, {**MME, "Subtask": "OCR"}])
    found = read(catalogue()["mme_realworld"], tmp_path)
    assert len(found.samples) == 1
    assert [(one.reason, one.items) for one in found.rejects] == [("unselected", 1)]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_an_object_with_the_keys_of_a_record_is_one(
    indent: int | None, mark: str, tmp_path: Path
) -> None:
    put(tmp_path, "MME_RealWorld.json", mark + json.dumps(MME, indent=indent))
    assert only("mme_realworld", tmp_path).questions[0].answer == "A lake"
    turns = [{"from": "human", "value": "Is it?"}, {"from": "gpt", "value": "No."}]
    talk = {"id": 1, "image": "a.png", "source_dataset": "x", "conversations": turns}
    put(tmp_path, "list_pretrain.json", mark + json.dumps(talk, indent=indent))
    put(tmp_path, "wrapped/list_pretrain.json", json.dumps({"conversations": [talk, talk]}))
    for root, number in ((tmp_path, 1), (tmp_path / "wrapped", 2)):
        found = read(catalogue()["versad"], root)
        assert (found.rejects, len(found.samples)) == ([], number)


def test_codes_of_answers_are_said_in_words_in_records_and_in_columns(tmp_path: Path) -> None:
    record = {"question_id": "port/1", "image": "a.tif", "text": "What?", "ground_truth": "Portgt"}
    put(tmp_path, "aid.jsonl", record)
    put(tmp_path, "AID/Port/a.jpg", "")
    bench = convert(dataset(catalogue()["geochat_bench"], ["vqa"], tmp_path, splits=["aid"]))
    assert [words(row)[1] for row in bench.rows] == ["Port"]
    assert bench.rows[0]["images"][0]["path"] == "geochat_bench/AID/Port/a.jpg"
    assert repairs(bench) == {"spoken_answers": 1}
    asked = {"id": 3, "img_id": "1.png", "question": "How much is water?", "answer": "0_to_10"}
    other = {**asked, "id": 4, "answer": "water"}
    put(tmp_path, "json/Train.json", {"question": [asked, other]})
    pairs = convert(dataset(catalogue()["qag_360k"], ["vqa"], tmp_path, splits=["train"]))
    assert [words(row)[1] for row in pairs.rows] == ["0 to 10 %", "water"]
    assert repairs(pairs) == {"spoken_answers": 1}


def test_class_names_of_rsivqa_are_said_in_words(tmp_path: Path) -> None:
    asked = "what is the theme of this picture?"
    lines = [f"a_1.jpg:{asked}sparseresidential", f"a_2.jpg:{asked}pond"]
    (tmp_path / "AID").mkdir()
    (tmp_path / "AID/rsicd_vqa.txt").write_text("\n".join(lines))
    found = convert(dataset(catalogue()["rsivqa"], ["vqa"], tmp_path, splits=["aid"]))
    assert [words(row)[1] for row in found.rows] == ["sparse residential", "pond"]
    assert repairs(found) == {"spoken_answers": 1}


def test_questions_without_their_noun_are_no_reason_to_stop(tmp_path: Path) -> None:
    whole = "{}.tif:How many boats in the picture?two"
    lines = [
        (whole if i % 8 else "{}.tif:How many  in the picture?zero").format(i) for i in range(40)
    ]
    put(tmp_path, "UCM/ucm_res.txt", "\n".join(lines))
    found = convert(dataset(catalogue()["rsivqa"], ["vqa"], tmp_path, splits=["ucm"]))
    assert (len(found.rows), len(found.rejects)) == (35, 5)
    assert catalogue()["rsivqa"].max_reject >= 5 / 40


def test_the_answer_of_a_model_is_never_taken_for_the_truth(tmp_path: Path) -> None:
    record = {"question_id": 4, "image": "4.tif", "text": "Is it?", "answer": "yes"}
    put(tmp_path, "lrben.jsonl", record)
    put(tmp_path, "aid.jsonl", {**record, "ground_truth": "no"})
    found = read(catalogue()["geochat_bench"], tmp_path).samples
    assert {one.split: one.questions[0].answer for one in found} == {"lrben": "", "aid": "no"}


def test_rspope_has_lines_of_json_in_a_file_that_ends_otherwise(tmp_path: Path) -> None:
    record = {"question_id": 1, "image": "a.jpg", "text": "Is it?", "label": "no"}
    lines = f"{json.dumps(record)}\n{json.dumps({**record, 'question_id': 2})}\n"
    put(tmp_path, "rspope_evaluation/popular/rspope_popular_hard.json", lines)
    found = read(catalogue()["rspope"], tmp_path)
    assert [(one.key, one.split, one.pictures[0].path) for one in found.samples] == [
        ("1", "popular", "images/a.jpg"),
        ("2", "popular", "images/a.jpg"),
    ]
    assert found.samples[0].questions == (Question("1", "Is it?", "no"),)


def test_rsvqaxben_takes_none_for_an_answer(tmp_path: Path) -> None:
    tables: dict[str, dict[str, Any]] = {
        "images": {"id": 5},
        "questions": {
            "id": 7,
            "img_id": 5,
            "type": "LC",
            "question": "Which classes?",
            "answers_ids": [7],
        },
        "answers": {"id": 7, "question_id": 7, "answer": "None"},
    }
    for table, row in tables.items():
        rows = [{"id": 4, "active": False}, {**row, "active": True}]
        put(tmp_path, f"RSVQAxBEN_split_val_{table}.json", {table: rows})
    sample = only("rsvqaxben", tmp_path)
    assert sample.split == "val"
    assert sample.questions == (Question("7", "Which classes?", "None", "LC"),)


def test_geobench_vlm_has_captions_apart(tmp_path: Path) -> None:
    record = {"image_path": "images/c.png", "ground_truth": "A dam.", "prompts": ["Describe."]}
    put(tmp_path, "Captioning/qa.json", [record])
    sample = only("geobench_vlm_captions", tmp_path)
    assert sample.captions == (Caption("caption", "A dam."),)
    assert sample.pictures[0].path == "Captioning/images/c.png"


def test_sarlang_1m_has_turns_in_json(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "<image>Is it?"}, {"role": "assistant", "content": "no"}]
    put(tmp_path, "Text/VQA/test/SARVQA2_test.json", [{"messages": turns, "images": ["a.png"]}])
    sample = only("sarlang_1m", tmp_path)
    assert (sample.split, sample.conversations) == (
        "test",
        (Conversation("", (("human", "<image>Is it?"), ("gpt", "no"))),),
    )


CELL = pa.array([{"bytes": b"png", "path": "a.png"}])


@pytest.mark.parametrize(
    ("slug", "path", "columns", "said"),
    [
        (
            "geobench_vlm_parquet",
            "Single.parquet",
            {key: [value] for key, value in GEOBENCH.items()} | {"image": CELL},
            LAKE,
        ),
        (
            "urbench_open",
            "counting/val-00000-of-00001.parquet",
            {"id": ["4"], "question": ["How many?"], "answer": ["4"], "metric": ["open-ended"]}
            | {"view_type": ["cross-view"], "task_type": ["counting"]}
            | {f"image_{i}": CELL for i in range(1, 7)},
            ("How many?", "4"),
        ),
    ],
)
def test_a_question_is_read_beside_the_picture_in_its_row(
    slug: str, path: str, columns: dict[str, Any], said: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), tmp_path / path)
    sample = only(slug, tmp_path)
    assert [(one.question, one.answer) for one in sample.questions] == [said]
    assert sample.pictures[0].path.startswith(f"{path}!image")


def test_xlrs_bench_has_captions_in_two_languages(tmp_path: Path) -> None:
    (tmp_path / "XLRS-Bench_caption_en/data").mkdir(parents=True)
    table = pa.table({"question": ["Describe."], "answer": [["Long."]], "image": CELL})
    pq.write_table(table, tmp_path / "XLRS-Bench_caption_en/data/train-00000-of-00001.parquet")
    sample = only("xlrs_bench_captions", tmp_path)
    assert (sample.split, sample.captions) == ("caption_en", (Caption("caption[0]", "Long."),))

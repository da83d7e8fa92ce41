"""A dataset read whole: the same Samples and Rejects whatever way its reader gives them."""

from __future__ import annotations

import gc
import json
from pathlib import Path

import pytest
from native import DATA, ROOTS, changed, read

import converters
from converters.catalogue import catalogue
from converters.read.files import SourceError
from schemas.sample import Caption, Picture, Question, Reject, Sample
from schemas.toml import ConfigError

LR = DATA / ROOTS["rsvqa_lr"]


def test_a_dataset_may_be_named_by_a_path_object() -> None:
    root = DATA / ROOTS["rsicd"]
    found = list(converters.read_dataset("rsicd", root))
    assert found == list(converters.read_dataset("rsicd", str(root)))


def test_cycles_are_looked_for_again_as_soon_as_an_item_is_there(tmp_path: Path) -> None:
    for _ in converters.read_dataset("rsicd", DATA / ROOTS["rsicd"]):
        assert gc.isenabled()
    with pytest.raises(SourceError):
        list(converters.read_dataset("rsicd", tmp_path / "none"))
    assert gc.isenabled()
    gc.disable()  # whoever has switched it off finds it so
    try:
        for _ in converters.read_dataset("rsicd", DATA / ROOTS["rsicd"]):
            assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_dataset_is_read_by_its_slug_or_its_entry() -> None:
    root = str(DATA / ROOTS["rsicd"])
    found = list(converters.read_dataset("rsicd", root))
    assert found == list(converters.read_dataset(catalogue()["rsicd"], root))
    assert found[0] == Sample(
        "airport_1.jpg",
        "dataset_rsicd.json",
        "train",
        (Picture("RSICD_images/airport_1.jpg"),),
        captions=(
            Caption("sentences[0]", "two planes wait beside a hall ."),
            Caption("sentences[1]", "a runway  and grass ."),
            Caption("sentences[2]", "two planes wait beside a hall ."),
        ),
    )


def test_rows_of_tables_are_samples_of_one_question_each() -> None:
    samples = [
        item for item in converters.read_dataset("rsvqa_lr", str(LR)) if isinstance(item, Sample)
    ]
    assert samples[0] == Sample(
        "0",
        "LR_split_train_questions.json",
        "train",
        (Picture("Images_LR/3.tif"),),
        questions=(Question("0", "Is it a rural or an urban area", "rural", "rural_urban"),),
    )
    assert [(s.key, s.questions[0].answer) for s in samples] == [
        ("0", "rural"),
        ("2", "yes"),
        ("3", "27"),
    ]


@pytest.mark.parametrize("slug", sorted(ROOTS))
def test_nothing_of_a_dataset_is_lost_on_the_way_to_samples(slug: str) -> None:
    entry = catalogue()[slug]
    native = read(entry)
    found = list(converters.read_dataset(entry, str(DATA / ROOTS[slug])))
    rejects = [item for item in found if isinstance(item, Reject)]
    rows = sum(columns.table.num_rows for columns in native.columns)
    assert (len(found) - len(rejects), rejects) == (len(native.samples) + rows, native.rejects)


def test_only_the_splits_asked_for_are_read() -> None:
    found = converters.read_dataset("floodnet_vqa", str(DATA / ROOTS["floodnet_vqa"]), ["val"])
    assert {item.split for item in found} == {"val"}


def test_a_dataset_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^rsicd: no folder"):
        list(converters.read_dataset("rsicd", str(tmp_path / "none")))


def test_an_unknown_dataset_is_an_error() -> None:
    with pytest.raises(ConfigError, match='unknown dataset "rsicdd"'):
        list(converters.read_dataset("rsicdd", str(DATA)))


def test_a_dataset_without_a_reader_says_why() -> None:
    entry = changed("rsicd", format="", status="unreleased", why="nobody has published it")
    with pytest.raises(ConfigError) as error:
        list(converters.read_dataset(entry, str(DATA / ROOTS["rsicd"])))
    assert str(error.value) == (
        'dataset "rsicd" cannot be converted: unreleased: nobody has published it'
    )


# Answers that two references lead to


def answered(folder: Path, answers_ids: list[int]) -> list[str]:
    """Answers of a question that answer 31 is of by the question, and answer 32 by the answer."""
    tables = {
        "questions": [
            {"id": 20, "img_id": 1, "type": "count", "question": "How many?",
             "answers_ids": answers_ids, "active": True}
        ],
        "answers": [
            {"id": 31, "question_id": 21, "answer": "by the question", "active": True},
            {"id": 32, "question_id": 20, "answer": "by the answer", "active": True},
        ],
        "images": [{"id": 1, "active": True}],
    }  # fmt: skip
    for name, rows in tables.items():
        path = folder / f"LR_split_train_{name}.json"
        path.write_text(json.dumps({name: rows}))
    return [
        item.questions[0].answer
        for item in converters.read_dataset("rsvqa_lr", str(folder))
        if isinstance(item, Sample)
    ]


@pytest.mark.parametrize(
    "answers_ids, answer",
    [
        ([31], "by the question"),
        ([31, 32], "by the question"),
        ([32, 31], "by the answer"),
        ([], "by the answer"),
        ([99], "by the answer"),
    ],
)
def test_the_questions_own_reference_wins_where_two_disagree(
    tmp_path: Path, answers_ids: list[int], answer: str
) -> None:
    assert answered(tmp_path, answers_ids) == [answer]


def test_a_question_that_does_not_say_whether_it_is_active_is(tmp_path: Path) -> None:
    answered(tmp_path, [31])
    path = tmp_path / "LR_split_train_questions.json"
    path.write_text(path.read_text().replace(', "active": true', ""))
    [found] = converters.read_dataset("rsvqa_lr", str(tmp_path))
    assert isinstance(found, Sample)


@pytest.mark.parametrize("name", ["answers", "images"])
def test_a_question_is_a_dangling_reference_where_a_table_is_empty(
    tmp_path: Path, name: str
) -> None:
    answered(tmp_path, [31])
    (tmp_path / f"LR_split_train_{name}.json").write_text(json.dumps({name: []}))
    [found] = converters.read_dataset("rsvqa_lr", str(tmp_path))
    assert isinstance(found, Reject)
    assert (found.key, found.reason) == ("20", "dangling_reference")


# Captions


@pytest.mark.parametrize("sentence", ['{"raw": 7}', "7", "[]", "null", '"a bare text"'])
def test_a_sentence_that_is_none_is_a_reject_and_the_others_stay(
    tmp_path: Path, sentence: str
) -> None:
    record = f'{{"filename": "a.jpg", "split": "train", "sentences": [{sentence}, {{"raw": "b"}}]}}'
    (tmp_path / "dataset_rsicd.json").write_text(f'{{"images": [{record}]}}')
    rejected, kept = converters.read_dataset("rsicd", str(tmp_path))
    assert isinstance(rejected, Reject)
    assert isinstance(kept, Sample)
    assert (rejected.key, rejected.reason, rejected.items) == (
        "a.jpg#sentences[0]",
        "bad_value",
        1,
    )
    assert kept.captions == (Caption("sentences[1]", "b"),)

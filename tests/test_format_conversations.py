"""LLaVA-style conversations: what their reader makes of the native files in tests/data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from native import DATA, changed, read

from converters.catalogue import catalogue, reader
from converters.read import json_spans
from converters.read.files import SourceError
from converters.read.folder import open_folder
from schemas.sample import Conversation, Picture, Reject, Sample

GEOCHAT = catalogue()["geochat_instruct"]
FILE = "GeoChat_Instruct.json"
TEOCHAT = changed(
    "geochat_instruct",
    options={
        "annotations": {"train": "instruct.json"},
        "fields": {"times": "timestamp"},
    },
)
SHAREGPT = changed(
    "geochat_instruct",
    options={
        "annotations": "chat.jsonl",
        "images": "pictures/{image}",
        "fields": {
            "id": "uid",
            "image": "images",
            "conversations": "messages",
            "role": "role",
            "text": "content",
            "system": "note",
        },
    },
)


def talk(*turns: tuple[str, str], boxes: str | None = None) -> tuple[Conversation, ...]:
    return (Conversation("", turns, boxes),)


# GeoChat


def test_turns_come_through_as_they_stand() -> None:
    assert read(GEOCHAT).samples[1] == Sample(
        "P0003_0001.png 7",
        FILE,
        "train",
        (Picture("final_images_llava/P0003_0001.png"),),
        conversations=talk(
            ("human", "[refer] <image>\ngive me the location of <p> the ship </p>"),
            ("gpt", "{<-3><10><20><31>|<90>}"),
            ("human", "And the pier?"),
            ("gpt", "{<40><50><60><70>|<0>}<delim>{<1><2><3><4>|<5>}"),
            boxes="geochat",
        ),
    )


def test_a_record_is_known_by_its_picture_and_its_id_or_by_a_hash_of_its_turns() -> None:
    assert [found.key for found in read(GEOCHAT).samples] == [
        "NWPU-RESISC45/harbor/harbor_7.jpg harbor/harbor_7.jpg",
        "P0003_0001.png 7",
        "04133.png 7",
        "8",
        "04139.png 14",
        "text e0646d279ba4830e",
    ]


def test_a_record_may_be_text_alone() -> None:
    assert read(GEOCHAT).samples[3].pictures == ()


def test_nan_where_a_text_is_read_is_no_text_and_elsewhere_does_no_harm() -> None:
    assert read(GEOCHAT).samples[4].conversations == talk(
        ("human", ""), ("gpt", "b"), boxes="geochat"
    )


def test_records_that_cannot_be_used_are_rejected_one_by_one() -> None:
    assert [(one.key, one.reason, one.detail) for one in read(GEOCHAT).rejects] == [
        ("04134.png 9", "bad_roles", "no from of turn 0"),
        ("04135.png 10", "bad_roles", "the unknown role 'teacher' in from of turn 0"),
        (
            "../04136.png 11",
            "bad_value",
            "'final_images_llava/../04136.png' leaves its folder",
        ),
        ("04137.png 12", "missing_field", "no conversations"),
        (
            "04138.png 13",
            "bad_value",
            "conversations is a text that is no JSON: "
            "JSON is malformed: invalid character (byte 4)",
        ),
        ("15", "bad_value", "a picture is no path: 4140"),
        ("04141.png 16", "unreadable_record", "JSON is malformed: invalid character (byte 93)"),
    ]


@pytest.mark.parametrize("target", [1, 100, 700, 5000])
def test_spans_of_any_size_hold_the_same_records(
    target: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read(GEOCHAT)
    spans = json_spans.array_spans
    monkeypatch.setattr(
        "converters.read.json_tables.array_spans",
        lambda path, table, keys, _: spans(path, table, keys, target),
    )
    assert read(GEOCHAT) == whole


def test_a_record_without_conversations_lacks_a_field(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[{"id": 1, "image": "a.png"}]')
    assert read(GEOCHAT, tmp_path).rejects == [
        Reject(
            FILE,
            "a.png 1",
            "train",
            "missing_field",
            "Object missing required field `conversations`",
        )
    ]


def test_half_a_surrogate_pair_costs_the_record_that_reads_it(tmp_path: Path) -> None:
    text = (
        '[{"id": 1, "x": "\\ud800", "conversations": [{"from": "human", "value": "a"}]},'
        ' {"id": 2, "conversations": [{"from": "human", "value": "\\ud800"}]}]'
    )
    (tmp_path / FILE).write_text(text)
    found = read(GEOCHAT, tmp_path)
    assert ([one.key for one in found.samples], [one.key for one in found.rejects]) == (
        ["1"],
        ["2"],
    )


def test_a_cut_off_file_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[{"id": 1, "conversations": [{"from": "hum')
    with pytest.raises(SourceError, match=r"GeoChat_Instruct\.json is cut off"):
        read(GEOCHAT, tmp_path)


def test_the_first_record_of_geochat_needs_no_other_options(tmp_path: Path) -> None:
    record = {
        "id": "church/church_144.jpg",
        "image": "NWPU-RESISC45/church/church_144.jpg",
        "conversations": [
            {"from": "human", "value": "<image>\nClassify."},
            {"from": "gpt", "value": "church"},
        ],
    }
    (tmp_path / FILE).write_text(json.dumps([record], indent=4))
    [found] = read(GEOCHAT, tmp_path).samples
    assert found.conversations == talk(
        ("human", "<image>\nClassify."), ("gpt", "church"), boxes="geochat"
    )


# TEOChat: series


def test_a_series_has_its_pictures_in_the_records_order_with_their_dates() -> None:
    [series, single, partly] = read(TEOCHAT, DATA / "llava_json/teochat").samples
    assert (series.pictures, single.pictures, partly.pictures) == (
        (
            Picture("fmow/a_0.jpg", time="2016-03-02"),
            Picture("fmow/a_1.jpg", time="2018-05-06"),
        ),
        (Picture("geochat/b.png"),),
        (Picture("fmow/c_0.jpg", time="2017-01-01"), Picture("fmow/c_1.jpg")),
    )


def test_a_series_that_lacks_a_picture_is_rejected() -> None:
    found = read(TEOCHAT, DATA / "llava_json/teochat").rejects
    assert [(one.key, one.reason, one.detail) for one in found] == [
        ("text 99519fc311055300", "bad_value", "a picture is no path: ['fmow/d_0.jpg', '']")
    ]


# ShareGPT: other names, JSON Lines


def test_fields_may_have_other_names_and_a_record_may_be_a_line() -> None:
    assert read(SHAREGPT, DATA / "llava_json/sharegpt").samples == [
        Sample(
            "a/1.jpg",
            "chat.jsonl",
            "all",
            (Picture("pictures/a/1.jpg"),),
            conversations=talk(
                ("system", "You look at pictures."),
                ("human", "<image>What is it?"),
                ("gpt", "A dam."),
            ),
        ),
        Sample(
            "a/1.jpg x-2",
            "chat.jsonl",
            "all",
            (Picture("pictures/a/1.jpg"), Picture("pictures/a/2.jpg")),
            conversations=talk(("human", "<image><image>Which is older?"), ("gpt", "The first.")),
        ),
        Sample(
            "x-4",
            "chat.jsonl",
            "all",
            (),
            conversations=talk(("system", "Be short."), ("human", "Hello"), ("gpt", "")),
        ),
    ]


def test_a_line_that_is_cut_off_costs_itself_alone() -> None:
    found = read(SHAREGPT, DATA / "llava_json/sharegpt").rejects
    assert [(one.key, one.reason, one.detail) for one in found] == [
        ("byte 350", "unreadable_record", "Input data was truncated")
    ]


def test_an_entry_may_name_roles_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "chat.jsonl").write_text(
        '{"messages": [{"role": "asker", "content": "a"}, {"role": "gpt", "content": "b"}]}\n'
    )
    entry = changed("geochat_instruct", options={**SHAREGPT.options, "roles": {"asker": "human"}})
    [found] = read(entry, tmp_path).samples
    assert found.conversations == talk(("human", "a"), ("gpt", "b"))


def test_lines_are_known_by_their_content_too(tmp_path: Path) -> None:
    line = {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}
    (tmp_path / FILE).write_text("\n".join(json.dumps({"id": i, **line}) for i in range(3)))
    assert [found.key for found in read(GEOCHAT, tmp_path).samples] == ["0", "1", "2"]


def test_the_plan_counts_records_by_their_bytes(tmp_path: Path) -> None:
    record: dict[str, Any] = {"id": 1, "conversations": [{"from": "human", "value": "x" * 1500}]}
    (tmp_path / FILE).write_text(json.dumps([record] * 3))
    module, options = reader(GEOCHAT)
    plan = module.plan(open_folder("geochat_instruct", "geochat", str(tmp_path)), options)
    assert [(span.split, span.records) for span in plan.spans] == [("train", 6)]


def test_a_name_may_stand_for_a_pair_in_two_folders(tmp_path: Path) -> None:
    turns = [{"from": "human", "value": "<image><image>"}, {"from": "gpt", "value": "b"}]
    (tmp_path / FILE).write_text(json.dumps([{"image": "7.png", "conversations": turns}]))
    options = {"annotations": FILE, "images": ["A/{image}", "B/{image}"]}
    [found] = read(changed("geochat_instruct", options=options), tmp_path).samples
    assert found.pictures == (Picture("A/7.png"), Picture("B/7.png"))

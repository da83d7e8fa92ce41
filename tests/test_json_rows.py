"""Records that are decoded together: only where each would decode by itself to the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from native import changed, read

from converters.formats import llava_json
from converters.read import json_rows
from converters.read.folder import Span
from converters.read.json_lines import LINES
from schemas.sample import Conversation, Picture, Sample

TYPES = {"a": str, "n": int | None}
BLOCK = json_rows._BLOCK


def decoded(body: bytes, table: str = "") -> list[list[Any]] | None:
    return json_rows.decoded(body, Span("s", "all", 0, ("a.json",), table=table), TYPES, ["gone"])


def test_values_stand_by_key() -> None:
    body = b'{"a": "x", "n": 1, "b": [2.5e3]}, {"a": "\\u00fc"},'
    assert decoded(body) == [["x", "\u00fc"], [1, None]]


def test_lines_are_records() -> None:
    assert decoded(b'{"a": "x"}\n{"a": "y", "n": 2}\n', LINES) == [["x", "y"], [None, 2]]


@pytest.mark.parametrize(
    "record",
    [
        b'{"a": 1}',
        b'{"n": 1}',
        b'{"a": "x", "a": "y"}',
        b'{"a": "x", "a" : "y"}',
        b'{"a": "x", "gone": 1}',
        b'{"a": "x", "b": 1e400}',
        b'{"a": "x", "b": ' + b"9" * 5000 + b"}",
        b'{"a": "x", "b": NaN}',
        b'{"a": "x", "b": "\xff"}',
        b'{"a": "x", "b": "\\ud800"}',
        b'{"a": "x"',
        b"null",
    ],
)
@pytest.mark.parametrize("table", ["", LINES])
def test_one_odd_record_leaves_all_to_be_read_one_by_one(record: bytes, table: str) -> None:
    between = b"\n" if table else b", "
    assert decoded(between.join([b'{"a": "1"}', record, b'{"a": "2"}']), table) is None


@pytest.mark.parametrize(
    "body", [b'{"a": "x"} {"a": "y"}\n', b'{"a":\n"x"}\n', b'{"a": "x"}\n\n{"a": "y"}\n']
)
def test_a_line_holds_one_record(body: bytes) -> None:
    assert decoded(body, LINES) is None


@pytest.mark.parametrize("shift", range(-12, 12))
@pytest.mark.parametrize("key", ["a", "a_longer_key"])
def test_a_key_is_counted_wherever_the_blocks_end(key: str, shift: int) -> None:
    quoted = f'"{key}"'.encode()
    text = b"x" * (BLOCK + shift) + quoted + b":1," + b"y" * BLOCK + quoted + b": 2"
    assert json_rows._stand_once(text, {quoted: 2, b'"b"': 0})
    assert not json_rows._stand_once(text, {quoted: 1})


@pytest.mark.parametrize(
    ("body", "once"),
    [
        (b'{"a" : 1, "b": "a : b"}', True),
        (b'{"a": 1, "b": ["a", "a"]}', True),
        (b'{"a": 1, "b": "one\\n : two"}', True),
        (b'{"a"\t\n: 1, "a": 2}', False),
        (b'{"aa": 1, "xa": 2}', False),
    ],
)
def test_a_key_is_what_stands_before_a_colon(body: bytes, once: bool) -> None:
    assert json_rows._stand_once(body, {b'"a"': 1}) == once


@pytest.mark.parametrize("shift", [-400, -305, -160, -3, -1, 0, 1, 200])
@pytest.mark.parametrize("number", [b"9" * 309, b"1e400", b"1E+308"])
def test_a_huge_number_is_seen_wherever_the_blocks_end(number: bytes, shift: int) -> None:
    assert json_rows.may_hold_huge_number(b"x" * (BLOCK + shift) + number + b"y" * 99)


def test_usual_numbers_are_not_huge() -> None:
    body = b'{"a": 1e3, "b": 0.5, "c": "9e12", "d": ' + b"7" * 299 + b"}"
    assert not json_rows.may_hold_huge_number(body)


TALK: dict[str, Any] = {
    "id": 7,
    "image": "a.png",
    "conversations": [
        {"from": "human", "value": "<image>\nIs it?"},
        {"from": "gpt", "value": "Yes."},
    ],
}


def talks(root: Path, *records: dict[str, Any] | str) -> list[Any]:
    texts = [one if isinstance(one, str) else msgspec.json.encode(one).decode() for one in records]
    (root / "GeoChat_Instruct.json").write_text(f"[{', '.join(texts)}]")
    found = read(changed("geochat_instruct"), root)
    return [found.samples, found.rejects]


def test_conversations_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llava_json, "_read_records", None)
    samples, _ = talks(tmp_path, TALK, {**TALK, "id": "b", "image": "./b/c.png"})
    turns = (("human", "<image>\nIs it?"), ("gpt", "Yes."))
    first = samples[0]
    assert isinstance(first, Sample)
    assert (first.key, first.pictures) == (
        "a.png 7",
        (Picture("final_images_llava/a.png"),),
    )
    assert first.conversations == (Conversation("", turns, "geochat"),)
    assert samples[1].key == "b/c.png b"


@pytest.mark.parametrize(
    "record",
    [
        {**TALK, "conversations": []},
        {**TALK, "conversations": [{"from": "robot", "value": "Yes."}]},
        {**TALK, "conversations": [{"from": "human", "value": 3}]},
        {**TALK, "conversations": [{"from": "human"}]},
        {**TALK, "image": ""},
        {**TALK, "image": ["a.png", " "]},
        {**TALK, "image": {"path": "a.png"}},
        {**TALK, "image": "../../a.png"},
        {**TALK, "images": ["b.png"]},
        {**TALK, "id": 1.5},
        {"conversations": TALK["conversations"]},
        '{"id": 1, "id": 2, "image": "a.png", "conversations": [{"from": "gpt", "value": "x"}]}',
    ],
)
def test_an_odd_conversation_is_read_by_itself(
    record: dict[str, Any] | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = talks(tmp_path, TALK, record)
    monkeypatch.setattr(llava_json, "_read_at_once", lambda *_: None)
    assert talks(tmp_path, TALK, record) == found


@pytest.mark.parametrize(
    "record", [{**TALK, "image": ["a.png", "b.png"]}, {**TALK, "id": None}, {**TALK, "id": ""}]
)
def test_conversations_of_other_forms_are_the_same_at_once(
    record: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = talks(tmp_path, TALK, record)
    monkeypatch.setattr(llava_json, "_read_at_once", lambda *_: None)
    assert talks(tmp_path, TALK, record) == found

"""The kit for readers: spans of files, and records of JSON, or Rejects."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from native_records import Record, folder, json_of, spans_of

from converters.formats import llava_json, referring_json
from converters.read import plans
from converters.read.files import SourceError
from converters.read.folder import open_folder
from converters.read.json_elements import _address, elements
from converters.read.json_lines import LINES, line_spans
from converters.read.plans import absent, files_plan, json_array_plan
from converters.read.records import (
    xml_records,
)
from schemas.sample import Reject

# Spans


def test_files_are_put_into_spans_by_split(tmp_path: Path) -> None:
    for name in ("val/1.txt", "train/1.txt", "train/2.txt", "train/3.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1234567890")
    place = open_folder("s", "s", str(tmp_path))
    plan = files_plan(place, "{split}/{stem}.txt", "{stem}.png", files_a_span=2)
    assert [(span.split, span.index, span.names, span.records) for span in plan.spans] == [
        ("train", 0, ("train/1.txt", "train/2.txt"), 2),
        ("train", 1, ("train/3.txt",), 1),
        ("val", 2, ("val/1.txt",), 1),
    ]


def test_a_file_of_many_records_counts_them_by_its_bytes(tmp_path: Path) -> None:
    place = folder(tmp_path, a_json=" " * 100)
    plan = files_plan(place, "a.json", "{image}", files_a_span=1, record_bytes=30, unsplit="none")
    assert [(span.split, span.records) for span in plan.spans] == [("none", 4)]


def test_referring_expressions_are_counted_as_250_bytes_each(tmp_path: Path) -> None:
    text = '[{"image": "1.png", "text": "a", "bbox": []}'.ljust(1001) + "]"
    place = folder(tmp_path, a_json=text)
    plan = referring_json.plan(place, referring_json.Options("a.json", "{image}"))
    assert [span.records for span in plan.spans] == [5]


def test_a_cut_between_conversations_is_proved_by_the_field_that_every_record_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[str]] = []
    monkeypatch.setattr(llava_json, "json_array_plan", lambda *_, keys, **__: asked.append(keys))
    llava_json.plan(folder(tmp_path, a_json="[]"), llava_json.Options("a.json"))
    assert asked == [{"conversations"}]


def test_a_named_file_that_is_not_there_is_noted(tmp_path: Path) -> None:
    place = folder(tmp_path, a_json="[]")
    assert absent(place, {"train": "a.json", "test": "b.json"}) == [
        "b.json is not there, so split test is not read"
    ]


@pytest.mark.parametrize(
    "text, name, table, spans",
    [
        ('[{"id": 1}]', "a.json", None, [("", 1, 10)]),
        ('{"items": [{"id": 1}]}', "a.json", "items", [("", 11, 20)]),
        ('{"info": 1, "items": [{"id": 1}]}', "a.json", "items", [("", 0, None)]),
        ('{"0": {"id": 1}}', "a.json", None, [("", 0, None)]),
        ('{"id": 1}\n{"id": 2}\n', "a.json", None, [(LINES, 0, 20)]),
        ('{"id": 1}', "a.jsonl", None, [(LINES, 0, 9)]),
        ('{\n "0": {"id": 1}}', "a.json", None, [("", 0, None)]),
    ],
)
def test_a_document_is_cut_by_what_it_is(
    tmp_path: Path, text: str, name: str, table: str | None, spans: list[Any]
) -> None:
    (tmp_path / name).write_text(text)
    place = open_folder("s", "s", str(tmp_path))
    plan = json_array_plan(place, name, "{image}", keys={"id"}, record_bytes=10, table=table)
    assert [(span.table, span.start, span.end) for span in plan.spans] == spans


@given(st.lists(st.text(st.characters(exclude_characters="\n"), max_size=20)), st.integers(1, 60))
def test_spans_of_lines_join_to_the_file(lines: list[str], target: int) -> None:
    with tempfile.TemporaryDirectory() as root:
        data = "\n".join(lines).encode("utf-8", "replace")
        (Path(root) / "a.jsonl").write_bytes(data)
        spans = line_spans(f"{root}/a.jsonl", target)
    parts = [data[start:end] for start, end in spans]
    assert (b"".join(parts), all(part.endswith(b"\n") for part in parts[:-1])) == (data, True)


def test_annotations_may_lie_in_an_archive_and_what_it_hides_is_noted(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "labels.zip", "w") as archive:
        for name in ("xml/1.xml", "xml/2.xml", "../3.xml"):
            archive.writestr(name, "<a/>")
    place = open_folder("s", "s", str(tmp_path))
    plan = files_plan(place, "labels.zip!xml/{stem}.xml", "{stem}.png", files_a_span=5)
    [span] = plan.spans
    assert [(name, isinstance(root, Element)) for name, root in xml_records(place, span)] == [
        ("labels.zip!xml/1.xml", True),
        ("labels.zip!xml/2.xml", True),
    ]
    assert plan.notes == [
        "1 member(s) of labels.zip are not read, such as ../3.xml: lies outside the archive"
    ]


# JSON


def test_an_array_an_object_and_a_table_give_their_places(tmp_path: Path) -> None:
    assert [
        [place for place, _ in json_of(tmp_path, text, table)]
        for text, table in [
            ('[{"id": 1}, {"id": 2}]', None),
            ('{"x": {"id": 1}, "7": {"id": 2}}', None),
            ('{"info": [3], "items": [{"id": 1}]}', "items"),
            ('{"items": {"k": {"id": 1}}}', "items"),
        ]
    ] == [["[0]", "[1]"], ["x", "7"], ["items[0]"], ["k"]]


@pytest.mark.parametrize(
    "bad, reason",
    [
        ('{"id": "one"}', "unreadable_record"),
        ('{"parts": []}', "missing_field"),
        ('{"id": nope, "parts": [{"id": 7}, {"id": 8}]}', "unreadable_record"),
        ('{"id": NaN}', "unreadable_record"),
        ('{"id": 9, "parts": ["\\ud800"]}', "unreadable_record"),
        ("7", "unreadable_record"),
        ("null", "unreadable_record"),
        ('{"id" 9, "x": [{"a": 1}, {"a": 2}], "y": "}, {"}', "unreadable_record"),
    ],
)
@pytest.mark.parametrize(
    "form", ['[{"id": 1}, %s, {"id": 3}]', '{"a": {"id": 1}, "b": %s, "c": {"id": 3}}']
)
def test_a_broken_record_of_a_document_costs_itself_alone(
    tmp_path: Path, form: str, bad: str, reason: str
) -> None:
    found = [record for _, record in json_of(tmp_path, form % bad)]
    assert (found[0], found[1].reason, found[2:]) == (Record(1), reason, [Record(3)])


@pytest.mark.parametrize(
    "bad",
    [
        '{"id": "one"}',
        '{"id": nope, "parts": [{"a": 7}, {"a": 8}, {"a": 9}]}',
        '{"id": nope, "parts": [{"a": 7}, {"a": 8}, {"a": 9}',
        '{"id": 9, "parts": ["\\ud800"]}',
    ],
)
def test_a_broken_record_of_a_span_costs_itself_alone(tmp_path: Path, bad: str) -> None:
    found = spans_of(tmp_path, f'[{{"id": 1}}, {bad}, {{"id": 3}}]')
    assert (found[0], found[1].reason, found[2:]) == (
        Record(1),
        "unreadable_record",
        [Record(3)],
    )


def test_two_broken_records_in_a_row_count_as_two(tmp_path: Path) -> None:
    bad = '{"id": nope, "parts": [{"a": 7}, {"a": 8}]}'
    found = spans_of(tmp_path, f'[{{"id": 1}}, {bad}, {bad}, {{"id": 3}}]')
    assert [isinstance(record, Reject) for record in found] == [False, True, True, False]


@pytest.mark.parametrize("field", ["NaN", "-Infinity", '"\\ud800"', '["\\udfff", NaN]'])
@pytest.mark.parametrize("form", ['[{"id": 1, "x": %s}]', '{"a": {"id": 1, "x": %s}}'])
def test_what_is_no_json_does_no_harm_in_a_field_that_is_not_read(
    tmp_path: Path, form: str, field: str
) -> None:
    assert [record for _, record in json_of(tmp_path, form % field)] == [Record(1)]
    assert spans_of(tmp_path, form % field) == [Record(1)]


def test_a_broken_record_goes_by_its_name_where_it_has_one(tmp_path: Path) -> None:
    found = spans_of(tmp_path, '[{"id": "a-1", "parts": [}, {"parts": 4}]')
    assert [record.key for record in found] == ["a-1", "byte 28"]


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": 1}, {"id"',
        '{"a": {"id": 1}',
        '[{"id": 1}] [{"id": 2}]',
        '[{"id": NaN}] x',
        '"text"',
        "7",
    ],
)
def test_a_document_that_is_cut_off_or_none_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError, match=r"s: a\.json cannot be read: "):
        json_of(tmp_path, text)


def test_a_document_may_be_utf_16(tmp_path: Path) -> None:
    text = '[{"id": 1, "parts": ["机场"]}]'
    assert spans_of(tmp_path, text.encode("utf-16")) == [Record(1, ["机场"])]


def test_lines_are_records_and_a_broken_one_costs_itself_alone(tmp_path: Path) -> None:
    text = '\ufeff{"id": 1}\r\n\n{"id": \n{"id": 3}'
    [first, second, third] = spans_of(tmp_path, text, "a.jsonl")
    assert (first, second.reason, second.detail, third) == (
        Record(1),
        "unreadable_record",
        "Input data was truncated",
        Record(3),
    )


def test_lines_in_spans_are_the_same_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\n".join(json.dumps({"id": i, "parts": ["}, {"] * i}) for i in range(30))
    whole = spans_of(tmp_path, text)
    monkeypatch.setattr(plans, "line_spans", lambda path: line_spans(path, 50))
    assert (spans_of(tmp_path, text), len(whole)) == (whole, 30)


@pytest.mark.parametrize("target", [1 << 20, 8])
def test_a_record_may_be_broken_over_several_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: int
) -> None:
    monkeypatch.setattr(plans, "line_spans", lambda path: line_spans(path, target))
    text = (
        '{"id": 1, "parts": ["a golf\nfield"]}\n{\n  "id": 2,\n  "parts": [\n    "}"\n  ]\n}\n\n'
        '{"id": 3,\n"parts": []}\n{"id": 4'
    )
    *whole, cut = spans_of(tmp_path, text, "a.jsonl")
    assert whole == [Record(1, ["a golf field"]), Record(2, ["}"]), Record(3, [])]
    assert (cut.reason, cut.detail) == ("unreadable_record", "Input data was truncated")


@pytest.mark.parametrize(
    "text, places",
    [
        ('{"a": 1, "b": 2}', ["a", "b"]),
        ('{"a": 1, "a": 2}', ["a", "a"]),
        ('{"a": {"x": 1}, "b": [2], "a": 3}', ["a", "b", "a"]),
        ('{"b": 2, "a": "}", "a": "{", "c": 1}', ["b", "a", "a", "c"]),
        (r'{"a\"b": 1, "a\\": 2, "ä": 3}', ['a"b', "a\\", "ä"]),
        ("{ }", []),
    ],
)
def test_a_key_that_stands_twice_has_two_elements(text: str, places: list[str]) -> None:
    assert [place for place, _ in elements(text.encode(), None)] == places
    nested = f'{{"info": {{"a": 0}}, "records": {text}, "more": 1}}'
    assert [place for place, _ in elements(nested.encode(), "records")] == places


def test_values_of_an_object_are_parts_of_its_text() -> None:
    # What finds a key that stands twice rests on this; a copy would not be seen.
    body = b'{"a": {"x": 1}, "b": 2}'
    decoded = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    assert [_address(text) - _address(body) for text in decoded.values()] == [6, 21]

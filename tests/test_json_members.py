"""Large JSON objects of records: where they are cut, and that nothing is lost by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from native import opened, read

from converters.catalogue import catalogue
from converters.formats import vqa_json
from converters.read import json_members, plans
from converters.read.json_members import member_spans

RECORD = {"question": 'is there }, "2": { here?', "answer": "no", "S2_name": "S2A_1"}
RECORDS = {str(i): {**RECORD, "type": {"of": {"a": 1}, "to": {"b": 2}}} for i in range(40)}
KEYS = {"question", "S2_name"}


def spans(tmp_path: Path, text: str, target: int = 500) -> list[str]:
    """The texts of the spans of a file."""
    path = tmp_path / "all.json"
    path.write_text(text)
    found = member_spans(str(path), text[:4096].encode(), len(text), KEYS, target)
    return [text[start:end] for start, end in found]


def test_every_span_holds_whole_members_and_none_is_lost(tmp_path: Path) -> None:
    found = spans(tmp_path, json.dumps(RECORDS))
    assert len(found) == 10
    parts = [json.loads("{" + text.rstrip(", ") + "}") for text in found]
    assert [key for part in parts for key in part] == [str(i) for i in range(40)]


def test_members_without_blanks_between_them_are_cut_too(tmp_path: Path) -> None:
    found = spans(tmp_path, json.dumps(RECORDS, separators=(",", ":")))
    parts = [json.loads("{" + text.rstrip(",") + "}") for text in found]
    assert len(parts) == 8
    assert [key for part in parts for key in part] == [str(i) for i in range(40)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"0": RECORD}),
        json.dumps([RECORD] * 40),
        json.dumps({str(i): [RECORD] for i in range(40)}),
        json.dumps(RECORDS)[:-40],
    ],
)
def test_what_is_no_large_object_of_records_is_not_cut(tmp_path: Path, text: str) -> None:
    assert spans(tmp_path, text) == []


def test_members_are_read_by_their_keys_from_all_spans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records: dict[str, Any] = {**RECORDS, "7": {**RECORD, "S2_name": None}}
    (tmp_path / "RSVQAxBEN_QA_val.json").write_text(json.dumps(records))

    def small(path: str, head: bytes, size: int, keys: set[str]) -> list[tuple[int, int]]:
        return json_members.member_spans(path, head, size, keys, 500)

    monkeypatch.setattr(plans, "member_spans", small)
    entry = catalogue()["rsvqaxben_configilm"]
    folder = opened(entry, tmp_path, ["val"])
    options = vqa_json.Options({"val": "RSVQAxBEN_QA_val.json"}, "{image}.tif")
    assert len(vqa_json.plan(folder, options).spans) == 1  # without its keys nothing proves a cut
    found = read(entry, tmp_path, ["val"])
    keys = [sample.key for sample in found.samples]
    assert keys == [str(i) for i in range(40) if i != 7]
    assert [(one.key, one.reason) for one in found.rejects] == [("7", "missing_field")]

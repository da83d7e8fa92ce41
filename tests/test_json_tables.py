"""Lists that stand beside the one that a huge JSON file is read for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from native import changed, read

from converters.read import json_spans
from converters.read.files import SourceError
from converters.read.json_spans import read_columns
from converters.read.json_tables import table_spans

FIRST = [{"id": n, "q": "a pond?", "ids": [n]} for n in range(40)]
SECOND = [{"id": n, "q": "a mill?", "ids": []} for n in range(40, 60)]


def ids(
    folder: Path, text: str, target: int = 200, table: str | None = "questions"
) -> tuple[list[int], list[str]]:
    """The ids of all records that are read of a file, and the notes."""
    import pyarrow as pa

    path = folder / "a.json"
    path.write_text(text)
    notes: list[str] = []
    found: list[int] = []
    for start, end in table_spans(str(path), table, {"id"}, notes, target):
        rows, bad = read_columns(str(path), start, end, {"id": pa.int64()})
        assert not bad
        found += rows["id"].to_pylist()
    return found, notes


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("target", [200, 1 << 20])
def test_a_list_under_another_key_is_a_note_and_none_of_its_records_is_read(
    tmp_path: Path, indent: int | None, target: int
) -> None:
    text = json.dumps({"questions": FIRST, "others": SECOND}, indent=indent)
    note = 'a.json: the list under "others" (20 elements) is not read'
    assert ids(tmp_path, text, target) == ([*range(40)], [note])


def test_a_list_under_another_key_that_is_no_json_is_told_by_its_bytes(tmp_path: Path) -> None:
    text = f'{{"questions": {json.dumps(FIRST)}, "others": [1, nought, 3]}}'
    note = 'a.json: the list under "others" (14 bytes) is not read'
    assert ids(tmp_path, text) == ([*range(40)], [note])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '{"others": [1, 2], "info": {}}',
            r"a\.json has no list under the key 'questions'; its keys: 'others', 'info'$",
        ),
        ('{"others": [1, 2]', r'a\.json does not begin with \{"questions": \['),
    ],
)
def test_a_file_without_the_list_that_is_asked_for_is_an_error(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(SourceError, match=said):
        ids(tmp_path, text)


@pytest.mark.parametrize("target", [200, 1 << 20])
def test_two_lists_under_one_key_are_both_read(tmp_path: Path, target: int) -> None:
    first, second = json.dumps(FIRST), json.dumps(SECOND)
    text = f'{{"questions": {first}, "questions": {second}}}'
    assert ids(tmp_path, text, target) == ([*range(60)], [])
    text = f'{{"questions": [], "questions": {second}}}'
    assert ids(tmp_path, text, target) == ([*range(40, 60)], [])


@pytest.mark.parametrize("behind", [{"info": {"year": 2020}}, {"version": "1"}, {"count": 40}])
def test_what_is_no_list_may_stand_behind_the_records(
    tmp_path: Path, behind: dict[str, Any]
) -> None:
    assert ids(tmp_path, json.dumps({"questions": FIRST} | behind)) == ([*range(40)], [])


def test_lists_within_records_are_no_other_lists(tmp_path: Path) -> None:
    records = [{"id": n, "parts": [{"a": 1}], "q": "x"} for n in range(40)]
    assert ids(tmp_path, json.dumps({"questions": records})) == ([*range(40)], [])
    assert ids(tmp_path, json.dumps(records), table=None) == ([*range(40)], [])


def test_a_file_that_is_cut_off_is_still_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"a.json is cut off: it does not end with ]}"):
        ids(tmp_path, json.dumps({"questions": FIRST, "info": {"year": 2020}})[:-9])


def test_a_list_beside_the_questions_is_a_note_of_the_plan(tmp_path: Path) -> None:
    picture = [{"id": 0, "active": True}]
    answers = [{"id": 7, "question_id": 7, "answer": "2", "active": True}]
    asked = {"id": 7, "img_id": 0, "type": "count", "question": "How many?", "answers_ids": [7]}
    for table, found in (
        ("questions", {"questions": [asked], "retired": [asked | {"id": 8}]}),
        ("answers", {"answers": answers}),
        ("images", {"images": picture}),
    ):
        (tmp_path / f"LR_split_train_{table}.json").write_text(json.dumps(found))
    native = read(changed("rsvqa_lr"), tmp_path)
    assert [row for columns in native.columns for row in columns.table["key"].to_pylist()] == ["7"]
    note = 'LR_split_train_questions.json: the list under "retired" (1 elements) is not read'
    assert note in native.notes


@pytest.mark.parametrize("probe", [60, 100, 150, 300])
def test_seams_within_records_are_no_cuts_however_little_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probe: int
) -> None:
    monkeypatch.setattr(json_spans, "_PROBE_BYTES", probe)
    records = [{"id": n, "parts": [{"a": 1}, {"a": 2}], "q": "x" * 200} for n in range(40)]
    assert ids(tmp_path, json.dumps({"questions": records}), 600) == ([*range(40)], [])


def test_the_only_list_of_objects_is_the_table_where_none_is_under_its_key(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"sizes": [1, 2], "data": [ {"id": 1}]}')
    notes: list[str] = []
    # The elements, without the brackets: from byte 27 to 37.
    assert table_spans(str(path), "images", {"id"}, notes) == [(27, 37)]

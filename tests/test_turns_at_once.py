"""Conversations of a table that are decoded together: those that a look at each of them gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from native import Native, changed, read

from converters.formats import conversation_table
from schemas.sample import Picture

TURNS = [{"from": "human", "value": "<image>\nIs it?"}, {"from": "gpt", "value": "Yes."}]
TALK = json.dumps(TURNS)


def found(root: Path, rows: list[dict[str, Any]], **options: Any) -> Native:
    """What is read of a table with a picture in each row."""
    table = pa.Table.from_pylist([{"jpg": {"bytes": b"x", "path": "1"}, **row} for row in rows])
    place = root / "training_set/a"
    place.mkdir(parents=True, exist_ok=True)
    with pa.ipc.new_stream(str(place / "data-00000-of-00001.arrow"), table.schema) as writer:
        writer.write_table(table)
    state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}
    (place / "state.json").write_text(json.dumps(state))
    entry = changed("earthdial_instruct")
    return read(changed("earthdial_instruct", options={**entry.options, **options}), root)


def both(root: Path, rows: list[dict[str, Any]], patch: pytest.MonkeyPatch, **options: Any) -> None:
    at_once = found(root, rows, **options)
    patch.setattr(conversation_table, "_read_at_once", lambda *_: None)
    assert found(root, rows, **options) == at_once


def test_turns_in_texts_are_decoded_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_table, "_read_rows", lambda *_: None)
    samples = found(tmp_path, [{"conversations": TALK}, {"conversations": TALK}]).samples
    assert samples[1].key == "row 2"
    table = "training_set/a/data-00000-of-00001.arrow"
    assert samples[1].pictures == (Picture(f"{table}!jpg/000000001"),)
    assert samples[1].conversations[0].turns == (("human", "<image>\nIs it?"), ("gpt", "Yes."))


@pytest.mark.parametrize(
    "talk",
    [
        "",
        None,
        "[]",
        "[",
        "{}",
        f"{TALK}, {TALK}",
        json.dumps([{"from": "robot", "value": "x"}]),
        json.dumps([{"from": "human", "value": 3}]),
        json.dumps([{"from": "human", "value": "x", "role": "gpt"}]),
        json.dumps([{"role": "user", "content": "x"}]),
        '[{"from": "human", "value": "x", "score": 1e400}]',
        '[{"from": "human", "value": "\\ud800"}]',
    ],
)
def test_a_talk_of_another_form_is_read_by_itself(
    talk: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both(tmp_path, [{"conversations": TALK}, {"conversations": talk}], monkeypatch)


def test_other_names_of_roles_and_texts_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = json.dumps([{"role": "user", "content": "x"}, {"role": "boat", "content": "y"}])
    both(tmp_path, [{"conversations": talk}], monkeypatch, roles={"boat": "gpt"})


@pytest.mark.parametrize("ids", [[7, None], ["a", ""], [1.5, 2.0], [True, False]])
def test_ids_are_keys(ids: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both(tmp_path, [{"conversations": TALK, "id": one} for one in ids], monkeypatch)


def test_a_picture_that_no_cell_holds_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both(tmp_path, [{"conversations": TALK}, {"conversations": TALK, "jpg": None}], monkeypatch)

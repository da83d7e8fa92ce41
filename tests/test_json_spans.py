"""Huge JSON arrays in spans: whatever the cuts, the records are those that json.loads finds.

A broken record costs itself alone, and no text costs more work than its length allows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.read import json_spans
from converters.read.files import SourceError
from converters.read.json_spans import Bad, array_spans, read_columns

COLUMNS: Mapping[str, pa.DataType] = {"id": pa.int64(), "q": pa.string()}
TYPED: Mapping[str, pa.DataType] = {
    "id": pa.int64(),
    "q": pa.string(),
    "ids": pa.list_(pa.int64()),
    "active": pa.bool_(),
}
Read = tuple[list[dict[str, Any]], list[Bad]]


def read(
    path: Path,
    target: int = 1 << 20,
    table: str | None = None,
    columns: Mapping[str, pa.DataType] = COLUMNS,
) -> Read:
    """Rows and faults of all spans of a file."""
    rows: list[dict[str, Any]] = []
    bad: list[Bad] = []
    for start, end in array_spans(str(path), table, {"id"}, target):
        found, faults = read_columns(str(path), start, end, columns)
        rows += found.to_pylist()
        bad += faults
    return rows, bad


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "a.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows_of(
    text: str | bytes, target: int = 1 << 20, columns: Mapping[str, pa.DataType] = COLUMNS
) -> Read:
    with TemporaryDirectory() as folder:
        return read(written(Path(folder), text), target, columns=columns)


# The property

TRICKY = st.sampled_from(
    [
        "}, {",
        '"',
        "\\",
        "},{",
        '{"id": 7}',
        "[",
        "]",
        "}",
        "{",
        "\n",
        ",",
        "é",
        "🛰",
        "a",
        " ",
        "\x00",
        "\u2028",
        '"}, {"id": 1, "q": "',
    ]
)
TEXT = st.one_of(st.lists(TRICKY, max_size=6).map("".join), st.text(max_size=8))
NESTED = st.one_of(
    st.none(),
    st.integers(),
    TEXT,
    st.lists(st.one_of(st.integers(0, 9), TEXT), max_size=3),
    st.dictionaries(st.sampled_from("ab"), TEXT, max_size=2),
    st.lists(st.dictionaries(st.sampled_from("ab"), TEXT, min_size=1, max_size=1), max_size=12),
)
RECORD = st.fixed_dictionaries(
    {"id": st.integers(0, 2**63 - 1), "q": st.one_of(TEXT, st.none())},
    optional={"x": NESTED, "y": NESTED},
)
STYLE: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"separators": (",", ":")}, {"indent": 2}, {"ensure_ascii": False}, {"indent": "\t"}]
)


def kept(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": record["id"], "q": record["q"]} for record in records]


@given(st.lists(RECORD, max_size=12), STYLE, st.integers(1, 400), st.booleans())
def test_spans_of_any_size_join_to_the_records_of_json_loads(
    records: list[dict[str, Any]], style: dict[str, Any], target: int, mark: bool
) -> None:
    text = json.dumps(records, **style).encode()
    assert rows_of((b"\xef\xbb\xbf" if mark else b"") + text, target) == (kept(records), [])


@given(st.lists(RECORD, max_size=12), st.integers(1, 400))
def test_a_table_below_its_key_is_read_like_a_bare_array(
    records: list[dict[str, Any]], target: int
) -> None:
    with TemporaryDirectory() as folder:
        path = written(Path(folder), json.dumps({"questions": records}, indent=1))
        assert read(path, target, "questions") == (kept(records), [])


@given(st.lists(RECORD, min_size=1, max_size=8), st.data(), st.integers(1, 300))
def test_a_broken_record_costs_itself_alone(
    records: list[dict[str, Any]], data: st.DataObject, target: int
) -> None:
    at = data.draw(st.integers(0, len(records) - 1))
    wrong = data.draw(
        st.sampled_from(
            [
                '{"id": nope, "q": "x"}',
                '{"id": 1 "q": "x"}',
                '{"id": 1, "q": x}',
                '{"id": 1, "q": "\\ud800"}',
                '{"id": true, "q": "x"}',
            ]
        )
    )
    texts = [json.dumps(record) for record in records]
    texts[at] = wrong
    rows, bad = rows_of(f"[{', '.join(texts)}]", target)
    assert (rows, len(bad)) == (kept(records[:at] + records[at + 1 :]), 1)


# Cuts


def test_an_array_is_cut_near_equal_parts(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps([{"id": i, "q": "abc"} for i in range(1000)]))
    sizes = [end - start for start, end in array_spans(str(path), None, {"id"}, 4000)]
    assert len(sizes) == 7 and max(sizes) < 4100


def test_spans_leave_nothing_between_them(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps([{"id": i, "q": "}, {"} for i in range(50)]))
    spans = array_spans(str(path), None, {"id"}, 100)
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]


def test_a_last_record_longer_than_a_span_ends_the_search_for_cuts(tmp_path: Path) -> None:
    path = written(tmp_path, f'[{{"id": 1, "q": "a"}}, {{"id": 2, "q": "{"b" * 200}"}}]')
    assert array_spans(str(path), None, {"id"}, 60) == [(1, 240)]


def test_a_record_longer_than_what_is_looked_at_is_passed_whole(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        json.dumps(
            [
                {"id": 1, "q": "a"},
                {"id": 2, "q": "b" * 300_000},
                {"id": 3, "q": "c"},
                {"id": 4, "q": "d"},
            ]
        ),
    )
    assert len(array_spans(str(path), None, {"id"}, 10)) == 4


def test_a_seam_in_a_string_is_no_cut(tmp_path: Path) -> None:
    text = '{"id": 1}, {"id": 2}, {"id": 3}'
    path = written(tmp_path, json.dumps([{"id": 1, "q": text}, {"id": 2, "q": text}]))
    assert read(path, 5) == ([{"id": 1, "q": text}, {"id": 2, "q": text}], [])


@pytest.mark.parametrize(
    "text, spans", [("[]", [(1, 1)]), ("[ ]\n", [(1, 2)]), ('[{"id": 1}]', [(1, 10)])]
)
def test_a_small_array_is_one_span(tmp_path: Path, text: str, spans: list[tuple[int, int]]) -> None:
    assert array_spans(str(written(tmp_path, text)), None, {"id"}) == spans


def test_an_empty_array_has_no_rows() -> None:
    assert rows_of("[]") == ([], [])


# What is no such file


@pytest.mark.parametrize(
    "text, table, message",
    [
        ('[{"id": 1, "q": "a"}, {"id": 2', None, "a.json is cut off: it does not end with ]"),
        ('[{"id": 1, "q": "a"}', None, "a.json is cut off: it does not end with ]"),
        (
            '{"questions": [{"id": 1, "q": "a"}]',
            "questions",
            "a.json is cut off: it does not end with ]}",
        ),
        (
            '{"questions": [{"id": 1, "q": "a"}, {"id": 2, "q"',
            "questions",
            "a.json is cut off: it does not end with ]}",
        ),
        (
            '{"questions": [{"id": 1, "ids": [7]}',
            "questions",
            "a.json is cut off: its last record has no end",
        ),
        ('[{"id": 1, "ids": [7]', None, "a.json is cut off: its last record has no end"),
        ('{"answers": []}', "questions", 'a.json does not begin with {"questions": ['),
        ('{"questions": []}', None, "a.json does not begin with ["),
        ("", None, "a.json does not begin with ["),
        (
            "version https://git-lfs.github.com/spec/v1\n",
            None,
            "a.json is a Git LFS pointer, not the file; fetch it with `git lfs pull`",
        ),
    ],
)
def test_a_file_that_is_no_whole_array_is_named(
    tmp_path: Path, text: str, table: str | None, message: str
) -> None:
    with pytest.raises(SourceError) as error:
        array_spans(str(written(tmp_path, text)), table, {"id"})
    assert str(error.value) == f"{tmp_path}/{message}"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"annotations not found: .*/none.json"):
        array_spans(str(tmp_path / "none.json"), None, {"id"})


# Values


@pytest.mark.parametrize(
    "value, text",
    [
        ('"4"', "4"),
        ("4", "4"),
        ("-4", "-4"),
        ("2.5", "2.5"),
        ('"a\\u00e9\\n"', "aé\n"),
        ('"\\ud83d\\udef0"', "🛰"),
        ("null", None),
        ('"None"', "None"),
        ('""', ""),
    ],
)
def test_a_number_where_text_is_asked_for_becomes_its_text(value: str, text: str | None) -> None:
    assert rows_of(f'[{{"id": 1, "q": "a"}}, {{"id": 2, "q": {value}}}]')[0][1]["q"] == text


@pytest.mark.parametrize("value", ["true", "[1]", '{"a": 1}', '["x"]'])
def test_what_is_no_text_and_no_number_is_refused(value: str) -> None:
    rows, bad = rows_of(f'[{{"id": 1, "q": "a"}}, {{"id": 2, "q": {value}}}]')
    assert ([row["id"] for row in rows], [fault.detail.startswith("q is ") for fault in bad]) == (
        [1],
        [True],
    )


@pytest.mark.parametrize(
    "value, number", [("7", 7), ('"7"', 7), ("7.0", 7), ("7e0", 7), ("null", None), ("-1", -1)]
)
def test_a_whole_number_is_read_however_it_is_written(value: str, number: int | None) -> None:
    assert rows_of(f'[{{"id": {value}, "q": "a"}}]')[0] == [{"id": number, "q": "a"}]


@pytest.mark.parametrize("value", ["7.5", '"seven"', "[7]", "true", "9223372036854775808", "1e30"])
def test_what_is_no_whole_number_is_refused(value: str) -> None:
    rows, bad = rows_of(f'[{{"id": {value}, "q": "a"}}]')
    assert (rows, len(bad)) == ([], 1)


def test_lists_and_flags_are_read_as_they_are() -> None:
    text = '[{"id": 1, "q": "a", "ids": [7, 8], "active": false}, {"id": 2}]'
    assert rows_of(text, columns=TYPED)[0] == [
        {"id": 1, "q": "a", "ids": [7, 8], "active": False},
        {"id": 2, "q": None, "ids": None, "active": None},
    ]


def test_lists_and_flags_survive_beside_a_broken_record() -> None:
    text = '[{"id": 1, "q": "a", "ids": [7, "8"], "active": true}, {"id": x}]'
    assert rows_of(text, columns=TYPED)[0] == [{"id": 1, "q": "a", "ids": [7, 8], "active": True}]


# Broken records


@pytest.mark.parametrize(
    "text, ids, offsets",
    [
        ('[{"id": 1}, {"id": x}, {"id": 3}]', [1, 3], [12]),
        ('[{"id": 1, "q": "open}, {"id": 2}, {"id": 3}]', [2, 3], [1]),
        ('[{"id": 1, "q": "a", {"id": 2}, {"id": 3}]', [2, 3], [1]),
        (
            '[{"id": 1}, {"id": 2, "x": [{"a": 1}, {"a": 2}, {"a": 3}], "q": "a"}, {"id": y}]',
            [1, 2],
            [70],
        ),
        ('[{"id": 1}, null, {"id": 3}]', [1, 3], [12]),
        ('[7, {"id": 3}]', [3], [1]),
        ('[{"id": 1}, {"id": 2, "q": "\\ud800"}, {"id": 3}]', [1, 3], [12]),
        ('[{"id": 1},\n  {"id": 2, "q": "\t"},\n  {"id": 3}]', [1, 3], [14]),
    ],
    ids=[
        "a word",
        "no closing quote",
        "no closing brace",
        "nested seams",
        "null",
        "a number",
        "a lone surrogate",
        "a raw tab",
    ],
)
def test_a_fault_says_where_its_record_begins(
    text: str, ids: list[int], offsets: list[int]
) -> None:
    rows, bad = rows_of(text)
    assert ([row["id"] for row in rows], [fault.offset for fault in bad]) == (ids, offsets)


def test_a_fault_in_a_later_span_says_where_in_the_file_it_is(tmp_path: Path) -> None:
    text = '[{"id": 1, "q": "a"}, {"id": 2, "q": "b"}, {"id": 3, "q": c}]'
    assert [fault.offset for fault in read(written(tmp_path, text), 10)[1]] == [
        text.index('{"id": 3')
    ]


def test_bytes_that_are_no_utf_8_cost_their_record() -> None:
    rows, bad = rows_of(b'[{"id": 1, "q": "a"}, {"id": 2, "q": "b\xffc"}, {"id": 3, "q": "d"}]')
    assert (rows, [fault.offset for fault in bad]) == (
        [{"id": 1, "q": "a"}, {"id": 3, "q": "d"}],
        [22],
    )


@pytest.mark.parametrize("neighbour", ['"b"', "7", "b"], ids=["good", "a number", "broken"])
def test_what_is_not_asked_for_may_be_anything_whoever_stands_beside_it(neighbour: str) -> None:
    text = b'[{"id": 1, "q": "a", "x": "\xff"}, {"id": 2, "q": ' + neighbour.encode() + b"}]"
    assert rows_of(text)[0][0] == {"id": 1, "q": "a"}


def test_a_record_with_many_seams_inside_is_read_whole() -> None:
    parts = ", ".join(f'{{"a": {i}}}' for i in range(40))
    assert rows_of(f'[{{"id": 1, "q": 5, "x": [{parts}]}}, {{"id": 2, "q": "b"}}]') == (
        [{"id": 1, "q": "5"}, {"id": 2, "q": "b"}],
        [],
    )


@pytest.mark.parametrize(
    "text, ids, details",
    [
        ('[null, {"id": 2}]', [2], ["Expected `object`, got `null`"]),
        ('[{"id": 1}, null]', [1], ["Expected `object`, got `null`"]),
        ("[null]", [], ["Expected `object`, got `null`"]),
        ('[{"id": 1}, {"id": 2, "id": 3}, {"id": 4}]', [1, 4], ["the key 'id' stands twice"]),
        ('[{"id": 1, "q": "a", "q": "a"}]', [], ["the key 'q' stands twice"]),
        ('[{"id": 1, "\\u0069d": 2}, {"id": 3}]', [3], ["the key 'id' stands twice"]),
        (
            '[{"id": 1, "q": "\\ud800"}, {"id": 2}]',
            [2],
            ["q is '\"\\\\ud800\"': Input data was truncated"],
        ),
        (
            '[{"id": 18446744073709551616}, {"id": 2}]',
            [2],
            ["id is '18446744073709551616', not int64"],
        ),
        ('[{"id": 1e19}, {"id": 2}]', [2], ["id is '1e+19', not int64"]),
        ('[{"id": 1e999}, {"id": 2}]', [2], ["id is '1e999': Number out of range"]),
        ('[{"id": "1_0"}, {"id": "٣"}]', [], ["id is '1_0', not int64", "id is '٣', not int64"]),
    ],
    ids=[
        "null first",
        "null last",
        "null alone",
        "a key twice",
        "a key and value twice",
        "a key twice in two spellings",
        "half a surrogate pair",
        "beyond 64 bits",
        "a float beyond 64 bits",
        "infinite",
        "no plain digits",
    ],
)
def test_a_record_that_no_parser_agrees_on_costs_itself_alone(
    text: str, ids: list[int], details: list[str]
) -> None:
    rows, bad = rows_of(text)
    assert ([row["id"] for row in rows], [fault.detail for fault in bad]) == (ids, details)


def test_a_number_of_five_thousand_digits_costs_its_record_alone() -> None:
    rows, bad = rows_of(f'[{{"id": {"9" * 5000}}}, {{"id": 2}}]')
    assert ([row["id"] for row in rows], len(bad)) == ([2], 1)


@pytest.mark.parametrize("neighbour", ['"b"', "7"], ids=["good", "a number"])
@pytest.mark.parametrize("other", ['"x": NaN', '"x": "\\ud800"', '"x": 1, "x": 2', '"x": 1e999'])
def test_what_is_not_asked_for_does_no_harm(other: str, neighbour: str) -> None:
    text = f'[{{"id": 1, "q": "a", {other}}}, {{"id": 2, "q": {neighbour}}}]'
    assert rows_of(text)[0][0] == {"id": 1, "q": "a"}


def test_nan_is_no_value() -> None:
    assert rows_of('[{"id": NaN, "q": "a"}, {"id": 2, "q": NaN}]')[0] == [
        {"id": None, "q": "a"},
        {"id": 2, "q": None},
    ]


def test_a_comma_that_is_missing_between_records_does_no_harm() -> None:
    rows, bad = rows_of('[{"id": 1} {"id": 2}, null, {"id": 3}, 7, {"id": 4}]')
    assert ([row["id"] for row in rows], len(bad)) == ([1, 2, 3, 4], 2)


def test_a_file_that_became_shorter_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, '[{"id": 1, "q": "a"}]')
    with pytest.raises(SourceError, match=r"a\.json became shorter while it was read"):
        read_columns(str(path), 1, 30, COLUMNS)


# Bounded work


class Work:
    """Counts the bytes that the decoder and the reader of files are given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.decoded = self.scanned = self.read = 0
        decoder, store, record_end = (
            json_spans._RECORD,
            json_spans.store,
            json_spans._record_end,
        )
        work = self

        class Decoder:
            def decode(self, text: bytes) -> Any:
                work.decoded += len(text)
                return decoder.decode(text)

        class Store:
            def __init__(self, path: str) -> None:
                self.size = store(path).size

            def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
                data = store(path).read(path, start, end)
                work.read += len(data)
                return data

        def scan(body: bytes, begin: int, stop: int) -> int:
            work.scanned += stop - begin
            return record_end(body, begin, stop)

        monkeypatch.setattr(json_spans, "_RECORD", Decoder())
        monkeypatch.setattr(json_spans, "store", Store)
        monkeypatch.setattr(json_spans, "_record_end", scan)


HOSTILE = {
    "a string of seams": '{"id": 1, "q": "' + "}, {" * 20_000 + '"}',
    "strings that end in a seam": '{"id": 1, "q": [' + '"}, {", ' * 10_000 + '""]}',
    "empty records": ", ".join(["{}"] * 20_000),
    "records without a brace": ", ".join(['{"id": 1, "q": "a"'] * 4_000),
    "records without a quote": ", ".join(['{"id": 1, "q": "a}'] * 4_000),
    "records without a bracket": ", ".join(['{"id": 1, "q": ["a"'] * 4_000),
    "objects in objects": '{"q": ' * 10_000,
    "records without commas": " ".join(['{"id": 1, "q": 4}'] * 4_000),
    "records with letters between": "x".join(['{"id": 1, "q": 4}'] * 4_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_work_of_reading_is_bounded_by_the_length(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = (HOSTILE[name] + ', {"id": 2, "q": 4}').encode()
    work = Work(monkeypatch)
    rows = [record for _, _, record in json_spans.decode_records(body)]
    assert isinstance(rows[-1], dict) or name == "records with letters between"
    assert work.decoded + work.scanned < 24 * len(body)


@pytest.mark.parametrize("name", HOSTILE)
def test_the_work_of_cutting_is_bounded_by_the_length(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = f'[{HOSTILE[name]}, {{"id": 2, "q": "b"}}]'
    path = written(tmp_path, text)
    monkeypatch.setattr(json_spans, "_PROBE_BYTES", 1000)
    work = Work(monkeypatch)
    array_spans(str(path), None, {"id"}, len(text) - 60)
    array_spans(str(path), None, {"id"}, 60)
    assert work.read + work.decoded < 24 * len(text)

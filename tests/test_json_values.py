"""Values and faults of records in JSON arrays: a broken record costs itself alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from json_arrays import COLUMNS, TYPED, read, rows_of, written

from converters.read.files import SourceError
from converters.read.json_spans import read_columns

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

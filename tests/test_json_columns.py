"""Columns cut out of regular JSON without a parser: never another answer than a parser's.

None where the text is not regular.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from converters.read import json_columns
from converters.read.json_columns import read_uniform

KINDS: Mapping[str, pa.DataType] = {
    "id": pa.int64(),
    "q": pa.string(),
    "ids": pa.list_(pa.int64()),
    "active": pa.bool_(),
}
# Records of one program: every key in one order, placeholders of fewer keys between them.
WORDS = st.text(alphabet="ab {}[],:?é道.0-", max_size=6)
NUMBER = st.one_of(st.integers(0, 10**16 - 1), st.integers(0, 200))
FULL = st.fixed_dictionaries(
    {
        "id": NUMBER,
        "q": WORDS,
        "ids": st.lists(NUMBER, min_size=1, max_size=1),
        "active": st.booleans(),
    }
)
SHORT = st.fixed_dictionaries({"id": NUMBER, "active": st.just(False)})
STYLE = st.sampled_from([(", ", ": "), (",", ":")])


def parsed(body: bytes) -> list[dict[str, Any]] | None:
    """What a parser says: the four keys of every record, or None where one cannot be read."""
    try:
        records = json.loads(b"[" + body.strip().removesuffix(b",") + b"]")
    except ValueError:
        return None
    rows = []
    for record in records:
        if not isinstance(record, dict):
            return None
        row = {name: record.get(name) for name in KINDS}
        whole = all(
            isinstance(n, int) and not isinstance(n, bool)
            for n in [row["id"] or 0, *(row["ids"] or [])]
        )
        if (
            not whole
            or not isinstance(row["q"], str | None)
            or not isinstance(row["ids"], list | None)
            or not isinstance(row["active"], bool | None)
        ):
            return None
        rows.append(row)
    return rows


def columns(body: bytes) -> list[dict[str, Any]] | None:
    table = read_uniform(body, KINDS)
    return None if table is None else table.to_pylist()


def dumped(records: list[dict[str, Any]], style: tuple[str, str]) -> bytes:
    return json.dumps(records, separators=style, ensure_ascii=False)[1:-1].encode()


@given(st.lists(st.one_of(FULL, SHORT), min_size=1, max_size=8), STYLE)
def test_regular_records_are_read_as_a_parser_reads_them(
    records: list[dict[str, Any]], style: tuple[str, str]
) -> None:
    body = dumped(records, style)
    found = columns(body)
    assume(found is not None)
    assert found == parsed(body)


@given(st.lists(st.one_of(FULL, SHORT), min_size=1, max_size=4), STYLE, st.data())
def test_a_damaged_text_is_refused_or_read_as_a_parser_reads_it(
    records: list[dict[str, Any]], style: tuple[str, str], data: st.DataObject
) -> None:
    body = bytearray(dumped(records, style))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        with_what = data.draw(
            st.sampled_from(
                [
                    b"",
                    b'"',
                    b"{",
                    b"}",
                    b",",
                    b":",
                    b" ",
                    b"0",
                    b"7",
                    b"t",
                    b"[",
                    b"]",
                    b"\\",
                    b"\n",
                    b"x",
                    b"\xff",
                ]
            )
        )
        body[at : at + data.draw(st.integers(0, 2))] = with_what
        assume(body)
    found = columns(bytes(body))
    assert found is None or found == parsed(bytes(body))


def test_records_written_by_one_program_are_read_without_a_parser() -> None:
    records = [
        {"id": i, "date": 1.5, "q": f"question {i}?", "ids": [i], "active": True}
        for i in range(100)
    ] + [{"id": 100, "active": False}]
    table = read_uniform(json.dumps(records)[1:-1].encode(), KINDS)
    assert table is not None and table.slice(99).to_pylist() == [
        {"id": 99, "q": "question 99?", "ids": [99], "active": True},
        {"id": 100, "q": None, "ids": None, "active": False},
    ]


def test_blocks_join_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [{"id": i, "q": "}, {", "ids": [i], "active": True} for i in range(50)]
    monkeypatch.setattr(json_columns, "_BLOCK", 60)
    assert columns(dumped(records, (", ", ": "))) in (None, records)


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": 1, "q": "a\\n"}',
        b'{"id": 1, "q": "a\tb"}',
        b'{"id": -1, "q": "a"}',
        b'{"id": 1.5, "q": "a"}',
        b'{"id": 01, "q": "a"}',
        b'{"id": 12345678901234567, "q": "a"}',
        b'{"id": 1, "q": 4}',
        b'{"id": 1, "q": null}',
        b'{"id": "1", "q": "a"}',
        b'{"id": 1, "q": "a"} {"id": 2, "q": "b"}',
        b'{"id": 1, "q": "a"},, {"id": 2, "q": "b"}',
        b'{"id": 1, "q": "a"}, {"id": 2, "p": "b"}',
        b'{"id": 1, "q": "a", "q": "b"}',
        b'{"id": 1, "q": "a", "ids": []}',
        b'{"id": 1, "q": "a", "ids": [1, 2]}',
        b'{"id": 1, "active": True}',
        b'{"id": 1, "q": {"a": "b"}}',
        b'{"id": 1, "q": "a"',
        b'x{"id": 1, "q": "a"}',
        b'{"id": 1, "q": "a"}x',
        b"{}",
    ],
)
def test_what_is_not_regular_is_left_to_a_parser(body: bytes) -> None:
    found = columns(body)
    assert found is None or found == parsed(body)


def test_the_example_of_the_module_is_read_as_it_says() -> None:
    body = b'{"id": 7, "q": "a road?", "on": true}, {"id": 8, "q": "two?", "on": false}'
    kinds = {"id": pa.int64(), "q": pa.string(), "on": pa.bool_()}
    table = read_uniform(body, kinds)
    assert body.decode() in str(json_columns.__doc__)
    assert table is not None and table.to_pylist() == [
        {"id": 7, "q": "a road?", "on": True},
        {"id": 8, "q": "two?", "on": False},
    ]


@pytest.mark.parametrize("number", ["0x1F", "007", "+7", "-7", "7.0", "7 7", "9223372036854775808"])
def test_a_number_that_is_no_plain_one_is_left_to_a_parser(number: str) -> None:
    assert columns(f'{{"id": {number}, "q": "a"}}'.encode()) is None


@pytest.mark.parametrize("number", ["0", "7", "9223372036854775807"])
def test_a_number_of_up_to_64_bits_is_read(number: str) -> None:
    rows = columns(f'{{"id": {number}, "q": "a"}}'.encode())
    assert rows is not None and rows[0]["id"] == int(number)


def test_a_record_of_thousands_of_keys_is_left_to_a_parser() -> None:
    many = {f"k{n}": 1 for n in range(4097)}
    assert read_uniform(json.dumps({"id": 7} | many).encode(), KINDS) is None
    few = {f"k{n}": 1 for n in range(4000)}
    found = read_uniform(json.dumps({"id": 7} | few).encode(), KINDS)
    assert found is not None
    assert found["id"].to_pylist() == [7]


@pytest.mark.parametrize("between", ["},{", "}, {"])
def test_records_with_and_without_a_blank_between_are_read_without_a_parser(between: str) -> None:
    body = f'{{"id":1,"q":"a"{between}"id":2,"q":"b"}}'.encode()
    assert columns(body) == [
        {"id": 1, "q": "a", "ids": None, "active": None},
        {"id": 2, "q": "b", "ids": None, "active": None},
    ]

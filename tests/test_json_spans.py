"""Huge JSON arrays in spans: whatever the cuts, the records are those that json.loads finds."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_arrays import read, rows_of, written

from converters.read.files import SourceError
from converters.read.json_spans import array_spans

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

"""Large tables in spans: the same rows as read whole, cut between rows alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec import Struct

from converters.read import table_spans
from converters.read.folder import Plan, open_folder
from converters.read.table_spans import delimiter_of, table_plan
from converters.read.tables import table_records
from schemas.sample import Reject

COLUMNS = {"image": "name", "text": "caption"}


class Row(Struct):
    image: str
    text: str


def plan(root: Path, name: str) -> Plan:
    return table_plan(open_folder("s", "s", str(root)), name, "{image}", record_bytes=40)


def rows(root: Path, name: str) -> list[Any]:
    folder = open_folder("s", "s", str(root))
    return [
        found if isinstance(found, Reject) else (found.image, found.text)
        for span in plan(root, name).spans
        for _, found in table_records(folder, span, Row, COLUMNS)
    ]


def test_a_csv_is_cut_between_rows_and_never_in_a_quoted_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_spans, "SPAN_BYTES", 700)
    expected = []
    lines = ["name,caption"]
    for number in range(100):
        # Lines within the cell look like rows of their own.
        text = f"one,two\nthree,four\nfive,six\nseven,eight {number}"
        expected.append((f"{number}.png", text))
        lines.append(f'{number}.png,"{text}"')
    (tmp_path / "a.csv").write_bytes("\r\n".join(lines).encode() + b"\r\n")
    assert rows(tmp_path, "a.csv") == expected
    assert len(plan(tmp_path, "a.csv").spans) > 4


@pytest.mark.parametrize("probe", [48, 64, 200])
def test_a_cell_longer_than_what_is_looked_at_is_not_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probe: int
) -> None:
    monkeypatch.setattr(table_spans, "SPAN_BYTES", 300)
    monkeypatch.setattr(table_spans, "_PROBE_BYTES", probe)
    texts = ["a,b\nc,d\n" * 20 if number % 9 == 4 else f"e{number}" for number in range(40)]
    lines = [f'{number}.png,"{text}"\n' for number, text in enumerate(texts)]
    (tmp_path / "a.csv").write_text("name,caption\n" + "".join(lines))
    expected = [(f"{number}.png", text) for number, text in enumerate(texts)]
    assert rows(tmp_path, "a.csv") == expected
    assert len(plan(tmp_path, "a.csv").spans) == 3


def test_all_tables_of_a_split_are_read(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(f"name,caption\n{name}.png,Field {name}.\n")
    assert rows(tmp_path, "{part}.csv") == [("a.png", "Field a."), ("b.png", "Field b.")]


def test_a_row_in_a_part_of_a_csv_is_called_by_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_spans, "SPAN_BYTES", 40)
    lines = [f"{number:03}.png,Field {number:03}.\n" for number in range(8)]
    (tmp_path / "a.csv").write_text("name,caption\n" + "".join(lines))
    folder = open_folder("s", "s", str(tmp_path))
    places = [
        place
        for span in plan(tmp_path, "a.csv").spans
        for place, _ in table_records(folder, span, Row, COLUMNS)
    ]
    assert places[:4] == ["byte 0 row 1", "byte 0 row 2", "byte 51 row 1", "byte 51 row 2"]


def test_parquet_is_cut_into_ranges_of_rows_whatever_its_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_spans, "SPAN_ROWS", 5)
    names = [f"{number}.png" for number in range(13)]
    table = pa.table({"name": names, "caption": [f"Field {number}." for number in range(13)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=4)
    assert rows(tmp_path, "a.parquet") == [(f"{n}.png", f"Field {n}.") for n in range(13)]
    spans = plan(tmp_path, "a.parquet").spans
    assert [(span.start, span.end) for span in spans] == [(0, 5), (5, 10), (10, 13)]
    folder = open_folder("s", "s", str(tmp_path))
    assert next(table_records(folder, spans[1], Row, COLUMNS))[0] == "row 6"


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("a,b\n1;2;3,4\n", ","),
        ("a\tb\n", "\t"),
        ("\ufeffa;b\n", ";"),
        ("caption\nx\n", ","),
    ],
)
def test_what_separates_cells_is_seen_from_the_header(text: str, mark: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert delimiter_of(open_folder("s", "s", str(tmp_path)), "a.csv") == mark


def test_utf_16_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_spans, "SPAN_BYTES", 16)
    text = "name,caption\n" + "".join(f"{n}.png,Feld {n}.\n" for n in range(9))
    (tmp_path / "a.csv").write_bytes(text.encode("utf-16"))
    assert rows(tmp_path, "a.csv") == [(f"{n}.png", f"Feld {n}.") for n in range(9)]
    assert delimiter_of(open_folder("s", "s", str(tmp_path)), "a.csv") == ","


def test_lines_of_a_cell_that_are_no_rows_are_no_place_to_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_spans, "SPAN_BYTES", 700)
    # A mark of inches makes every later quote look as if it stood the other way round.
    said = 'one,two\n""Look"" there,he said\n""Look"" here,she said'
    lines = ["name,caption", '0.png,a pipe of 5" it is']
    lines += [f'{number}.png,"{said} {number}"' for number in range(1, 60)]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    read = said.replace('""', '"')
    assert rows(tmp_path, "a.csv") == [("0.png", 'a pipe of 5" it is')] + [
        (f"{number}.png", f"{read} {number}") for number in range(1, 60)
    ]

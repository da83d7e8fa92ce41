"""Tables as records: the same rows from CSV, TSV, Parquet, Arrow and xlsx, and a bad row alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from msgspec import Struct

from converters.read.files import SourceError
from converters.read.folder import Span, open_folder
from converters.read.table_rows import open_table
from converters.read.tables import table_records
from schemas.sample import Reject


class Row(Struct):
    image: str
    label: str
    year: int | None = None


COLUMNS = {"image": "Filename", "label": "ClassName", "year": "Year"}
NAMES = ["Label", "Filename", "ClassName", "Year"]
ROWS: list[tuple[int, str, str | None, int | None]] = [
    (4, "a,1.jpg", "tennis court", 2019),
    (5, 'b "2".jpg', "Flüsse", None),
    (6, "c.jpg", None, 2020),
]


def read(folder: Path, name: str, columns: dict[str, str] = COLUMNS, **options: Any) -> list[Any]:
    span = Span("s", "train", 0, (name,))
    return list(table_records(open_folder("s", "s", str(folder)), span, Row, columns, **options))


def write_csv(path: Path, mark: str = ",") -> None:
    lines = [mark.join(NAMES)]
    for number, image, label, year in ROWS:
        quoted = '"' + image.replace('"', '""') + '"'
        lines.append(mark.join([str(number), quoted, label or "", str(year or "")]))
    path.write_bytes("\r\n".join(lines).encode())


def write_stream(path: Path) -> None:
    with pa.ipc.new_stream(path, table().schema) as out:
        out.write_table(table())


def write_xlsx(path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(NAMES)
    for row in ROWS:
        book.active.append(row)
    book.save(path)


def table() -> pa.Table:
    return pa.Table.from_pylist([dict(zip(NAMES, row, strict=True)) for row in ROWS])


WRITE: dict[str, Callable[[Path], None]] = {
    "t.csv": write_csv,
    "t.tsv": lambda path: write_csv(path, "\t"),
    "t.parquet": lambda path: pq.write_table(table(), path, row_group_size=2),
    "t.feather": lambda path: pyarrow.feather.write_feather(table(), path),
    "t.arrow": write_stream,
    "t.xlsx": write_xlsx,
}
LACKS = "Object missing required field `label`"


@pytest.mark.parametrize("name", sorted(WRITE))
def test_every_kind_of_table_gives_the_same_records(tmp_path: Path, name: str) -> None:
    WRITE[name](tmp_path / name)
    assert read(tmp_path, name) == [
        ("row 1", Row("a,1.jpg", "tennis court", 2019)),
        ("row 2", Row('b "2".jpg', "Flüsse")),
        ("row 3", Reject(name, "row 3", "train", "missing_field", LACKS)),
    ]


@pytest.mark.parametrize("name", sorted(WRITE))
def test_a_row_is_called_by_its_naming_field(tmp_path: Path, name: str) -> None:
    WRITE[name](tmp_path / name)
    assert read(tmp_path, name, named="image")[2][1].key == "c.jpg"


@pytest.mark.parametrize("name", sorted(WRITE))
def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path, name: str) -> None:
    WRITE[name](tmp_path / name)
    with pytest.raises(SourceError) as error:
        read(tmp_path, name, {"image": "Path", "label": "ClassName"})
    assert str(error.value) == (
        f"s: {name} has no column 'Path'; it has: Label, Filename, ClassName, Year"
    )


@pytest.mark.parametrize("name", sorted(WRITE))
def test_a_broken_table_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x00\xff\x00 no table")
    with pytest.raises(SourceError, match=rf"{name} (cannot be read|has no header)"):
        read(tmp_path, name)


def test_a_table_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "other.txt").touch()
    with pytest.raises(SourceError, match=rf"annotations not found: {tmp_path}/t\.csv"):
        read(tmp_path, "t.csv")


@pytest.mark.parametrize(
    "line, reason, detail",
    [
        (b"1,a.jpg", "unreadable_record", "2 cells under 4 columns"),
        (b"1,a.jpg,dam,2019,5", "unreadable_record", "5 cells under 4 columns"),
        (
            b"1,a.jpg,dam,late",
            "unreadable_record",
            "Expected `int | null`, got `str` - at `$.year`",
        ),
        (b"1,a.jpg,d\xe4m,2019", "unreadable_record", "bytes that are no text"),
        (b'1,"a.jpg"x,dam,2019', "unreadable_record", "',' expected after '\"'"),
        (b'1,"a.jpg,dam,2019', "unreadable_record", "',' expected after '\"'"),
    ],
)
def test_a_bad_row_costs_itself_alone(
    tmp_path: Path, line: bytes, reason: str, detail: str
) -> None:
    rows = [b"Label,Filename,ClassName,Year", b'0,"x.jpg",pond,1', line, b'2,"y.jpg",lake,']
    (tmp_path / "t.csv").write_bytes(b"\n".join(rows))
    assert read(tmp_path, "t.csv") == [
        ("row 1", Row("x.jpg", "pond", 1)),
        ("row 2", Reject("t.csv", "row 2", "train", reason, detail)),
        ("row 3", Row("y.jpg", "lake")),
    ]


def test_a_quote_that_is_never_closed_costs_its_row_alone(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('Filename,ClassName,Year\n"a.jpg,dam,1\nb.jpg,lake,2\n')
    [bad, good] = read(tmp_path, "t.csv")
    assert (bad[1].detail, good) == ("unexpected end of data", ("row 2", Row("b.jpg", "lake", 2)))


def test_a_table_may_have_no_header(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("a.jpg;dam;1\n")
    columns = {"image": "path", "label": "class"}
    assert read(tmp_path, "t.txt", columns, delimiter=";", header=["path", "class", "fold"]) == [
        ("row 1", Row("a.jpg", "dam"))
    ]


def test_what_separates_cells_may_be_the_first_character(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"  # the first column, of row numbers, has no name
    table.write_text(";share\n0;0,5\n")
    names, rows = open_table(str(table), {"value": "share"}, None, None, None)
    assert (names, list(rows)) == (["", "share"], [["0", "0,5"]])


def test_a_column_that_stands_twice_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Filename,Filename,ClassName,Year\n")
    with pytest.raises(SourceError, match="has more than one column 'Filename'"):
        read(tmp_path, "t.csv")


def test_chinese_without_a_declaration_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("Filename,ClassName,Year\na.jpg,机场,1\n".encode("gb2312"))
    assert read(tmp_path, "t.csv") == [("row 1", Row("a.jpg", "机场", 1))]


def test_an_excel_table_without_openpyxl_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_xlsx(tmp_path / "t.xlsx")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(SourceError, match=r"needs openpyxl: pip install 'earthmix\[xlsx\]'"):
        read(tmp_path, "t.xlsx")


def test_an_excel_table_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_xlsx(tmp_path / "t.xlsx")
    monkeypatch.setattr("converters.read.table_rows._MAX_SHEET", 100)
    with pytest.raises(SourceError, match="unpacks to more than 1 GiB"):
        read(tmp_path, "t.xlsx")


def test_a_cell_may_hold_a_polygon_of_many_corners(tmp_path: Path) -> None:
    ring = " ".join(str(i) for i in range(60_000))
    (tmp_path / "x.csv").write_text(f"Filename,ClassName\na.jpg,{ring}\n")
    [(_, row)] = read(tmp_path, "x.csv", {"image": "Filename", "label": "ClassName"})
    assert row.label == ring

"""Rows in path mode whose picture is not on disk; a picture in an archive or a table is."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.absent import count_absent
from schemas.table import ROW


def _rows(*paths: str) -> pa.Table:
    images = [[{"bytes": None, "path": f"harbours/{path}"}] for path in paths]
    fields = [ROW.field(name) for name in ("dataset", "images")]
    columns = [pa.array(["harbours"] * len(paths)).cast(fields[0].type), images]
    return pa.table(columns, schema=pa.schema(fields))


def _harbours(root: Path) -> dict[str, str]:
    (root / "pictures").mkdir()
    (root / "pictures/1.png").write_bytes(b"1")
    with zipfile.ZipFile(root / "pictures.zip", "w") as packed:
        packed.writestr("pictures/1.png", b"1")
    pq.write_table(pa.table({"image": [b"1"]}), root / "train.parquet")
    (root / "damaged.zip").write_bytes(b"PK, but no archive")
    return {"harbours": str(root)}


@pytest.mark.parametrize(
    "path",
    [
        "pictures/1.png",
        "pictures.zip!pictures/1.png",
        "train.parquet!image/000000000",
        "damaged.zip!1.png",
    ],
)
def test_a_picture_in_an_archive_or_a_table_is_on_disk(tmp_path: Path, path: str) -> None:
    assert count_absent(_rows(path), _harbours(tmp_path)) == Counter()


@pytest.mark.parametrize(
    "path",
    [
        "pictures/2.png",
        "pictures.zip!pictures/2.png",
        "other.zip!pictures/1.png",
        "test.parquet!image/000000000",
    ],
)
def test_a_picture_that_nothing_holds_is_counted(tmp_path: Path, path: str) -> None:
    roots = _harbours(tmp_path)
    assert count_absent(_rows("pictures/1.png", path, path), roots) == Counter(harbours=2)

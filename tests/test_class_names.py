"""Class names that a table's own metadata tells, and flawed answers of stores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from converters.read.class_names import class_names
from converters.read.files import SourceError
from converters.read.folder import open_folder

CLASSES = {"_type": "ClassLabel", "names": ["dam", "sea"]}


def names_of(root: Path, metadata: bytes, ending: str = "parquet") -> dict[str, list[str]]:
    table = pa.table({"a": [0]}).replace_schema_metadata({b"huggingface": metadata})
    path = root / f"t.{ending}"
    if ending == "parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_stream(path, table.schema) as out:
            out.write_table(table)
    return class_names(open_folder("a", "a", str(root)), path.name)


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
@pytest.mark.parametrize(
    ("feature", "names"),
    [
        (CLASSES, {"a": ["dam", "sea"]}),
        ([CLASSES], {"a": ["dam", "sea"]}),
        ({"_type": "List", "feature": CLASSES}, {"a": ["dam", "sea"]}),
        ({"kind": CLASSES, "box": {"_type": "Value"}}, {"a.kind": ["dam", "sea"]}),
        ([{"kind": [CLASSES]}], {"a.kind": ["dam", "sea"]}),
        ({"_type": "Sequence", "feature": {"kind": CLASSES}}, {"a.kind": ["dam", "sea"]}),
        ([], {}),
        ("text", {}),
        ({"_type": "Value"}, {}),
    ],
)
def test_a_column_has_the_class_names_of_its_feature_however_deep(
    feature: Any, names: dict[str, list[str]], ending: str, tmp_path: Path
) -> None:
    metadata = json.dumps({"info": {"features": {"a": feature}}}).encode()
    assert names_of(tmp_path, metadata, ending) == names


@pytest.mark.parametrize("metadata", [b"{}", b'{"info": {}}'])
def test_a_table_that_tells_no_features_has_no_class_names(metadata: bytes, tmp_path: Path) -> None:
    assert names_of(tmp_path, metadata) == {}


@pytest.mark.parametrize(
    "metadata",
    [
        *(b"{", b"[]", b"[" * 5000, b'{"info": []}', b'{"info": null}'),
        *(b'{"info": {"features": [1]}}', b'{"info": {"features": null}}'),
    ],
)
def test_metadata_that_is_of_another_shape_is_an_error(metadata: bytes, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^a: t\.parquet cannot be read: its own metadata: "):
        names_of(tmp_path, metadata)

"""Class names that `datasets` writes into the own metadata of a Parquet or Arrow file.

They stand beside columns of numbers. The key `huggingface` holds JSON; a column of numbers is
`{"names": [...], "_type": "ClassLabel"}`, a column of lists has that below `feature`, or as the
only element of a list.
Source: https://huggingface.co/docs/datasets/about_dataset_features
"""

from __future__ import annotations

from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from converters.read import files
from converters.read.folder import Folder
from converters.read.table_rows import sound, table_ending


class _Info(Struct, frozen=True):
    features: dict[str, Any] = {}


class _Told(Struct, frozen=True):
    """What the library `datasets` writes into a table's metadata, under the key `huggingface`."""

    info: _Info = _Info()


def class_names(folder: Folder, name: str) -> dict[str, list[str]]:
    """The class names of each column of numbers, in the order of the numbers, which begin at 0.

    A list in an object's column has the name of both: `objects.category`. name: of a Parquet or
    Arrow file below `folder.base`. Raises SourceError where it cannot be read.
    """
    path = files.join(folder.base, name)
    with files.wanted(path), sound(f"{folder.slug}: {folder.relative(name)}"):
        metadata = _schema(path).metadata or {}
        try:
            written = msgspec.json.decode(metadata.get(b"huggingface", b"{}"))
            features = msgspec.convert(written, _Told).info.features
        except (msgspec.DecodeError, RecursionError) as error:
            raise pa.ArrowInvalid(f"its own metadata: {error}") from None
    found = {column: _names(feature) for column, feature in features.items()}
    for column, feature in features.items():
        found |= {f"{column}.{key}": _names(part) for key, part in _members(feature).items()}
    return {column: names for column, names in found.items() if names}


def _schema(path: str) -> pa.Schema:
    if table_ending(path) == "parquet":
        return pq.read_schema(pa.PythonFile(files.opened(path), "r"))
    try:
        return pa.ipc.open_file(pa.PythonFile(files.opened(path), "r")).schema
    except pa.ArrowInvalid:
        return pa.ipc.open_stream(pa.PythonFile(files.opened(path), "r")).schema


def _members(feature: Any) -> dict[str, Any]:
    """What an object, or each object of a list, consists of; nothing for another column."""
    if isinstance(feature, list):
        return _members(feature[0]) if feature else {}
    if not isinstance(feature, dict):
        return {}
    if isinstance(feature.get("_type"), str):
        return _members(feature.get("feature"))
    return feature


def _names(feature: Any) -> list[str]:
    if isinstance(feature, list):
        return _names(feature[0]) if feature else []
    if not isinstance(feature, dict):
        return []
    names = feature.get("names")
    if isinstance(names, list):
        return [str(one) for one in names]
    return _names(feature.get("feature"))

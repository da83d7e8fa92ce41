"""Class names that `datasets` writes into a Parquet file's own metadata, beside columns of numbers.

The key `huggingface` holds JSON; a column of numbers is `{"names": [...], "_type": "ClassLabel"}`,
a column of lists has that below `feature`, or as the only element of a list.
Source: https://huggingface.co/docs/datasets/about_dataset_features
"""

from __future__ import annotations

from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import Folder


def class_names(folder: Folder, name: str) -> dict[str, list[str]]:
    """The class names of each column of numbers, in the order of the numbers, which begin at 0.

    name: of a Parquet file below `folder.base`. Raises SourceError where it cannot be read.
    """
    path = files.join(folder.base, name)
    try:
        metadata = pq.read_schema(pa.PythonFile(files.opened(path), "r")).metadata or {}
        info = msgspec.json.decode(metadata.get(b"huggingface", b"{}"), type=dict[str, Any])
    except FileNotFoundError:
        raise SourceError(f"annotations not found: {path}") from None
    except (pa.ArrowException, OSError, msgspec.DecodeError) as error:
        where = f"{folder.slug}: {folder.relative(name)}"
        raise SourceError(f"{where} cannot be read: {error}") from None
    features = info.get("info", {}).get("features", {})
    found = {column: _names(feature) for column, feature in features.items()}
    return {column: names for column, names in found.items() if names}


def _names(feature: Any) -> list[str]:
    if isinstance(feature, list):
        return _names(feature[0]) if feature else []
    if not isinstance(feature, dict):
        return []
    names = feature.get("names")
    if isinstance(names, list):
        return [str(one) for one in names]
    return _names(feature.get("feature"))

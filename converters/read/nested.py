"""Lists of objects in the cell of a table, in the two ways that `datasets` stores them.

::

    [{"from": "human", "value": "..."}, {"from": "gpt", "value": "..."}]      a list of objects
    {"from": ["human", "gpt"], "value": ["...", "..."]}                       lists side by side
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from converters.read.json_elements import BadRecord


def objects_of(value: Any, name: str) -> list[Any]:
    """The objects in a cell; none where it is null. Raises BadRecord where it holds others.

    name: what the column is called.
    """
    if value is None:
        return []
    if isinstance(value, Mapping):
        lists = {key: column for key, column in value.items() if isinstance(column, list)}
        lengths = {len(column) for column in lists.values()}
        if len(lists) < len(value) or len(lengths) != 1:
            raise BadRecord("bad_value", f"{name} is {str(value)[:60]}, no list")
        return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    if not isinstance(value, list | tuple):
        raise BadRecord("bad_value", f"{name} is {type(value).__name__}, not a list")
    return list(value)

"""Reading a mix a row group at a time, and only the columns that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from converters.read import files
from pipelines.storage import work_files


class Group(NamedTuple):
    """One row group of a shard."""

    path: str
    number: int


class Place(NamedTuple):
    """Where a row stands: its row group, and its number in there."""

    group: Group
    row: int


Reader = Callable[[Sequence[str] | None], Any]


def scan(folder: str) -> Iterator[tuple[Group, Reader]]:
    """All row groups below a folder of Parquet files, in the order of the files' names.

    With each comes what reads it as a table: some columns, by dotted names of leaves or names of
    whole columns, or all for None. It works until the next group is asked for.
    """
    for entry in sorted(files.listing(folder), key=lambda entry: entry.name):
        if entry.name.endswith(".parquet"):
            path = files.join(folder, entry.name)
            with pq.ParquetFile(work_files.open_file(path)) as file:
                for number in range(file.num_row_groups):
                    yield Group(path, number), partial(file.read_row_group, number)


def read(group: Group) -> Any:
    """A whole row group as a table."""
    with pq.ParquetFile(work_files.open_file(group.path)) as file:
        return file.read_row_group(group.number)

"""Which rows a preview shows: some of each dataset, task and split, the same ones on every run."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.preview.shards import Group, Place, Reader

Kind = tuple[str, str, str]  # dataset, task, split

MOST_ROWS = 360
MOST_KINDS = 1000  # of which one row each is shown
_MOST_EACH = 12
_KIND = ["dataset", "task", "split"]


class Chosen(NamedTuple):
    """The rows to show, in the order of their importance: the first of each kind, the second, ...

    counts: how many rows of each kind the mix holds.
    """

    places: list[Place]
    counts: dict[Kind, int]


class Sampler:
    """Picks rows: of each kind those with the smallest ids, which are hashes, and of different
    first pictures as far as there are.

    A kind's rows come from the first row groups that hold enough of them, so that few of the
    groups must be read with their pictures.
    """

    def __init__(self) -> None:
        self._counts: Counter[Kind] = Counter()
        self._taken: dict[Kind, list[Place]] = {}

    def look(self, group: Group, reader: Reader) -> None:
        """Takes what is wanted of a row group."""
        held = _counted(reader(_KIND))
        self._counts.update(held)
        wanting = {kind: _MOST_EACH - len(self._taken.setdefault(kind, [])) for kind in held}
        wanting = {kind: n for kind, n in wanting.items() if n}
        if wanting:
            table = reader(["id", *_KIND, "images.list.element.path"])
            for kind, rows in _smallest(table, wanting).items():
                self._taken[kind] += [Place(group, row) for row in rows]

    def chosen(self) -> Chosen:
        """What was taken, cut to what a page has room for."""
        kinds = sorted(self._counts)[:MOST_KINDS]
        each = max(1, MOST_ROWS // max(1, len(kinds)))
        ranks = range(min(each, _MOST_EACH))
        taken = [self._taken[kind] for kind in kinds]
        places = [some[rank] for rank in ranks for some in taken if rank < len(some)]
        return Chosen(places, dict(sorted(self._counts.items())))


def _counted(table: Any) -> dict[Kind, int]:
    counted = table.group_by(_KIND).aggregate([([], "count_all")]).to_pylist()
    return {
        (row["dataset"] or "", row["task"] or "", row["split"] or ""): row["count_all"]
        for row in counted
    }


def _smallest(table: Any, wanting: dict[Kind, int]) -> dict[Kind, list[int]]:
    """For each kind, as many rows as are wanted: by id, those of new pictures first."""
    columns = [table[name].combine_chunks().dictionary_encode() for name in _KIND]
    words = [column.dictionary.to_pylist() for column in columns]
    codes = [np.asarray(column.indices.fill_null(-1)) for column in columns]
    ids = table["id"]
    pictures = table["images"]
    found = {}
    for kind, wanted in wanting.items():
        mine = np.ones(table.num_rows, bool)
        for word, known, code in zip(kind, words, codes, strict=True):
            mine &= code == (known.index(word) if word in known else -1)
        rows = np.flatnonzero(mine)
        order = np.asarray(pc.sort_indices(ids.take(pa.array(rows))))
        seen: set[str] = set()
        fresh: list[int] = []
        again: list[int] = []
        for row in rows[order].tolist():
            shown = pictures[row].as_py()
            path = shown[0]["path"] if shown else ""
            (again if path in seen else fresh).append(row)
            seen.add(path)
            if len(fresh) == wanted:
                break
        found[kind] = [*fresh, *again][:wanted]
    return found

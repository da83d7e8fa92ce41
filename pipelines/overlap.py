"""What datasets and splits of a mix have in common: rows that repeat one another, and pictures."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.result import Overlap
from pipelines.shards import Chosen, words

Codes = npt.NDArray[np.int64]

EVALUATION = ("test", "val")  # how the names of splits begin that are for evaluation


def overlaps(rows: pa.Table, chosen: Chosen) -> Counter[Overlap]:
    """What the splits of a shard have in common. rows: of the shard, with their homes.

    Rows that repeat one another, and rows of one picture, are all in one shard. Pictures are
    compared by what the row's home says of the first one: its bytes where they are read, else its
    path.
    """
    found: Counter[Overlap] = Counter()
    if not rows.num_rows:
        return found
    codes, names = _splits(rows)
    pairs = codes[chosen.duplicates] * len(names) + codes[chosen.survivors]
    for pair, n in zip(*np.unique(pairs, return_counts=True), strict=True):
        dropped, kept = divmod(int(pair), len(names))
        found[Overlap("rows", *names[dropped], *names[kept])] = int(n)
    found.update(_pictures(rows, chosen.kept[chosen.copy == 0], codes, names))
    return found


def _splits(rows: pa.Table) -> tuple[Codes, list[tuple[str, str]]]:
    """The (dataset, split) of each row as a number, and the pairs themselves."""
    columns = [rows[name].cast(pa.string()).combine_chunks() for name in ("dataset", "split")]
    datasets, splits = (column.fill_null("").dictionary_encode() for column in columns)
    width = len(splits.dictionary)
    both = np.asarray(datasets.indices, np.int64) * width + np.asarray(splits.indices, np.int64)
    there, codes = np.unique(both, return_inverse=True)
    first, second = datasets.dictionary.to_pylist(), splits.dictionary.to_pylist()
    return codes, [(first[n // width], second[n % width]) for n in there.tolist()]


def _pictures(
    rows: pa.Table, kept: Codes, codes: Codes, names: list[tuple[str, str]]
) -> Counter[Overlap]:
    """Pictures that rows of several splits show. kept: numbers of the rows that are written."""
    found: Counter[Overlap] = Counter()
    mine = codes[kept]
    if len(np.unique(mine)) < 2:
        return found
    high, low = words(rows["home"])[kept].T
    order = np.lexsort((mine, low, high))
    high, low, mine = high[order], low[order], mine[order]
    # Fast way: only pictures whose rows differ in split are looked at one by one.
    same = (high[1:] == high[:-1]) & (low[1:] == low[:-1])
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    ends = np.append(starts[1:], len(mine))
    for at in np.flatnonzero(mine[starts] != mine[ends - 1]).tolist():
        shown = sorted({names[code] for code in mine[starts[at] : ends[at]].tolist()})
        found.update(Overlap("pictures", *one, *other) for one, other in combinations(shown, 2))
    return found

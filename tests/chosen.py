"""The rows that a mix of one shard keeps."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
from shard_files import rule_of
from tables import key, row

from converters.rows import identity
from pipelines import shards
from pipelines.shards import Chosen
from schemas.mix import SourceSpec

ALL = [rule_of("ponds", 1, None)]
SEED = 7


def named(rows: pa.Table, indices: Any) -> list[str]:
    """Ids of rows by index."""
    found: list[str] = rows["id"].take(pa.array(np.asarray(indices, np.int64))).to_pylist()
    return found


def choose(rows: pa.Table, rules: list[SourceSpec] = ALL, seed: int = SEED) -> Chosen:
    """The choice of a mix of one shard."""
    limits = {source: int(ranks[-1]) for source, ranks in shards.queue(rows, rules, seed).items()}
    return shards.choose(rows, rules, seed, limits)


def kept(rows: pa.Table, rules: list[SourceSpec] = ALL, seed: int = SEED) -> Counter[str]:
    """How often each row is written."""
    return Counter(named(rows, choose(rows, rules, seed).kept))


def many(n: int, source: int = 0, start: int = 0) -> list[dict[str, Any]]:
    """Rows with ids like real ones."""
    ids = identity.ids(
        identity.hash128(pa.array([f"row {i}" for i in range(start, start + n)]))
    ).to_pylist()
    return [row(i, id=name, dedup=key(i), source=source) for i, name in enumerate(ids, start)]

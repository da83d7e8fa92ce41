"""One shard of the output: its rows chosen and written by split, its rejects, and the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from pipelines import parquet, shards, tiles
from pipelines.absent import count_absent
from pipelines.overlap import overlaps
from pipelines.parquet import Written
from pipelines.plan import RunPlan
from pipelines.result import Done, File
from pipelines.shards import Chosen
from pipelines.spread import spread
from pipelines.storage import work_files
from pipelines.tile_store import TileStore
from pipelines.tiles import Cut


def write_shard(
    plan: RunPlan, shard: int, rows: pa.Table, rejects: pa.Table, limits: Mapping[int, int]
) -> Done:
    """Writes a shard below the working folder, and says what it holds.

    limits: for each capped source the largest rank that is still taken. Raises SourceError where a
    picture is no longer the one that was hashed.
    """
    chosen = shards.choose(rows, plan.mix.sources, plan.mix.seed, limits)
    with TileStore(work_files.disk_folder(plan.work)) as store:
        cut = tiles.cut_chosen(plan, rows, chosen, store)
        rows, chosen = cut.rows, cut.chosen
        parts = {"train": chosen}
        if plan.mix.splits == "native":
            parts = shards.by_split(rows, chosen)
        written = [_write(plan, shard, split, cut, part) for split, part in parts.items()]
    numbers: list[int] = []

    def write_rejects(sink: Any) -> None:
        drops = shards.drop_table(rows, chosen)
        faults = shards.dropped(rows, cut.lost, cut.reasons, cut.details)
        numbers.append(parquet.write_rejects(sink, [rejects, drops, faults]))

    dropped = f"rejects/rejects-{_tail(plan, shard)}"
    drop_hash = work_files.write_hashed(f"{plan.work}/out/{dropped}", write_rejects)
    done = Done(
        shards.book(rows, chosen) + shards.book_lost(rows, cut.lost, cut.reasons),
        Counter(),
        shards.by_source(rows, chosen, plan.mix.sources),
        Counter(),
        [*(file for file, _ in written), File(dropped, numbers[0], *drop_hash)],
        Counter(),
        overlaps(rows, chosen),
    )
    for _, (table, sizes) in written:
        done.holds.update(shards.statistics(table, sizes))
        done.spread.update(spread(table, plan.tokenizer))
        if plan.images == "path":
            done.absent.update(count_absent(table, plan.roots))
    return done


def _tail(plan: RunPlan, shard: int) -> str:
    return f"{shard:05d}-of-{plan.shards:05d}.parquet"


def _write(plan: RunPlan, shard: int, split: str, cut: Cut, part: Chosen) -> tuple[File, Written]:
    """Writes the rows of one split of a shard."""
    path = f"data/{split}-{_tail(plan, shard)}"
    written: list[Written] = []

    def write(sink: Any) -> None:
        written.append(
            parquet.write_rows(sink, cut.rows, part, plan.images, plan.picture_file, cut.tiles)
        )

    found = work_files.write_hashed(f"{plan.work}/out/{path}", write)
    return File(path, len(written[0].rows), *found), written[0]

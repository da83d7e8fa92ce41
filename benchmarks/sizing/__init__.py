"""What a run of ten million rows asks of its workers, on paper: `python -m benchmarks.sizing`.

Constants are measured on small made-up inputs (`probes.py`), each in a process of its own, and
printed with how. The rest is arithmetic and one simulation (`__main__.py`): which shards the rows
of each span fall into. Counts of shards come from the rule in pipelines/plan.py, encoded bytes from
the pipeline's own coders.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks import inputs
from pipelines.load import convert_mix
from pipelines.plan import RunPlan, shard_count
from pipelines.plan import make_plan as plan_of
from schemas.mix import ImageMode

_NAMES = 2048  # pictures of a span, as converters/formats/class_folder.py has it


class Workload(NamedTuple):
    """A dataset of the size of a published one, in the layout of a small made-up one.

    sizes: of the two small runs.
    """

    name: str
    rows: int
    dataset: str
    mode: ImageMode
    sizes: tuple[int, int]


EARTHDIAL = Workload(
    "EarthDial: 11.1 M pairs, --images path",
    11_110_000,
    "floodnet_vqa",
    "path",
    (8_000_000, 16_700_000),
)
GIT_10M = Workload(
    "Git-10M: 10 M pictures, --images embed",
    10_000_000,
    "nwpu_resisc45",
    "embed",
    (_NAMES // 2, _NAMES),
)
WORKLOADS = (EARTHDIAL, GIT_10M)


def make_input(work: Path, load: Workload, size: int) -> Path:
    """Questions in one JSON array of `size` bytes, or `size` pictures of 44 kB."""
    root = work / f"{load.dataset}_{size}"
    (inputs.vqa_array if load is EARTHDIAL else inputs.jpegs)(root, size)
    return root


def make_plan(root: Path, load: Workload) -> RunPlan:
    target = f"{load.dataset}:train" if load is EARTHDIAL else load.dataset
    return plan_of(convert_mix([target], "item"), str(root), "/data/mixes/of-this-name", load.mode)


def scaled(plan: RunPlan, load: Workload, records: int, count: int) -> RunPlan:
    """The same plan with `count` spans of `records` records, pictures named by map tile as
    Git-10M's are, and the shards that the rule gives it.
    """
    draw = random.Random(7)
    names = plan.spans[0].names
    spans = []
    for index in range(count):
        if load is GIT_10M:
            names = tuple(
                f"NWPU-RESISC45/18/{draw.randrange(10**6)}_{draw.randrange(10**6)}.jpg"
                for _ in range(records)
            )
        spans.append(
            msgspec.structs.replace(plan.spans[0], index=index, names=names, records=records)
        )
    rows = records * count
    size = plan.size / sum(span.records for span in plan.spans) * rows
    return msgspec.structs.replace(plan, spans=spans, shards=shard_count(rows, size))

"""Probes of the sizing: each runs in a process of its own and prints JSON.

They import what they measure where they measure it, so that a process holds nothing else.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.sizing import WORKLOADS, Workload, make_plan, scaled
from pipelines.load import convert_mix
from pipelines.plan import make_plan as plan_of

COPIES = 64  # segments of which a slice is read


def _memory(key: str) -> int:
    """VmRSS or VmHWM of this process, in bytes."""
    [line] = [
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key)
    ]
    return int(line.split()[1]) * 1024


def probe_span(root: Path, load: Workload, shards: int) -> dict[str, float]:
    """Converts one span and writes its segment: rows, growth of the peak memory, bytes of the file
    with one shard and with `shards`, time to read a slice.
    """
    from converters.convert import convert_span
    from pipelines import segments
    from schemas.table import SEGMENT_ROW

    plan = make_plan(root, load)
    before = _memory("VmRSS")
    converted = convert_span(plan.datasets[load.dataset], plan.spans[0])
    folder = root / "segments"
    (folder / "rows").mkdir(parents=True, exist_ok=True)
    [whole] = segments.write_rows(str(folder), "whole", converted.rows, 1)
    growth = _memory("VmHWM") - before
    refs = [
        segments.write_rows(str(folder), f"cut.{i}", converted.rows, shards)
        for i in range(COPIES if shards > 1 else 1)
    ]
    wanted = [found[0][1] for found in refs]
    started = time.process_time()
    segments.read(wanted, SEGMENT_ROW)
    seconds = (time.process_time() - started) / len(wanted)
    rows = sum(batch.num_rows for batch in converted.rows)
    sizes = [Path(ref.path).stat().st_size for ref in (whole[1], wanted[0])]
    _remove(folder)
    return {
        "rows": rows,
        "growth": growth,
        "whole": sizes[0],
        "cut": sizes[1],
        "batches": len(refs[0]),
        "slice": seconds,
    }


def probe_shard(root: Path, load: Workload, number: int) -> dict[str, float]:
    """Writes all rows of a small input as one shard, as a worker does: rows, and growth of the peak
    memory.
    """
    import pyarrow as pa

    from converters.convert import convert_span
    from pipelines import parquet, segments, shards
    from pipelines.storage import work_files
    from schemas.table import SEGMENT_ROW

    plan = make_plan(root, load)
    folder = root / "shard"
    (folder / "rows").mkdir(parents=True, exist_ok=True)
    refs = []
    for span in plan.spans:
        refs += [
            ref
            for _, ref in segments.write_rows(
                str(folder),
                f"{span.index}",
                convert_span(plan.datasets[load.dataset], span).rows,
                1,
            )
        ]
    pa.default_memory_pool().release_unused()
    before, peak = _memory("VmRSS"), _reset_peak()
    rows = segments.read(refs, SEGMENT_ROW)
    chosen = shards.choose(rows, plan.mix.sources, plan.mix.seed, {})

    def write(sink: Any) -> None:
        parquet.write_rows(sink, rows, chosen, plan.images, plan.picture_file)

    work_files.write_file(f"{folder}/shard.parquet", write)
    _remove(folder)
    return {
        "rows": rows.num_rows,
        "growth": _memory("VmHWM") - before if peak else math.nan,
        "base": before,
    }


def _reset_peak() -> bool:
    """Lets Linux count the peak anew; False where it does not."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def probe_graph(root: Path, load: Workload, records: int) -> dict[str, float]:
    """What a span adds to the job's graph and to the launcher's memory.

    And the bytes of a reference in the shuffle.
    """
    import apache_beam as beam
    from apache_beam.coders.coders import GlobalWindowCoder, WindowedValueCoder
    from apache_beam.internal import pickler
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from apache_beam.utils.windowed_value import WindowedValue

    from pipelines import mix
    from pipelines.segments import Ref

    few, many = 8, 40
    size = {}
    for count in (few, many):
        plan = scaled(make_plan(root, load), load, records, count)
        pipeline = beam.Pipeline(runner=FnApiRunner())
        mix.build(pipeline, plan)
        proto, context = pipeline.to_runner_api(return_context=True)
        size[count] = proto.ByteSize()
    steps = [step for step in proto.components.transforms.values() if not step.subtransforms]
    [group] = [step for step in steps if step.unique_name == "WriteSegments/GroupShards"]
    [source] = group.inputs.values()
    coder = WindowedValueCoder(
        context.coders.get_by_id(proto.components.pcollections[source].coder_id),
        GlobalWindowCoder(),
    )
    ref = Ref("rows", f"{plan.work}/rows/{load.dataset}.000123.2048.0a1b2c3d.arrow", 1234)
    element = coder.encode(WindowedValue((1234, ref), 0, (beam.window.GlobalWindow(),)))
    data, before = pickler.dumps(plan), _memory("VmRSS")
    kept = [pickler.loads(data) for _ in range(16)]
    held = (_memory("VmRSS") - before) / len(kept) / many
    return {
        "graph": (size[many] - size[few]) / (many - few),
        "held": held,
        "ref": len(element),
        "path": len(ref.path),
    }


def probe_hot(root: Path, load: Workload, count: int) -> dict[str, Any]:
    """One scene with `count` regions through each region task: rows, seconds, peak memory, the
    fullest shard of 45, the longest text.
    """
    from PIL import Image

    from converters.convert import convert_span
    from pipelines import segments

    folder = root / "dota_v1" / "train"
    for name in ("labelTxt", "images"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    side = math.isqrt(count) + 1
    corners = [(i % side * 20, i // side * 20) for i in range(count)]
    lines = [
        f"{x} {y} {x + 12} {y} {x + 12} {y + 9} {x} {y + 9} {('ship', 'plane')[i % 2]} 0"
        for i, (x, y) in enumerate(corners)
    ]
    (folder / "labelTxt" / "P0000.txt").write_text(
        "\n".join(["imagesource:GoogleEarth", "gsd:0.5", *lines]) + "\n"
    )
    Image.new("1", (side * 20, side * 20)).save(folder / "images" / "P0000.png")
    found: dict[str, Any] = {}
    for task in ("grounding", "identify", "refer"):
        made = plan_of(
            convert_mix(["dota_v1"], "item", [f"sources.dota_v1.task={task}"]),
            str(root),
            "/data/out",
            "path",
        )
        before, _ = _memory("VmRSS"), _reset_peak()
        started = time.process_time()
        converted = convert_span(made.datasets["dota_v1"], made.spans[0])
        seconds, peak = time.process_time() - started, _memory("VmHWM") - before
        full = sum(
            np.bincount(segments.shard_of(batch["home"], 45), minlength=45)
            for batch in converted.rows
        )
        texts = [
            len(turn["value"])
            for batch in converted.rows
            for turns in batch["conversations"].slice(0, 9).to_pylist()
            for turn in turns
        ]
        fate = {f"{key[3]} {key[4]}".strip(): n for key, n in converted.counts.items()}
        found[task] = {
            "fate": fate,
            "seconds": seconds,
            "peak": peak,
            "fullest": int(np.max(full)),
            "text": max(texts, default=0),
        }
    return found


def _remove(folder: Path) -> None:

    shutil.rmtree(folder, ignore_errors=True)


PROBES = {"span": probe_span, "shard": probe_shard, "graph": probe_graph, "hot": probe_hot}


def probe(name: str, root: Path, load: Workload, number: int) -> Any:
    """Runs a probe in a process of its own."""
    place = str(WORKLOADS.index(load))
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.sizing.probes"]
    ended = subprocess.run(
        [*command, name, str(root), place, str(number)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return json.loads(ended.stdout)


def main() -> None:
    """Runs the probe that the command line names, and prints what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=PROBES)
    parser.add_argument("root", type=Path)
    parser.add_argument("workload", type=int)
    parser.add_argument("number", type=int)
    args = parser.parse_args()
    print(json.dumps(PROBES[args.name](args.root, WORKLOADS[args.workload], args.number)))


if __name__ == "__main__":
    main()

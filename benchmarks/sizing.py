"""What a run of ten million rows asks of its workers, on paper: `python -m benchmarks.sizing`.

Constants are measured on small made-up inputs, each in a process of its own, and printed with how.
The rest is arithmetic and one simulation: which shards the rows of each span fall into. Counts of
shards come from the rule in pipelines/plan.py, encoded bytes from the pipeline's own coders.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from benchmarks import inputs
from pipelines.load import convert_mix
from pipelines.plan import MAX_SHARDS, expected, shard_count
from pipelines.plan import make_plan as plan_of

WORKERS = (1, 4, 16)
_MB = 1 << 20
_PROTOBUF = 2 << 30  # bytes: no message of protobuf is larger, and a job's graph is one
_NAMES = 2048  # pictures of a span, as converters/formats/class_folder.py has it
_REGIONS = 100_000
_COPIES = 64


class Workload(NamedTuple):
    """A dataset of the size of a published one, in the layout of a small made-up one.

    sizes: of the two small runs.
    """

    name: str
    rows: int
    dataset: str
    mode: str
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


def make_input(work: Path, load: Workload, size: int) -> Path:
    """Questions in one JSON array of `size` bytes, or `size` pictures of 44 kB."""
    root = work / f"{load.dataset}_{size}"
    (inputs.vqa_array if load is EARTHDIAL else inputs.jpegs)(root, size)
    return root


def make_plan(root: Path, load: Workload) -> Any:
    target = f"{load.dataset}:train" if load is EARTHDIAL else load.dataset
    return plan_of(convert_mix([target], "item"), str(root), "/data/mixes/of-this-name", load.mode)  # type: ignore[arg-type]


def scaled(plan: Any, load: Workload, records: int, count: int) -> Any:
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
    rows, size = expected(plan.datasets, spans, dict.fromkeys(plan.datasets, ()))
    return msgspec.structs.replace(plan, spans=spans, shards=shard_count(rows, size))


# Probes: each runs in a process of its own and prints JSON.


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
        for i in range(_COPIES if shards > 1 else 1)
    ]
    wanted = [found[0][1] for found in refs]
    started = time.perf_counter()
    segments.read(wanted, SEGMENT_ROW)
    seconds = (time.perf_counter() - started) / len(wanted)
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


def probe_shard(root: Path, load: Workload, shards: int) -> dict[str, float]:
    """Writes all rows of a small input as one shard, as a worker does: rows, and growth of the peak
    memory.
    """
    from converters.convert import convert_span
    from pipelines import segments
    from pipelines import shards as shard
    from pipelines.storage import work_files
    from pipelines.transforms import _tables

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
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    before, peak = _memory("VmRSS"), _reset_peak()
    rows, _ = _tables(refs)
    chosen = shard.choose(rows, plan.mix.sources, plan.mix.seed, {})
    work_files.write_file(
        f"{folder}/shard.parquet",
        lambda sink: shard.write_rows(sink, rows, chosen, plan.images, plan.roots),
    )
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
    """What a span adds to the job's graph, and to a worker's memory with each copy of the plan; how
    many copies; bytes of a reference in the shuffle.
    """
    import apache_beam as beam
    from apache_beam.coders.coders import GlobalWindowCoder, WindowedValueCoder
    from apache_beam.internal import pickler
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from apache_beam.utils.windowed_value import WindowedValue

    from pipelines import mix
    from pipelines.segments import Ref

    few, many = 8, 40
    size, payloads = {}, {}
    for count in (few, many):
        plan = scaled(make_plan(root, load), load, records, count)
        pipeline = beam.Pipeline(runner=FnApiRunner())
        mix.build(pipeline, plan)
        proto, context = pipeline.to_runner_api(return_context=True)
        steps = [step for step in proto.components.transforms.values() if not step.subtransforms]
        size[count], payloads[count] = (
            proto.ByteSize(),
            {step.unique_name: len(step.spec.payload) for step in steps},
        )
    # The step that lists the spans holds them encoded; those with the whole plan hold them as
    # objects.
    grown = [
        more - payloads[few][name]
        for name, more in payloads[many].items()
        if "ListSpans" not in name
    ]
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
    graph = (size[many] - size[few]) / (many - few)
    return {
        "graph": graph,
        "held": held,
        "copies": sum(more > max(grown) / 2 for more in grown),
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
        started = time.perf_counter()
        converted = convert_span(made.datasets["dota_v1"], made.spans[0])
        seconds, peak = time.perf_counter() - started, _memory("VmHWM") - before
        full = sum(
            np.bincount(segments.shard_of(batch["dedup"], 45), minlength=45)
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
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


PROBES = {"span": probe_span, "shard": probe_shard, "graph": probe_graph, "hot": probe_hot}


def probe(name: str, root: Path, load: Workload, number: int) -> Any:
    """Runs a probe in a process of its own."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "benchmarks.sizing",
        "--probe",
        name,
        str(root),
        str([EARTHDIAL, GIT_10M].index(load)),
        str(number),
    ]
    return json.loads(
        subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        ).stdout
    )


# Paper


class Spread(NamedTuple):
    """Where rows go.

    refs: slices, one for each span and shard that has any; most: slices and rows of the fullest
    shard.
    """

    refs: int
    most_refs: int
    most_rows: int


def spread(rows: int, spans: int, shards: int) -> Spread:
    """Draws a shard for every row, as a hash does: no key is hotter than another, since rows are
    spread by picture, task and text together.
    """
    draw = np.random.default_rng(7)
    slices, filled = np.zeros(shards, np.int64), np.zeros(shards, np.int64)
    for span in range(spans):
        counts = draw.multinomial(
            rows // spans + (span < rows % spans), np.full(shards, 1 / shards)
        )
        slices += counts > 0
        filled += counts
    return Spread(int(slices.sum()), int(slices.max()), int(filled.max()))


def slope(small: dict[str, float], large: dict[str, float]) -> float:
    """Bytes of peak memory that each further row costs."""
    return max(0.0, (large["growth"] - small["growth"]) / (large["rows"] - small["rows"]))


def report(work: Path, load: Workload, memory: int) -> None:
    """Measures one workload's constants, and prints them and what they come to."""
    roots = [make_input(work, load, size) for size in load.sizes]
    (less, span), (few, shard) = (
        [probe(name, root, load, 1) for root in roots] for name in ("span", "shard")
    )
    records, base = int(span["rows"]), shard["base"]
    count = math.ceil(load.rows / records)
    shards = scaled(make_plan(roots[1], load), load, records, count).shards
    cut, graph = probe("span", roots[1], load, shards), probe("graph", roots[1], load, records)
    where = spread(load.rows, count, shards)
    # Of a shard with pictures no more than one row group is held at once, so it has its peak in the
    # small run.
    shard_peak = shard["growth"] + slope(few, shard) * max(0, where.most_rows - shard["rows"]) * (
        load.mode == "path"
    )
    held, shuffle = graph["copies"] * graph["held"] * count, where.refs * graph["ref"]
    need = (base + held + max(span["growth"], shard_peak)) / _MB
    lines = [
        "",
        load.name,
        "measured:",
        f"a span of {records:,} rows: {mb(span['growth'])} of peak memory, "
        f"{slope(less, span):,.0f} bytes a row "
        f"(processes with {less['rows']:,} and {records:,} rows)",
        f"a shard of {shard['rows']:,} rows: {mb(shard['growth'])} of peak memory, "
        f"{slope(few, shard):,.0f} bytes a row (the same rows, written as one shard)",
        f"a segment: {cut['whole'] / records:,.0f} bytes a row in one slice, "
        f"{cut['cut'] / records:,.0f} cut for {shards:,} shards ({cut['batches']:,} slices)",
        f"reading a slice of it: {cut['slice'] * 1000:.2f} ms "
        f"(mean of {_COPIES} files on a local disk, in cache)",
        f"a reference in the shuffle: {graph['ref']} bytes by the pipeline's own coder, "
        f"for a path of {graph['path']} characters",
        f"a span in the job's graph: {graph['graph']:,.0f} bytes; in memory "
        f"{graph['held']:,.0f} in each of {graph['copies']} steps that hold the plan "
        "(8 and 40 spans)",
        "on paper:",
        f"{count:,} spans, {shards:,} shards of {load.rows // shards:,} rows, "
        f"{where.most_rows:,} in the fullest",
        f"{where.refs:,} references, {where.most_refs:,} of them for the fullest shard: "
        f"{where.refs * cut['slice'] / 3600:.2f} h to read all slices, on one core",
        f"OUT/.work holds {cut['cut'] * count / 1e9:.1f} GB of segments",
        "workers  spans each  shards each  shuffle each  peak memory each",
    ]
    heads = {"", load.name, "measured:", "on paper:"}
    print("\n".join(line if line in heads else f"  {line}" for line in lines))
    for n in WORKERS:
        print(
            f"  {n:>7}  {math.ceil(count / n):>10,}  {math.ceil(shards / n):>11,}  "
            f"{mb(shuffle / n):>12}  {need:>13,.0f} MB"
        )
    print(
        f"  peak memory: process {mb(base)}, plan {mb(held)}, and the larger of span "
        f"{mb(span['growth'])} and shard {mb(shard_peak)}"
    )
    limits = {
        "the job's graph, of the 2 GiB that a protobuf message may have": graph["graph"]
        * count
        / _PROTOBUF,
        f"copies of the plan, of {memory} GB a worker": held / memory / 1e9,
        f"a span, of {memory} GB a worker": span["growth"] / memory / 1e9,
        f"a shard, of {memory} GB a worker": shard_peak / memory / 1e9,
        f"the shuffle, of {memory} GB (direct engine: one process holds it all)": shuffle
        / memory
        / 1e9,
        f"shards, of the {MAX_SHARDS:,} there may be": shards / MAX_SHARDS,
    }
    print("what breaks first, by the share of its limit:")
    for what, share in sorted(limits.items(), key=lambda limit: -limit[1]):
        print(f"  {share:>6.1%}  {what}")


def mb(size: float) -> str:
    return f"{size / _MB:,.1f} MB" if size < 10 * _MB else f"{size / _MB:,.0f} MB"


def hot(work: Path) -> None:
    """Prints what becomes of a scene with very many regions."""
    print(f"\nA hot key: one scene with {_REGIONS:,} regions (a DOTA label file, measured)")
    for task, found in probe("hot", work / "hot", GIT_10M, _REGIONS).items():
        said = ", ".join(f"{what} {n:,}" for what, n in found["fate"].items())
        cost = f"{found['seconds']:.1f} s and {mb(found['peak'])}"
        print(
            f"  {task}: {said}; {cost}; longest text {found['text']:,} characters; "
            f"fullest of 45 shards {found['fullest']:,} rows"
        )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".bench"))
    parser.add_argument("--memory", type=int, default=4, help="GB that a worker process may use")
    parser.add_argument("--probe", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.probe:
        name, root, load, number = args.probe
        print(json.dumps(PROBES[name](Path(root), [EARTHDIAL, GIT_10M][int(load)], int(number))))
        return
    for load in (EARTHDIAL, GIT_10M):
        report(args.work.resolve(), load, args.memory)
    hot(args.work.resolve())


if __name__ == "__main__":
    main()

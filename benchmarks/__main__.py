"""Runs every measurement in one go and prints a table: `make bench`, `make bench
BENCH_ARGS=--quick`.

Whole processes, start to end. Machines are noisy, so rivals take turns and the best time of each
counts; ratios are what to compare.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import box_inputs, inputs

_EARTHMIX = [sys.executable, "-m", "pipelines"]
_SAMPLE_SECONDS = 0.05
_MB = 1 << 20


class Cost(NamedTuple):
    """Wall seconds and peak memory of a process and all its children, added, in bytes.

    began: when, in seconds of the system's clock.
    """

    seconds: float
    memory: int
    began: float = 0.0


def measure(command: list[str], out: Path, beside: Sequence[int] = (), keep: bool = False) -> Cost:
    """Runs a command to its end; its output folder is made before and removed after.

    beside: processes that work for it and whose memory counts too, with that of their children.
    keep: leave the output folder where it is.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    os.sync()
    peak = 0
    began, started = time.time(), time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        done = threading.Event()

        def watch() -> None:
            nonlocal peak
            while not done.wait(_SAMPLE_SECONDS):
                peak = max(peak, sum(tree_memory(pid) for pid in (process.pid, *beside)))

        watcher = threading.Thread(target=watch)
        watcher.start()
        _, errors = process.communicate()
        seconds = time.perf_counter() - started
        done.set()
        watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{errors.decode()[-2000:]}")
    if not keep:
        shutil.rmtree(out)
    return Cost(seconds, peak, began)


def tree_memory(root: int) -> int:
    """Resident bytes of a process and its descendants."""
    total, queue = 0, [root]
    while queue:
        pid = queue.pop()
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            queue += [
                int(child)
                for task in Path(f"/proc/{pid}/task").iterdir()
                for child in (task / "children").read_text().split()
            ]
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += pages * os.sysconf("SC_PAGESIZE")
    return total


def convert(dataset: str, root: Path, images: str, out: Path) -> list[str]:
    """earthmix on one dataset."""
    return [
        *_EARTHMIX,
        "convert",
        dataset,
        "--data-root",
        str(root),
        "--images",
        images,
        "--out",
        str(out),
        "--quiet",
    ]


def rival(name: str, folder: Path, out: Path) -> list[str]:
    """One of `benchmarks.rivals`."""
    return [sys.executable, "-m", "benchmarks.rivals", name, str(folder), str(out)]


def best(commands: dict[str, list[str]], out: Path, rounds: int) -> dict[str, Cost]:
    """The best time and highest peak of each command, run in turns."""
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(measure(command, out))
    return {
        name: Cost(min(c.seconds for c in costs), max(c.memory for c in costs))
        for name, costs in found.items()
    }


def line(what: str, cost: Cost, ratios: str = "") -> None:
    """One line of the table."""
    print(f"{what:<58} {cost.seconds:8.2f} s {cost.memory / _MB:8.0f} MB  {ratios}", flush=True)


def questions(work: Path, count: int, rounds: int, with_script: bool) -> None:
    """RSVQA-shaped questions: join, check, dedup, shards and card, against the script and the
    limit.
    """
    root = work / f"rsvqa_{count}"
    folder = inputs.rsvqa(root, count)
    out = work / "out"
    commands = {
        "a": convert("rsvqa_lr", root, "path", out / "mix"),
        "c": rival("limit", folder, out),
    }
    if with_script:
        commands["b"] = rival("script", folder, out)
    costs = best(commands, out, rounds)
    a, c = costs["a"], costs["c"]
    name = f"{count / 1e6:g} M questions"
    against = f"a/c {a.seconds / c.seconds:.2f}" + (
        f"  a/b {a.seconds / costs['b'].seconds:.2f}" if with_script else ""
    )
    line(f"{name}: (a) earthmix convert", a, against)
    if with_script:
        line(f"{name}: (b) json.load and datasets.to_parquet", costs["b"])
    line(f"{name}: (c) the limit: msgspec and one Arrow write, one core", c)
    shutil.rmtree(root)


def array(work: Path, size: int) -> None:
    """One JSON array in a single file."""
    root = work / f"array_{size}"
    inputs.vqa_array(root, size)
    command = [*convert("floodnet_vqa:train", root, "path", work / "out" / "mix")]
    cost = measure(command, work / "out")
    line(f"one JSON array of {size / 1e9:g} GB", cost, f"{size / cost.seconds / 1e6:.0f} MB/s")
    shutil.rmtree(root)


def embedding(work: Path, count: int, rounds: int) -> None:
    """JPEGs into Parquet, checked, hashed, deduplicated, against pyarrow that copies the bytes."""
    root = work / f"jpegs_{count}"
    folder = inputs.jpegs(root, count)
    out = work / "out"
    costs = best(
        {
            "a": convert("nwpu_resisc45", root, "embed", out / "mix"),
            "p": rival("pyarrow_images", folder, out),
        },
        out,
        rounds,
    )
    a, p = costs["a"], costs["p"]
    line(
        f"{count:,} JPEGs of 44 kB: earthmix convert --images embed",
        a,
        f"speed {p.seconds / a.seconds:.2f} of pyarrow's",
    )
    line(f"{count:,} JPEGs of 44 kB: pyarrow reads and writes the bytes", p)
    shutil.rmtree(root)


def scenes(work: Path, count: int, rounds: int) -> None:
    """Scenes cut to tiles with their boxes, against Pillow that cuts the same tiles alone."""
    root = work / f"scenes_{count}"
    folder = inputs.dota_scenes(root, count)
    out = work / "out"
    command = [*convert("dota_v1:train", root, "embed", out / "mix"), "--tile", "1024"]
    costs = best({"a": command, "p": rival("pillow_tiles", folder, out)}, out, rounds)
    a, p = costs["a"], costs["p"]
    against = f"wall {a.seconds / p.seconds:.2f} of Pillow's"
    line(f"{count} scenes of 4,000 px: earthmix convert --tile 1024", a, against)
    line(f"{count} scenes of 4,000 px: Pillow cuts all tiles, one process", p)
    shutil.rmtree(root)


class Annotations(NamedTuple):
    """A kind of annotations. dataset: whose layout they have; write: makes them in a folder; bare:
    the bare parse of the same files; loaders: what else loads them."""

    dataset: str
    write: Callable[[Path, bool], tuple[str, Path]]
    bare: str
    loaders: tuple[str, ...] = ()


def annotations(work: Path, kind: Annotations, small: bool, rounds: int) -> None:
    """Annotations in path mode, against the bare parse of the same files on one core; and read as
    Samples, against what loads them elsewhere."""
    name, folder = kind.write(work, small)
    out = work / "out"
    commands = {
        "convert": convert(kind.dataset, folder.parent, "path", out / "mix"),
        kind.bare: rival(kind.bare, folder, out),
    }
    if kind.loaders:
        commands["read_whole"] = rival("read_whole", folder, out)
    absent = [one for one in kind.loaders if not importlib.util.find_spec(one.partition("_")[0])]
    commands |= {one: rival(one, folder, out) for one in kind.loaders if one not in absent}
    costs = best(commands, out, rounds)
    for command, cost in costs.items():
        share = cost.seconds / costs[kind.bare].seconds
        line(f"{name}: {command}", cost, f"wall {share:.2f} of the bare parse's")
    for one in absent:
        print(f"{name}: {one} is not installed: pip install 'earthmix[rivals]'")
    shutil.rmtree(folder.parent)


def _tar(work: Path, small: bool) -> tuple[str, Path]:
    count = 200 if small else 20_000
    return f"{count:,} JPEGs with captions in a tar", inputs.captioned_tar(work / "tar", count)


def _dota(work: Path, small: bool) -> tuple[str, Path]:
    files, boxes = (20, 400) if small else (2_806, 188_282)
    folder = box_inputs.dota_labels(work / "labels", files, boxes)
    return f"{boxes:,} oriented boxes, {files:,} files", folder


def _voc(work: Path, small: bool) -> tuple[str, Path]:
    files, boxes = (20, 160) if small else (23_463, 192_518)
    return f"{boxes:,} boxes, {files:,} XML files", box_inputs.voc(work / "voc", files, boxes)


def _coco(work: Path, small: bool) -> tuple[str, Path]:
    boxes = 2_000 if small else 1_000_000
    return f"{boxes:,} boxes, one COCO file", box_inputs.coco(work / "coco", boxes)


def _masks(work: Path, small: bool) -> tuple[str, Path]:
    count = 4 if small else 2_000
    return f"{count:,} masks of 1,024 px", box_inputs.masks(work / "masks", count)


_ANNOTATIONS = {
    "tar": Annotations("gaia_shards", _tar, "plain_tar"),
    "dota": Annotations("dota_v1:train", _dota, "bare_dota"),
    "voc": Annotations("dior:train", _voc, "bare_voc", ("supervision_voc",)),
    "coco": Annotations("ssdd", _coco, "bare_coco", ("pycocotools_coco", "supervision_coco")),
    "masks": Annotations("loveda:train", _masks, "bare_masks"),
}


def formats(work: Path, small: bool, rounds: int) -> None:
    """Each format's reader, against the bare parse of the same files on one core."""
    options = ["--quick"] if small else ["--rounds", str(rounds)]
    command = [sys.executable, "-m", "benchmarks.formats", "--work", str(work / "formats")]
    subprocess.run([*command, *options], check=True)


def main() -> None:
    """Command line of the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small inputs, once each: does it run at all"
    )
    names = ["1m", "4m", "15m", "array", "embed", "scenes", *_ANNOTATIONS, "formats"]
    parser.add_argument("--only", choices=names, action="append")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path(".bench"))
    args = parser.parse_args()
    work = args.work.resolve()
    small, rounds = args.quick, 1 if args.quick else args.rounds
    steps: dict[str, Callable[[], None]] = {
        "1m": lambda: questions(work, 20_000 if small else 1_000_000, rounds, with_script=True),
        "4m": lambda: questions(
            work, 40_000 if small else 4_000_000, max(1, rounds - 1), with_script=True
        ),
        "15m": lambda: questions(work, 60_000 if small else 14_700_000, 1, with_script=False),
        "array": lambda: array(work, 5_000_000 if small else 1_000_000_000),
        "embed": lambda: embedding(work, 200 if small else 20_000, rounds),
        "scenes": lambda: scenes(work, 2 if small else 24, rounds),
        **{
            name: functools.partial(annotations, work, kind, small, rounds)
            for name, kind in _ANNOTATIONS.items()
        },
        "formats": lambda: formats(work, small, rounds),
    }
    print(
        f"{len(os.sched_getaffinity(0))} cores; best of {rounds}, whole processes, peak "
        "memory of all processes added"
    )
    for name, step in steps.items():
        if not args.only or name in args.only:
            step()


if __name__ == "__main__":
    main()

"""The direct engine and Flink on this machine, in one run: `make bench-engines`, `make
bench-engines BENCH_ARGS=--quick`.

The cluster's start-up, and what comes before and after a job on it, are told apart from the job
itself. Rivals take turns and the best of each counts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import inputs
from benchmarks.__main__ import Cost, convert, measure, tree_memory
from pipelines.engines.flink_cluster import cluster
from pipelines.engines.flink_cluster.rest import Rest

_MB = 1 << 20
_NAME = "bench"


class Run(NamedTuple):
    """One run.

    job: seconds from its start to its end as Flink tells them; before: all that precedes it, of
    which `probe` is the look from the workers.
    """

    seconds: float
    memory: int
    before: float | None = None
    job: float | None = None
    probe: float | None = None

    @property
    def after(self) -> float | None:
        """From the job's end to the end of the command."""
        return (
            None
            if self.before is None or self.job is None
            else self.seconds - self.before - self.job
        )


@contextmanager
def started(workers: int) -> Iterator[cluster.Running]:
    """A cluster of two task managers with slots for all workers, and one pool."""
    running = cluster.up(
        cluster.Plan(name=_NAME, taskmanagers=2, slots=-(-workers // 2), pools=1, port_base=0)
    )
    try:
        yield running
    finally:
        cluster.down(name=_NAME)


def on_cluster(command: list[str], out: Path, running: cluster.Running) -> Run:
    """A run on a cluster, with the job's own times."""
    rest = Rest(running.master)
    known = {job["jid"] for job in rest.jobs()}
    cost = measure(command, out, [process.pid for process in running.record.processes])
    new = {
        str(job["name"]).endswith("-probe"): job for job in rest.jobs() if job["jid"] not in known
    }
    job: dict[str, Any] = new[False]
    probe = new[True]["duration"] / 1000 if True in new else None
    return Run(
        cost.seconds,
        cost.memory,
        job["start-time"] / 1000 - cost.began,
        job["duration"] / 1000,
        probe,
    )


def plain(cost: Cost) -> Run:
    """A run of the direct engine."""
    return Run(cost.seconds, cost.memory)


def best(runs: list[Run]) -> Run:
    """The quickest, with the highest peak of all."""
    return min(runs)._replace(memory=max(run.memory for run in runs))


def measured(root: Path, out: Path, rounds: int, workers: int) -> dict[str, Run]:
    """Every way to run the same conversion, by its name."""
    base = convert("rsvqa_lr", root, "path", out / "mix")
    began = time.perf_counter()
    found: dict[str, list[Run]] = {}
    with started(workers) as running:
        pids = [process.pid for process in running.record.processes]
        print(
            "cluster of 2 task managers and a worker pool: up in "
            f"{time.perf_counter() - began:.1f} s, "
            f"{sum(map(tree_memory, pids)) / _MB:.0f} MB idle"
        )
        flink = [
            *base,
            "--engine",
            "flink",
            "--flink-master",
            running.master,
            "--workers",
            str(workers),
        ]
        for _ in range(rounds):
            for name, command in {
                "direct, threads": base,
                "direct, 2 processes": [*base, "--workers", "2"],
            }.items():
                found.setdefault(name, []).append(plain(measure(command, out)))
            found.setdefault("Flink cluster, LOOPBACK", []).append(on_cluster(flink, out, running))
            found.setdefault("Flink cluster, EXTERNAL", []).append(
                on_cluster([*flink, "--workers-at", running.pools[0]], out, running)
            )
    return {name: best(runs) for name, runs in found.items()}


def table(runs: dict[str, Run]) -> None:
    """One line a way. Ratios are to the quicker of the direct ones."""
    direct = min(run.seconds for run in runs.values() if run.job is None)
    print(
        f"{'':<26}{'whole':>9}{'memory':>10}{'before':>9}{'probe':>9}{'job':>9}{'after':>9} "
        f"  {'whole/direct':>12}{'job/direct':>12}"
    )
    for name, run in runs.items():
        parts = "".join(
            f"{'-' if value is None else f'{value:.2f} s':>9}"
            for value in (run.before, run.probe, run.job, run.after)
        )
        ratio = "" if run.job is None else f"{run.job / direct:12.2f}"
        print(
            f"{name:<26}{run.seconds:7.2f} s{run.memory / _MB:7.0f} MB{parts}   "
            f"{run.seconds / direct:12.2f}{ratio}",
            flush=True,
        )


def main() -> None:
    """Command line of the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a small input, once each: does it run at all"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--questions", type=int, default=1_000_000)
    parser.add_argument("--work", type=Path, default=Path(".bench"))
    args = parser.parse_args()
    count, rounds = (20_000, 1) if args.quick else (args.questions, args.rounds)
    workers = max(2, len(os.sched_getaffinity(0)))
    work = args.work.resolve()
    root = work / f"engines_{count}"
    inputs.rsvqa(root, count)
    print(
        f"{count:,} questions; {len(os.sched_getaffinity(0))} cores, {workers} workers; "
        f"best of {rounds}, memory of all processes added, cluster included"
    )
    print(
        "before: start of the command, job server, translation and staging, probe "
        "included; probe: the look from the workers of a pool"
    )
    table(measured(root, work / "out", rounds, workers))
    shutil.rmtree(root)


if __name__ == "__main__":
    main()

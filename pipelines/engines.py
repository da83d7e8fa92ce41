"""Where a pipeline runs. Engines differ in options only; the pipeline never asks which one it is on."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from pipelines.plan import RunPlan
from pipelines.errors import EngineError

Build = Callable[[beam.Pipeline], None]
NAMES = ("direct",)
LARGE_RECORDS = 200_000  # records parsed by Python, about: below it worker processes take longer to start than they save


def run(engine: str, build: Build, plan: RunPlan, workers: str, options: Sequence[str]) -> None:
    """Runs a pipeline to its end. Raises EngineError for an engine or option that does not exist, RuntimeError where the pipeline fails."""
    if engine not in NAMES:
        raise EngineError(f'unknown engine "{engine}"; known: {", ".join(NAMES)}')
    _direct(build, plan, workers, options)


def _direct(build: Build, plan: RunPlan, workers: str, options: Sequence[str]) -> None:
    # Named explicitly: "DirectRunner" would first try to download the Prism binary, and hides Python exceptions.
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner

    number, processes = _workers(plan, workers)
    flags = [f"--direct_num_workers={number}"]
    environment = None
    if processes:
        # What `multi_processing` does, with the workers' own log lines in a file instead of on the user's terminal.
        command = f"{shlex.quote(sys.executable)} -m apache_beam.runners.worker.sdk_worker_main 2>>{shlex.quote(f'{plan.work}/workers.log')}"
        environment = SubprocessSDKEnvironment.from_command_string(command)
    elif number > 1:
        flags.append("--direct_running_mode=multi_threading")
    with beam.Pipeline(runner=FnApiRunner(default_environment=environment), options=PipelineOptions([*flags, *options])) as pipeline:
        build(pipeline)


def _workers(plan: RunPlan, workers: str) -> tuple[int, bool]:
    """How many workers, and whether each is a process: that pays for work that holds Python's lock; columnar work does not."""
    if workers != "auto":
        return int(workers), int(workers) > 1
    number = len(os.sched_getaffinity(0))
    return number, number > 1 and _python_records(plan) > LARGE_RECORDS


def _python_records(plan: RunPlan) -> int:
    """Records of spans that are whole files, which readers walk in Python; byte ranges are decoded in columns."""
    return sum(span.records for span in plan.spans if span.end is None)

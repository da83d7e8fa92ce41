"""Where a pipeline runs. Engines differ in options only; the pipeline never asks which one it is on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

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

    flags = [*_direct_flags(plan, workers), *options]
    with beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions(flags)) as pipeline:
        build(pipeline)


def _direct_flags(plan: RunPlan, workers: str) -> list[str]:
    """Processes for work that holds Python's lock, threads of this one for columnar work, which does not."""
    if workers != "auto":
        number = int(workers)
        mode = "multi_processing" if number > 1 else "in_memory"
    else:
        number = len(os.sched_getaffinity(0))
        mode = "in_memory" if number == 1 else "multi_processing" if _python_records(plan) > LARGE_RECORDS else "multi_threading"
    return [f"--direct_num_workers={number}", f"--direct_running_mode={mode}"]


def _python_records(plan: RunPlan) -> int:
    """Records of spans that are whole files, which readers walk in Python; byte ranges are decoded in columns."""
    return sum(span.records for span in plan.spans if span.end is None)

"""Where a pipeline runs.

Engines differ in options only; the pipeline never asks which one it is on.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_provision_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import ExtendedProvisionInfo
from apache_beam.transforms.environments import SubprocessSDKEnvironment
from google.protobuf import json_format, struct_pb2  # type: ignore[import-untyped]

from pipelines.beam_options import beam_options
from pipelines.engine_options import EngineOptions
from pipelines.engines.loopback import loopback
from pipelines.plan import RunPlan
from pipelines.storage import work_files

Build = Callable[[beam.Pipeline], None]
Say = Callable[[str], None]
# Records parsed by Python, about: below it worker processes take longer to start than they save.
LARGE_RECORDS = 200_000


def run(engine_options: EngineOptions, build: Build, plan: RunPlan, say: Say) -> None:
    """Runs a pipeline to its end.

    say: takes lines for the user. Raises UsageError for an option that does not exist,
    EngineError where the engine cannot run the pipeline, RuntimeError where the pipeline fails.
    """
    if engine_options.engine == "flink":
        from pipelines.engines import flink

        flink.run(engine_options, build, plan, beam_options, say)
    elif engine_options.engine == "dataflow":
        from pipelines.engines import dataflow, dataflow_options

        root = next(iter(plan.roots.values()))
        dataflow.run(
            build,
            plan,
            dataflow_options.pipeline_options(engine_options, root, plan.out),
        )
    else:
        with _temporary_folder(plan.work):
            _direct(engine_options, build, plan)


@contextmanager
def _temporary_folder(work: str) -> Iterator[None]:
    """Has Beam make its temporary folders in the working folder, which the next run clears.

    A killed run would leave them to the machine for ever. For this machine's own runner alone: on
    Flink a job server's log must outlive the run.
    """
    if not work_files.is_local(work):
        yield
        return
    before, tempfile.tempdir = tempfile.tempdir, work
    try:
        yield
    finally:
        tempfile.tempdir = before


def _direct(engine_options: EngineOptions, build: Build, plan: RunPlan) -> None:
    # Named explicitly: "DirectRunner" would first try to download the Prism binary, and hides
    # Python exceptions.
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner

    number, processes = workers_for(plan, engine_options.workers)
    flags = [f"--direct_num_workers={number}"]
    environment = None
    if processes:
        environment = SubprocessSDKEnvironment.from_command_string("")  # ours: see `loopback`
    elif number > 1:
        flags.append("--direct_running_mode=multi_threading")
    options = beam_options([*flags, *engine_options.beam_options])
    provision = _provision(options) if processes and engine_options.beam_options else None
    log = work_files.log_file(plan.work, "workers.log")
    runner = FnApiRunner(default_environment=environment, provision_info=provision)
    with loopback(log), beam.Pipeline(runner=runner, options=options) as pipeline:
        build(pipeline)


def _provision(options: PipelineOptions) -> ExtendedProvisionInfo:
    """Beam's options for worker processes.

    This runner does not pass them on by itself, and without them workers would not find an object
    store. Workers log all options, keys too, unless they log only warnings and errors.
    """
    given = {
        "default_sdk_harness_log_level": "WARNING",
        **options.get_all_options(drop_default=True),
    }
    texts = {
        name: value if isinstance(value, (bool, str, list, dict)) else str(value)
        for name, value in given.items()
    }  # a Struct makes 2.0 of 2
    plain = json_format.ParseDict(texts, struct_pb2.Struct())
    return ExtendedProvisionInfo(
        beam_provision_api_pb2.ProvisionInfo(
            pipeline_options=plain, retrieval_token="unused-retrieval-token"
        )
    )


def workers_for(plan: RunPlan, workers: str) -> tuple[int, bool]:
    """How many workers, and whether each is a process.

    Processes pay for work that holds Python's lock; columnar work does not hold it.
    """
    if workers != "auto":
        return int(workers), int(workers) > 1
    number = len(os.sched_getaffinity(0))
    return number, number > 1 and _python_records(plan) > LARGE_RECORDS


def _python_records(plan: RunPlan) -> int:
    """Records that readers parse in Python: all but those that are decoded as columns.

    Those of side tables are decoded together: eight of them cost as much as one of the others.
    """
    own, side = (
        sum(s.records for s in spans if s.end is None or s.slug not in plan.columnar)
        for spans in (plan.spans, plan.sides)
    )
    return own + side // 8

"""Flink through Beam's portable runner: an embedded one, or a standing cluster.

earthmix starts and stops the job server itself, looks at the cluster before it submits, and cancels the job when it is told to stop.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.portable_runner import PortableRunner

from pipelines.errors import EngineError
from pipelines.flink.jobserver import LOCAL, job_server, needs_staging
from pipelines.flink.parts import DEFAULT_FOLDER
from pipelines.flink.ports import answers
from pipelines.flink.rest import ClusterInfo, Rest, check_cluster
from pipelines.plan import RunPlan
from pipelines.settings import Settings

_STARTED_WITHIN = 180.0  # seconds until a submitted job must show up on its cluster
_LOOK_EVERY = 0.5


def run(
    settings: Settings,
    build: Callable[[beam.Pipeline], None],
    plan: RunPlan,
    beam_options: Callable[[Sequence[str]], PipelineOptions],
    say: Callable[[str], None],
) -> None:
    """Runs a pipeline to its end on Flink.

    say: takes lines for the user. Raises EngineError before anything is submitted where the cluster,
    its slots, the workers or the folder will not do; a job that still runs when this is left is cancelled.
    """
    parallelism = _parallelism(settings)
    jars = Path(settings.flink_jars) if settings.flink_jars else DEFAULT_FOLDER / "jars"
    cluster = None if settings.flink_master == LOCAL else check_cluster(settings.flink_master, parallelism)
    if settings.workers_at:
        _check_pool(settings.workers_at)
    name = f"earthmix-{uuid.uuid4().hex[:8]}"
    log = Path(plan.work) / "jobserver.log"
    with job_server(settings.flink_master, jars, log=log, stage=cluster is None or needs_staging(cluster, jars)) as endpoint:
        options = beam_options([*_flags(endpoint, name, parallelism, settings), *settings.beam_options])
        if cluster:
            say(f"Flink {cluster.version} at {cluster.address}: job {name}, {parallelism} of {cluster.slots_free} free slots")
        _submit(build, options, name, cluster)


def _parallelism(settings: Settings) -> int:
    return len(os.sched_getaffinity(0)) if settings.workers == "auto" else int(settings.workers)


def _flags(endpoint: str, name: str, parallelism: int, settings: Settings) -> list[str]:
    # Workers stay for the next stage of a job: starting them anew for each is slow, and ends in errors of streams that were closed meanwhile.
    flags = [f"--job_endpoint={endpoint}", f"--job_name={name}", f"--parallelism={parallelism}", "--environment_cache_millis=20000"]
    if settings.worker_image:
        return [*flags, "--environment_type=DOCKER", f"--environment_config={settings.worker_image}"]
    if settings.workers_at:
        return [*flags, "--environment_type=EXTERNAL", f"--environment_config={settings.workers_at}"]
    return [*flags, "--environment_type=LOOPBACK"]


def _check_pool(address: str) -> None:
    host, mark, port = address.rpartition(":")
    if not mark or not port.isdigit():
        raise EngineError(f'--workers-at takes HOST:PORT, not "{address}"')
    if not answers(host, int(port)):
        raise EngineError(
            f"no worker pool answers at {address}: start one there with `python -m pipelines.flink pool --port {port}`, from an environment with earthmix"
        )


def _submit(build: Callable[[beam.Pipeline], None], options: PipelineOptions, name: str, cluster: ClusterInfo | None) -> None:
    rest = Rest(cluster.address) if cluster else None
    pipeline = beam.Pipeline(runner=PortableRunner(), options=options)
    build(pipeline)
    ended = False
    try:
        result = pipeline.run()
        if rest:
            _await_job(rest, name, result)
        state = result.wait_until_finish()
        ended = True
        if state != "DONE":
            raise EngineError(f"the Flink job ended as {state}")
    finally:
        # Beam's own cancel would end the call to the job server and leave the job running.
        if rest and not ended:
            rest.cancel_named(name)


def _await_job(rest: Rest, name: str, result: object) -> None:
    """Waits until the job shows up, so that one that never starts is told of."""
    deadline = time.monotonic() + _STARTED_WITHIN
    while not any(job.get("name") == name for job in rest.jobs()):
        if getattr(result, "state", "RUNNING") in ("FAILED", "DONE", "CANCELLED"):
            return
        if time.monotonic() > deadline:
            raise EngineError(f"the job did not reach Flink at {rest.address} within {_STARTED_WITHIN:.0f} s")
        time.sleep(_LOOK_EVERY)

"""Flink through Beam's portable runner: an embedded one, or a standing cluster.

earthmix starts and stops the job server itself, looks at the cluster and at the workers before it
submits, and cancels the job when it is stopped.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.portable_runner import PortableRunner

from converters.read import files
from pipelines.engine_options import EngineOptions
from pipelines.engines import probe
from pipelines.engines.flink_cluster.jobserver import LOCAL, job_server, needs_staging
from pipelines.engines.flink_cluster.parts import DEFAULT_FOLDER
from pipelines.engines.flink_cluster.ports import answers
from pipelines.engines.flink_cluster.rest import ClusterInfo, Rest, check_cluster
from pipelines.engines.loopback import loopback_threads
from pipelines.errors import EngineError, UsageError
from pipelines.plan import RunPlan

_STARTED_WITHIN = 180.0  # seconds until a submitted job must show up on its cluster
_PROBED_WITHIN = 90.0  # seconds until workers that earthmix did not start must have answered
_CANCELLED_WITHIN = 60.0
_LOOK_EVERY = 0.2
_ENDED = ("DONE", "FAILED", "CANCELLED")
_HERE = ("localhost", "127.0.0.1", "::1", "[::1]")

Build = Callable[[beam.Pipeline], None]
Options = Callable[[Sequence[str]], PipelineOptions]
Say = Callable[[str], None]


def run(
    engine_options: EngineOptions, build: Build, plan: RunPlan, beam_options: Options, say: Say
) -> None:
    """Runs a pipeline to its end on Flink.

    say: takes lines for the user. Raises UsageError for options that do not go together,
    EngineError before anything is submitted where the cluster, its slots, the workers or the
    folders will not do; a job that still runs when this is left is cancelled.
    """
    _check_options(engine_options)
    jars = Path(engine_options.flink_jars) if engine_options.flink_jars else DEFAULT_FOLDER / "jars"
    wanted = None if engine_options.workers == "auto" else int(engine_options.workers)
    cluster = (
        None
        if engine_options.flink_master == LOCAL
        else check_cluster(engine_options.flink_master, wanted or 1)
    )
    parallelism = wanted or (cluster.slots_free if cluster else len(os.sched_getaffinity(0)))
    name = f"earthmix-{uuid.uuid4().hex[:8]}"
    with (
        loopback_threads(),
        _kept_if_named() as log,
        _cancelled_in_the_end(cluster, name),
        job_server(
            engine_options.flink_master,
            jars,
            log=log,
            stage=cluster is None or needs_staging(cluster, jars),
        ) as endpoint,
    ):
        flags = [*_flags(endpoint, parallelism, engine_options), *engine_options.beam_options]
        beam_options(flags)  # raises for those that there are not
        where = Target(name, cluster, flags)
        if cluster:
            say(
                f"Flink {cluster.version} at {cluster.address}: {parallelism} of "
                f"{cluster.slots_free} free slots"
            )
        if engine_options.workers_at or engine_options.worker_image:
            _probe(
                where,
                plan,
                parallelism,
                engine_options.workers_at or engine_options.worker_image or "",
            )
        _run(where, build, plan, say)


@dataclass(frozen=True)
class Target:
    """Where a job goes. name: begins the names of the jobs of this run."""

    name: str
    cluster: ClusterInfo | None
    flags: list[str]

    def submit(self, build: Build, kind: str, *more: str) -> Any:
        """Starts a pipeline; gives Beam's handle of it."""
        # Not by `beam_options`: Flink's own options are known to the job server alone.
        options = PipelineOptions([*self.flags, f"--job_name={self.name}{kind}", *more])
        pipeline = beam.Pipeline(runner=PortableRunner(), options=options)
        build(pipeline)
        return pipeline.run()


def _check_options(engine_options: EngineOptions) -> None:
    if engine_options.workers_at and engine_options.worker_image:
        raise UsageError(
            "--workers-at and --worker-image name two kinds of workers: use one of them"
        )
    if not engine_options.workers_at:
        return
    host, mark, port = engine_options.workers_at.rpartition(":")
    if not mark or not host or not port.isdecimal() or int(port) > 65_535:
        raise UsageError(f'--workers-at takes HOST:PORT, not "{engine_options.workers_at}"')
    # A pool beside task managers elsewhere may be out of this machine's sight; the probe asks
    # those.
    master = engine_options.flink_master.partition("://")[2] or engine_options.flink_master
    if (engine_options.flink_master == LOCAL or master.rpartition(":")[0] in _HERE) and not answers(
        host, int(port)
    ):
        raise EngineError(
            f"no worker pool answers at {engine_options.workers_at}: "
            "start one there with `python -m pipelines.engines.flink_cluster pool --port "
            f"{port}`, from an environment with earthmix"
        )


def _flags(endpoint: str, parallelism: int, engine_options: EngineOptions) -> list[str]:
    # Workers stay for the next stage of a job: starting them anew for each is slow, and ends in
    # errors of streams that were closed meanwhile.
    flags = [
        f"--job_endpoint={endpoint}",
        f"--parallelism={parallelism}",
        "--environment_cache_millis=20000",
    ]
    if engine_options.worker_image:
        return [
            *flags,
            "--environment_type=DOCKER",
            f"--environment_config={engine_options.worker_image}",
        ]
    if engine_options.workers_at:
        return [
            *flags,
            "--environment_type=EXTERNAL",
            f"--environment_config={engine_options.workers_at}",
        ]
    return [*flags, "--environment_type=LOOPBACK"]


@contextlib.contextmanager
def _kept_if_named() -> Iterator[Path]:
    """The job server's log.

    It lies outside the working folder, which is removed with the run, because an error tells the
    user to read it.
    """
    log = Path(tempfile.mkdtemp(prefix="earthmix-flink-")) / "jobserver.log"
    named = False
    try:
        yield log
    except EngineError as error:
        named = str(log) in str(error)
        raise
    finally:
        if not named:
            shutil.rmtree(log.parent, ignore_errors=True)


@contextlib.contextmanager
def _cancelled_in_the_end(cluster: ClusterInfo | None, name: str) -> Iterator[None]:
    """Looks for jobs of this run once more when its job server is gone.

    One may have been on its way to the cluster when the run was stopped.
    """
    try:
        yield
    except BaseException:
        if cluster:
            _cancel(cluster, name)
        raise


def _cancel(cluster: ClusterInfo, name: str) -> None:
    """Cancels the jobs of a run, if the cluster answers.

    A failure here is not reported: why the run ended says more.
    """
    # Beam's own cancel would end the call to the job server and leave the job running.
    rest = Rest(cluster.address)
    with contextlib.suppress(EngineError):
        for job in [name, f"{name}-probe"]:
            rest.cancel_named(job, _CANCELLED_WITHIN)


def _probe(where: Target, plan: RunPlan, parallelism: int, workers: str) -> None:
    """Lets the workers look before the run is submitted. Raises EngineError with what is wrong."""
    # A wrong worker stays wrong: no second try.
    result = where.submit(
        lambda pipeline: probe.build(pipeline, plan, parallelism),
        "-probe",
        "--number_of_execution_retries=0",
    )
    deadline = time.monotonic() + _PROBED_WITHIN
    while (state := result.state) not in _ENDED:
        if time.monotonic() > deadline:
            if where.cluster:
                _cancel(where.cluster, where.name)
            raise EngineError(
                f"no worker of {workers} got to work within {_PROBED_WITHIN:.0f} s: see "
                "the log there; "
                "the first python on its PATH must be one with apache_beam and earthmix"
            )
        time.sleep(_LOOK_EVERY)
    if state != "DONE":
        raise EngineError(f"the workers of {workers} can not run earthmix: {_why(result)}")
    if fault := probe.fault(plan, parallelism):
        raise EngineError(fault)


def _why(result: Any) -> str:
    """The telling line of an ended job's error, and what to do about it."""
    try:
        result.wait_until_finish()
        text = ""
    except (
        Exception
    ) as error:  # Beam raises what it likes; its text holds Java's stack and Python's
        text = str(error)
    if found := re.search(r"No module named '(\w+)", text):
        return (
            f"{found[1]} is missing there; install earthmix in the environment that the pool "
            "is started from"
        )
    if "UNAVAILABLE" in text:
        return "a task manager does not reach them; is a pool running there?"
    return _telling(text)


def _telling(text: str) -> str:
    """The line of a job's error that names the cause: Python's last, else Java's last cause."""
    python = re.findall(
        r"^(?:\w+\.)*\w*(?:Error|Exception|Interrupt)\b: .*",
        text.rpartition("Traceback (most recent call last)")[2],
        re.M,
    )
    java = re.findall(r"^\s*Caused by: (.*)", text, re.M)
    lines = (
        python[:1]
        if "Traceback" in text and python
        else java[-1:] or text.splitlines()[:1] or ["no reason given"]
    )
    return str(lines[0]).strip()[:300]


def _run(where: Target, build: Build, plan: RunPlan, say: Say) -> None:
    cluster = where.cluster
    result = None
    page = ""
    try:
        result = where.submit(build, "")
        if cluster:
            page = _await_job(Rest(cluster.address), where.name, result)
            say(f"job {where.name}: {page or 'ended'}")
        state = result.wait_until_finish()
        if state != "DONE":
            raise EngineError(f"the Flink job ended as {state}{page and f': see {page}'}")
    except EngineError:
        raise
    except Exception as error:
        # Workers' own lines say more, and so does Python's traceback where no page shows it; of
        # Ctrl-C Beam may make another error.
        if (
            not cluster
            or files.listing(f"{plan.work}/errors")
            or isinstance(error.__cause__ or error.__context__, KeyboardInterrupt)
        ):
            raise
        raise EngineError(
            f"the Flink job failed: {_telling(str(error))}{page and f' (see {page})'}"
        ) from error
    except BaseException:
        # While the job server still serves: it would tell the client's end to the cluster later,
        # and less surely.
        if cluster:
            _cancel(cluster, where.name)
        raise


def _await_job(rest: Rest, name: str, result: Any) -> str:
    """Waits until the job appears on the cluster, and gives its page; none if it has ended before.

    Raises EngineError for a job that never starts.
    """
    deadline = time.monotonic() + _STARTED_WITHIN
    while True:
        for job in rest.jobs():
            if job.get("name") == name:
                return f"{rest.address}/#/job/{job.get('jid')}/overview"
        if result.state in _ENDED:
            return ""
        if time.monotonic() > deadline:
            raise EngineError(
                f"the job did not reach Flink at {rest.address} within "
                f"{_STARTED_WITHIN:.0f} s: look at the cluster's JobManager log, and try "
                "again"
            )
        time.sleep(_LOOK_EVERY)

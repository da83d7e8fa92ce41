"""Beam's job server for Flink: the Java process that hands a pipeline from Python to Flink."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipelines.engines.flink_cluster import leash
from pipelines.engines.flink_cluster import ports as tcp
from pipelines.engines.flink_cluster.errors import EngineError
from pipelines.engines.flink_cluster.java import OPENS, find_java
from pipelines.engines.flink_cluster.loopback_class import loopback_jar
from pipelines.engines.flink_cluster.parts import runner_jars
from pipelines.engines.flink_cluster.processes import telling_line
from pipelines.engines.flink_cluster.rest import ClusterInfo

LOCAL = "[local]"
_MAIN = "org.apache.beam.runners.flink.FlinkJobServerDriver"

# Beam's FlinkJobInvoker uploads its whole class path with every job, whatever --files_to_stage
# says, save the files that have this in their path (PipelineResources.isStageable).
_NEVER_STAGED = Path("gradle", "wrapper")

# The job server tells the cluster that it lives, and the cluster, which looks once a minute,
# cancels the job when that stops:
# a job must not run on for a client that was killed. (Milliseconds.)
_CONFIGURATION = """execution.attached: true
execution.shutdown-on-attached-exit: true
client.heartbeat.interval: 10000
client.heartbeat.timeout: 90000
"""

# Flink inside the job server listens on all interfaces unless it is told otherwise.
_LOCAL_CONFIGURATION = """jobmanager.bind-host: 127.0.0.1
taskmanager.bind-host: 127.0.0.1
taskmanager.host: 127.0.0.1
rest.bind-address: 127.0.0.1
"""

# When this process dies by a signal that it can't catch, its job server goes too.
_LEASH = (sys.executable, "-I", "-S", leash.__file__)


def needs_staging(info: ClusterInfo, jars: Path) -> bool:
    """Whether a cluster lacks any of the job server's jars.

    Then each job must bring them, which takes 10 s or more.
    """
    names = {jar.name for jar in (runner_jars(jars) if jars.is_dir() else [jars])}
    return not names <= info.class_path


@contextlib.contextmanager
def job_server(
    flink_master: str,
    jars: Path,
    *,
    artifacts_dir: Path | None = None,
    log: Path,
    timeout: float = 60.0,
    stage: bool = True,
    java_options: Sequence[str] = (),
) -> Iterator[str]:
    """A job server for as long as the block runs.

    It has a process group of its own, so that Ctrl-C in a terminal doesn't reach it before the job
    was cancelled through it.

    Args:
        flink_master: `[local]` for Flink inside the job server, or HOST:PORT of a cluster's REST.
        jars: a folder of jars, or one that holds everything.
        artifacts_dir: where it puts what workers in containers fetch; they and it must see the
        folder. A temporary one otherwise.
        log: its log file; replaced.
        timeout: seconds until it must answer.
        stage: upload the jars with every job. False for a cluster that has them (see
        `needs_staging`).
        java_options: flags for the JVM, like -Xmx4g.

    Yields:
        The job endpoint, localhost:PORT.

    Raises:
        EngineError: no Java, no jars, or it did not come up; with the telling line of its log.
    """
    java = find_java()
    with tempfile.TemporaryDirectory(prefix="earthmix-jobserver-") as folder:
        tmp = Path(folder)
        class_path = _class_path(jars, tmp, stage or flink_master == LOCAL)
        job_port, artifact_port = tcp.free_ports(2)
        if artifacts_dir is None:
            artifacts_dir = tmp / "artifacts"
        artifacts_dir.mkdir(parents=True, exist_ok=True)
        jvm = [
            java,
            *OPENS,
            f"-Djava.io.tmpdir={tmp}",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            *java_options,
            _MAIN,
        ]
        options = [
            "--flink-master",
            flink_master,
            "--job-port",
            str(job_port),
            "--artifact-port",
            str(artifact_port),
            "--expansion-port",
            "-1",
        ]
        options += _configured(flink_master, tmp)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*_LEASH, *jvm, *options, "--artifacts-dir", str(artifacts_dir)],
                stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True,
                env={**os.environ, "CLASSPATH": class_path},
            )  # fmt: skip
        try:
            _wait(process, job_port, log, timeout)
            yield f"localhost:{job_port}"
        finally:
            _stop(process)


def _class_path(jars: Path, tmp: Path, stage: bool) -> str:
    """The class path of the job server.

    Whether its jars are uploaded with a job depends on their folder.
    """
    found = sorted(jars.glob("*.jar")) if jars.is_dir() else [jars] if jars.is_file() else []
    if not found:
        raise EngineError(
            f"no job server jar in {jars}: run `python -m pipelines.engines.flink_cluster "
            "setup` (make flink-setup), or name one with --flink-jars"
        )
    brought = set(runner_jars(jars) if jars.is_dir() else found) if stage else set()
    unstaged = tmp / _NEVER_STAGED
    unstaged.mkdir(parents=True)
    # Flink inside the job server runs by this class path; another cluster gets Beam's jars alone.
    first = loopback_jar(found, unstaged)
    theirs = [jar.resolve() if jar in brought else _linked(jar, unstaged) for jar in found]
    return os.pathsep.join(map(str, [*first, *theirs]))


def _linked(jar: Path, folder: Path) -> Path:
    """The same jar in another folder. Not a symbolic link: Beam looks at the path behind it."""
    target = folder / jar.name
    try:
        os.link(jar.resolve(), target)
    except OSError:
        shutil.copyfile(jar, target)
    return target


def _configured(flink_master: str, tmp: Path) -> list[str]:
    """The job server's own Flink configuration, unless the user has one.

    The user's may be needed to reach the cluster at all.
    """
    if "FLINK_CONF_DIR" in os.environ:
        return []
    text = _LOCAL_CONFIGURATION if flink_master == LOCAL else _CONFIGURATION
    (tmp / "conf").mkdir()
    (tmp / "conf" / "config.yaml").write_text(text, "utf-8")
    return ["--flink-conf-dir", str(tmp / "conf")]


def _wait(process: subprocess.Popen[bytes], port: int, log: Path, timeout: float) -> None:
    """Wait until the job endpoint accepts connections."""
    deadline = time.monotonic() + timeout
    while not tcp.answers("localhost", port):
        if process.poll() is not None:
            raise EngineError(
                f"the job server stopped ({process.returncode}): {telling_line(log)} (see {log})"
            )
        if time.monotonic() > deadline:
            raise EngineError(
                f"the job server did not answer within {timeout:g} s: {telling_line(log)} "
                f"(see {log})"
            )
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End it: ask first by closing its standard input, and kill its whole group after 10 s.

    A second Ctrl-C kills at once.
    """
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(10)
    except BaseException as error:
        # Its leader is not waited for yet, so the group's id can't belong to anybody else.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise

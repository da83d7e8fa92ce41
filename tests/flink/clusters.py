"""Real Flink clusters for tests, and a look at what they leave behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from pipelines.engines.flink_cluster import cluster, parts, ports
from pipelines.engines.flink_cluster.errors import EngineError
from pipelines.engines.flink_cluster.java import find_java
from pipelines.engines.flink_cluster.rest import Rest

MARK = "EARTHMIX_TESTS"
_LIMIT = 90.0


def fetched() -> None:
    """Fetches Flink where it is not there yet; skips the test where it can not be had or run."""
    try:
        find_java()
    except EngineError as error:
        pytest.skip(str(error))
    if shutil.which("mvn") is None and not (parts.DEFAULT_FOLDER / "parts.json").is_file():
        pytest.skip("no Maven found (mvn), which fetches Flink's job server")
    parts.setup()


@contextlib.contextmanager
def cluster_of(taskmanagers: int, folder: Path, name: str) -> Iterator[cluster.Running]:
    """A cluster with a worker pool on free ports, its logs in a folder of its own."""
    folder.mkdir(exist_ok=True)
    for part in ("jars", "flink", "parts.json"):
        if not (folder / part).exists():
            (folder / part).symlink_to(parts.DEFAULT_FOLDER / part)
    running = cluster.up(cluster.Plan(folder, name, taskmanagers, port_base=0))
    try:
        yield running
    finally:
        cluster.down(folder, name)


@contextlib.contextmanager
def pool(
    command: list[str], port: int, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Some other worker pool, as long as the block runs, with all that it starts."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=out,
            env={**os.environ, **(env or {})},
            cwd=log.parent,
            start_new_session=True,
        )
    try:
        wait_for(lambda: ports.answers("localhost", port) or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield f"localhost:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        try:
            process.wait(5)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()


def bare_pool(folder: Path, worker: str) -> tuple[list[str], int, dict[str, str]]:
    """Beam's own pool in an environment without earthmix: command, port and environment.

    worker: flags of the python that its workers run in.
    """
    (folder / "bin").mkdir()
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} {worker} "$@"\n', "utf-8")
    python.chmod(0o755)
    # Without the files of -S, an editable install is not there, and site-packages is by PYTHONPATH
    # alone.
    env = {
        "PYTHONPATH": str(Path(pytest.__file__).parents[1]),
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
    }
    port = ports.free_ports(1)[0]
    return (
        [
            sys.executable,
            "-S",
            "-m",
            "apache_beam.runners.worker.worker_pool_main",
            "--service_port",
            str(port),
        ],
        port,
        env,
    )


def wait_for(condition: Callable[[], object], what: str = "something") -> None:
    """Returns when a condition holds; fails after a limit."""
    deadline = time.monotonic() + _LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def unfinished(running: cluster.Running) -> list[str]:
    """The jobs that have not ended."""
    return [
        str(job["jid"])
        for job in Rest(running.master).jobs()
        if job["state"] not in ("FINISHED", "FAILED", "CANCELED")
    ]


def job_servers() -> list[int]:
    """The job servers that these tests have started."""
    return [pid for pid, command in ours().items() if "FlinkJobServerDriver" in command]


def workers(running: cluster.Running) -> list[int]:
    """The workers of a cluster's pool: children of the process that they are forked from."""
    children = [
        pid for parent in _children(running.process("pool-1").pid) for pid in _children(parent)
    ]
    return [pid for pid in children if Path(f"/proc/{pid}/statm").exists()]


def _children(pid: int) -> list[int]:
    try:
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []


def ours() -> dict[int, str]:
    """Every living process that was started from here, by its id, with its command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if f"{MARK}={os.environ[MARK]}".encode() in (entry / "environ").read_bytes().split(
                    b"\0"
                ):
                    found[int(entry.name)] = (
                        (entry / "cmdline")
                        .read_bytes()
                        .replace(b"\0", b" ")
                        .decode("utf-8", "replace")
                    )
    return found


def marked() -> Iterator[None]:
    """Marks all that is started from here, and in the end makes sure that nothing of it is left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, uuid.uuid4().hex)
        yield
        wait_for(
            lambda: not [c for c in ours().values() if "resource_tracker" not in c],
            f"the end of {ours()}",
        )

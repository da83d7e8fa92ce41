"""Errors of the operating system: a full disk, no memory, closed streams and an early Ctrl-C."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import runs
from apache_beam.runners.portability.fn_api_runner import worker_handlers
from apache_beam.utils import thread_pool_executor

from pipelines.engines import loopback


class Pool:
    """Stands for Beam's threads."""


def caption_command(sample: Path, out: Path, images: str, workers: str) -> list[str]:
    command = [sys.executable, "-m", "pipelines", "convert", "ucm_captions", "--images", images]
    return [*command, "--data-root", str(sample), "--out", str(out), "--workers", workers]


@pytest.mark.parametrize("workers, blocks", [("1", 4), ("2", 4), ("1", 0)])
def test_a_disk_that_takes_no_more_is_one_line(
    sample: Path, tmp_path: Path, workers: str, blocks: int
) -> None:
    command = caption_command(sample, tmp_path / "out", "embed", workers)
    ended = subprocess.run(  # files may grow to so many blocks of 512 bytes
        ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *command, "--quiet"],
        capture_output=True,
        text=True,
        timeout=runs.LIMIT,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert ended.stderr.startswith("earthmix: [Errno 27] ")
    assert "File too large" in ended.stderr
    assert runs.left(tmp_path) == []


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("megabytes", [300, 450])
def test_memory_that_runs_out_is_one_line_and_leaves_nothing(
    sample: Path, tmp_path: Path, workers: str, megabytes: int
) -> None:
    command = caption_command(sample, tmp_path / "out", "path", workers)
    ended = subprocess.run(
        ["sh", "-c", f'ulimit -v {megabytes << 10}; exec "$@"', "sh", *command, "--quiet"],
        capture_output=True,
        text=True,
        timeout=runs.LIMIT,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    [line] = ended.stderr.splitlines()
    assert line.startswith("earthmix: ")
    assert "memory" in line
    assert runs.left(tmp_path) == []


@pytest.mark.parametrize(
    "said",
    [
        "Memory mapping file failed: Cannot allocate memory [while running 'WriteShard']",
        "pyarrow.lib.ArrowMemoryError: malloc of size 64 failed",
    ],
)
def test_memory_that_a_worker_lacks_is_one_line_of_ours(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(said)

    monkeypatch.setattr("pipelines.transforms.write_shard", fail)
    ended = runs.convert(sample, tmp_path / "out", "--images", "path", "--workers", "1")
    assert (ended.code, ended.err, runs.left(tmp_path)) == (
        1,
        "earthmix: memory ran out; try fewer --workers\n",
        [],
    )


def test_a_library_that_gets_no_memory_and_says_nothing_is_one_line(tmp_path: Path) -> None:
    # Stands for a module whose library returns nothing, which only a call in C can.
    (tmp_path / "broken.py").write_text(
        "from pipelines import __main__ as m\n"
        "def app(): raise SystemError('error return without exception set')\n"
        "m.app = app\nm.main()\n"
    )
    ended = subprocess.run(
        ["sh", "-c", 'ulimit -v 4194304; exec "$@"', "sh", sys.executable, tmp_path / "broken.py"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=runs.LIMIT,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (
        1,
        "earthmix: memory, or the number of threads, ran out; try --workers 1\n",
    )


THREADS = """
import os, resource
from pipelines.memory import start_threads
resource.setrlimit(resource.RLIMIT_AS, (LIMIT, resource.RLIM_INFINITY))
start_threads()
import pyarrow as pa
from pyarrow import ipc
before = len(os.listdir("/proc/self/task"))
table = pa.table({str(number): [0] for number in range(40)})
sink, options = pa.BufferOutputStream(), ipc.IpcWriteOptions(compression="lz4")
with ipc.new_file(sink, table.schema, options=options) as out:
    out.write_table(table)
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.parametrize("limit, started", [("4 << 30", False), ("resource.RLIM_INFINITY", True)])
def test_where_memory_is_limited_no_thread_is_started_when_it_may_have_run_out(
    limit: str, started: bool
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", THREADS.replace("(LIMIT", f"({limit}")],
        capture_output=True,
        text=True,
        timeout=runs.LIMIT,
        check=True,
    )
    assert (int(ended.stdout) > 0) == started


def test_a_worker_server_that_cannot_start_leaves_none_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped = []
    real = loopback.LoopbackServer._serve

    def serve(self: loopback.LoopbackServer, add: Any, servicer: Any) -> int:
        if self._servers:
            raise RuntimeError("can't start new thread")
        port = real(self, add, servicer)
        stopped.append(port)
        return port

    monkeypatch.setattr(loopback.LoopbackServer, "_serve", serve)
    manager = worker_handlers.WorkerHandlerManager({}, None)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        loopback.LoopbackServer(manager.state_servicer, None, manager, str)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", stopped[0]), timeout=5)


def test_a_call_of_a_worker_that_finds_no_thread_ends_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def submit(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    told: list[str] = []
    monkeypatch.setattr(thread_pool_executor, "shared_unbounded_instance", Pool)
    monkeypatch.setattr(Pool, "submit", submit, raising=False)
    with pytest.raises(RuntimeError):
        loopback._Threads(told.append).submit(print)
    assert told == ["memory, or the number of threads, ran out; try --workers 1"]


def test_a_mix_is_made_though_nobody_reads_what_is_said_of_it(
    small: Path, sample: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            caption_command(sample, out, "path", "1"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=runs.LIMIT,
            check=False,
        )
    assert (ended.returncode, ended.stderr.splitlines()[-1], runs.manifest(out)["rows"]) == (
        0,
        f"earthmix: {out} is written; its summary cannot be printed: "
        "[Errno 28] No space left on device",
        runs.manifest(small)["rows"],
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_needs_no_open_stream(small: Path, sample: Path, tmp_path: Path, closed: str) -> None:
    out = tmp_path / "out"
    ended = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *caption_command(sample, out, "path", "1")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=runs.LIMIT,
        check=False,
    )
    assert (ended.returncode, "Traceback" in ended.stdout) == (0, False)
    assert runs.manifest(out)["rows"] == runs.manifest(small)["rows"]


def test_ctrl_c_while_the_program_is_loaded_is_one_line(tmp_path: Path) -> None:
    # Stands for a module in whose import Ctrl-C arrives.
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n")
    ended = subprocess.run(
        [sys.executable, "-m", "pipelines", "--help"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[1]}"},
        capture_output=True,
        text=True,
        timeout=runs.LIMIT,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        *(130, ""),
        "earthmix: interrupted; nothing was written\n",
    )


def test_arrow_shares_the_memory_that_python_frees() -> None:
    code = (
        "import sys; from pipelines.__main__ import main; sys.argv = ['earthmix', '--version']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "import pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    )
    plain = {key: value for key, value in os.environ.items() if not key.startswith("ARROW_")}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=plain)
    assert said.stdout.split()[-1] == b"system"

"""Processes that are recorded and stopped, the pool and the command line."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.engines.flink_cluster import __main__ as cli
from pipelines.engines.flink_cluster import cluster, ports, processes
from pipelines.engines.flink_cluster.errors import EngineError
from pipelines.engines.flink_cluster.worker import Call

PARENT = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; "
    "time.sleep(60)']); print('up', flush=True); time.sleep(60)"
)
SLEEPER = [sys.executable, "-c", PARENT]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); "
    "time.sleep(60)",
]


def _when_up(record: processes.Record) -> None:
    deadline = time.monotonic() + 20
    while (
        "up" not in Path(record.processes[0].log).read_text("utf-8") and time.monotonic() < deadline
    ):
        time.sleep(0.02)


def test_processes_are_recorded_and_stopped_with_their_children(tmp_path: Path) -> None:
    record = processes.Record.new(tmp_path, {"master": "x"})
    process = record.start("sleeper", SLEEPER, os.environ)
    _when_up(record)
    again = processes.Record.load(tmp_path)
    assert again is not None
    assert again.facts == {"master": "x"}
    assert again.processes == [process]
    assert again.alive(process)
    assert again.stop() == 2
    assert not again.alive(process)
    assert processes.marked(record.mark) == set()
    assert processes.Record.load(tmp_path) is None


def test_a_child_of_a_dead_process_is_stopped(tmp_path: Path, gone: Callable[[int], bool]) -> None:
    record = processes.Record.new(tmp_path, {})
    process = record.start("sleeper", SLEEPER, os.environ)
    _when_up(record)
    os.kill(process.pid, 9)
    assert gone(process.pid)
    assert record.dead() == [process]
    assert record.stop() == 1
    assert processes.marked(record.mark) == set()


def test_a_stubborn_process_is_killed(tmp_path: Path) -> None:
    record = processes.Record.new(tmp_path, {})
    record.start("stubborn", STUBBORN, os.environ)
    _when_up(record)
    assert record.stop(patience=0.1) == 1
    assert processes.marked(record.mark) == set()


def test_an_id_that_belongs_to_somebody_else_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        record = processes.Record.new(tmp_path, {})
        record.processes.append(processes.Process("sleeper", other.pid, "log"))
        record.save()
        assert cluster.marked_record(tmp_path) is None
        assert record.stop() == 0
        assert other.poll() is None
        other.kill()


def test_a_broken_record(tmp_path: Path) -> None:
    (tmp_path / "processes.json").write_text("{", "utf-8")
    with pytest.raises(EngineError, match="can't be read"):
        processes.Record.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "nothing"),
        ("one\ntwo\n", "two"),
        ("Exception in thread main\n\tat x\nCaused by: y\n\t... 1 more\n", "Caused by: y"),
        ("12:00 ERROR x - broken\n12:01 INFO stopping\n", "12:00 ERROR x - broken"),
    ],
)
def test_the_telling_line(text: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(text, "utf-8")
    assert processes.telling_line(tmp_path / "log") == line
    assert processes.telling_line(tmp_path / "none") == "no log"


class FakeProcess:
    """A worker process that ends when it is told to."""

    pid = 1

    def __init__(self) -> None:
        self.alive = True

    def is_alive(self) -> bool:
        return self.alive

    def terminate(self) -> None:
        self.alive = False


def _request(worker: str, control: str = "localhost:1") -> Any:
    endpoint = SimpleNamespace(url=control)
    return SimpleNamespace(
        worker_id=worker,
        control_endpoint=endpoint,
        logging_endpoint=endpoint,
        provision_endpoint=endpoint,
    )


def _peer(name: str) -> Any:
    return SimpleNamespace(peer=lambda: name)


@pytest.fixture
def pool() -> Any:
    from pipelines.engines.flink_cluster.pool import Pool

    started: list[FakeProcess] = []

    def start(call: Call) -> FakeProcess:
        if call.worker_id == "bad":
            raise OSError("no more processes")
        started.append(FakeProcess())
        return started[-1]

    return SimpleNamespace(
        pool=Pool(start), started=started, alive=lambda: [process.alive for process in started]
    )


def test_two_task_managers_may_name_their_workers_alike(pool: Any) -> None:
    for peer in ("a", "b"):
        assert not pool.pool.StartWorker(_request("1-1"), _peer(peer)).error
    pool.pool.StopWorker(_request("1-1"), _peer("a"))
    assert pool.alive() == [False, True]
    pool.pool.StopWorker(_request("1-1"), _peer("a again"))
    assert pool.alive() == [False, False]


def test_a_worker_that_can_not_be_told_is_left(pool: Any) -> None:
    for peer in ("a", "b"):
        pool.pool.StartWorker(_request("1-1"), _peer(peer))
    pool.pool.StopWorker(_request("1-1"), _peer("c"))
    assert pool.alive() == [True, True]
    pool.pool.close()
    assert pool.alive() == [False, False]


def test_a_worker_whose_task_manager_is_gone_is_stopped(pool: Any, listening: int) -> None:
    pool.pool.StartWorker(_request("1-1", f"127.0.0.1:{listening}"), _peer("a"))
    pool.pool.StartWorker(_request("1-1", f"127.0.0.1:{ports.free_ports(1)[0]}"), _peer("b"))
    pool.pool.look()
    assert pool.alive() == [True, True]
    for _ in range(2):
        pool.pool.look()
    assert pool.alive() == [True, False]


def test_a_worker_that_does_not_start_is_told_to_the_task_manager(pool: Any) -> None:
    assert "no more processes" in pool.pool.StartWorker(_request("bad"), _peer("a")).error


def test_commands_without_a_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--dir", str(tmp_path)]) == 1
    assert cli.main(["down", "--dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "nothing runs\nnothing runs\n"
    assert cli.main(["up", "--dir", str(tmp_path)]) == 1
    assert (
        capsys.readouterr().err == f"flink: Flink's parts are not in {tmp_path}: run `python -m "
        "pipelines.engines.flink_cluster setup` (make flink-setup)\n"
    )


def test_a_second_pool_on_a_port_is_refused(
    listening: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["pool", "--port", str(listening)]) == 1
    assert f"somebody listens on port {listening} already" in capsys.readouterr().err

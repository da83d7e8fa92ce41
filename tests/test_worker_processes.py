"""Worker processes: what they listen on, and that they end with their launcher."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
import runs
from apache_beam.portability.api import beam_artifact_api_pb2, beam_artifact_api_pb2_grpc
from apache_beam.runners.portability.fn_api_runner import worker_handlers
from processes import alive, family, listening

from pipelines.engines import loopback
from pipelines.errors import EngineError

# Processes and ports


def started(sample: Path, out: Path, workers: str, *words: str) -> subprocess.Popen[str]:
    plain = ("--tile", "off", "--images", "path", "--quiet")
    return runs.start_mix(sample, out, *plain, "--workers", workers, *words)


def with_workers(sample: Path, out: Path) -> tuple[subprocess.Popen[str], set[int]]:
    """A run, and its two worker processes."""
    process = started(sample, out, "2")
    runs.wait_for(lambda: len(family(process.pid)) == 3 or process.poll() is not None)
    workers = family(process.pid) - {process.pid}
    assert len(workers) == 2
    return process, workers


def test_the_list_of_listening_sockets_names_one_that_is_open_to_all() -> None:
    with socket.create_server(("0.0.0.0", 0)), socket.create_server(("127.0.0.1", 0)):
        assert listening({os.getpid()}) >= {"0.0.0.0", "127.0.0.1"}


@pytest.mark.parametrize(
    "workers, words",
    [
        ("2", ()),
        ("1", ("--", "--direct_running_mode=multi_threading", "--direct_num_workers=2")),
        ("1", ("--", "--direct_running_mode=multi_processing", "--direct_num_workers=2")),
    ],
)
def test_a_run_listens_on_the_loopback_alone(
    sample: Path, tmp_path: Path, workers: str, words: tuple[str, ...]
) -> None:
    process = started(sample, tmp_path / "out", workers, *words)
    seen: set[str] = set()

    def ended() -> bool:
        seen.update(listening(family(process.pid)))
        return process.poll() is not None

    runs.wait_for(ended)
    assert runs.end(process) == (0, "", "")
    assert seen in ({"::1"}, {"127.0.0.1"})


def test_no_file_is_served(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    manager = worker_handlers.WorkerHandlerManager({}, None)
    server = loopback.LoopbackServer(manager.state_servicer, None, manager, str)
    ports = [server.control_port, server.data_port, server.state_port, server.logging_port]
    request = beam_artifact_api_pb2.GetArtifactRequest()
    request.artifact.type_urn = "beam:artifact:type:file:v1"
    request.artifact.type_payload = f"\n{chr(len(f'{tmp_path}/secret'))}{tmp_path}/secret".encode()
    answers = []
    for port in ports:
        with grpc.insecure_channel(f"{server.host}:{port}") as channel:
            stub = beam_artifact_api_pb2_grpc.ArtifactRetrievalServiceStub(channel)
            with pytest.raises(grpc.RpcError) as refused:
                list(stub.GetArtifact(request, timeout=10))
            answers.append(refused.value.code())
    server.close()
    assert answers == [grpc.StatusCode.UNIMPLEMENTED] * 4


def test_beam_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apache_beam.version.__version__", "2.79.0")
    with pytest.raises(EngineError, match=r"apache-beam 2\.79\.0"), loopback.loopback(os.devnull):
        pytest.fail("it was accepted")


@pytest.mark.parametrize(
    "number, meaning",
    [
        (
            signal.SIGKILL,
            "signal 9 (SIGKILL): the system may have run out of memory; try fewer --workers",
        ),
        (
            signal.SIGSEGV,
            "signal 11 (SIGSEGV): a library crashed, maybe on a file of the input; "
            "--workers 1 may tell more",
        ),
    ],
)
def test_a_worker_that_dies_ends_the_run_in_one_line(
    sample: Path, tmp_path: Path, number: signal.Signals, meaning: str
) -> None:
    process, workers = with_workers(sample, tmp_path / "out")
    os.kill(min(workers), number)
    out, err = process.communicate(timeout=15)
    assert (process.returncode, out, err, runs.left(tmp_path)) == (
        1,
        "",
        f"earthmix: a worker process was killed by {meaning}\n",
        [],
    )
    assert not any(map(alive, workers))


def test_workers_of_a_killed_launcher_end_by_themselves(sample: Path, tmp_path: Path) -> None:
    process, workers = with_workers(sample, tmp_path / "out")
    process.kill()
    process.wait()
    runs.wait_for(lambda: not any(map(alive, workers)))


# Told to end


@pytest.mark.parametrize("workers, whole_group", [("1", False), ("2", False), ("2", True)])
def test_sigterm_is_handled_as_ctrl_c(
    small: Path, sample: Path, tmp_path: Path, workers: str, whole_group: bool
) -> None:
    out = tmp_path / "out"
    shutil.copytree(small, out)
    process = started(sample, out, workers)
    runs.wait_for(lambda: list(out.glob(".work/rows/*")) or process.poll() is not None)
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGTERM)
    assert (runs.end(process), runs.left(out)) == (
        (130, "", "earthmix: interrupted; nothing was written\n"),
        runs.left(small),
    )


def test_a_killed_run_leaves_no_temporary_folder_to_the_machine(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    process = started(sample, tmp_path / "out", "1")
    runs.wait_for(lambda: list(tmp_path.glob("out/.work/rows/*")) or process.poll() is not None)
    process.kill()
    process.wait()
    assert runs.left(tmp_path / "temporary") == []

"""What a run does when it is killed, its disk fails, or what it finds is meant to harm."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
import runs
from apache_beam.portability.api import beam_artifact_api_pb2, beam_artifact_api_pb2_grpc
from apache_beam.runners.portability.fn_api_runner import worker_handlers
from apache_beam.utils import thread_pool_executor
from processes import alive, family, listening
from runs import put

from pipelines.engines import loopback
from pipelines.errors import EngineError

# The working folder


def _link(out: Path, mine: Path) -> None:
    (out / ".work").symlink_to(mine)


def _link_with_a_lock(out: Path, mine: Path) -> None:
    (mine / "lock").write_bytes(b"working folder of an earthmix run\n")
    (out / ".work").symlink_to(mine)


def _folder(out: Path, mine: Path) -> None:
    mine.rename(out / ".work")


def _folder_with_a_lock(out: Path, mine: Path) -> None:
    (mine / "lock").write_text("")
    mine.rename(out / ".work")


def _lock_that_is_a_link(out: Path, mine: Path) -> None:
    (out / ".work").mkdir()
    (out / ".work" / "lock").symlink_to(mine / "thesis.txt")


def _gone(out: Path, mine: Path) -> None:
    mine.rename(out / ".work.gone")


def _file(out: Path, mine: Path) -> None:
    (mine / "thesis.txt").rename(out / ".work")


@pytest.mark.parametrize(
    "lay",
    [
        _link,
        _link_with_a_lock,
        _folder,
        _folder_with_a_lock,
        _lock_that_is_a_link,
        _gone,
        _file,
    ],
)
def test_a_working_folder_of_others_is_refused_and_left_alone(
    sample: Path, tmp_path: Path, lay: Callable[[Path, Path], None]
) -> None:
    out, mine = tmp_path / "out", tmp_path / "mine"
    out.mkdir()
    put(mine, {"thesis.txt": "years of work"})
    lay(out, mine)
    before = runs.left(tmp_path)
    ended = runs.convert(sample, out, "--images", "path")
    assert (ended.code, ended.err.count("\n"), f"{out}/.work" in ended.err) == (1, 1, True)
    assert runs.left(tmp_path) == before
    assert "years of work" in [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]


# Processes and ports


def started(sample: Path, out: Path, workers: str, *words: str) -> subprocess.Popen[str]:
    return runs.start(
        *("mix", "geochat-style", "--data-root", sample, "--out", out, "--tile", "off"),
        *("--images", "path", "--quiet", "--workers", workers, *words),
    )


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
    assert (runs.end(process), seen) == ((0, "", ""), {"127.0.0.1"})


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
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
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


# Errors of the operating system


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
@pytest.mark.parametrize("megabytes", [300, 600])
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


# Text of the data on the terminal

HARMFUL = "\x1b]0;pwned\x07\x9b31m\u202e.tif\nearthmix: all is well"
HARMLESS = r"\x1b]0;pwned\x07\x9b31m\u202e.tif\x0aearthmix: all is well"


def test_text_of_the_data_cannot_steer_the_terminal(sample: Path, tmp_path: Path) -> None:
    root = runs.captions(sample, tmp_path / "root")
    path = root / "ucm_captions" / "dataset.json"
    content = json.loads(path.read_text())
    content["images"][0]["filename"] = HARMFUL
    path.write_text(json.dumps(content))
    ended = runs.convert(root, tmp_path / "out", "--set", "max_reject=0", "--workers", "1")
    assert ended.code == 1
    assert HARMLESS in ended.err
    assert not {*HARMFUL} & {*ended.err} & {"\x1b", "\x07", "\x9b", "\u202e"}
    assert "\nearthmix: all is well" not in ended.err


def test_a_path_on_the_command_line_cannot_steer_the_terminal(tmp_path: Path) -> None:
    ended = runs.earthmix("verify", tmp_path / "\x1b[31m")
    assert (ended.code, "\x1b" in ended.out + ended.err) == (1, False)
    assert r"\x1b[31m" in ended.out + ended.err


# Names and numbers that no table or mix can hold


@pytest.mark.parametrize("images", ["path", "embed"])
@pytest.mark.parametrize(
    "name, shown, detail",
    [
        (b"bad\xff.jpg", "Airport/bad\\udcff.jpg", "its name is not UTF-8"),
        (b"..\\up.jpg", "Airport/..\\up.jpg", "its name leads out of its folder"),
    ],
)
def test_a_name_that_no_row_can_hold_costs_its_picture_alone(
    sample: Path, tmp_path: Path, images: str, name: bytes, shown: str, detail: str
) -> None:
    place = tmp_path / "aid" / "Airport"
    place.mkdir(parents=True)
    picture = next((sample / "nwpu_resisc45").rglob("*.jpg")).read_bytes()
    (place / "good.jpg").write_bytes(picture)
    Path(os.fsdecode(os.fsencode(place) + b"/" + name)).write_bytes(picture + b"\0")
    ended = runs.earthmix(
        *("convert", "aid", "--data-root", tmp_path, "--out", tmp_path / "out"),
        *("--images", images, "--quiet"),
    )
    assert (ended.code, len(runs.rows(tmp_path / "out", "id"))) == (0, 1)
    [reject] = [one for one in runs.rejects(tmp_path / "out") if one["kind"] == "fault"]
    assert (reject["reason"], reject["file"]) == ("unreadable_image", shown)
    assert reject["detail"].endswith(detail)


@pytest.mark.parametrize(
    "text, line",
    [
        ('name = "a\\n"\n[sources.rsicd]\ntask = "caption"\n', "name: "),
        ('name = "a"\n[sources.rsicd]\ntask = "caption"\ntake = 1e300\n', "take: "),
        ("a = " + "[" * 100_000, "its tables lie too deep in one another"),
        (".".join(["a"] * 65) + " = 1", "its tables lie too deep in one another"),
    ],
    ids=["a name with a line break", "a number beyond all rows", "a deep table", "a deep key"],
)
def test_a_mix_that_no_run_could_follow_is_refused_in_lines(
    tmp_path: Path, text: str, line: str
) -> None:
    (tmp_path / "mine.toml").write_text(text)
    ended = runs.earthmix(
        *("mix", tmp_path / "mine.toml", "--data-root", tmp_path, "--out", tmp_path / "out")
    )
    assert (ended.code, "Traceback" in ended.err) == (2, False)
    assert line in ended.err


@pytest.mark.parametrize("special", ["fifo", "/dev/zero"])
def test_a_mix_that_is_no_regular_file_is_refused_at_once(tmp_path: Path, special: str) -> None:
    mix = tmp_path / "mine.toml"
    if special == "fifo":
        os.mkfifo(mix)
    else:
        mix.symlink_to(special)
    ended = runs.earthmix("mix", mix, "--data-root", tmp_path, "--out", tmp_path / "out")
    assert (ended.code, ended.err) == (
        2,
        f"earthmix: {mix}: no regular file of at most 64 MB\n",
    )


@pytest.mark.parametrize("value", ["[" * 100_000, "\udcff"], ids=["deep", "no UTF-8"])
def test_a_change_that_no_mix_could_hold_is_refused(tmp_path: Path, value: str) -> None:
    ended = runs.earthmix(
        *("mix", "geochat-style", "--data-root", tmp_path, "--out", tmp_path / "out"),
        *("--set", f"description={value}"),
    )
    assert (ended.code, ended.err.count("\n"), "--set" in ended.err) == (2, 1, True)


def test_a_folder_whose_name_is_not_utf_8_is_refused_in_a_line(tmp_path: Path) -> None:
    out = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    ended = runs.earthmix("convert", "rsicd", "--data-root", tmp_path, "--out", out)
    assert (ended.code, ended.err.count("\n"), "is not UTF-8" in ended.err) == (2, 1, True)


def test_a_number_of_workers_that_nobody_has_is_refused(tmp_path: Path) -> None:
    words = ("convert", "rsicd", "--data-root", tmp_path, "--out", tmp_path / "out")
    ended = runs.earthmix(*words, "--workers", "9" * 5000)
    assert (ended.code, "Traceback" in ended.err) == (2, False)

"""What can be said about the Flink parts without a cluster."""

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.flink import __main__ as cli
from pipelines.flink import cluster, config, java, jobserver, parts, ports, processes, rest
from pipelines.flink.errors import EngineError
from pipelines.flink.worker import Call

OVERVIEW = {"taskmanagers": 2, "slots-total": 4, "slots-available": 3, "flink-version": "1.19.3"}


@contextlib.contextmanager
def answering(answers: dict[str, object], seen: list[str] | None = None) -> Iterator[str]:
    """A server that says these things to these calls, and keeps what was called."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if seen is not None:
                seen.append(f"{self.command} {self.path}")
            told = answers.get(self.path.split("?")[0])
            body = told if isinstance(told, bytes) else json.dumps(told if told is not None else {"errors": ["no such thing"]}).encode()
            self.send_response(200 if told is not None else 404)
            self.end_headers()
            self.wfile.write(body)

        do_PATCH = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the error stream."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


# --- rest


def test_a_cluster_that_fits() -> None:
    with answering({"/overview": OVERVIEW, "/jobmanager/environment": {"classpath": ["/x/flink-dist.jar", "/y/beam.jar"]}}) as master:
        info = rest.check_cluster(master, 3)
    assert (info.version, info.task_managers, info.slots_total, info.slots_free) == ("1.19.3", 2, 4, 3)
    assert info.class_path == {"flink-dist.jar", "beam.jar"}


def test_a_cluster_that_does_not_tell_its_class_path() -> None:
    with answering({"/overview": OVERVIEW}) as master:
        assert rest.check_cluster(master, 1).class_path == frozenset()


@pytest.mark.parametrize(
    ("answers", "needed", "said"),
    [
        ({"/overview": OVERVIEW}, 4, "is full: 3 of 4 slots are free on 2 task managers, and 4 are needed"),
        ({"/overview": OVERVIEW | {"flink-version": "1.20.1"}}, 1, "is 1.20.1, but the job server's jars are for 1.19"),
        ({"/overview": OVERVIEW | {"flink-version": "1.190"}}, 1, "is 1.190, but"),
        ({"/overview": {"hello": 1}}, 1, "answers, but is no Flink: /overview names no flink-version"),
        ({"/overview": b"<html>"}, 1, "answers, but is no Flink: /overview is not a JSON object"),
        ({"/overview": b"[1]"}, 1, "answers, but is no Flink: /overview is not a JSON object"),
        ({}, 1, "/overview answers 404: no such thing: is this a Flink REST address?"),
    ],
)
def test_a_cluster_that_does_not_fit(answers: dict[str, object], needed: int, said: str) -> None:
    with answering(answers) as master, pytest.raises(EngineError) as error:
        rest.check_cluster(master, needed)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("master", ["127.0.0.1:{}", "http://127.0.0.1:{}/", "127.0.0.1:nonsense"])
def test_nothing_answers(master: str) -> None:
    with pytest.raises(EngineError, match=r"nothing answers at http://127.0.0.1:\w+ \(.+\): is the cluster up"):
        rest.check_cluster(master.format(ports.free_ports(1)[0]), 1, timeout=1.0)


def test_a_server_that_never_speaks_is_left_in_time(listening: int) -> None:
    with pytest.raises(EngineError, match=r"nothing answers at .* \(timed out\)"):
        rest.check_cluster(f"127.0.0.1:{listening}", 1, timeout=0.2)


def test_a_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with answering({"/overview": OVERVIEW}) as master:
        assert rest.Rest(master).overview() == OVERVIEW


def test_cancel_by_name() -> None:
    told = [("a", "mix-1", "RUNNING"), ("b", "mix-1", "FINISHED"), ("c", "other", "RUNNING")]
    overview = [dict(zip(("jid", "name", "state"), job, strict=True)) for job in told]
    seen: list[str] = []
    with answering({"/jobs/overview": {"jobs": overview}, "/jobs/a": {"state": "CANCELED"}}, seen) as master:
        assert rest.Rest(master).cancel_named("mix-1") == ["a"]
    assert seen == ["GET /jobs/overview", "PATCH /jobs/a?mode=cancel", "GET /jobs/a"]


def test_waiting_for_a_job_has_an_end() -> None:
    with answering({"/jobs/a": {"state": "CANCELLING"}}) as master, pytest.raises(EngineError, match="job a is still CANCELLING after 0 s"):
        rest.Rest(master).wait("a", 0.0)


def test_task_managers_of_a_job() -> None:
    subtasks = [{"status": "RUNNING", "taskmanager-id": "taskmanager-2"}, {"status": "FINISHED", "taskmanager-id": "taskmanager-1"}, {"status": "SCHEDULED"}]
    with answering({"/jobs/a": {"vertices": [{"id": "v"}]}, "/jobs/a/vertices/v": {"subtasks": subtasks}}) as master:
        assert rest.Rest(master).taskmanagers_of("a") == {"taskmanager-2"}


# --- ports and configuration


def test_a_taken_port(listening: int) -> None:
    assert not ports.is_free(listening)
    assert ports.answers("127.0.0.1", listening)


def test_a_shared_port_is_taken() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert not ports.is_free(server.getsockname()[1])


def test_free_ports() -> None:
    found = ports.free_ports(5)
    assert len(set(found)) == 5
    assert all(map(ports.is_free, found))
    assert not ports.answers("127.0.0.1", found[0])


def test_ports_of_a_cluster(listening: int) -> None:
    assert config.Ports.choose(None, 2) == config.Ports(8081, 6123, 6124, (50000, 50001))
    assert config.Ports.choose(9000, 2) == config.Ports(9000, 9001, 9002, (9003, 9004))
    config.Ports.choose(0, 2).check_free()
    with pytest.raises(EngineError, match=rf"somebody listens on port {listening} \(pool 1\) already"):
        rest_port, rpc, blob = ports.free_ports(3)
        config.Ports(rest_port, rpc, blob, (listening,)).check_free()


def test_the_template_gives_a_configuration_with_memory(tmp_path: Path) -> None:
    text = config.render((parts.templates() / "config.yaml").read_text("utf-8"), config.Ports.choose(9000, 1), 3, tmp_path)
    settings = config.parse(text)
    assert settings["rest.port"] == "9000"
    assert settings["blob.server.port"] == "9002"
    assert settings["taskmanager.numberOfTaskSlots"] == settings["parallelism.default"] == "3"
    assert settings["io.tmp.dirs"] == str(tmp_path)
    assert config.taskmanager_flags(settings) == ["-Xmx896m", "-XX:MaxDirectMemorySize=384m", "-XX:MaxMetaspaceSize=256m"]
    assert config.jobmanager_flags(settings) == ["-Xmx640m", "-XX:MaxMetaspaceSize=256m"]
    assert settings["taskmanager.memory.jvm-overhead.min"] == settings["taskmanager.memory.jvm-overhead.max"]


def test_an_unknown_name_in_the_template(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"'slotz' is no known name; known: rest, rpc, blob, slots, tmp"):
        config.render("a: ${slotz}", config.Ports.choose(9000, 0), 1, tmp_path)
    with pytest.raises(EngineError, match="must be megabytes, like 128m, not '1g'"):
        config.jobmanager_flags({"jobmanager.memory.heap.size": "1g"})


# --- parts


def _work(folder: Path) -> dict[str, str]:
    """A folder of fetched files, and their sums."""
    (folder / "jars").mkdir(parents=True)
    (folder / "jars" / "a.jar").write_bytes(b"a")
    (folder / "b.tar.gz").write_bytes(b"b")
    return {
        "jars/a.jar": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
        "b.tar.gz": "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
    }


def test_the_right_files_pass(tmp_path: Path) -> None:
    parts.check(tmp_path, _work(tmp_path))


def test_other_files_are_refused(tmp_path: Path) -> None:
    sums = _work(tmp_path)
    with pytest.raises(EngineError, match=r"refused, differs from SHA256SUMS: jars/a.jar has sha256 ca97\w+, not 0000$"):
        parts.check(tmp_path, sums | {"jars/a.jar": "0000"})
    with pytest.raises(EngineError, match=r"c.jar is listed but was not fetched"):
        parts.check(tmp_path, sums | {"c.jar": "0000"})
    (tmp_path / "evil.jar").write_bytes(b"e")
    with pytest.raises(EngineError, match=r"evil.jar was fetched but is not listed \(and 1 more\)"):
        parts.check(tmp_path, sums | {"c.jar": "0000"})


def test_the_pinned_sums_are_whole() -> None:
    sums = parts.read_sums(parts.templates() / "SHA256SUMS")
    assert parts.SDIST in sums
    assert f"flink/flink-dist-{parts.FLINK_VERSION}.jar" in sums
    assert all(len(digest) == 64 for digest in sums.values())
    runner = [name for name in sums if name.startswith(f"jars/beam-runners-flink-{parts.FLINK_SERIES}-")]
    assert len(runner) == 1


def _fake_tools(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Maven and a pip that fetch small files."""
    maven = folder / "bin" / "mvn"
    maven.parent.mkdir(parents=True)
    maven.write_text('#!/bin/sh\nfor word; do case "$word" in -Dout*) mkdir -p "${word#*=}"; echo jar > "${word#*=}/run.jar";; esac; done\n', "utf-8")
    maven.chmod(0o755)
    archive = folder / parts.SDIST
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("deps/lib/flink-dist-1.jar", "deps/lib/flink-table-1.jar", "deps/opt/flink-dist-opt.jar", "setup.py"):
            member = tarfile.TarInfo(f"x-1/{name}")
            member.size = 3
            tar.addfile(member, io.BytesIO(b"jar"))
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\nwhile [ "$1" != -d ]; do shift; done\ncp {archive} "$2"\n', "utf-8")
    python.chmod(0o755)
    monkeypatch.setenv("PATH", f"{maven.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(sys, "executable", str(python))


def test_setup_fetches_once_and_refuses_other_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake_tools(tmp_path, monkeypatch)
    source, folder = tmp_path / "source", tmp_path / "parts"
    source.mkdir()
    with pytest.raises(EngineError, match="nothing says what the parts must be"):
        parts.setup(folder, source, record=False)
    assert parts.setup(folder, source, record=True)
    assert set(parts.read_sums(source / "SHA256SUMS")) == {"jars/run.jar", "flink/flink-dist-1.jar", parts.SDIST}
    assert not parts.setup(folder, source)
    assert [path.name for path in parts.load(folder).cluster_class_path()] == ["flink-dist-1.jar", "run.jar"]

    sums = (source / "SHA256SUMS").read_text("utf-8")
    (source / "SHA256SUMS").write_text(sums.replace(sums[:4], "0000", 1), "utf-8")
    with pytest.raises(EngineError, match="refused, differs from SHA256SUMS"):
        parts.setup(folder, source)
    with pytest.raises(EngineError, match="parts are not in"):
        parts.load(folder)
    assert not (folder / "fetching").exists()


def test_a_tool_that_fails_or_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake_tools(tmp_path, monkeypatch)
    (tmp_path / "SHA256SUMS").write_text("", "utf-8")
    (tmp_path / "bin" / "mvn").write_text("#!/bin/sh\necho '[ERROR] no route'; echo '[ERROR] help'; exit 3\n", "utf-8")
    with pytest.raises(EngineError, match=r"mvn failed \(3\): \[ERROR\] no route \(all of it in .*setup.log\)"):
        parts.setup(tmp_path / "parts", tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineError, match="no Maven found"):
        parts.setup(tmp_path / "parts", tmp_path)


# --- Java and the job server


@pytest.mark.parametrize(
    ("version", "said"),
    [('openjdk version "17.0.15" 2025', None), ('java version "1.8.0_402"', "is Java 8: Flink needs 11"), ("hello", "names no version")],
)
def test_java(version: str, said: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launcher = tmp_path / "bin" / "java"
    launcher.parent.mkdir()
    launcher.write_text(f"#!/bin/sh\necho '{version}' >&2\n", "utf-8")
    launcher.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if said is None:
        assert java.find_java() == str(launcher)
    else:
        with pytest.raises(EngineError, match=said):
            java.find_java()


def test_no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineError, match="JAVA_HOME is"):
        java.find_java()
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="no Java found"):
        java.find_java()


@pytest.fixture
def java_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a Java in place that runs some Python, and returns a folder of jars."""

    def put(program: str) -> Path:
        launcher = tmp_path / "home" / "bin" / "java"
        launcher.parent.mkdir(parents=True)
        version = "if '-version' in sys.argv: sys.exit(print('version \"17\"'))"
        launcher.write_text(f"#!{sys.executable}\nimport os, sys, time, socket\n{version}\n{program}\n", "utf-8")
        launcher.chmod(0o755)
        monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
        jars = tmp_path / "jars"
        jars.mkdir()
        for name in ("beam.jar", "flink-core.jar"):
            (jars / name).write_bytes(b"")
        return jars

    return put


SERVER = """
server = socket.create_server(("127.0.0.1", int(sys.argv[sys.argv.index("--job-port") + 1])))
print(os.getpid(), os.environ["CLASSPATH"], flush=True)
time.sleep(60)
"""


def _gone(pid: int) -> bool:
    """Whether a process ends within a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("stage", [True, False])
def test_a_job_server_lives_as_long_as_its_block(java_that: Any, tmp_path: Path, stage: bool) -> None:
    jars, log = java_that(SERVER), tmp_path / "job-server.log"
    with pytest.raises(KeyboardInterrupt), jobserver.job_server("127.0.0.1:8081", jars, log=log, stage=stage, timeout=20) as endpoint:
        assert ports.answers("127.0.0.1", int(endpoint.rpartition(":")[2]))
        raise KeyboardInterrupt
    pid, class_path = log.read_text("utf-8").split()
    assert _gone(int(pid))
    unstaged = {Path(path).name for path in class_path.split(os.pathsep) if "gradle/wrapper" in path}
    assert unstaged == ({"flink-core.jar"} if stage else {"flink-core.jar", "beam.jar"})


def test_a_job_server_goes_when_its_owner_is_killed(java_that: Any, tmp_path: Path) -> None:
    jars, log = java_that(SERVER), tmp_path / "job-server.log"
    program = "import sys, time; from pathlib import Path; from pipelines.flink.jobserver import job_server\n"
    program += "with job_server('[local]', Path(sys.argv[1]), log=Path(sys.argv[2]), timeout=20): print('up', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program, str(jars), str(log)], stdout=subprocess.PIPE, cwd=parts.templates().parent) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        owner.kill()
    assert _gone(int(log.read_text("utf-8").split()[0]))


def test_a_job_server_that_fails_tells_why(java_that: Any, tmp_path: Path) -> None:
    jars, log = java_that("print('x')\nprint('Caused by: no luck')\nprint('\\t... 3 more')\nsys.exit(4)"), tmp_path / "job-server.log"
    with pytest.raises(EngineError, match=r"the job server stopped \(4\): Caused by: no luck \(see "), jobserver.job_server("[local]", jars, log=log):
        pass


def test_a_job_server_that_is_silent_is_stopped(java_that: Any, tmp_path: Path) -> None:
    jars, log = java_that("print(os.getpid(), flush=True); time.sleep(60)"), tmp_path / "job-server.log"
    with pytest.raises(EngineError, match=r"did not answer within 1 s"), jobserver.job_server("[local]", jars, log=log, timeout=1):
        pass
    assert _gone(int(log.read_text("utf-8")))


def test_no_jars(java_that: Any, tmp_path: Path) -> None:
    java_that("")
    with pytest.raises(EngineError, match=r"no job server jar in .*none"), jobserver.job_server("[local]", tmp_path / "none", log=tmp_path / "log"):
        pass


def test_jars_that_a_cluster_has_need_no_staging(tmp_path: Path) -> None:
    for name in ("beam.jar", "flink-core.jar", "slf4j-api.jar"):
        (tmp_path / name).write_bytes(b"")
    info = rest.ClusterInfo("", "1.19.3", 1, 1, 1, frozenset({"flink-dist.jar", "beam.jar"}))
    assert not jobserver.needs_staging(info, tmp_path)
    assert not jobserver.needs_staging(info, tmp_path / "beam.jar")
    (tmp_path / "other.jar").write_bytes(b"")
    assert jobserver.needs_staging(info, tmp_path)


# --- processes


PARENT = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print('up', flush=True); time.sleep(60)"
SLEEPER = [sys.executable, "-c", PARENT]
STUBBORN = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"]


def _when_up(record: processes.Record) -> None:
    deadline = time.monotonic() + 20
    while "up" not in Path(record.processes[0].log).read_text("utf-8") and time.monotonic() < deadline:
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


def test_a_child_of_a_dead_process_is_stopped(tmp_path: Path) -> None:
    record = processes.Record.new(tmp_path, {})
    process = record.start("sleeper", SLEEPER, os.environ)
    _when_up(record)
    os.kill(process.pid, 9)
    assert _gone(process.pid)
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


# --- the pool


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
    return SimpleNamespace(worker_id=worker, control_endpoint=endpoint, logging_endpoint=endpoint, provision_endpoint=endpoint)


def _peer(name: str) -> Any:
    return SimpleNamespace(peer=lambda: name)


@pytest.fixture
def pool() -> Any:
    from pipelines.flink.pool import Pool

    started: list[FakeProcess] = []

    def start(call: Call) -> FakeProcess:
        if call.worker_id == "bad":
            raise OSError("no more processes")
        started.append(FakeProcess())
        return started[-1]

    return SimpleNamespace(pool=Pool(start), started=started, alive=lambda: [process.alive for process in started])


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


# --- the command line


def test_commands_without_a_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--dir", str(tmp_path)]) == 1
    assert cli.main(["down", "--dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "nothing runs\nnothing runs\n"
    assert cli.main(["up", "--dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"flink: Flink's parts are not in {tmp_path}: run `python -m pipelines.flink setup` (make flink-setup)\n"


def test_a_second_pool_on_a_port_is_refused(listening: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["pool", "--port", str(listening)]) == 1
    assert f"somebody listens on port {listening} already" in capsys.readouterr().err

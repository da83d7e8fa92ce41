"""Java and the job server, played by a small program."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.engines.flink_cluster import (
    java,
    jobserver,
    loopback_class,
    parts,
    ports,
    rest,
)
from pipelines.engines.flink_cluster.errors import EngineError


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ('openjdk version "17.0.15" 2025', None),
        ('java version "1.8.0_402"', "is Java 8: Flink needs 11"),
        ("hello", "names no version"),
    ],
)
def test_java(
    version: str, said: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
        launcher.write_text(
            f"#!{sys.executable}\nimport os, sys, time, socket\n{version}\n{program}\n", "utf-8"
        )
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


@pytest.mark.parametrize("stage", [True, False])
def test_a_job_server_lives_as_long_as_its_block(
    java_that: Any, tmp_path: Path, stage: bool, gone: Callable[[int], bool]
) -> None:
    jars, log = java_that(SERVER), tmp_path / "job-server.log"
    with (
        pytest.raises(KeyboardInterrupt),
        jobserver.job_server("127.0.0.1:8081", jars, log=log, stage=stage, timeout=20) as endpoint,
    ):
        assert ports.answers("127.0.0.1", int(endpoint.rpartition(":")[2]))
        raise KeyboardInterrupt
    pid, class_path = log.read_text("utf-8").split()
    assert gone(int(pid))
    unstaged = {
        Path(path).name for path in class_path.split(os.pathsep) if "gradle/wrapper" in path
    }
    assert unstaged == ({"flink-core.jar"} if stage else {"flink-core.jar", "beam.jar"})


def test_a_job_server_goes_when_its_owner_is_killed(
    java_that: Any, tmp_path: Path, gone: Callable[[int], bool]
) -> None:
    jars, log = java_that(SERVER), tmp_path / "job-server.log"
    program = (
        "import sys, time; from pathlib import Path; from "
        "pipelines.engines.flink_cluster.jobserver import job_server\n"
    )
    program += (
        "with job_server('[local]', Path(sys.argv[1]), log=Path(sys.argv[2]), timeout=20): "
        "print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(jars), str(log)],
        stdout=subprocess.PIPE,
        cwd=parts.templates().parent,
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        owner.kill()
    assert gone(int(log.read_text("utf-8").split()[0]))


def test_a_job_server_that_fails_tells_why(java_that: Any, tmp_path: Path) -> None:
    jars, log = (
        java_that("print('x')\nprint('Caused by: no luck')\nprint('\\t... 3 more')\nsys.exit(4)"),
        tmp_path / "job-server.log",
    )
    with (
        pytest.raises(
            EngineError, match=r"the job server stopped \(4\): Caused by: no luck \(see "
        ),
        jobserver.job_server("[local]", jars, log=log),
    ):
        pass


def test_a_job_server_that_is_silent_is_stopped(
    java_that: Any, tmp_path: Path, gone: Callable[[int], bool]
) -> None:
    jars, log = (
        java_that("print(os.getpid(), flush=True); time.sleep(60)"),
        tmp_path / "job-server.log",
    )
    with (
        pytest.raises(EngineError, match=r"did not answer within 1 s"),
        jobserver.job_server("[local]", jars, log=log, timeout=1),
    ):
        pass
    assert gone(int(log.read_text("utf-8")))


def test_no_jars(java_that: Any, tmp_path: Path) -> None:
    java_that("")
    with (
        pytest.raises(EngineError, match=r"no job server jar in .*none"),
        jobserver.job_server("[local]", tmp_path / "none", log=tmp_path / "log"),
    ):
        pass


def test_jars_that_a_cluster_has_need_no_staging(tmp_path: Path) -> None:
    for name in ("beam.jar", "flink-core.jar", "slf4j-api.jar"):
        (tmp_path / name).write_bytes(b"")
    info = rest.ClusterInfo("", "1.19.3", 1, 1, 1, frozenset({"flink-dist.jar", "beam.jar"}))
    assert not jobserver.needs_staging(info, tmp_path)
    assert not jobserver.needs_staging(info, tmp_path / "beam.jar")
    (tmp_path / "other.jar").write_bytes(b"")
    assert jobserver.needs_staging(info, tmp_path)


# A class file with what matters of Beam's, and the code of that one call: the constants behind
# magic, version and their count.
BUILDER = b"beam/io/grpc/netty/NettyServerBuilder"
ADDRESS = b"java/net/InetSocketAddress"
CONSTANTS = [
    b"\x01\x00\x25" + BUILDER,  # 1
    b"\x07\x00\x01",  # 2: the class
    b"\x01\x00\x07forPort",  # 3
    b"\x01\x00\x01x",  # 4: a descriptor, which is not looked at
    b"\x0c\x00\x03\x00\x04",  # 5: name and type
    b"\x0a\x00\x02\x00\x05",  # 6: NettyServerBuilder.forPort
    b"\x01\x00\x1a" + ADDRESS,  # 7
    b"\x07\x00\x07",  # 8: the class
    b"\x01\x00\x07getPort",  # 9
    b"\x0c\x00\x09\x00\x04",  # 10
    b"\x0a\x00\x08\x00\x0a",  # 11: InetSocketAddress.getPort
    b"\x05\x00\x00\x00\x00\x00\x00\x00\x14",  # 12 and 13: a long
]
HEAD = b"\xca\xfe\xba\xbe\x00\x00\x00\x34"
CODE = b"\x2b\xb6\x00\x0b\xb8\x00\x06\x12"


def test_beams_server_factory_is_given_the_whole_address() -> None:
    before = HEAD + b"\x00\x0e" + b"".join(CONSTANTS) + CODE
    added = [
        b"\x01\x00\x0aforAddress",  # 14
        b"\x01\x00\x41(Ljava/net/SocketAddress;)L" + BUILDER + b";",  # 15
        b"\x0c\x00\x0e\x00\x0f",  # 16
        b"\x0a\x00\x02\x00\x10",  # 17
    ]
    after = HEAD + b"\x00\x12" + b"".join([*CONSTANTS, *added])
    assert loopback_class.at_its_address(before) == after + b"\x2b\0\0\0\xb8\x00\x11\x12"


@pytest.mark.parametrize("code", [b"\x2b", CODE + CODE])
def test_a_server_factory_of_another_beam_is_refused(code: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "beam.jar", "w") as jar:
        jar.writestr(loopback_class.CLASS, HEAD + b"\x00\x0e" + b"".join(CONSTANTS) + code)
    with pytest.raises(EngineError, match="not looked at"):
        loopback_class.loopback_jar([tmp_path / "beam.jar"], tmp_path)

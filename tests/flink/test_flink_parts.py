"""Fetching the parts, ports and the configuration."""

import io
import os
import socket
import sys
import tarfile
from pathlib import Path

import pytest

from pipelines.engines.flink_cluster import config, parts, ports
from pipelines.engines.flink_cluster.errors import EngineError


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
    with pytest.raises(
        EngineError, match=rf"somebody listens on port {listening} \(pool 1\) already"
    ):
        rest_port, rpc, blob = ports.free_ports(3)
        config.Ports(rest_port, rpc, blob, (listening,)).check_free()


def test_the_template_gives_a_configuration_with_memory(tmp_path: Path) -> None:
    text = config.render(
        (parts.templates() / "config.yaml").read_text("utf-8"),
        config.Ports.choose(9000, 1),
        3,
        tmp_path,
    )
    settings = config.parse(text)
    assert settings["rest.port"] == "9000"
    assert settings["blob.server.port"] == "9002"
    assert settings["taskmanager.numberOfTaskSlots"] == settings["parallelism.default"] == "3"
    assert settings["io.tmp.dirs"] == str(tmp_path)
    assert config.taskmanager_flags(settings) == [
        "-Xmx896m",
        "-XX:MaxDirectMemorySize=384m",
        "-XX:MaxMetaspaceSize=256m",
    ]
    assert config.jobmanager_flags(settings) == ["-Xmx640m", "-XX:MaxMetaspaceSize=256m"]
    assert (
        settings["taskmanager.memory.jvm-overhead.min"]
        == settings["taskmanager.memory.jvm-overhead.max"]
    )


def test_an_unknown_name_in_the_template(tmp_path: Path) -> None:
    with pytest.raises(
        EngineError, match=r"'slotz' is no known name; known: rest, rpc, blob, slots, tmp"
    ):
        config.render("a: ${slotz}", config.Ports.choose(9000, 0), 1, tmp_path)
    with pytest.raises(EngineError, match="must be megabytes, like 128m, not '1g'"):
        config.jobmanager_flags({"jobmanager.memory.heap.size": "1g"})


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
    with pytest.raises(
        EngineError,
        match=r"refused, differs from SHA256SUMS: jars/a.jar has sha256 ca97\w+, not 0000$",
    ):
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
    runner = [
        name for name in sums if name.startswith(f"jars/beam-runners-flink-{parts.FLINK_SERIES}-")
    ]
    assert len(runner) == 1


def _fake_tools(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Maven and a pip that fetch small files."""
    maven = folder / "bin" / "mvn"
    maven.parent.mkdir(parents=True)
    maven.write_text(
        '#!/bin/sh\nfor word; do case "$word" in -Dout*) mkdir -p "${word#*=}"; echo jar '
        '> "${word#*=}/run.jar";; esac; done\n',
        "utf-8",
    )
    maven.chmod(0o755)
    archive = folder / parts.SDIST
    with tarfile.open(archive, "w:gz") as tar:
        for name in (
            "deps/lib/flink-dist-1.jar",
            "deps/lib/flink-table-1.jar",
            "deps/opt/flink-dist-opt.jar",
            "setup.py",
        ):
            member = tarfile.TarInfo(f"x-1/{name}")
            member.size = 3
            tar.addfile(member, io.BytesIO(b"jar"))
    python = folder / "bin" / "python"
    python.write_text(
        f'#!/bin/sh\nwhile [ "$1" != -d ]; do shift; done\ncp {archive} "$2"\n', "utf-8"
    )
    python.chmod(0o755)
    monkeypatch.setenv("PATH", f"{maven.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(sys, "executable", str(python))


def test_setup_fetches_once_and_refuses_other_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake_tools(tmp_path, monkeypatch)
    source, folder = tmp_path / "source", tmp_path / "parts"
    source.mkdir()
    with pytest.raises(EngineError, match="nothing says what the parts must be"):
        parts.setup(folder, source, record=False)
    assert parts.setup(folder, source, record=True)
    assert set(parts.read_sums(source / "SHA256SUMS")) == {
        "jars/run.jar",
        "flink/flink-dist-1.jar",
        parts.SDIST,
    }
    assert not parts.setup(folder, source)
    assert [path.name for path in parts.load(folder).cluster_class_path()] == [
        "flink-dist-1.jar",
        "run.jar",
    ]

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
    (tmp_path / "bin" / "mvn").write_text(
        "#!/bin/sh\necho '[ERROR] no route'; echo '[ERROR] help'; exit 3\n", "utf-8"
    )
    with pytest.raises(
        EngineError, match=r"mvn failed \(3\): \[ERROR\] no route \(all of it in .*setup.log\)"
    ):
        parts.setup(tmp_path / "parts", tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineError, match="no Maven found"):
        parts.setup(tmp_path / "parts", tmp_path)

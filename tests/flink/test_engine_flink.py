"""`--engine flink` on real clusters: the same bytes as the direct engine, whatever dies, and one
line for what is wrong. `make test-flink` runs it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import clusters
import pytest
import runs
from test_flink_rest import answering

from benchmarks import inputs
from pipelines.engines import flink
from pipelines.engines.flink_cluster import cluster, ports
from pipelines.engines.flink_cluster.rest import Rest

# Threads of Beam's that outlive a run in this process: a run of the command line ends with them.
pytestmark = [
    pytest.mark.flink,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]
REAL = Path(os.environ.get("EARTHMIX_REAL_DATA") or Path(__file__).parents[3] / "shared/data")
WAYS = ("direct", "embedded", "loopback", "external")
QUESTIONS = 600_000  # 8 spans: many are left to do when the first segment is written


@pytest.fixture(scope="session", autouse=True)
def _marked() -> Iterator[None]:
    yield from clusters.marked()


@pytest.fixture(scope="session")
def two(_marked: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[cluster.Running]:
    """A cluster of two task managers and four slots."""
    clusters.fetched()
    with clusters.cluster_of(2, tmp_path_factory.mktemp("flink"), "two") as running:
        yield running


@pytest.fixture(scope="session")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with a run's work for some seconds."""
    root = tmp_path_factory.mktemp("questions")
    inputs.rsvqa(root, QUESTIONS)
    return root


@pytest.fixture(scope="session")
def answered(questions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mix of those questions, made by one worker."""
    out = tmp_path_factory.mktemp("answered") / "out"
    assert convert("rsvqa_lr", questions, out, "--workers", "1").code == 0
    return out


def options(way: str, running: cluster.Running, number: int = 2) -> list[str]:
    words = ["--workers", str(number)]
    if way == "direct":
        return words
    words += ["--engine", "flink"]
    if way != "embedded":
        words += ["--flink-master", running.master]
    if way == "external":
        words += ["--workers-at", running.pools[0]]
    return words


def made(out: Path) -> dict[str, str]:
    """The hashes of all files of rows and rejects."""
    return {
        path: digest
        for path, digest in runs.digests(out).items()
        if path.startswith(("data/", "rejects/"))
    }


# The same bytes everywhere


@pytest.mark.parametrize("way", WAYS)
def test_the_sample_mix_has_the_same_bytes(
    way: str, two: cluster.Running, sample: Path, mixed: Path, tmp_path: Path
) -> None:
    ended = runs.mix(sample, tmp_path / "out", *options(way, two))
    assert ended == (0, "", "")
    assert made(tmp_path / "out") == made(mixed)
    assert len(made(mixed)) > 1
    assert not clusters.job_servers()


@pytest.fixture(scope="session")
def rsicd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real RSICD file, converted by one worker."""
    if not (REAL / "rsicd").is_dir():
        pytest.skip(
            f"the real files of rsicd are not at {REAL / 'rsicd'}; set EARTHMIX_REAL_DATA "
            "to where they are"
        )
    out = tmp_path_factory.mktemp("rsicd") / "out"
    assert convert("rsicd", REAL, out, "--workers", "1").code == 0
    return out


def convert(slug: str, root: Path, out: Path, *words: str) -> runs.Ended:
    return runs.earthmix(
        "convert", slug, "--data-root", root, "--out", out, "--images", "path", "--quiet", *words
    )


@pytest.mark.parametrize("way", WAYS)
def test_rsicd_has_the_same_bytes(
    way: str, two: cluster.Running, rsicd: Path, tmp_path: Path
) -> None:
    assert convert("rsicd", REAL, tmp_path / "out", *options(way, two)) == (0, "", "")
    assert made(tmp_path / "out") == made(rsicd)


# Ends that nobody planned


def half_done(questions: Path, out: Path, *words: str) -> subprocess.Popen[str]:
    """A run of its own process that has written its first segment, and is still running."""
    where = ("--data-root", questions, "--out", out, "--images", "path")
    process = runs.start("convert", "rsvqa_lr", *where, *words)
    segments = out / ".work" / "rows"
    clusters.wait_for(
        lambda: process.poll() is not None or (segments.is_dir() and any(segments.iterdir())),
        "a segment",
    )
    return process


@pytest.mark.parametrize("way", ["external", "loopback"])
def test_the_task_manager_that_runs_the_job_is_killed(
    way: str, questions: Path, answered: Path, tmp_path: Path
) -> None:
    clusters.fetched()
    out = tmp_path / "out"
    with clusters.cluster_of(2, tmp_path / "flink", way) as running:
        process = half_done(questions, out, "--quiet", *options(way, running, 1))
        rest = Rest(running.master)
        (job,) = clusters.unfinished(running)
        (victim,) = rest.taskmanagers_of(job)
        os.kill(running.process(victim).pid, signal.SIGKILL)
        _, errors = process.communicate(timeout=150)
        assert (process.returncode, errors) == (0, "")
        assert rest.job(job)["timestamps"]["RESTARTING"] > 0
        assert len(rest.taskmanagers()) == 1
    assert made(out) == made(answered)


@pytest.mark.parametrize("way", ["external", "loopback"])
def test_ctrl_c_cancels_the_job_and_leaves_nothing(
    way: str, two: cluster.Running, questions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "out"
    process = half_done(questions, out, *options(way, two))
    (job,) = clusters.unfinished(two)
    process.send_signal(signal.SIGINT)
    ended = runs.end(process)
    assert ended.code == 130
    assert ended.err.splitlines()[-1] == "earthmix: interrupted; nothing was written"
    assert f"http://{two.master}/#/job/{job}/overview" in ended.err
    assert Rest(two.master).job(job)["state"] == "CANCELED"
    assert runs.left(tmp_path) == []
    assert not clusters.job_servers()
    clusters.wait_for(lambda: not clusters.workers(two), "the pool's workers to go")


# One line for what is wrong


def refused(ended: runs.Ended, out: Path, said: str, code: int = 1) -> None:
    """A run that ended with one line and left nothing."""
    assert ended.code == code, ended.err
    (line,) = ended.err.splitlines()
    assert line.startswith("earthmix: ")
    assert said in line
    assert ended.out == ""
    assert runs.left(out.parent) == []
    assert not clusters.job_servers()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "place" / "out"


def on_flink(root: Path, out: Path, *words: str | Path) -> runs.Ended:
    return runs.convert(root, out, "--engine", "flink", *words)


def test_a_master_where_nothing_listens(sample: Path, out: Path) -> None:
    master = f"127.0.0.1:{ports.free_ports(1)[0]}"
    refused(
        on_flink(sample, out, "--flink-master", master), out, f"nothing answers at http://{master}"
    )


def test_a_master_that_is_no_flink(sample: Path, out: Path) -> None:
    with answering({"/overview": b"<html>"}) as master:
        refused(on_flink(sample, out, "--flink-master", master), out, "answers, but is no Flink")


def test_a_cluster_without_enough_free_slots(two: cluster.Running, sample: Path, out: Path) -> None:
    refused(
        on_flink(sample, out, "--flink-master", two.master, "--workers", "5"),
        out,
        "is full: 4 of 4 slots are free on 2 task managers, and 5 are needed",
    )


def test_no_jars(two: cluster.Running, sample: Path, out: Path, tmp_path: Path) -> None:
    refused(
        on_flink(sample, out, "--flink-master", two.master, "--flink-jars", tmp_path / "none"),
        out,
        "no job server jar in ",
    )


def test_jars_that_are_no_job_server(
    two: cluster.Running, sample: Path, out: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "other.jar", "w"):
        pass
    ended = on_flink(
        sample,
        out,
        "--flink-master",
        two.master,
        "--workers",
        "2",
        "--flink-jars",
        tmp_path / "other.jar",
    )
    (log,) = re.findall(r"\(see (/.*jobserver\.log)\)", ended.err)
    shutil.rmtree(Path(log).parent)  # it was kept, to be read
    (tmp_path / "other.jar").unlink()
    refused(
        ended,
        out,
        "the job server stopped (1): Caused by: java.lang.ClassNotFoundException: "
        "org.apache.beam.runners.flink.FlinkJobServerDriver",
    )


def test_no_pool(two: cluster.Running, sample: Path, out: Path) -> None:
    place = f"localhost:{ports.free_ports(1)[0]}"
    refused(
        on_flink(sample, out, "--flink-master", two.master, "--workers-at", place),
        out,
        f"no worker pool answers at {place}: start one there with `python",
    )


@pytest.mark.parametrize("place", ["localhost", ":50000", "localhost:x", "localhost:70000"])
def test_an_address_that_is_none(place: str, sample: Path, out: Path) -> None:
    refused(on_flink(sample, out, "--workers-at", place), out, "--workers-at", 2)


def test_two_kinds_of_workers(sample: Path, out: Path) -> None:
    refused(
        on_flink(sample, out, "--workers-at", "localhost:1", "--worker-image", "x"),
        out,
        "use one of them",
        2,
    )


def test_workers_without_earthmix(
    two: cluster.Running, sample: Path, out: Path, tmp_path: Path
) -> None:
    command, port, env = clusters.bare_pool(tmp_path, "-S")
    with clusters.pool(command, port, tmp_path / "pool.log", env) as place:
        refused(
            on(two, sample, out, place),
            out,
            f"the workers of {place} can not run earthmix: pipelines is missing there; "
            "install earthmix in the environment",
        )
    assert not clusters.unfinished(two)


def test_workers_that_never_come(
    two: cluster.Running, sample: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flink, "_PROBED_WITHIN", 15.0)
    command, port, env = clusters.bare_pool(tmp_path, "-I -S")
    with clusters.pool(command, port, tmp_path / "pool.log", env) as place:
        refused(
            on(two, sample, out, place),
            out,
            f"no worker of {place} got to work within 15 s: see the log there; the first "
            "python on its PATH must be one",
        )
    clusters.wait_for(lambda: not clusters.unfinished(two), "the end of the probe")


def on(running: cluster.Running, root: Path, out: Path, place: str) -> runs.Ended:
    return on_flink(
        root, out, "--flink-master", running.master, "--workers", "2", "--workers-at", place
    )


@pytest.mark.parametrize("hidden", ["data", "out"])
def test_a_folder_that_workers_do_not_see(
    hidden: str, two: cluster.Running, sample: Path, out: Path, tmp_path: Path
) -> None:
    unshare = ["unshare", "-rm"]
    with contextlib.suppress(OSError):
        if (
            not shutil.which("unshare")
            or subprocess.run([*unshare, "true"], capture_output=True).returncode
        ):
            pytest.skip("no unshare, or not allowed to: it hides a folder from the workers")
    out.parent.mkdir()
    root = tmp_path / "root"
    shutil.copytree(sample, root)
    folder, said = (
        (root, f"does not see {root}/ucm_captions")
        if hidden == "data"
        else (out.parent, f"the workers do not see {out}, or may not write")
    )
    port = ports.free_ports(1)[0]
    serve = f"{sys.executable} -m pipelines.engines.flink_cluster pool --port {port}"
    command = [*unshare, "sh", "-c", f"mount -t tmpfs none {folder} && exec {serve}"]
    with clusters.pool(command, port, tmp_path / "pool.log") as place:
        refused(on(two, root, out, place), out, said)

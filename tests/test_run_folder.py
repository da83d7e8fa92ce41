"""The folder that a run writes into: it is locked, cleared, and refused where it is another's."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import runs
from runs import put

# The working folder


def test_a_living_run_is_not_disturbed(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / ".work").mkdir(parents=True)
    with open(tmp_path / "out" / ".work" / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended = runs.convert(sample, tmp_path / "out")
        assert (ended.code, ended.err, runs.left(tmp_path)) == (
            1,
            f"earthmix: another run is writing to {tmp_path}/out\n",
            ["out", "out/.work", "out/.work/lock"],
        )


def test_what_a_killed_run_left_is_cleared(small: Path, sample: Path, tmp_path: Path) -> None:
    process = runs.start_mix(sample, tmp_path / "out", "--tile", "off", "--images", "path")
    runs.wait_for(
        lambda: list((tmp_path / "out").glob(".work/rows/*.arrow")) or process.poll() is not None
    )
    os.killpg(process.pid, signal.SIGKILL)
    runs.end(process)
    runs.convert(sample, tmp_path / "out", "--images", "path")
    assert (runs.left(tmp_path / "out"), runs.digests(tmp_path / "out")) == (
        runs.left(small),
        runs.digests(small),
    )


@pytest.mark.parametrize(
    "workers, stage", [("1", "rows/*"), ("2", "rows/*"), ("auto", "rows/*"), ("1", "out/data/*")]
)
def test_ctrl_c_leaves_nothing_and_says_so(
    sample: Path, tmp_path: Path, workers: str, stage: str
) -> None:
    process = runs.start_mix(sample, tmp_path / "out", "--workers", workers, "--quiet")
    runs.wait_for(
        lambda: list((tmp_path / "out" / ".work").glob(stage)) or process.poll() is not None
    )
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
    assert (runs.end(process), runs.left(tmp_path)) == (
        (130, "", "earthmix: interrupted; nothing was written\n"),
        [],
    )


def test_ctrl_c_leaves_the_earlier_mix(small: Path, sample: Path, tmp_path: Path) -> None:
    shutil.copytree(small, tmp_path / "out")
    process = runs.start_mix(sample, tmp_path / "out")
    runs.wait_for(
        lambda: list((tmp_path / "out" / ".work").glob("rows/*")) or process.poll() is not None
    )
    process.send_signal(signal.SIGINT)
    runs.end(process)
    assert runs.left(tmp_path / "out") == runs.left(small)


@pytest.mark.parametrize(
    "files",
    [
        {"notes.txt": "mine"},
        {"manifest.json": '{"name": "an app"}', "data/mine.csv": "1"},
        {"manifest.json": "{"},
        {"manifest.json": '{"rows": 1, "mix": {}, "files": {}}', "data/mine.csv": "1"},
        {
            "manifest.json": '{"name": "a", "versions": {}, "rows": 1, "mix": {}, "files": {}}',
            "data/mine.csv": "1",
        },
    ],
)
def test_a_foreign_folder_is_refused_and_left_alone(
    sample: Path, tmp_path: Path, files: dict[str, str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    before = runs.digests(tmp_path)
    ended = runs.convert(sample, tmp_path)
    assert (ended.code, ended.err, runs.digests(tmp_path)) == (
        1,
        f"earthmix: {tmp_path} holds files but no mix of earthmix (manifest.json); choose "
        "another --out or empty it\n",
        before,
    )


def test_hidden_files_are_no_hindrance(small: Path, sample: Path, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*")
    runs.convert(sample, tmp_path, "--images", "path")
    assert {
        **runs.digests(small),
        ".gitignore": runs.digests(tmp_path)[".gitignore"],
    } == runs.digests(tmp_path)


@pytest.mark.parametrize("below", ["", "/deeper"])
def test_a_file_in_the_place_of_out_is_one_line(sample: Path, tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("mine")
    ended = runs.convert(sample, Path(f"{tmp_path}/file{below}"))
    assert (
        ended.code,
        ended.err.count("\n"),
        f"Not a directory: '{tmp_path}/file" in ended.err,
    ) == (1, 1, True)


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

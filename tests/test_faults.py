"""What a run does when it is killed, its disk fails, or what it finds is meant to harm."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import runs

from pipelines.storage import replace

# A mix in miniature, and the one that replaces it: it has a preview, the earlier one has none.
OLDER = {"data/a": "old", "rejects/a": "old", "manifest.json": "old", "card.json": "old"}
NEWER = {**dict.fromkeys(OLDER, "new"), "README.md": "new", "preview/index.html": "new"}


def put(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def texts(folder: Path) -> dict[str, str]:
    """The visible files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".work" not in path.parts
    }


class Failing:
    """Lets so many file operations pass, then fails one, or all from there on as a kill does."""

    def __init__(self, patch: pytest.MonkeyPatch, after: int, all_of_them: bool) -> None:
        self.left, self.all, self.hit = after, all_of_them, False
        for name in ("rename", "mkdir", "rmdir"):
            patch.setattr(os, name, self._wrapped(getattr(os, name)))

    def _wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            self.left -= 1
            if self.left == -1 or (self.left < 0 and self.all):
                self.hit = True
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*args)

        return call


# Replacing the earlier mix


@pytest.mark.parametrize("older", [OLDER, {}], ids=["older", "none"])
def test_the_earlier_mix_is_back_whichever_file_operation_fails(
    tmp_path: Path, older: dict[str, str]
) -> None:
    for step in range(100):
        out = tmp_path / f"out{step}"
        put(out, older)
        put(out / ".work" / "out", NEWER)
        with pytest.MonkeyPatch.context() as patch:
            failing = Failing(patch, step, all_of_them=False)
            if step < 2 * len(older) + 2:
                with pytest.raises(OSError, match="No space left"):
                    replace.replace(f"{out}/.work/out", str(out), f"{out}/.work")
            else:
                try:
                    replace.replace(f"{out}/.work/out", str(out), f"{out}/.work")
                except OSError:
                    assert failing.hit
        assert texts(out) == (older if failing.hit else NEWER)
        if not failing.hit:
            return
    pytest.fail("no attempt came to its end")


@pytest.mark.parametrize("older", [OLDER, {}], ids=["older", "none"])
def test_the_earlier_mix_is_put_back_after_a_kill_at_any_file_operation(
    tmp_path: Path, older: dict[str, str]
) -> None:
    for step in range(100):
        out = tmp_path / f"out{step}"
        put(out, older)
        put(out / ".work" / "out", NEWER)
        with pytest.MonkeyPatch.context() as patch:
            killed = Failing(patch, step, all_of_them=True)
            try:
                replace.replace(f"{out}/.work/out", str(out), f"{out}/.work")
            except Exception:
                assert killed.hit
        if not killed.hit:
            assert texts(out) == NEWER
            return
        seen = texts(out)
        assert "data/a" not in seen or "manifest.json" in seen
        for again in range(100):  # the putting back may be killed as well
            with pytest.MonkeyPatch.context() as patch:
                second = Failing(patch, again, all_of_them=True)
                try:
                    replace.restore(str(out), f"{out}/.work")
                except OSError:
                    assert second.hit
            if not second.hit:
                break
        assert texts(out) == older
    pytest.fail("no attempt came to its end")


def test_the_next_run_puts_back_what_a_kill_left_aside(
    small: Path, sample: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(small, out)
    (out / ".work" / "leaving").mkdir(parents=True)
    (out / ".work" / "lock").write_bytes(b"working folder of an earthmix run\n")
    for name in ("data", "manifest.json"):
        (out / name).rename(out / ".work" / "leaving" / name)
    failed = runs.earthmix(
        *("mix", "geochat-style", "--data-root", sample, "--out", out, "--images", "path"),
        *("--set", "max_reject=0"),
    )
    assert (failed.code, runs.digests(out)) == (1, runs.digests(small))


def test_a_mix_that_cannot_be_put_into_place_leaves_the_earlier_one(
    small: Path, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    shutil.copytree(small, out)
    rename = os.rename

    def busy(source: str, target: str) -> None:
        if source.endswith("/out/README.md") and ".work" in source:
            raise OSError(errno.EBUSY, "Device or resource busy")
        rename(source, target)

    monkeypatch.setattr(os, "rename", busy)
    ended = runs.convert(sample, out, "--images", "embed")
    assert (ended.code, ended.err, runs.digests(out), runs.left(out)) == (
        1,
        "earthmix: [Errno 16] Device or resource busy\n",
        runs.digests(small),
        runs.left(small),
    )


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

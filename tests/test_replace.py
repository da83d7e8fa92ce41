"""How a mix takes the place of an earlier one: at errors, after kills, beside files of others."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import runs
from runs import put, texts

from pipelines.place import working_folder
from pipelines.storage import replace, work_files

# A mix in miniature, and the one that replaces it: it has a preview, the earlier one has none.
OLDER = {"data/a": "old", "rejects/a": "old", "manifest.json": "old", "card.json": "old"}
NEWER = {**dict.fromkeys(OLDER, "new"), "README.md": "new", "preview/index.html": "new"}


class Failing:
    """Lets so many file operations pass, then fails one, or all from there on as a kill does."""

    def __init__(self, patch: pytest.MonkeyPatch, after: int, all_of_them: bool) -> None:
        self.left, self.all, self.hit = after, all_of_them, False
        for name in ("rename", "mkdir", "rmdir"):
            patch.setattr(os, name, self._wrapped(getattr(os, name)))

    def _wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == -1 or (self.left < 0 and self.all):
                self.hit = True
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*args, **options)

        return call


@pytest.fixture
def no_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system on which two folders cannot change places in one step."""

    def fail(_one: str, other: str) -> None:
        raise OSError(errno.EINVAL, "Invalid argument", other)

    monkeypatch.setattr(replace, "_exchange", fail)


def lay(out: Path, older: dict[str, str]) -> None:
    """An earlier mix in OUT, and the new one in its working folder."""
    put(out, older)
    put(out / ".work", {"lock": "", **{f"out/{name}": text for name, text in NEWER.items()}})


@pytest.mark.parametrize("older", [OLDER, {}], ids=["older", "none"])
def test_out_holds_a_whole_mix_at_every_file_operation(
    tmp_path: Path, older: dict[str, str]
) -> None:
    out = tmp_path / "out"
    lay(out, older)
    seen = []

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> None:
            seen.append(texts(out))
            real(*args, **options)
            seen.append(texts(out))

        return call

    with pytest.MonkeyPatch.context() as patch:
        for place, name in (
            *((os, name) for name in ("rename", "mkdir", "rmdir", "link", "utime")),
            *((shutil, name) for name in ("copystat", "rmtree")),
            (replace, "_exchange"),
        ):
            patch.setattr(place, name, watched(getattr(place, name)))
        replace.replace(f"{out}/.work/out", str(out), f"{out}/.work")
    assert len(seen) > 8
    assert [one for one in seen if one not in (older, NEWER)] == []
    assert texts(out) == NEWER
    assert texts(tmp_path / ".out.work" / "out") == older


@pytest.mark.parametrize("older", [OLDER, {}], ids=["older", "none"])
def test_an_error_before_the_folders_change_places_leaves_nothing_beside_out(
    tmp_path: Path, older: dict[str, str], no_exchange: None
) -> None:
    lay(tmp_path / "out", older)
    replace.replace(f"{tmp_path}/out/.work/out", f"{tmp_path}/out", f"{tmp_path}/out/.work")
    assert (texts(tmp_path / "out"), os.listdir(tmp_path)) == (NEWER, ["out"])


def attempt(
    out: Path, older: dict[str, str], after: int, all_of_them: bool
) -> tuple[Failing, Exception | None]:
    """Replaces a mix while file operations fail (see `Failing`); gives the error, if any."""
    lay(out, older)
    with pytest.MonkeyPatch.context() as patch:
        failing = Failing(patch, after, all_of_them)
        try:
            replace.replace(f"{out}/.work/out", str(out), f"{out}/.work")
        except Exception as error:
            return failing, error
    return failing, None


@pytest.mark.parametrize("older", [OLDER, {}], ids=["older", "none"])
def test_the_earlier_mix_is_back_whichever_renaming_fails(
    tmp_path: Path, older: dict[str, str], no_exchange: None
) -> None:
    for step in range(100):
        out = tmp_path / f"out{step}"
        failing, error = attempt(out, older, step, all_of_them=False)
        if error:
            assert isinstance(error, OSError) and failing.hit
        assert texts(out) == (older if error else NEWER)
        if not failing.hit:
            assert step > 2 * len(older) + 2
            return
    pytest.fail("no attempt came to its end")


@pytest.mark.parametrize("older", [OLDER, {}], ids=["older", "none"])
def test_the_earlier_mix_is_put_back_after_a_kill_at_any_renaming(
    tmp_path: Path, older: dict[str, str], no_exchange: None
) -> None:
    for step in range(100):
        out = tmp_path / f"out{step}"
        killed, error = attempt(out, older, step, all_of_them=True)
        assert killed.hit or error is None
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


def test_files_of_others_stay_in_the_folder_where_they_are(tmp_path: Path) -> None:
    out = tmp_path / "out"
    lay(out, {**OLDER, "notes.txt": "mine"})
    before = out.stat().st_ino
    replace.replace(f"{out}/.work/out", str(out), f"{out}/.work")
    assert (texts(out), out.stat().st_ino) == ({**NEWER, "notes.txt": "mine"}, before)


def test_who_stands_in_the_folder_sees_the_new_mix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    lay(out, OLDER)
    monkeypatch.chdir(out / "data")
    monkeypatch.chdir(out)
    replace.replace(f"{out}/.work/out", str(out), f"{out}/.work")
    assert texts(Path(".")) == NEWER


def test_a_link_still_leads_to_the_mix_and_the_folder_keeps_its_mode(tmp_path: Path) -> None:
    real, out = tmp_path / "disk" / "real", tmp_path / "out"
    lay(real, OLDER)
    real.chmod(0o2750)
    out.symlink_to(real)
    replace.replace(f"{out}/.work/out", str(out), f"{out}/.work")
    assert (out.is_symlink(), texts(real), real.stat().st_mode & 0o7777) == (True, NEWER, 0o2750)
    assert sorted(os.listdir(tmp_path / "disk")) == [".real.work", "real"]


KILLED = """
import os, signal, sys
from pipelines.storage import replace
real, moment = replace._exchange, sys.argv.pop(1)
def exchange(one, other):
    if moment == "after":
        real(one, other)
    os.kill(os.getpid(), signal.SIGKILL)
replace._exchange = exchange
from pipelines.__main__ import main
main()
"""


@pytest.mark.parametrize("moment, seed", [("before", 0), ("after", 7)])
def test_a_kill_when_the_folders_change_places_leaves_a_whole_mix_and_the_next_run_clears_up(
    small: Path, sample: Path, tmp_path: Path, moment: str, seed: int
) -> None:
    out = tmp_path / "out"
    shutil.copytree(small, out)
    words = ["convert", "ucm_captions", "--data-root", f"{sample}", "--out", f"{out}"]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, moment, *words, "--images", "path", "--set", "seed=7"],
        timeout=runs.LIMIT,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert sorted(os.listdir(tmp_path)) == [".out.work", "out"]
    assert runs.manifest(out)["mix"]["seed"] == seed
    assert runs.earthmix("verify", out).code == 0
    assert runs.convert(sample, out, "--images", "path").code == 0
    assert os.listdir(tmp_path) == ["out"]
    assert runs.digests(out) == runs.digests(small)


def test_nothing_interrupts_the_clearing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, real, seen = tmp_path / "out", work_files.remove, []

    def remove(path: str) -> None:
        seen.append((signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)))
        real(path)

    with working_folder(str(out), f"{out}/.work"):
        put(out / ".work" / "out", NEWER)
        replace.replace(f"{out}/.work/out", str(out), f"{out}/.work")
        monkeypatch.setattr(work_files, "remove", remove)
    assert {*seen} == {(signal.SIG_IGN, signal.SIG_IGN)}
    assert (texts(out), os.listdir(tmp_path)) == (NEWER, ["out"])


def test_a_folder_beside_out_that_another_made_is_refused_and_left_alone(
    sample: Path, tmp_path: Path
) -> None:
    put(tmp_path / ".out.work", {"thesis.txt": "years of work"})
    ended = runs.convert(sample, tmp_path / "out", "--images", "path")
    assert (ended.code, ended.err.count("\n"), f"{tmp_path}/.out.work" in ended.err) == (1, 1, True)
    assert texts(tmp_path / ".out.work") == {"thesis.txt": "years of work"}


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
        *("mix", "geochat-style", "--data-root", sample, "--out", out, "--tile", "off"),
        *("--images", "path", "--set", "max_reject=0"),
    )
    assert (failed.code, runs.digests(out)) == (1, runs.digests(small))


def test_a_mix_that_cannot_be_put_into_place_leaves_the_earlier_one(
    small: Path,
    sample: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_exchange: None,
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

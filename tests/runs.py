"""Runs the command line, in this process or in one of its own, and reads what it wrote."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.__main__ import main

LIMIT = 60.0  # seconds after which a condition is given up


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def earthmix(*words: str | Path) -> Ended:
    """One command in this process.

    An exception that the command line does not turn into a line comes through.
    """
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["earthmix", *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        return Ended(end.code if isinstance(end.code, int) else 0, out.getvalue(), err.getvalue())
    finally:
        sys.argv = before
    return Ended(0, out.getvalue(), err.getvalue())


def start(*words: str | Path, **env: str) -> subprocess.Popen[str]:
    """One command in a process, and a process group, of its own."""
    command = [sys.executable, "-m", "pipelines", *map(str, words)]
    return subprocess.Popen(
        command,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def start_mix(root: Path, out: Path, *words: str, **env: str) -> subprocess.Popen[str]:
    """The geochat-style mix in a process, and a process group, of its own."""
    return start("mix", "geochat-style", "--data-root", root, "--out", out, *words, **env)


def end(process: subprocess.Popen[str]) -> Ended:
    """Waits for a started command."""
    out, err = process.communicate(timeout=LIMIT)
    return Ended(process.returncode, out, err)


def wait_for(condition: Callable[[], object]) -> None:
    """Returns when a condition holds; fails after a limit."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < LIMIT, "waited in vain"
        time.sleep(0.001)


def mix(root: Path, out: Path, *words: str | Path) -> Ended:
    """The geochat-style mix on the sample data, some of which is faulty on purpose."""
    return earthmix("mix", "geochat-style", "--data-root", root, "--out", out, "--quiet", *words)


def convert(root: Path, out: Path, *words: str | Path) -> Ended:
    """One small dataset of the sample: 4 pictures, 20 captions, 2 of them twice."""
    return earthmix("convert", "ucm_captions", "--data-root", root, "--out", out, "--quiet", *words)


def captions(root: Path, to: Path) -> Path:
    """A copy of that dataset to do harm to, with a data root of its own."""
    shutil.copytree(root / "ucm_captions", to / "ucm_captions")
    return to


def cut(path: Path) -> None:
    """Leaves the first half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def digests(out: Path) -> dict[str, str]:
    """sha256 of every file of a mix by its path."""
    return {
        p.relative_to(out).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(out.rglob("*"))
        if p.is_file()
    }


def put(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def texts(folder: Path) -> dict[str, str]:
    """The files of a folder but those of its working folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".work" not in path.parts
    }


def table(out: Path, kind: str = "data") -> pa.Table:
    """The rows of a mix, or its rejects, shard by shard."""
    return pa.concat_tables(
        [pq.read_table(path) for path in sorted((out / kind).glob("*.parquet"))]
    )


def shards(out: Path) -> list[str]:
    """Names of the shards of a mix."""
    return [path.name for path in sorted((out / "data").iterdir())]


def rows(out: Path, *columns: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        table(out).select(list(columns)).to_pylist() if columns else table(out).to_pylist()
    )
    return found


def ids(out: Path) -> set[str]:
    return set(table(out)["id"].to_pylist())


def rejects(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table(out, "rejects").to_pylist()
    return found


def card(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode((out / "card.json").read_bytes())
    return found


def manifest(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode((out / "manifest.json").read_bytes())
    return found


def left(folder: Path) -> list[str]:
    """Everything that is in a folder, hidden or not; nothing where there is none."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))

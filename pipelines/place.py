"""Where a mix is put: the working folder of a run, and the step that replaces the earlier mix."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from msgspec import Struct

from converters.read import files
from pipelines.card.render import Summary, render
from pipelines.errors import RunError
from pipelines.preview.page import INDEX, write_preview
from pipelines.result import File
from pipelines.storage import lease, work_files

MANIFEST = "manifest.json"
# Folders of the working folder. All are made at the start: workers make none.
_FOLDERS = ("sides", "rows", "rejects", "errors", "tiles", "out/data", "out/rejects")


class FileEntry(Struct):
    """A file of a mix as its manifest lists it. rows: where it holds rows or rejects."""

    sha256: str
    bytes: int
    rows: int | None = None


class Manifest(Struct):
    """What `verify` needs of a manifest.json. Other files of that name lack it."""

    rows: int
    mix: dict[str, Any]
    files: dict[str, FileEntry]


@contextmanager
def working_folder(out: str, work: str) -> Iterator[Callable[[], None]]:
    """Holds OUT/.work for one run, and removes it at the end.

    What a killed run left there is cleared. Gives a function to call before the mix in OUT is
    touched. Raises RunError where another run holds the folder, or OUT holds other files; the
    function raises it where another run has taken over.
    """
    if files.listing(out) and not _is_mix(out) and not lease.half_placed(out):
        raise RunError(
            f"{out} holds files but no mix of earthmix ({MANIFEST}); choose another --out "
            "or empty it"
        )
    if not work_files.is_local(out):
        with lease.working_folder(out) as claim:
            yield claim.placing
        return
    made, gone = _missing_folders(out), f"{work}.gone"
    work_files.make_folder(work)
    with open(f"{work}/lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"another run is writing to {out}") from None
        try:
            for path in (
                gone,
                *(f"{work}/{entry.name}" for entry in files.listing(work) if entry.name != "lock"),
            ):
                work_files.remove(path)
            for folder in _FOLDERS:
                work_files.make_folder(f"{work}/{folder}")
            yield lambda: None
        finally:
            os.rename(work, gone)  # at once, under the hands of workers that may still write
            work_files.remove(gone)
            for folder in made:
                if os.listdir(folder):
                    break
                os.rmdir(folder)


def read_manifest(out: str) -> Manifest:
    """The manifest of a mix.

    Raises FileNotFoundError or NotADirectoryError where there is none, msgspec.DecodeError where it
    is not a mix's.
    """
    return msgspec.json.decode(work_files.read_bytes(f"{out}/{MANIFEST}"), type=Manifest)


def _is_mix(out: str) -> bool:
    """Whether the manifest in OUT is that of a mix: a manifest.json of something else is not.

    The files beside such a manifest must not be replaced.
    """
    try:
        read_manifest(out)
    except (FileNotFoundError, msgspec.DecodeError):
        return False
    return True


def _missing_folders(path: str) -> list[str]:
    """A folder and those above it, as far as they are not there, innermost first."""
    missing = []
    while path and not os.path.lexists(path):
        missing.append(path)
        path = os.path.dirname(path)
    return missing


def put_into_place(
    out: str, work: str, summary: Summary, made: Sequence[File], placing: Callable[[], None]
) -> None:
    """Replaces the earlier mix in OUT.

    Its manifest is removed first and the new one is written last: without a manifest there is no
    mix.
    """
    card = msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"
    written: dict[str, dict[str, Any]] = {
        file.path: {"rows": file.rows, "bytes": file.size, "sha256": file.sha256} for file in made
    }
    for name, data in (("README.md", render(summary).encode()), ("card.json", card)):
        work_files.write_bytes(f"{work}/out/{name}", data)
    about = ["README.md", "card.json"]
    if summary["images"] != "path":  # a mix that ships no picture shows none either
        write_preview(f"{work}/out", f"{work}/out", summary["name"])
        about.append(INDEX)
    for name in about:
        digest, size = work_files.sha256(f"{work}/out/{name}")
        written[name] = {"bytes": size, "sha256": digest}
    manifest = {
        "name": summary["name"],
        "version": summary["version"],
        "versions": summary["versions"],
        "rows": summary["rows"],
        "mix": summary["mix"],
        "files": dict(sorted(written.items())),
    }
    with _uninterrupted():
        placing()
        for name in (MANIFEST, "preview"):
            work_files.remove(f"{out}/{name}")
        for name in dict.fromkeys(path.partition("/")[0] for path in ("data/", "rejects/", *about)):
            work_files.move(f"{work}/out/{name}", f"{out}/{name}")
        work_files.write_bytes(
            f"{out}/{MANIFEST}",
            msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n",
        )


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ignores Ctrl-C: here it would leave half a mix in place of a whole one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)

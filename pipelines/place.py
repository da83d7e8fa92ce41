"""Where a mix is put: the working folder of a run, and the step that replaces the earlier mix."""

from __future__ import annotations

import fcntl
import mmap
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from converters.read import files
from pipelines.card.croissant import croissant
from pipelines.card.plots import plots
from pipelines.card.render import Summary, render
from pipelines.card.spreads import PLOTS
from pipelines.errors import RunError
from pipelines.result import File
from pipelines.storage import lease, replace, work_files

CROISSANT = "croissant.json"
MANIFEST = "manifest.json"
_CARD = {"README.md", "card.json"}
_MARK = b"working folder of an earthmix run\n"  # what the lock file holds
# Address space that is kept for clearing up where memory has run out. None of it is used before.
_RESERVE = 16 << 20
# Folders of the working folder. All are made at the start: workers make none.
_FOLDERS = ("sides", "rows", "rejects", "errors", "out/data", "out/rejects")


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


class _Whole(Manifest, kw_only=True):
    """What the manifest of any mix of ours says besides."""

    name: str
    versions: dict[str, str]


@contextmanager
def working_folder(out: str, work: str) -> Iterator[Callable[[], None]]:
    """Holds OUT/.work for one run, and removes it at the end.

    What a killed run left there is cleared, after an earlier mix that it had put aside is back.
    Gives a function to call before the mix in OUT is touched. Raises RunError where another run
    holds the folder, where it is none of ours, or OUT holds other files; the function raises it
    where another run has taken over.
    """
    local = work_files.is_local(out)
    gone = f"{work}.gone"
    if local:
        _refuse_foreign(work)
        _refuse_foreign(gone)
        _refuse_foreign(replace.beside(out))
    left = os.path.lexists(f"{work}/{replace.LOCK}") if local else lease.half_placed(out)
    if files.listing(out) and not _is_mix(out) and not left:
        raise RunError(
            f"{out} holds files but no mix of earthmix ({MANIFEST}); choose another --out "
            "or empty it"
        )
    if not local:
        with lease.working_folder(out) as claim:
            yield claim.placing
        return
    reserve = mmap.mmap(-1, _RESERVE)
    with _made(out), _locked(out, work) as lock:
        try:
            replace.restore(out, work)
            _discard(gone)
            _discard_beside(out, lock)
            _clear(work)
            for folder in _FOLDERS:
                work_files.make_folder(f"{work}/{folder}")
            yield lambda: None
        finally:
            reserve.close()
            with _uninterrupted():
                if _holds(replace.beside(out), lock):
                    _discard(replace.beside(out))
                # Not where it went with the earlier mix: one that stands there is another run's.
                if _holds(work, lock) and not replace.unfinished(out, work):
                    if not os.path.lexists(gone):
                        os.rename(work, gone)  # at once, under the hands of workers that write
                    _discard(work)
                    _discard(gone)


@contextmanager
def _made(out: str) -> Iterator[None]:
    """Removes the folders above a working folder that this run makes, as far as they stay empty."""
    missing = _missing_folders(out)
    try:
        yield
    finally:
        for folder in missing:
            if not os.path.isdir(folder) or os.listdir(folder):
                break
            os.rmdir(folder)


def _refuse_foreign(folder: str) -> None:
    """Raises RunError where a folder that will be emptied is a link, or was made by others."""
    if not os.path.lexists(folder):
        return
    if os.path.islink(folder) or not os.path.isdir(folder):
        raise RunError(f"{folder} is no folder of earthmix but a link or a file; remove it")
    names = os.listdir(folder)
    lock = f"{folder}/{replace.LOCK}"
    if os.path.isfile(lock) and not os.path.islink(lock):
        with open(lock, "rb") as file:
            found = file.read(len(_MARK) + 1)
        # A run that was killed in its first moment left no mark yet, and nothing else either.
        if found == _MARK or (not found and names == [replace.LOCK]):
            return
    if names:
        raise RunError(
            f"{folder} holds files that earthmix did not write ({min(names)}); it would be "
            "emptied: move them or choose another --out"
        )


@contextmanager
def _locked(out: str, work: str) -> Iterator[BinaryIO]:
    """Makes a working folder, and holds its lock, which it gives.

    Raises RunError where another run does.
    """
    work_files.make_folder(work)
    path = f"{work}/{replace.LOCK}"
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666), "r+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"another run is writing to {out}") from None
        try:
            lock.write(_MARK)
            lock.flush()
        except OSError:  # no room for that even
            _discard(work)
            raise
        yield lock


def _holds(folder: str, lock: BinaryIO) -> bool:
    """Whether a lock is that of a working folder: it may be another run's by now."""
    try:
        return os.path.samestat(os.stat(f"{folder}/{replace.LOCK}"), os.fstat(lock.fileno()))
    except FileNotFoundError:
        return False


def _discard_beside(out: str, lock: BinaryIO) -> None:
    """Removes what a killed run left beside OUT.

    lock: that of OUT/.work, which may be the same file. Raises RunError where the folder is another
    user's, or a run still clears up there.
    """
    beside = replace.beside(out)
    if not os.path.lexists(beside):
        return
    if os.lstat(beside).st_uid != os.geteuid():  # who may swap it for a link while it is emptied
        raise RunError(f"{beside} belongs to another user; remove it or choose another --out")
    with nullcontext() if _holds(beside, lock) else _locked(out, beside):
        _discard(beside)


def _clear(folder: str) -> None:
    """Removes what a working folder holds but its lock, by which it is known as ours."""
    for name in os.listdir(folder):
        if name != replace.LOCK:
            work_files.remove(f"{folder}/{name}")


def _discard(folder: str) -> None:
    """Removes a working folder; what cannot be removed is left, with the lock, to the next run."""
    with suppress(FileNotFoundError):  # it is not there, or the next run removes it just now
        _clear(folder)
        if os.listdir(folder) == [replace.LOCK]:
            work_files.remove(folder)


def read_manifest(out: str) -> Manifest:
    """The manifest of a mix.

    Raises FileNotFoundError or NotADirectoryError where there is none, msgspec.DecodeError where it
    is not a mix's.
    """
    return msgspec.json.decode(work_files.read_bytes(f"{out}/{MANIFEST}"), type=Manifest)


def _is_mix(out: str) -> bool:
    """Whether the manifest in OUT is that of a mix: a manifest.json of something else is not.

    The files beside such a manifest must not be replaced, so one that lists no file of a mix is
    none, whatever keys it has.
    """
    try:
        found = msgspec.json.decode(work_files.read_bytes(f"{out}/{MANIFEST}"), type=_Whole)
    except (FileNotFoundError, msgspec.DecodeError):
        return False
    return found.files.keys() >= _CARD


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

    On a local disk the earlier one stands until the new one is whole (see `replace`). In an object
    store its manifest is removed first and the new one is written last: without a manifest there is
    no mix.
    """
    card = msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"
    written: dict[str, dict[str, Any]] = {
        file.path: {"rows": file.rows, "bytes": file.size, "sha256": file.sha256} for file in made
    }
    # A mix that ships no picture shows none either.
    drawn, shown = _show(f"{work}/out", summary) if summary["images"] != "path" else ([], [])
    about = ["README.md", "card.json", CROISSANT, *shown]
    for name, data in (("README.md", render(summary, drawn).encode()), ("card.json", card)):
        work_files.write_bytes(f"{work}/out/{name}", data)
    work_files.write_bytes(f"{work}/out/{CROISSANT}", croissant(summary, made))
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
    work_files.write_bytes(
        f"{work}/out/{MANIFEST}",
        msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n",
    )
    with _uninterrupted():
        placing()
        if work_files.is_local(out):
            replace.replace(f"{work}/out", out, work)
            return
        for name in (MANIFEST, "preview", PLOTS):
            work_files.remove(f"{out}/{name}")
        for name in dict.fromkeys(
            path.partition("/")[0] for path in ("data/", "rejects/", *about, MANIFEST)
        ):
            work_files.move(f"{work}/out/{name}", f"{out}/{name}")


def _show(out: str, summary: Summary) -> tuple[list[str], list[str]]:
    """Writes the card's plots and the preview; gives the plots' names, and all files."""
    # Imported here: the template engine takes a twentieth of a second to load.
    from pipelines.preview.page import INDEX, write_preview

    # Both at once: the preview waits for pictures to be decoded, which holds no lock.
    with ThreadPoolExecutor(1) as pool:
        drawing = pool.submit(plots, summary)
        write_preview(out, out, summary["name"])
        drawn = drawing.result()
    if drawn:
        work_files.make_folder(f"{out}/{PLOTS}")
    files_of = {f"{PLOTS}/{name}.png": data for name, data in drawn.items()}
    for name, data in files_of.items():
        work_files.write_bytes(f"{out}/{name}", data)
    return [*drawn], [*files_of, INDEX]


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ignores Ctrl-C and SIGTERM where they would leave half a mix or half a working folder."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)

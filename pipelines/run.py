"""A run from plan to finished mix: what is built is looked over, and put into place only when all is well."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import shlex
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from importlib.metadata import version
from typing import Any, cast

import msgspec
import pyarrow.parquet as pq
from msgspec import Struct

from converters.catalogue import unit
from converters.ledger import Counts, LedgerError, check_balance, faults, ledger
from converters.read import files
from pipelines import __version__
from pipelines.card.render import Summary, card_faults, render
from pipelines.engine_options import EngineOptions
from pipelines.errors import RunError
from pipelines.plan import RunPlan
from pipelines.progress import Progress
from pipelines.storage import lease, work_files

_SHOWN = 10  # rejects printed where there are too many
_PACKAGES = ("apache-beam", "pyarrow", "pillow", "shapely", "numpy", "msgspec")
_STORE_FAULT = re.compile(r"StoreError: (.+?)(?: \[while running.*)?$", re.MULTILINE)
MANIFEST = "manifest.json"
_FOLDERS = (
    "sides",
    "rows",
    "rejects",
    "errors",
    "out/data",
    "out/rejects",
)  # of the working folder; nobody makes one later


class FileEntry(Struct):
    """A file of a mix as its manifest lists it. rows: where it holds rows or rejects."""

    sha256: str
    bytes: int
    rows: int | None = None


class Manifest(Struct):
    """What `verify` needs of a manifest.json, and what tells it from others of that name."""

    rows: int
    mix: dict[str, Any]
    files: dict[str, FileEntry]


def run(
    plan: RunPlan, engine_options: EngineOptions, command: Sequence[str], quiet: bool = False
) -> Summary:
    """Runs a plan and puts its mix into place; gives the card's content.

    Raises RunError with one line a fault; then, as after Ctrl-C, what stood in `plan.out` before still stands and nothing was added.
    """
    progress = Progress(plan.work, plan.shards, quiet)
    with _hushed(), working_folder(plan.out, plan.work) as placing:
        with progress:
            _execute(plan, engine_options, progress.say)
        result = msgspec.json.decode(work_files.read_bytes(f"{plan.work}/result.json"))
        counts: Counts = Counter({tuple(line[:5]): line[5] for line in result["counts"]})
        book = ledger(
            counts, {slug: unit(dataset.entry) for slug, dataset in plan.datasets.items()}
        )
        check_balance(book)
        made = [tuple(entry) for entry in result["files"]]
        rows = sum(n for path, n, _, _ in made if path.startswith("data/"))
        _look_over(plan, book, rows)
        content = hashlib.sha256(
            "".join(
                digest for path, _, _, digest in sorted(made) if path.startswith("data/")
            ).encode()
        ).hexdigest()[:16]
        summary = summarise(plan, counts, book, rows, content, command)
        if wrong := card_faults(summary):
            raise LedgerError("; ".join(wrong))
        _put_into_place(plan, summary, made, placing)
    return summary


def _execute(plan: RunPlan, engine_options: EngineOptions, say: Callable[[str], None]) -> None:
    # Beam's own log lines stay out of the user's way, from its import on; what matters reaches them as one line of ours.
    logging.getLogger().setLevel(logging.CRITICAL)
    from pipelines import mix
    from pipelines.engines import run

    try:
        run.run(engine_options, lambda pipeline: mix.build(pipeline, plan), plan, say)
    except RunError:
        raise
    except Exception as error:  # a worker's error, which engines wrap as they like; ours are read from where workers left them
        lines = sorted(
            {
                work_files.read_bytes(f"{plan.work}/errors/{e.name}").decode()
                for e in files.listing(f"{plan.work}/errors")
            }
        )
        if lines:
            raise RunError("\n".join(lines)) from error
        if _interrupted(error):
            raise KeyboardInterrupt from error
        if lines := sorted(
            set(_STORE_FAULT.findall(str(error)))
        ):  # where the store fails a worker, it can leave nothing there
            raise RunError("\n".join(lines)) from error
        raise


@contextmanager
def _hushed() -> Iterator[None]:
    """Keeps what others print off the terminal: Beam's threads show the traceback of an error that is told in one line, or of work that was broken off."""
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
        yield


def _interrupted(error: BaseException | None) -> bool:
    """True where Ctrl-C is behind an error: where it meets Beam's main thread in a worker's code, Beam makes a RuntimeError of it."""
    return error is not None and (
        isinstance(error, KeyboardInterrupt) or _interrupted(error.__cause__ or error.__context__)
    )


@contextmanager
def working_folder(out: str, work: str) -> Iterator[Callable[[], None]]:
    """Holds OUT/.work for one run: clears a killed run's, refuses a living one's, and leaves none behind.

    Gives what is to be called before the mix in OUT is touched; it raises RunError where that is no longer this run's to do.
    """
    if files.listing(out) and not _is_mix(out) and not lease.half_placed(out):
        raise RunError(
            f"{out} holds files but no mix of earthmix ({MANIFEST}); choose another --out or empty it"
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
    """The manifest of a mix. Raises FileNotFoundError or NotADirectoryError where there is none, msgspec.DecodeError where it is no mix's."""
    return msgspec.json.decode(work_files.read_bytes(f"{out}/{MANIFEST}"), type=Manifest)


def _is_mix(out: str) -> bool:
    """False too for a manifest.json of something else: what stands beside that one is not ours to replace."""
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


def _look_over(plan: RunPlan, book: dict[str, dict[str, dict[str, Any]]], rows: int) -> None:
    """Raises RunError where there are too many faults, or no rows."""
    lines = []
    for slug, splits in book.items():
        entry = plan.datasets[slug].entry
        limit = plan.mix.max_reject if plan.mix.max_reject is not None else entry.max_reject
        for split, page in splits.items():
            bad, read = faults(page), max(1, page["items"]["read"])
            if bad > limit * read:
                reasons = {**page["items"]["rejected"], **page["rows"]["rejected"]}
                lines.append(
                    f"{slug} {split}: {bad:,} of {read:,} {page['unit']}s are faulty ({', '.join(f'{r} {n:,}' for r, n in sorted(reasons.items()))}); "
                    f"more than max_reject = {limit:g} allows. The first of them:"
                )
                lines += _first_faults(plan, slug, split)
    if lines:
        raise RunError(
            "\n".join([*lines, "Mend the source, or allow more with --set max_reject=1"])
        )
    if not rows:
        dropped = sum(page["items"]["read"] for splits in book.values() for page in splits.values())
        raise RunError(
            f"no row was made of {dropped:,} items: " + ", ".join(_reasons(book))
            if dropped
            else "no items found in " + ", ".join(plan.datasets)
        )


def _reasons(book: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    total: Counter[str] = Counter()
    for splits in book.values():
        for page in splits.values():
            for level in ("items", "rows"):
                total.update(page[level]["rejected"])
                total.update(page[level]["filtered"])
    return [f"{reason} {n:,}" for reason, n in sorted(total.items())]


def _first_faults(plan: RunPlan, slug: str, split: str) -> list[str]:
    lines: list[str] = []
    for entry in files.listing(f"{plan.work}/out/rejects"):
        table = pq.read_table(
            work_files.open_file(f"{plan.work}/out/rejects/{entry.name}"),
            filters=[("dataset", "==", slug), ("split", "==", split), ("kind", "==", "fault")],
        )
        lines += [
            f"  {r['reason']}: {r['file']} {r['key']}: {r['detail']}"
            for r in table.slice(0, _SHOWN).to_pylist()
        ]
        if len(lines) >= _SHOWN:
            break
    return lines[:_SHOWN]


def summarise(
    plan: RunPlan,
    counts: Counts,
    book: dict[str, dict[str, dict[str, Any]]],
    rows: int,
    content: str,
    command: Sequence[str],
) -> Summary:
    """The content of `card.json`."""
    datasets = {}
    for slug, dataset in plan.datasets.items():
        entry = dataset.entry
        page: dict[str, Any] = {
            "name": entry.name,
            "home": entry.home,
            "paper": entry.paper,
            "format": entry.format,
            "unit": unit(entry),
            "evidence": entry.evidence,
            "licence": msgspec.to_builtins(entry.licence),
        }
        datasets[slug] = page | {
            "rows": 0,
            "pictures": 0,
            "turns": 0,
            "regions": 0,
            "tasks": {},
            "splits": {},
            "repairs": {},
        }
    totals: dict[str, Counter[str]] = {
        "tasks": Counter(),
        "text_origin": Counter(),
        "dialects": Counter(),
    }
    for (slug, split, level, bucket, reason), n in sorted(counts.items()):
        if level == "repairs":
            datasets[slug]["repairs"][bucket] = n
        elif level == "holds":
            task, origin, dialect = bucket.split("\x1f")
            datasets[slug][reason] += n
            if reason == "rows":
                datasets[slug]["tasks"][task] = datasets[slug]["tasks"].get(task, 0) + n
                datasets[slug]["splits"][split] = datasets[slug]["splits"].get(split, 0) + n
                totals["tasks"][task] += n
                totals["text_origin"][origin] += n
                if dialect:
                    totals["dialects"][dialect] += n
    mix = {
        key: value
        for key, value in msgspec.to_builtins(plan.mix).items()
        if value not in (None, [], "")
    }
    summary = {
        "name": plan.mix.name,
        "version": __version__,
        "description": plan.mix.description,
        "left_out": plan.mix.left_out,
        "mix": mix | {"images": plan.images},
        "images": plan.images,
        "rows": rows,
        **{name: dict(sorted(counter.items())) for name, counter in totals.items()},
        "datasets": datasets,
        "ledger": book,
        "notes": plan.notes,
        "versions": {name: version(name) for name in _PACKAGES},
        "rebuild": shlex.join(command),
        "shards": plan.shards,
        "content": content,
    }
    return cast(Summary, summary)


def _put_into_place(
    plan: RunPlan, summary: Summary, made: Sequence[tuple[Any, ...]], placing: Callable[[], None]
) -> None:
    """Replaces the mix that stood in OUT. Its manifest goes first and the new one comes last: without manifest there is no mix."""
    card = msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"
    written = {
        path: {"rows": rows, "bytes": size, "sha256": digest} for path, rows, size, digest in made
    }
    for name, data in (("README.md", render(summary).encode()), ("card.json", card)):
        work_files.write_bytes(f"{plan.work}/out/{name}", data)
        digest, size = work_files.sha256(f"{plan.work}/out/{name}")
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
        work_files.remove(f"{plan.out}/{MANIFEST}")
        for name in ("data", "rejects", "README.md", "card.json"):
            work_files.move(f"{plan.work}/out/{name}", f"{plan.out}/{name}")
        work_files.write_bytes(
            f"{plan.out}/{MANIFEST}",
            msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n",
        )


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C comes too late here: half a mix would stand in the place of a whole one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)

"""A run from plan to finished mix.

The result is checked before it is put into place.
"""

from __future__ import annotations

import gc
import hashlib
import logging
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from converters.ledger import (
    Ledger,
    LedgerError,
    check_balance,
    dropped_by_reason,
    faults,
    items_read,
    ledger,
)
from converters.read import files
from pipelines import result
from pipelines.card import plots
from pipelines.card.markdown import counted
from pipelines.card.render import Summary, card_faults
from pipelines.card.summary import summarise
from pipelines.engine_options import EngineOptions
from pipelines.errors import RunError
from pipelines.memory import is_limited
from pipelines.place import put_into_place, working_folder
from pipelines.plan import RunPlan
from pipelines.preview.text import visible
from pipelines.progress import Progress
from pipelines.remarks import empty_sources, remarks
from pipelines.result import Done
from pipelines.storage import work_files

_FEW = 20  # items of a split that are too few for a share of them to mean anything
_SHOWN = 10  # rejects printed where there are too many
_STORE_FAULT = re.compile(r"StoreError: (.+?)(?: \[while running.*)?$", re.MULTILINE)

# `[Errno 28] No space left on device: 'path'`, as the system says it; Arrow adds its own beginning.
_SYSTEM_FAULT = re.compile(r"(\[Errno \d+\] .+?)(?: \[while running.*)?$", re.MULTILINE)
# Arrow says the last without a number where it maps a file.
_NO_MEMORY = re.compile(
    r"^(?:\S+\.)?(?:MemoryError|ArrowMemoryError)\b|Cannot allocate memory", re.MULTILINE
)


class Finished(NamedTuple):
    """A mix that was put into place: the card's content, and lines on what may surprise."""

    summary: Summary
    remarks: list[str]


def run(
    plan: RunPlan, engine_options: EngineOptions, command: Sequence[str], quiet: bool = False
) -> Finished:
    """Runs a plan and puts its mix into place.

    Raises RunError with one line for each fault. After that, as after Ctrl-C, the earlier mix in
    `plan.out` is as it was and nothing was added.
    """
    records = {f"{span.slug}.{span.index:06d}": max(1, span.records) for span in plan.spans}
    progress = Progress(plan.work, plan.shards, quiet, records)
    with _hushed(), working_folder(plan.out, plan.work) as placing:
        with progress:
            if plan.images != "path" and not is_limited():
                threading.Thread(target=plots.prepare).start()
            _execute(plan, engine_options, progress.say)
        done = result.load(plan.work)
        book = ledger(done.counts)
        check_balance(book)
        shards = [file for file in done.files if file.path.startswith("data/")]
        _look_over(plan, done, book)
        content = hashlib.sha256("".join(file.sha256 for file in shards).encode()).hexdigest()[:16]
        disk = sum(file.size for file in shards)
        summary = summarise(plan, done, book, disk, content, command)
        if wrong := card_faults(summary):
            raise LedgerError("; ".join(wrong))
        lines = remarks(plan, done, summary)
        put_into_place(plan.out, plan.work, summary, done.files, placing)
    return Finished(summary, lines)


def _execute(plan: RunPlan, engine_options: EngineOptions, say: Callable[[str], None]) -> None:
    # Beam's own log lines stay out of the user's way, from its import on; what matters reaches them
    # as one line of ours.
    logging.getLogger().setLevel(logging.CRITICAL)
    from pipelines import mix
    from pipelines.engines import run

    # Fast way: what the imports left stays for good, so that the collector need not look through
    # it again and again (a twentieth of a run of small pictures).
    gc.freeze()
    try:
        run.run(engine_options, lambda pipeline: mix.build(pipeline, plan), plan, say)
    except RunError:
        raise
    # A worker's error, which engines wrap as they like; ours are read from where workers left them.
    except Exception as error:
        lines = sorted(
            {
                visible(work_files.read_bytes(f"{plan.work}/errors/{e.name}").decode())
                for e in files.listing(f"{plan.work}/errors")
            }
        )
        if lines:
            raise RunError("\n".join(lines)) from error
        if _interrupted(error):
            raise KeyboardInterrupt from error
        # A worker that the store or its disk fails can leave nothing there.
        if lines := sorted({visible(line) for line in _STORE_FAULT.findall(str(error))}):
            raise RunError("\n".join(lines)) from error
        if line := _system_fault(error):
            raise RunError(line) from error
        raise


@contextmanager
def _hushed() -> Iterator[None]:
    """Keeps what Beam's threads print off the terminal.

    They show the traceback of an error that is reported in one line, or of work that was broken
    off.
    """
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
        yield


def _system_fault(error: BaseException) -> str:
    """The line of an error of the operating system, or of memory that ran out, in a worker; or "".

    The worker's error comes as text where it was a process, else as a cause.
    """
    if found := _SYSTEM_FAULT.search(str(error)):
        return visible(found[1])
    if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
        return "memory ran out; try fewer --workers"
    before = error.__cause__ or error.__context__
    return _system_fault(before) if before else ""


def _interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C caused an error.

    Where it meets Beam's main thread in a worker's code, Beam turns it into a RuntimeError.
    """
    return error is not None and (
        isinstance(error, KeyboardInterrupt) or _interrupted(error.__cause__ or error.__context__)
    )


def _look_over(plan: RunPlan, done: Done, book: Ledger) -> None:
    """Raises RunError where there are too many faults, or no rows."""
    lines, needed = [], 0.0
    for slug, splits in book.items():
        entry = plan.datasets[slug].entry
        limit = plan.mix.max_reject if plan.mix.max_reject is not None else entry.max_reject
        for split, page in splits.items():
            bad, read = faults(page), items_read(page)
            # Of a few items one alone would be too large a share; 0 allows none at all.
            if bad > limit * read and (read >= _FEW or limit == 0):
                smallest = smallest_max_reject(bad, read)
                needed = max(needed, smallest)
                reasons = dropped_by_reason(page, "rejected")
                named = ", ".join(f"{reason} {number:,}" for reason, number in reasons.items())
                lines.append(
                    f"{slug} {split}: {bad:,} of {counted(read, _noun(page))} are faulty "
                    f"({named}); max_reject is {limit:g}, and {smallest:g} would be needed. "
                    "The first of them:"
                )
                lines += _first_faults(plan, slug, split)
    if lines:
        advice = f"Correct the files, or allow this many faults with --set max_reject={needed:g}"
        raise RunError("\n".join([*lines, advice if needed <= 1 else "Correct the files"]))
    if not done.sources.total():
        items = sum(items_read(page) for splits in book.values() for page in splits.values())
        if not items:
            raise RunError(f"no items found in {', '.join(plan.datasets)}")
        dropped = f"no row was made of {counted(items, 'item')}: {', '.join(_reasons(book))}"
        ways = [(slug, split) for slug, splits in book.items() for split in splits]
        first = [line for way in ways for line in _first_faults(plan, *way)][:_SHOWN]
        shown = ["The first faults:", *first] if first else []
        raise RunError("\n".join([dropped, *shown, *empty_sources(plan, done)]))


def _noun(page: dict[str, Any]) -> str:
    """What a split's items are called: by their kind, where they are of one."""
    kinds = list(page["items"])
    return kinds[0] if len(kinds) == 1 else "item"


def smallest_max_reject(bad: int, read: int) -> float:
    """The smallest max_reject of three decimals that lets so many faults pass."""
    thousandths = -(-bad * 1000 // read)
    # The run compares floating-point numbers, which may round the product down.
    while bad > thousandths / 1000 * read:
        thousandths += 1
    return thousandths / 1000


def _reasons(book: Ledger) -> list[str]:
    total: Counter[str] = Counter()
    for splits in book.values():
        for page in splits.values():
            for bucket in ("rejected", "filtered"):
                total.update(dropped_by_reason(page, bucket))
    return [f"{reason} {n:,}" for reason, n in sorted(total.items())]


def _first_faults(plan: RunPlan, slug: str, split: str) -> list[str]:
    lines: list[str] = []
    for entry in files.listing(f"{plan.work}/out/rejects"):
        table = pq.read_table(
            work_files.open_file(f"{plan.work}/out/rejects/{entry.name}"),
            filters=[("dataset", "==", slug), ("split", "==", split), ("kind", "==", "fault")],
        )
        lines += [
            "  " + visible(f"{r['reason']}: {r['file']} {r['key']}: {r['detail']}")
            for r in table.slice(0, _SHOWN).to_pylist()
        ]
        if len(lines) >= _SHOWN:
            break
    return lines[:_SHOWN]

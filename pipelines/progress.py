"""Live progress, read off the files that workers leave: the same on every engine."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple

from converters.read import files
from converters.read.files import Entry, SourceError

_SECONDS = 0.5
_PLAIN_SECONDS = 10.0  # between lines where the output is no terminal
_OBJECT_SECONDS = 5.0  # at the least where each look is a few requests to an object store


class Seen(NamedTuple):
    """What the working folder shows: rows and rejects in segments, shards written."""

    rows: int
    rejects: int
    shards: int

    @property
    def stage(self) -> str:
        return (
            "writing shards"
            if self.shards
            else "converting"
            if self.rows or self.rejects
            else "reading"
        )


def look(work: str) -> Seen:
    """Counts of a run in its working folder; segments carry their number of rows in their names."""

    def total(kind: str) -> int:
        return sum(_rows(entry) for entry in files.listing(f"{work}/{kind}"))

    return Seen(
        total("rows"),
        total("rejects"),
        sum(e.name.endswith(".parquet") for e in files.listing(f"{work}/out/rejects")),
    )


def _rows(entry: Entry) -> int:
    parts = entry.name.split(".")
    return int(parts[-3]) if entry.name.endswith(".arrow") and parts[-3].isdigit() else 0


class Progress:
    """Shows a run while it lasts: a live line on a terminal, plain lines else. Use as a context."""

    def __init__(self, work: str, shards: int, quiet: bool = False) -> None:
        self._work, self._shards, self._quiet = work, shards, quiet
        self._out = sys.stderr  # as it is now: the run itself may turn it elsewhere
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def say(self, line: str) -> None:
        """A line of its own, beside the live one."""
        if not self._quiet:
            print(line, file=self._out, flush=True)

    def __enter__(self) -> Progress:
        if not self._quiet:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _line(self, started: float) -> str:
        seen, elapsed = look(self._work), time.monotonic() - started
        shards = f", {seen.shards} of {self._shards} shards" if seen.shards else ""
        return (
            f"{seen.stage}: {seen.rows:,} rows ({seen.rows / max(elapsed, 0.1):,.0f}/s), "
            f"{seen.rejects:,} rejects{shards}, {elapsed:.0f} s"
        )

    def _show(self) -> None:
        started = time.monotonic()
        if not self._out.isatty():
            while not self._stop.wait(_PLAIN_SECONDS):
                with suppress(
                    SourceError
                ):  # a store that does not answer now may do so at the next look
                    print(self._line(started), file=self._out, flush=True)
            return
        from rich.console import Console

        with Console(file=self._out).status("reading") as status:
            while not self._stop.wait(_OBJECT_SECONDS if files.scheme(self._work) else _SECONDS):
                with suppress(SourceError):
                    status.update(self._line(started))

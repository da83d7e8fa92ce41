"""Live progress, read off the files that workers leave: the same on every engine."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple

from converters.read import files
from converters.read.files import Entry, SourceError

_SECONDS = 0.5
_PLAIN_SECONDS = 10.0  # between lines where the output is no terminal
_CONVERTING = 0.7  # of a run's time, about; the rest writes shards
_OBJECT_SECONDS = 5.0  # at the least where each look is a few requests to an object store


class Seen(NamedTuple):
    """What the working folder shows: rows and rejects in segments, shards written.

    spans: names of the spans that are done, so far as they gave rows or rejects.
    """

    rows: int
    rejects: int
    shards: int
    spans: frozenset[str] = frozenset()

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

    found = {kind: files.listing(f"{work}/{kind}") for kind in ("rows", "rejects")}
    whole = [entry.name for some in found.values() for entry in some if _rows(entry)]
    return Seen(
        sum(map(_rows, found["rows"])),
        sum(map(_rows, found["rejects"])),
        sum(e.name.endswith(".parquet") for e in files.listing(f"{work}/out/rejects")),
        frozenset(name.rsplit(".", 3)[0] for name in whole),
    )


def _rows(entry: Entry) -> int:
    parts = entry.name.split(".")
    return int(parts[-3]) if entry.name.endswith(".arrow") and parts[-3].isdigit() else 0


class Progress:
    """Shows a run while it lasts: a live line on a terminal, plain lines else. Use as a context."""

    def __init__(
        self, work: str, shards: int, quiet: bool = False, records: Mapping[str, int] | None = None
    ) -> None:
        """records: about how many each span holds, by the span's name."""
        self._work, self._shards, self._quiet = work, shards, quiet
        self._records = records or {}
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

    def share(self, seen: Seen) -> float:
        """How much of the run is done: reading and converting, then writing its shards."""
        records = sum(self._records.values())
        read = sum(self._records.get(name, 0) for name in seen.spans) / records if records else 0.0
        read = 1.0 if seen.shards else read
        return _CONVERTING * read + (1 - _CONVERTING) * seen.shards / max(1, self._shards)

    def _line(self, seen: Seen, elapsed: float) -> str:
        shards = f", {seen.shards} of {self._shards} shards" if seen.shards else ""
        return (
            f"{seen.stage}: {seen.rows:,} rows ({seen.rows / max(elapsed, 0.1):,.0f}/s), "
            f"{seen.rejects:,} rejects{shards}, {elapsed:.0f} s"
        )

    def _left(self, seen: Seen, elapsed: float) -> str:
        """The share that is done and the time that the rest may take, once there is a share."""
        share = self.share(seen)
        if not share:
            return ""
        return f", {share:.0%} done, about {elapsed * (1 - share) / share:.0f} s left"

    def _show(self) -> None:
        started = time.monotonic()
        if not self._out.isatty():
            while not self._stop.wait(_PLAIN_SECONDS):
                with suppress(
                    SourceError
                ):  # a store that does not answer now may do so at the next look
                    seen, elapsed = look(self._work), time.monotonic() - started
                    line = self._line(seen, elapsed) + self._left(seen, elapsed)
                    print(line, file=self._out, flush=True)
            return
        from rich import progress as bars
        from rich.console import Console

        columns = [
            bars.BarColumn(20),
            bars.TaskProgressColumn(),
            bars.TimeRemainingColumn(compact=True),
            bars.TextColumn("{task.description}"),
        ]
        with bars.Progress(*columns, console=Console(file=self._out), transient=True) as bar:
            task = bar.add_task("reading", total=1.0)
            while not self._stop.wait(_OBJECT_SECONDS if files.scheme(self._work) else _SECONDS):
                with suppress(SourceError):
                    seen = look(self._work)
                    line = self._line(seen, time.monotonic() - started)
                    bar.update(task, completed=self.share(seen), description=line)

"""A worker process of the direct engine: Beam's own worker, which ends when its launcher does.

A program of its own. What starts it holds the other end of its standard input.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TextIO

from pipelines.memory import set_allocators, share_arenas, start_threads


def _leash() -> None:
    """Ends this process when standard input ends: a launcher that is killed cannot say so."""
    while os.read(0, 1):
        pass
    os._exit(1)


class _Log(io.TextIOBase):
    """Standard error on a disk that may be full: what it does not take is lost.

    Beam prints the error of a step before it reports it, and would never report it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def main() -> None:
    """Works until the launcher hangs up."""
    # A terminal sends Ctrl-C to all processes of a run. The launcher decides what comes of it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_leash, daemon=True).start()
    sys.stderr = _Log(sys.stderr)
    share_arenas()
    set_allocators()
    start_threads()
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    main()

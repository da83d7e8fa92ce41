"""A worker process of the direct engine: Beam's own worker, which ends when its launcher does.

A program of its own. What starts it holds the other end of its standard input.
"""

from __future__ import annotations

import os
import signal
import sys
import threading


def _leash() -> None:
    """Ends this process when standard input ends: a launcher that is killed cannot say so."""
    while os.read(0, 1):
        pass
    os._exit(1)


def main() -> None:
    """Works until the launcher hangs up."""
    # A terminal sends Ctrl-C to all processes of a run. The launcher decides what comes of it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_leash, daemon=True).start()
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    main()

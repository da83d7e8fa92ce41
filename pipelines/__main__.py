"""`earthmix`, or `python -m pipelines`: runs the command line and says its errors."""

from __future__ import annotations

import os
import sys

from pipelines.errors import NO_MEMORY
from pipelines.memory import is_limited


def _ran_out(error: BaseException) -> bool:
    """Whether memory ran out, or threads: a library that cannot be loaded says so too."""
    said = str(error)
    return (
        isinstance(error, MemoryError)
        or said == NO_MEMORY
        or "can't start new thread" in said
        # What a library says that does not look whether it was given memory.
        or (isinstance(error, SystemError) and is_limited())
        or (isinstance(error, ImportError) and ("failed to map segment" in said or "alloc" in said))
    )


try:
    from typing import NoReturn

    from pipelines.commands import app, build, data, finished
    from pipelines.memory import keep_freed, set_allocators, start_threads
    from pipelines.terminal import ended_by_sigterm, hold_streams, interruptible, say
except KeyboardInterrupt:  # these imports take a tenth of a second
    print("earthmix: interrupted; nothing was written", file=sys.stderr)
    sys.exit(130)
except (ImportError, MemoryError) as error:
    if not _ran_out(error):
        raise
    print(f"earthmix: {NO_MEMORY}", file=sys.stderr)
    sys.exit(1)

__all__ = ["app", "build", "data", "finished", "main"]


def main() -> None:
    """Runs the command line: exit code 2 for a wrong use, 1 for a failed run.

    Each fault is a readable line.
    """
    if sys.flags.optimize > 1:
        _fail("Apache Beam needs its docstrings: do not run Python with -OO", 2)
    hold_streams()
    keep_freed()
    set_allocators()
    try:
        with ended_by_sigterm(), interruptible():
            start_threads()
            app()
    except Exception as error:
        _explain(error)
        raise


def _explain(error: Exception) -> None:
    """Prints the lines of an error that tells the user what to do, and exits.

    Returns for any other error. The imports stand here because only a failed run needs them.
    """
    if _ran_out(error):
        say(f"earthmix: {NO_MEMORY}", err=True)
        # Python would wait for threads of Beam that cannot end: what they wait for never started.
        os._exit(1)
    from converters.ledger import LedgerError
    from converters.read.files import SourceError
    from pipelines.errors import RunError, UsageError
    from schemas.toml import ConfigError

    if isinstance(error, (ConfigError, UsageError)):
        _fail(str(error), 2)
    if isinstance(error, (SourceError, RunError, OSError)):
        _fail(str(error), 1)
    if isinstance(error, LedgerError):
        _fail(f"the ledger does not balance, which is a bug: {error}", 1)


def _fail(text: str, code: int) -> NoReturn:
    for line in text.split("\n"):
        if line:
            say(f"earthmix: {line}" if not line.startswith("  ") else line, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()

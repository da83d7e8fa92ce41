"""What the command line prints, and how it is told to end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import typer

from pipelines.preview.text import visible


def say(line: str, err: bool = False) -> None:
    """Prints a line. What the data put into it can neither steer a terminal nor begin a line."""
    typer.echo(visible(line).encode("utf-8", "backslashreplace").decode(), err=err)


def say_all(lines: Iterable[str], written: str) -> None:
    """Prints the closing lines of a command whose work is done, whether or not anybody reads.

    written: what is there all the same.
    """
    try:
        for line in lines:
            say(line)
        _flush()
    except OSError as error:
        say(f"earthmix: {written} is written; its summary cannot be printed: {error}", err=True)
        # What is still in the buffer would fail once more at the end of the process.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _flush() -> None:
    if sys.stdout is not None:  # it is None where the process began without one
        sys.stdout.flush()


def hold_streams() -> None:
    """Opens those of stdin, stdout and stderr that the process began without.

    Else a file of ours would get their number, and what a library prints would go into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The smallest number that is free is taken, which is this one.
            os.open(os.devnull, os.O_RDWR)


@contextmanager
def interruptible(at_once: bool = False) -> Iterator[None]:
    """Ends the process with exit code 130 and one line at Ctrl-C or SIGTERM.

    at_once: without waiting for threads, as those of Beam have not heard of it.
    """
    try:
        yield
    except KeyboardInterrupt:
        say("earthmix: interrupted; nothing was written", err=True)
        if at_once:
            _flush()
            os._exit(130)
        sys.exit(130)


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Lets SIGTERM do what Ctrl-C does: a run that is told to end takes away what it wrote."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)

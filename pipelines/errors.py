"""Errors that end a run with one readable line, or one line for each fault."""

NO_MEMORY = "memory, or the number of threads, ran out; try --workers 1"


class RunError(Exception):
    """The run failed, and nothing was written: exit code 1."""


class UsageError(RunError):
    """The command line is used wrongly: exit code 2."""


class EngineError(RunError):
    """The engine cannot run the pipeline."""

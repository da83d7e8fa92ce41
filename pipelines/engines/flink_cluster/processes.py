"""Processes that outlive the command that started them: started, recorded, found again, stopped.

Each gets a mark in its environment, which its children inherit. A process is ours when /proc shows
our mark in it, so an id that the system has given to somebody else meanwhile is never signalled,
and the workers that a pool spawned are found even when the pool is gone. Needs Linux's /proc.
"""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipelines.engines.flink_cluster.errors import EngineError

MARK = "EARTHMIX_FLINK_RUN"
_FILE = "processes.json"
_PROC = Path("/proc")

# Popen objects of this process; dropping one that still runs would print a warning.
_STARTED: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Process:
    """One started process."""

    name: str
    pid: int
    log: str


@dataclass
class Record:
    """What runs in a folder: RUN/processes.json, rewritten after every start so that even a broken
    start can be stopped.
    """

    folder: Path
    mark: str
    facts: dict[str, object] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)

    @classmethod
    def new(cls, folder: Path, facts: Mapping[str, object]) -> "Record":
        """A record with a mark of its own."""
        return cls(folder, secrets.token_hex(8), dict(facts))

    @classmethod
    def load(cls, folder: Path) -> "Record | None":
        """The record in a folder, if there is one.

        Raises:
            EngineError: there is one that can't be read.
        """
        path = folder / _FILE
        if not path.is_file():
            return None
        try:
            content = json.loads(path.read_text("utf-8"))
            return cls(
                folder,
                content["mark"],
                content["facts"],
                [Process(**process) for process in content["processes"]],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(
                f"{path} can't be read ({error}): look for the processes yourself, then remove it"
            ) from error

    def save(self) -> None:
        """Write the record, whole or not at all."""
        content = {
            "mark": self.mark,
            "facts": self.facts,
            "processes": [asdict(process) for process in self.processes],
        }
        new = self.folder / (_FILE + ".new")
        new.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        new.replace(self.folder / _FILE)

    def forget(self) -> None:
        """Remove the record."""
        (self.folder / _FILE).unlink(missing_ok=True)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Process:
        """Start a process of its own session, with its log beside the record."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as out:
            started = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.folder,
                env={**environment, MARK: self.mark},
                start_new_session=True,
            )
        _STARTED.append(started)
        process = Process(name, started.pid, str(log))
        self.processes.append(process)
        self.save()
        return process

    def alive(self, process: Process) -> bool:
        """Whether a recorded process still runs, and is still ours."""
        return _is_marked(process.pid, self.mark)

    def dead(self) -> list[Process]:
        """The recorded processes that run no more."""
        return [process for process in self.processes if not self.alive(process)]

    def stop(self, patience: float = 10.0) -> int:
        """Stop everything with our mark, children included: asked first, killed after so many
        seconds.

        Returns:
            How many processes there were.

        Raises:
            EngineError: one is left even so.
        """
        seen = _signal(self.mark, signal.SIGTERM)
        asked = time.monotonic()
        while marked(self.mark) and time.monotonic() < asked + patience:
            time.sleep(0.1)
        killed = time.monotonic()
        # Again and again: a pool that was asked late may have spawned another worker.
        while left := _signal(self.mark, signal.SIGKILL):
            seen |= left
            if time.monotonic() > killed + 10:
                raise EngineError(
                    f"processes {', '.join(map(str, sorted(left)))} can't be killed; see "
                    f"{self.folder}"
                )
            time.sleep(0.1)
        for started in _STARTED:
            started.poll()
        self.forget()
        return len(seen)


def marked(mark: str) -> set[int]:
    """The ids of all live processes whose environment holds the mark."""
    return {
        int(entry.name)
        for entry in _PROC.iterdir()
        if entry.name.isdigit() and _is_marked(int(entry.name), mark)
    }


def _is_marked(pid: int, mark: str) -> bool:
    """Whether this process lives and has the mark; a zombie has no environment any more."""
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False
    return f"{MARK}={mark}".encode() in environment.split(b"\0")


def _signal(mark: str, number: signal.Signals) -> set[int]:
    """Send a signal to everything with the mark, and name it."""
    ours = marked(mark) - {os.getpid()}
    for pid in ours:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    return ours


def telling_line(log: Path | str) -> str:
    """The line of a log that says most about a failure: the last cause or error, else the last
    line.
    """
    try:
        lines = [
            line.strip()
            for line in Path(log).read_text("utf-8", "replace").splitlines()
            if line.strip()
        ]
    except OSError:
        return "no log"
    telling = [
        line
        for line in lines
        if line.startswith(("Caused by:", "Exception in", "Error"))
        or " ERROR " in line
        or "Error: " in line
    ]
    return (telling or lines or ["nothing"])[-1][:300]

"""The working folder of a run whose OUT is in an object store."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from converters.read import files
from pipelines.errors import RunError
from pipelines.storage import objects
from pipelines.storage.client import StoreError
from pipelines.storage.objects import ObjectStore

LEASE = 120.0  # seconds after which a lock that nobody renewed is a dead run's
_RENEW = 20.0
_PLACED = (
    "data",
    "rejects",
    "README.md",
    "card.json",
)  # what a run puts beside its manifest, and takes away again where it fails before that is there


class Claim:
    """The lock of a run: the object OUT/.work/lock, renewed while the run lasts.

    It is written only where none stands, and renewed only over its own last version: of two runs
    that start at once one gets it. One that was not renewed for LEASE seconds, by the store's own
    clock, is a dead run's and is taken over. A run that cannot reach its store for that long
    may thus lose its lock while it lives: it learns so when it next renews it, at the latest before
    it replaces the mix, and fails. What no lock in an object store can do is to stop a run in the
    very moment in which it puts its files into place. A store that ignores conditions on writes
    keeps two runs apart only when they do not start within the same second. Working files never
    mix: each run has a folder of its own name.
    """

    def __init__(self, out: str) -> None:
        self._out, self._lock, self._store = out, f"{out}/.work/lock", objects.of(out)
        self._token = uuid.uuid4().hex
        self._placing = False
        self._version = self._take()
        self._writing = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True)
        self._thread.start()

    def _text(self) -> bytes:
        about = {
            "run": self._token,
            "host": socket.gethostname(),
            "process": os.getpid(),
            "renewed": time.time(),
            "placing": self._placing,
        }
        return json.dumps(about).encode()

    def _take(self) -> str:
        version = self._store.put(self._lock, self._text(), over="")
        if version is None:
            age, stale = _age(self._store, self._lock)
            if age < LEASE:
                raise RunError(
                    f"another run is writing to {self._out}: its lock was renewed {age:.0f} s ago. "
                    f"If that run was killed, wait {LEASE:.0f} s, or remove {self._lock}"
                )
            version = self._store.put(self._lock, self._text(), over=stale)
        if version is None or not self._mine():
            raise RunError(f"another run is writing to {self._out}")
        return version

    def _mine(self) -> bool:
        try:
            held: object = json.loads(self._store.read(self._lock))["run"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return False
        return held == self._token

    def _write(self) -> bool:
        """Renews the lock; False where it is another's by now."""
        with self._writing:
            version = self._store.put(self._lock, self._text(), over=self._version)
            if (
                version is None and self._mine()
            ):  # an earlier write that arrived, whose answer did not
                version = self._store.about(self._lock).version
            self._version = version or self._version
            return version is not None

    def _renew(self) -> None:
        while not self._stop.wait(_RENEW):
            try:
                if not self._write():
                    return  # `placing` will find it so
            except (StoreError, FileNotFoundError):
                continue  # the store may answer again in time

    def placing(self) -> None:
        """To be called before the mix that stands in OUT is touched.

        Raises RunError where another run has taken over.
        """
        self._placing = True
        if not self._write():
            self._placing = False
            raise RunError(
                f"another run has taken over {self._out}; nothing of it was touched by this one"
            )

    def release(self, failed: bool) -> None:
        """Leaves nothing of the run: the lock goes last.

        failed: what was put into place goes as well, unless a manifest makes it a mix.
        """
        self._stop.set()
        self._thread.join()
        with suppress(
            StoreError
        ):  # the store does not answer, which the run itself has reported; the next run clears
            if not self._mine():
                return
            if failed and self._placing and not files.exists(f"{self._out}/manifest.json"):
                self._store.remove(
                    [path for name in _PLACED for path in self._store.below(f"{self._out}/{name}")]
                )
            self.clear()
            self._store.remove([self._lock])

    def clear(self) -> None:
        """Removes everything in the working folder but the lock."""
        self._store.remove(
            [path for path in self._store.below(f"{self._out}/.work") if path != self._lock]
        )


def _age(store: ObjectStore, lock: str) -> tuple[float, str]:
    """Seconds since a lock was renewed, and its version.

    A fresh object tells the store's time: the clocks of machines differ.
    """
    probe = f"{lock}.{uuid.uuid4().hex[:8]}"
    store.put(probe, b"")
    now = store.about(probe).modified
    store.remove([probe])
    try:
        about = store.about(lock)
    except FileNotFoundError:  # released meanwhile
        return LEASE, ""
    return now - about.modified, about.version


def half_placed(out: str) -> bool:
    """Whether a run ended while it replaced the mix in OUT, in an object store.

    What is there without a manifest is then earthmix's own.
    """
    try:
        return json.loads(objects.of(out).read(f"{out}/.work/lock")).get("placing") is True
    except (FileNotFoundError, ValueError, AttributeError):
        return False


@contextmanager
def working_folder(out: str) -> Iterator[Claim]:
    """Holds OUT/.work for one run, and removes it at the end.

    What a dead run left there is cleared; a living run's lock raises RunError.
    """
    claim = Claim(out)
    failed = True
    try:
        claim.clear()
        yield claim
        failed = False
    finally:
        claim.release(failed)

"""Asking a standing Flink cluster, and telling it to cancel, by its REST interface."""

import contextlib
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from pipelines.engines.flink_cluster.errors import EngineError
from pipelines.engines.flink_cluster.parts import FLINK_SERIES

ENDED = frozenset({"FINISHED", "FAILED", "CANCELED"})


@dataclass(frozen=True)
class ClusterInfo:
    """A cluster that answered and fits."""

    address: str
    version: str
    task_managers: int
    slots_total: int
    slots_free: int
    class_path: frozenset[str] = field(repr=False)
    """The names of the jars that the cluster has itself."""


class Rest:
    """Flink's REST interface at one address.

    Args:
        master: HOST:PORT, with or without http:// or https:// before it.
        timeout: seconds for one call.
    """

    def __init__(self, master: str, timeout: float = 10.0) -> None:
        self.address = (master if "://" in master else f"http://{master}").rstrip("/")
        self.timeout = timeout
        # Flink's own client knows no proxy, so what a proxy would answer says nothing about the
        # submission.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def overview(self) -> dict[str, Any]:
        """Task managers, slots, counts of jobs, version."""
        return self._call("/overview")

    def environment(self) -> dict[str, Any]:
        """The JobManager's JVM and class path."""
        return self._call("/jobmanager/environment")

    def taskmanagers(self) -> list[dict[str, Any]]:
        """Each with its id, its slots and its resources."""
        return list(self._call("/taskmanagers").get("taskmanagers", []))

    def jobs(self) -> list[dict[str, Any]]:
        """Each with its `jid`, `name` and `state`, past ones included."""
        return list(self._call("/jobs/overview").get("jobs", []))

    def job(self, job: str) -> dict[str, Any]:
        """One job with its state and vertices."""
        return self._call(f"/jobs/{job}")

    def taskmanagers_of(self, job: str) -> set[str]:
        """The ids of the task managers where subtasks of a job run now."""
        names: set[str] = set()
        for vertex in self.job(job).get("vertices", []):
            subtasks = self._call(f"/jobs/{job}/vertices/{vertex['id']}").get("subtasks", [])
            names |= {
                str(task["taskmanager-id"])
                for task in subtasks
                if task.get("status") == "RUNNING" and task.get("taskmanager-id")
            }
        return names

    def cancel(self, job: str) -> None:
        """Ask for a job to be cancelled; it may take a while, see `wait`."""
        self._call(f"/jobs/{job}?mode=cancel", "PATCH")

    def unfinished(self, name: str) -> list[str]:
        """The ids of the jobs of this name (Beam's --job_name) that have not ended."""
        return [
            str(job["jid"])
            for job in self.jobs()
            if job.get("name") == name and job.get("state") not in ENDED
        ]

    def cancel_named(self, name: str, timeout: float = 60.0) -> list[str]:
        """Cancel the unfinished jobs of this name, wait until they have ended, and return their
        ids.

        Beam's own `PipelineResult.cancel` ends the call to the job server and leaves the job
        running on the cluster.
        """
        ids = self.unfinished(name)
        for job in ids:
            # It may end by itself in this very moment, which `wait` sees.
            with contextlib.suppress(EngineError):
                self.cancel(job)
        for job in ids:
            self.wait(job, timeout)
        return ids

    def wait(self, job: str, timeout: float, states: Collection[str] = ENDED) -> str:
        """Wait until a job is in one of some states, and say in which.

        Raises:
            EngineError: it is in none of them after so many seconds.
        """
        deadline = time.monotonic() + timeout
        while (state := str(self.job(job).get("state"))) not in states:
            if time.monotonic() > deadline:
                raise EngineError(
                    f"job {job} is still {state} after {timeout:.0f} s: see "
                    f"{self.address}/#/job/{job}/overview"
                )
            time.sleep(0.2)
        return state

    def _call(self, path: str, method: str = "GET") -> dict[str, Any]:
        """One call; what comes back must be a JSON object."""
        request = urllib.request.Request(self.address + path, method=method)
        try:
            with self._opener.open(request, timeout=self.timeout) as response:
                body = response.read()
        except urllib.error.HTTPError as error:
            first = _first_line(error.read())
            raise EngineError(
                f"{self.address}{path} answers {error.code}{': ' + first if first else ''}: "
                "is this a Flink REST address?"
            ) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise EngineError(
                f"nothing answers at {self.address} ({reason}): is the cluster up, and is "
                "this its REST address?"
            ) from error
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise EngineError(
                f"{self.address} answers, but is no Flink: {path} is not a JSON object"
            )
        return answer


def check_cluster(
    master: str, slots_needed: int, series: str = FLINK_SERIES, timeout: float = 10.0
) -> ClusterInfo:
    """Look at a cluster before anything is submitted to it.

    A job that asks for more slots than are free would wait without a word, so that is refused here.

    Raises:
        EngineError: nothing answers there, what answers is no Flink or one of another series than
        the job server's jars, or too few slots are free.
    """
    rest = Rest(master, timeout)
    answer = rest.overview()
    version = answer.get("flink-version")
    if not isinstance(version, str):
        raise EngineError(
            f"{rest.address} answers, but is no Flink: /overview names no flink-version"
        )
    if version != series and not version.startswith(series + "."):
        raise EngineError(
            f"Flink at {rest.address} is {version}, but the job server's jars are for "
            f"{series}: use a cluster or jars (--flink-jars) that fit"
        )
    free, total, managers = (
        int(answer.get(key, 0)) for key in ("slots-available", "slots-total", "taskmanagers")
    )
    if free < slots_needed:
        what = (
            f"{free} of {total} slots are free on {managers} task managers, and "
            f"{slots_needed} are needed"
        )
        raise EngineError(
            f"Flink at {rest.address} is full: {what}; wait, cancel a job, add task "
            "managers, or ask for fewer workers"
        )
    return ClusterInfo(rest.address, version, managers, total, free, _class_path(rest))


def _class_path(rest: Rest) -> frozenset[str]:
    """The JobManager's jars by name; none where it does not list them: a job brings its own."""
    try:
        answer = rest.environment().get("classpath")
    except EngineError:
        return frozenset()
    return (
        frozenset(str(path).rpartition("/")[2] for path in answer)
        if isinstance(answer, list)
        else frozenset()
    )


def _first_line(body: bytes) -> str:
    """The first message of an error body, short."""
    try:
        errors = json.loads(body)["errors"]
        return str(errors[0]).splitlines()[0][:200]
    except (ValueError, KeyError, IndexError, TypeError):
        return ""

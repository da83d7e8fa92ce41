"""A Flink cluster on this machine: JobManager, TaskManagers and Beam worker pools, without docker.

- `.flink/run/<name>/processes.json`: what runs
- `.flink/run/<name>/jobmanager.log`: one log a process: taskmanager-1.log, pool-1.log, ...
- `.flink/run/<name>/conf/`: the rendered configuration
- `.flink/run/<name>/tmp/`: spilled data, uploaded jars; gone after `down`
"""

import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipelines.engines.flink_cluster import config, parts
from pipelines.engines.flink_cluster import ports as tcp
from pipelines.engines.flink_cluster.errors import EngineError
from pipelines.engines.flink_cluster.java import OPENS, find_java
from pipelines.engines.flink_cluster.loopback_class import loopback_jar
from pipelines.engines.flink_cluster.processes import Process, Record, telling_line
from pipelines.engines.flink_cluster.rest import Rest

_JOBMANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
_TASKMANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"


@dataclass(frozen=True)
class Plan:
    """What to start."""

    folder: Path = parts.DEFAULT_FOLDER
    name: str = "main"
    taskmanagers: int = 2
    slots: int = 2
    pools: int = 1
    port_base: int | None = None
    timeout: float = 90.0

    @property
    def run(self) -> Path:
        """The folder of this cluster's logs and record."""
        return run_folder(self.folder, self.name)


@dataclass(frozen=True)
class Running:
    """A cluster that `up` started."""

    master: str
    pools: tuple[str, ...]
    slots: int
    record: Record

    def process(self, name: str) -> Process:
        """A process by its name: jobmanager, pool-1, or a task manager's id in Flink.

        Raises EngineError where there is none.
        """
        for process in self.record.processes:
            if process.name == name:
                return process
        raise EngineError(
            f"no process {name}; there are "
            f"{', '.join(process.name for process in self.record.processes)}"
        )


def run_folder(folder: Path, name: str) -> Path:
    """Where a cluster of this name keeps its logs and record."""
    return folder / "run" / name


def up(plan: Plan) -> Running:
    """Start a cluster and wait until it answers: REST with all task managers and slots, every
    pool's port.

    Raises:
        EngineError: one runs already, a port is taken, a process died, or it took too long. Then
        nothing is left running.
    """
    run = plan.run.resolve()
    if marked_record(run) is not None:
        raise EngineError(
            f"a cluster runs already in {run}: stop it first (`python -m "
            "pipelines.engines.flink_cluster down`, make flink-down)"
        )
    found = parts.load(plan.folder)
    java = find_java()
    ports = config.Ports.choose(plan.port_base, plan.pools)
    ports.check_free()
    shutil.rmtree(run, ignore_errors=True)
    (run / "tmp").mkdir(parents=True)
    settings = _configure(run, ports, plan.slots)
    slots = plan.taskmanagers * plan.slots
    pools = tuple(f"localhost:{port}" for port in ports.pools)
    master = f"{config.HOST}:{ports.rest}"
    record = Record.new(
        run, {"master": master, "pools": pools, "taskmanagers": plan.taskmanagers, "slots": slots}
    )
    record.save()
    try:
        _start(record, plan, ports, java, found, settings)
        _wait(record, plan, ports)
    except BaseException:
        # Ctrl-C included: half a cluster helps nobody, and its logs stay.
        record.stop()
        raise
    return Running(master, pools, slots, record)


def running(folder: Path = parts.DEFAULT_FOLDER, name: str = "main") -> Running | None:
    """The cluster of this name, if one runs."""
    record = marked_record(run_folder(folder, name).resolve())
    if record is None:
        return None
    pools = record.facts["pools"]
    assert isinstance(pools, list | tuple)
    return Running(
        str(record.facts["master"]), tuple(map(str, pools)), int(str(record.facts["slots"])), record
    )


def down(folder: Path = parts.DEFAULT_FOLDER, name: str = "main") -> int:
    """Stop a cluster with all that its pools spawned, and say how many processes that were.

    Logs stay.
    """
    run = run_folder(folder, name).resolve()
    record = Record.load(run)
    stopped = record.stop() if record else 0
    shutil.rmtree(run / "tmp", ignore_errors=True)
    return stopped


def status(folder: Path = parts.DEFAULT_FOLDER, name: str = "main") -> list[str]:
    """What runs, a line each; no line when nothing was started."""
    record = Record.load(run_folder(folder, name).resolve())
    if record is None:
        return []
    lines = [
        f"{process.name:<16} {process.pid:>8}  "
        f"{'runs' if record.alive(process) else 'is gone'}  {process.log}"
        for process in record.processes
    ]
    master = str(record.facts.get("master"))
    try:
        overview = Rest(master, 3.0).overview()
        answer = (
            f"{overview.get('taskmanagers')} task managers, {overview.get('slots-available')} of "
            f"{overview.get('slots-total')} slots free"
        )
    except EngineError as error:
        answer = str(error)
    return [
        *lines,
        f"http://{master}: {answer}",
        *(
            f"pool {pool}: {'answers' if _pool_answers(pool) else 'is silent'}"
            for pool in _pools(record)
        ),
    ]


def marked_record(run: Path) -> Record | None:
    """The record of a cluster of which anything still runs.

    Leftovers of one that is gone completely do not count.
    """
    record = Record.load(run)
    return record if record and len(record.dead()) < len(record.processes) else None


def _configure(run: Path, ports: config.Ports, slots: int) -> dict[str, str]:
    """Write the configuration folder, and return Flink's settings."""
    source = parts.templates()
    text = config.render((source / "config.yaml").read_text("utf-8"), ports, slots, run / "tmp")
    (run / "conf").mkdir()
    (run / "conf" / "config.yaml").write_text(text, "utf-8")
    shutil.copyfile(source / "log4j.properties", run / "conf" / "log4j.properties")
    return config.parse(text)


def _start(
    record: Record,
    plan: Plan,
    ports: config.Ports,
    java: str,
    found: parts.Parts,
    settings: dict[str, str],
) -> None:
    """Start all processes; none waits for another."""
    run = record.folder
    # The class path goes by the environment, so that `ps` stays readable.
    jars = [jar.resolve() for jar in found.cluster_class_path()]
    first = loopback_jar(jars, run)
    environment = {**os.environ, "CLASSPATH": os.pathsep.join(map(str, [*first, *jars]))}

    def jvm(name: str, main: str, memory: list[str], *arguments: str) -> None:
        logging = [
            f"-Dlog.file={run / name}.log",
            f"-Dlog4j.configurationFile={(run / 'conf' / 'log4j.properties').as_uri()}",
        ]
        flags = [*OPENS, *memory, f"-Djava.io.tmpdir={run / 'tmp'}", *logging]
        record.start(
            name, [java, *flags, main, "--configDir", str(run / "conf"), *arguments], environment
        )

    jvm("jobmanager", _JOBMANAGER, config.jobmanager_flags(settings))
    for number in range(1, plan.taskmanagers + 1):
        name = f"taskmanager-{number}"
        # Its own name in Flink's REST answers too, which says which process is behind a
        # task manager.
        jvm(
            name,
            _TASKMANAGER,
            config.taskmanager_flags(settings),
            "-D",
            f"taskmanager.resource-id={name}",
        )
    for number, port in enumerate(ports.pools, 1):
        record.start(
            f"pool-{number}",
            [sys.executable, "-m", "pipelines.engines.flink_cluster", "pool", "--port", str(port)],
            os.environ,
        )


def _wait(record: Record, plan: Plan, ports: config.Ports) -> None:
    """Wait until everything answers.

    Raises:
        EngineError: a process died, or something stayed silent too long; names the log to read.
    """
    deadline = time.monotonic() + plan.timeout
    rest = Rest(f"{config.HOST}:{ports.rest}", timeout=5.0)
    pools = [f"localhost:{port}" for port in ports.pools]
    checks: list[tuple[str, Callable[[], bool]]] = [
        ("jobmanager", lambda: _complete(rest, plan.taskmanagers, plan.slots))
    ]
    checks += [
        (f"pool-{number}", partial(_pool_answers, pool)) for number, pool in enumerate(pools, 1)
    ]
    for name, ready in checks:
        while not ready():
            for process in record.dead():
                raise EngineError(
                    f"{process.name} stopped while the cluster was starting: "
                    f"{telling_line(process.log)} (see {process.log})"
                )
            if time.monotonic() > deadline:
                log = record.folder / f"{name}.log"
                waited = (
                    f"{plan.taskmanagers} task managers with {plan.slots} slots each"
                    if name == "jobmanager"
                    else "its port"
                )
                raise EngineError(
                    f"the cluster is not up after {plan.timeout:g} s, still waiting for "
                    f"{waited}: {telling_line(log)} (see {log})"
                )
            time.sleep(0.1)


def _complete(rest: Rest, taskmanagers: int, slots: int) -> bool:
    """Whether all task managers have reported all their slots."""
    try:
        overview = rest.overview()
    except EngineError:
        return False
    return bool(
        overview.get("taskmanagers") == taskmanagers
        and overview.get("slots-total") == taskmanagers * slots
    )


def _pools(record: Record) -> list[str]:
    """The addresses of a cluster's worker pools."""
    pools = record.facts.get("pools", ())
    return [str(pool) for pool in pools] if isinstance(pools, list | tuple) else []


def _pool_answers(pool: str) -> bool:
    """Whether a pool accepts connections."""
    host, _, port = pool.rpartition(":")
    return tcp.answers(host, int(port))

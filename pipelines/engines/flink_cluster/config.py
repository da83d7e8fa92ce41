"""The start of a cluster on this machine: its ports, Flink's configuration, the JVMs' memory."""

import re
import string
from dataclasses import dataclass
from pathlib import Path

from pipelines.engines.flink_cluster import ports as tcp
from pipelines.engines.flink_cluster.errors import EngineError

HOST = "127.0.0.1"
_SIZE = re.compile(r"(\d+)m")


@dataclass(frozen=True)
class Ports:
    """The ports that a cluster listens on; TaskManagers take free ones by themselves."""

    rest: int
    rpc: int
    blob: int
    pools: tuple[int, ...]

    @classmethod
    def choose(cls, base: int | None, pools: int) -> "Ports":
        """Ports for a cluster with so many worker pools.

        Args:
            base: the first of a run of ports; 0 for any free ones; None for those that Flink and
            Beam usually have.
            pools: how many worker pools.
        """
        if base is None:
            return cls(8081, 6123, 6124, tuple(range(50000, 50000 + pools)))
        if base == 0:
            rest, rpc, blob, *rest_of_them = tcp.free_ports(3 + pools)
            return cls(rest, rpc, blob, tuple(rest_of_them))
        return cls(base, base + 1, base + 2, tuple(range(base + 3, base + 3 + pools)))

    def check_free(self) -> None:
        """Raises EngineError for the ports that somebody listens on already."""
        named = {"rest": self.rest, "rpc": self.rpc, "blob": self.blob} | {
            f"pool {number}": port for number, port in enumerate(self.pools, 1)
        }
        taken = [f"{port} ({name})" for name, port in named.items() if not tcp.is_free(port)]
        if taken:
            raise EngineError(
                f"somebody listens on port {', '.join(taken)} already: stop it, or take "
                "other ports with --port-base N (0: any free ones)"
            )


def render(template: str, ports: Ports, slots: int, tmp: Path) -> str:
    """Flink's configuration from its template.

    Raises:
        EngineError: the template asks for a name that nobody knows.
    """
    values = {"rest": ports.rest, "rpc": ports.rpc, "blob": ports.blob, "slots": slots, "tmp": tmp}
    try:
        return string.Template(template).substitute(values)
    except (KeyError, ValueError) as error:
        raise EngineError(
            f"flink/config.yaml: {error} is no known name; known: {', '.join(values)}"
        ) from error


def parse(text: str) -> dict[str, str]:
    """The keys and values of a rendered configuration, which is flat."""
    pairs = (
        line.split(":", 1)
        for line in text.splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    )
    return {key.strip(): value.strip() for key, value in pairs}


def jobmanager_flags(settings: dict[str, str]) -> list[str]:
    """The JVM's memory, as Flink's own scripts would derive it."""
    heap = _sum(settings, "jobmanager.memory.heap.size")
    return [
        f"-Xmx{heap}m",
        f"-XX:MaxMetaspaceSize={_sum(settings, 'jobmanager.memory.jvm-metaspace.size')}m",
    ]


def taskmanager_flags(settings: dict[str, str]) -> list[str]:
    """The JVM's memory, as Flink's own scripts would derive it."""
    memory = "taskmanager.memory."
    heap = _sum(settings, memory + "framework.heap.size", memory + "task.heap.size")
    direct = _sum(
        settings,
        memory + "framework.off-heap.size",
        memory + "task.off-heap.size",
        memory + "network.max",
    )
    metaspace = _sum(settings, memory + "jvm-metaspace.size")
    return [
        f"-Xmx{heap}m",
        f"-XX:MaxDirectMemorySize={direct}m",
        f"-XX:MaxMetaspaceSize={metaspace}m",
    ]


def _sum(settings: dict[str, str], *keys: str) -> int:
    """Some sizes, together, in megabytes."""
    total = 0
    for key in keys:
        match = _SIZE.fullmatch(settings.get(key, ""))
        if match is None:
            raise EngineError(
                f"flink/config.yaml: {key} must be megabytes, like 128m, not {settings.get(key)!r}"
            )
        total += int(match[1])
    return total

"""Processes as the system lists them: their children, and where they listen."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path


def family(process: int) -> set[int]:
    """A process and those it started, and they in turn; none that has ended."""
    found = {process} if alive(process) else set()
    try:
        threads = list(Path(f"/proc/{process}/task").iterdir())
    except OSError:  # the process has just ended
        return set()
    for thread in threads:
        try:
            children = (thread / "children").read_text().split()
        except OSError:  # the thread has just ended
            continue
        found = found.union(*(family(int(child)) for child in children))
    return found


def alive(process: int) -> bool:
    """Whether a process has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def listening(processes: set[int]) -> set[str]:
    """Addresses on which processes listen for TCP connections."""
    held = set()
    for process in processes:
        for descriptor in Path(f"/proc/{process}/fd").glob("*"):
            try:
                held.add(os.readlink(descriptor))
            except OSError:  # closed meanwhile
                continue
    found = set()
    for table, kind in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in held:
                number = words[1].partition(":")[0]
                groups = [number[at : at + 8] for at in range(0, len(number), 8)]
                packed = b"".join(struct.pack("=I", int(group, 16)) for group in groups)
                found.add(socket.inet_ntop(kind, packed))
    return found

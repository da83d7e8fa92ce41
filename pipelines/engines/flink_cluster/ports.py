"""TCP ports: is one free, give me free ones, does one answer."""

import contextlib
import errno
import socket

_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port, on every address of the machine.

    A server that only tried to start would not tell: a Beam worker pool binds with SO_REUSEPORT, so
    a second one on the same port starts without complaint and takes half of the first one's calls.
    """
    families = [(socket.AF_INET, "0.0.0.0")] + (
        [(socket.AF_INET6, "::")] if socket.has_ipv6 else []
    )
    for family, wildcard in families:
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                # Without this, connections of a server that has just stopped (TIME_WAIT) would
                # count as a server.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((wildcard, port))
        except OSError as error:
            if error.errno not in _NO_SUCH_FAMILY:
                return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, all different."""
    with contextlib.ExitStack() as stack:
        probes = [
            stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            for _ in range(count)
        ]
        for probe in probes:
            probe.bind(("", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def answers(host: str, port: int, timeout: float = 1.0) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return True
    except OSError:
        return False

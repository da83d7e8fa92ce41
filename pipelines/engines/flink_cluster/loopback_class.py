"""Keeps the servers of Beam's Java part to this machine.

Job server and task managers open a gRPC port for each service they give workers: control, data,
state, logging, artifacts. Beam tells workers an address of this machine's loopback, but listens on
all interfaces, whatever its options say: `ServerFactory` takes the port of the address that it was
given and drops the rest. So a copy of that one class, made from the jar that is there, goes to the
head of the class path. In it the call

    NettyServerBuilder.forPort(address.getPort())    is    NettyServerBuilder.forAddress(address)

Source: the Java Virtual Machine Specification, 4.1 (class file), 4.4 (constant pool), 6.5
(instructions).
"""

import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pipelines.engines.flink_cluster.errors import EngineError

JAR = "earthmix-loopback.jar"
CLASS = "org/apache/beam/sdk/fn/server/ServerFactory$InetSocketAddressServerFactory.class"
_BUILDER = "/io/grpc/netty/NettyServerBuilder"
# Of the jars that `setup` fetches, the one that holds the class; it is looked into first.
_LIKELY = "beam-sdks-java-core"

_UTF8, _CLASS, _METHOD, _NAME_AND_TYPE = 1, 7, 10, 12
# Bytes behind the tag of a constant that has a fixed length, by tag. A long (5) and a double (6)
# take two numbers of the pool.
_LENGTHS = {
    **dict.fromkeys((3, 4, 9, _METHOD, 11, _NAME_AND_TYPE, 17, 18), 4),
    **dict.fromkeys((5, 6), 8),
    **dict.fromkeys((_CLASS, 8, 16, 19, 20), 2),
    15: 3,
}
_WIDE = (5, 6)
_POOL = 8  # where the pool's count stands, behind magic and version
_NOP, _INVOKEVIRTUAL, _INVOKESTATIC = b"\x00", b"\xb6", b"\xb8"


def loopback_jar(jars: Iterable[Path], folder: Path) -> list[Path]:
    """The jar for the head of a class path of these jars, made in a folder.

    None where they are no Beam, which Java will say.

    Raises:
        EngineError: the class is of a Beam that was not looked at.
    """
    data = _class_in(jars)
    if data is None:
        return []
    target = folder / JAR
    with zipfile.ZipFile(target, "w") as jar:
        jar.writestr(zipfile.ZipInfo(CLASS), at_its_address(data))
    return [target]


def _class_in(jars: Iterable[Path]) -> bytes | None:
    for path in sorted(jars, key=lambda path: not path.name.startswith(_LIKELY)):
        try:
            with zipfile.ZipFile(path) as jar:
                return jar.read(CLASS)
        except (KeyError, OSError, zipfile.BadZipFile):  # Java says which jar it cannot open
            continue
    return None


def at_its_address(data: bytes) -> bytes:
    """The class file with its servers at the whole address that they are given.

    Raises:
        EngineError: it does not hold that one call.
    """
    try:
        pool = _Pool.of(data)
        builder, by_port = pool.method(_BUILDER, "forPort")
        _, port = pool.method("java/net/InetSocketAddress", "getPort")
    except (LookupError, ValueError, struct.error):
        raise EngineError(_UNKNOWN) from None
    before = _INVOKEVIRTUAL + _number(port) + _INVOKESTATIC + _number(by_port)
    code = data[pool.end :]
    if code.count(before) != 1:
        raise EngineError(_UNKNOWN)
    owner = pool.text(pool.number(builder, 0))
    at = pool.size
    new = [
        _text("forAddress"),
        _text(f"(Ljava/net/SocketAddress;)L{owner};"),
        bytes([_NAME_AND_TYPE]) + _number(at) + _number(at + 1),
        bytes([_METHOD]) + _number(builder) + _number(at + 2),
    ]
    after = _NOP * 3 + _INVOKESTATIC + _number(at + 3)
    whole = data[:_POOL] + _number(at + len(new)) + data[_POOL + 2 : pool.end] + b"".join(new)
    return whole + code.replace(before, after)


_UNKNOWN = (
    "Beam's ServerFactory is of a version that was not looked at, and may open its ports to the "
    "network: take the jars of `python -m pipelines.engines.flink_cluster setup`"
)


class _Pool(NamedTuple):
    """A class file's constants: tag and bytes by number. end: where the pool ends in the file."""

    constants: dict[int, tuple[int, bytes]]
    size: int
    end: int

    @classmethod
    def of(cls, data: bytes) -> "_Pool":
        """Raises LookupError or struct.error where it is no class file."""
        [count] = struct.unpack_from(">H", data, _POOL)
        constants: dict[int, tuple[int, bytes]] = {}
        at, number = _POOL + 2, 1
        while number < count:
            tag = data[at]
            if tag == _UTF8:
                [length] = struct.unpack_from(">H", data, at + 1)
                body = data[at + 3 : at + 3 + length]
                at += 3 + length
            else:
                body = data[at + 1 : at + 1 + _LENGTHS[tag]]
                at += 1 + _LENGTHS[tag]
            constants[number] = tag, body
            number += 2 if tag in _WIDE else 1
        return cls(constants, count, at)

    def number(self, constant: int, place: int) -> int:
        """The number of another constant in one, which holds several."""
        return int(struct.unpack_from(">H", self.constants[constant][1], 2 * place)[0])

    def text(self, constant: int) -> str:
        """A constant that is a text."""
        return self.constants[constant][1].decode("utf-8", "replace")

    def method(self, owner: str, name: str) -> tuple[int, int]:
        """The numbers of a method's class and of the method. owner: how the class's name ends."""
        for number, (tag, _) in self.constants.items():
            if tag == _METHOD:
                where, what = self.number(number, 0), self.number(number, 1)
                of = self.text(self.number(where, 0))
                if of.endswith(owner) and self.text(self.number(what, 0)) == name:
                    return where, number
        raise LookupError(name)


def _number(value: int) -> bytes:
    return struct.pack(">H", value)


def _text(value: str) -> bytes:
    return bytes([_UTF8]) + _number(len(value)) + value.encode("ascii")

"""Damage to a folder of native files, drawn from a seed: what `fuzz.py` feeds the readers.

Half of the damage is blind (bytes, lines, encodings). The other half knows what a file holds, so
that it gets past the parser: a JSON value becomes null, a table loses a column, a mask has another
mode (see `mutations_knowing.py`). It goes by a file's ending: a new format needs nothing here.
"""

from __future__ import annotations

import io
import os
import random
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

from mutations_knowing import KNOWING, NUMBERS, Knowing

Blind = Callable[[random.Random, bytes], bytes]

_BYTES = (
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"'", b"<", b">", b"&", b"\n", b"\r", b"\t", b" "),
    *(b"\\", b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"]]>", b"}, {", b"\x1a"),
)
_NAMES = (
    *(b"x", b"bad\xff", b"new\nline", b".hidden", b"...", b"e\xcc\x81", b"a!b", b" ", b"{a}"),
    *(b"*", b"[a]", b"back\\slash", b"n" * 240, b"\xe2\x80\xae", b"\x1b[31m", b"-rf", b"a:b"),
)
_PLACES = ("name", "name", "folder", "end", "swap", "none", "loop", "link", "dir", "pipe")


def mutate(draw: random.Random, root: Path) -> str:
    """Damages one file below a folder, or its name alone; says how."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    # By ending first: a fixture may have many pictures and one file of annotations.
    ending = draw.choice(sorted({path.suffix for path in files}))
    file = draw.choice([path for path in files if path.suffix == ending])
    where = file.relative_to(root).as_posix()
    if draw.random() < 0.1:
        return f"{where}: {_misplace(draw, root, file, draw.choice(files))}"
    data, how = _changed(draw, file.name, file.read_bytes())
    for _ in range(draw.choice((0, 0, 0, 1, 3))):
        change = draw.choice(_BLIND)
        data = change(draw, data)
        how += f" {change.__name__.strip('_')}"
    file.write_bytes(data)
    return f"{where}: {how}"


def _misplace(draw: random.Random, root: Path, file: Path, other: Path) -> str:
    """Damages what stands for a file in its folder."""
    how = draw.choice(_PLACES)
    if how == "folder" and file.parent == root:
        how = "name"
    if how in ("name", "folder", "end"):
        old = os.fsencode(file.parent if how == "folder" else file)
        ending = os.fsencode(draw.choice((".JPG", "", ".json.gz", ".tar", file.suffix.upper())))
        new = draw.choice(_NAMES) + (ending if how == "end" else os.fsencode(file.suffix))
        os.rename(old, os.path.join(os.path.dirname(old), new))
        return f"{how} {new!r}"
    if how == "swap":
        mine, others = file.read_bytes(), other.read_bytes()
        file.write_bytes(others)
        other.write_bytes(mine)
        return f"swapped with {other.relative_to(root).as_posix()}"
    file.unlink()
    if how == "loop":
        file.symlink_to(file.name)
    elif how == "link":
        file.symlink_to(draw.choice(("nowhere", "/dev/null", "..", other.name)))
    elif how == "dir":
        file.mkdir()
    elif how == "pipe":
        os.mkfifo(file)
    return how


def _changed(draw: random.Random, name: str, data: bytes) -> tuple[bytes, str]:
    """A sound file's bytes, damaged with or without knowing its kind, and the mutation's name."""
    fitting = [change for pattern, change in _by_ending() if re.search(pattern, name.lower())]
    if fitting and draw.random() < 0.6:
        change = draw.choice(fitting)
        found = change(draw, data)
        if found is not None:
            return found, change.__name__.strip("_")
    blind = draw.choice(_BLIND)
    return blind(draw, data), blind.__name__.strip("_")


def _by_ending() -> list[tuple[str, Knowing]]:
    return [*KNOWING.items(), (r"\.tar$", _member)]


def _cut(draw: random.Random, data: bytes) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def _flip(draw: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    # Half of the time near the beginning, where binary files keep what the rest means.
    reach = len(out) if draw.random() < 0.5 else min(len(out), 200)
    for _ in range(draw.randint(1, 8) if out else 0):
        out[draw.randrange(reach)] = draw.randrange(256)
    return bytes(out)


def _part(draw: random.Random, data: bytes) -> tuple[int, int]:
    start = draw.randrange(len(data) + 1)
    return start, min(len(data), start + draw.choice((1, 2, 8, 40, 400)))


def _drop(draw: random.Random, data: bytes) -> bytes:
    start, end = _part(draw, data)
    return data[:start] + data[end:]


def _double(draw: random.Random, data: bytes) -> bytes:
    start, end = _part(draw, data)
    return data[:end] + data[start:end] + data[end:]


def _insert(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + draw.choice(_BYTES) * draw.choice((1, 1, 2, 200)) + data[at:]


def _number(draw: random.Random, data: bytes) -> bytes:
    """A run of digits replaced by something that is no usual number."""
    runs = [found.span() for found in re.finditer(rb"\d+", data)]
    if not runs:
        return _flip(draw, data)
    start, end = draw.choice(runs)
    return data[:start] + draw.choice((*NUMBERS, "null", '""')).encode() + data[end:]


def _lines(draw: random.Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if len(lines) > 1:
        i, j = draw.randrange(len(lines)), draw.randrange(len(lines))
        lines[i], lines[j] = lines[j], lines[i]
    return b"".join(lines)


def _encoded(draw: random.Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    kinds = ("utf-16", "utf-16-le", "utf-8-sig", "utf-32", "latin-1", "gb18030")
    return text.encode(draw.choice(kinds), "replace")


def _other(draw: random.Random, data: bytes) -> bytes:
    little = (b"", b"\n", b"null", b"[]", b"{}", b"[null]", b"\xff\xfe", b"0", b"<a/>", b"\x00")
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    return draw.choice((*little, pointer, data + data, data.replace(b"\n", b"\r"), b"\n" + data))


_BLIND: tuple[Blind, ...] = (
    *(_cut, _flip, _flip, _drop, _double, _insert, _number, _number, _lines, _encoded, _other),
)


def _member(draw: random.Random, data: bytes) -> bytes | None:
    """One member of a tar archive: its name, or what it holds."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as old, tarfile.open(None, "w", out) as new:
        members = [one for one in old.getmembers() if one.isfile()]
        chosen = draw.randrange(len(members))
        for number, member in enumerate(members):
            file = old.extractfile(member)
            held = b"" if file is None else file.read()
            if number == chosen and draw.random() < 0.3:
                member.name = os.fsdecode(draw.choice(_NAMES)) + draw.choice((".jpg", ".json", ""))
            elif number == chosen:
                held, _ = _changed(draw, member.name, held)
            member.size = len(held)
            new.addfile(member, io.BytesIO(held))
    return out.getvalue()

"""Damages the fixtures of every format and reads them: `make fuzz N=100000 SEED=1`.

Whatever the damage, a reader may end with SourceError or ConfigError, or go on with Rejects. The
ledger must balance, rows must fit their schema, and no mutant may take longer than LIMIT seconds.
A format is in it as soon as it has a fixture `tests/data/<format>/<slug>/`. A failure prints the
seed and the mutant's number; `--only NUMBER` runs that one again.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from native import DATA, convert, dataset

from converters.catalogue import catalogue
from converters.read.files import SourceError
from schemas.entry import Entry
from schemas.toml import ConfigError

LIMIT = 10.0
_NUMBERS = (b"-1", b"0", b"1e400", b"NaN", b"null", b"99999999999999999999", b"-0.0", b'""', b"{}")
_SEAMS = (b"{", b"}", b"[", b"]", b",", b":", b'"', b"<", b">", b"\n", b"\t", b" ", b"\\", b"\x00")


class Fixture(NamedTuple):
    """A folder of small native files and an entry that reads it."""

    name: str
    folder: Path
    entry: Entry


def fixtures() -> list[Fixture]:
    """Every fixture with each entry that can read it as it is."""
    found = []
    for folder in sorted(path for path in DATA.glob("*/*") if path.is_dir()):
        name = f"{folder.parent.name}/{folder.name}"
        alike = [entry for entry in catalogue().values() if entry.format == folder.parent.name]
        own = [entry for entry in alike if entry.slug == folder.name]
        found += [
            Fixture(name, folder, entry) for entry in own or alike if _readable(entry, folder)
        ]
    return found


def _readable(entry: Entry, folder: Path) -> bool:
    try:
        _read(entry, folder)
    except (SourceError, ConfigError):
        return False
    return True


def _read(entry: Entry, folder: Path) -> object:
    result = convert(dataset(entry, [entry.tasks[0]], folder, fallback="pixel"))
    return [(row["id"], row["conversations"]) for row in result.rows], result.rejects


def _cut(draw: random.Random, data: bytes) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def _flip(draw: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        if out:
            out[draw.randrange(len(out))] = draw.randrange(256)
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


def _seam(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + draw.choice(_SEAMS) * draw.choice((1, 1, 2, 200)) + data[at:]


def _number(draw: random.Random, data: bytes) -> bytes:
    """A run of digits replaced by something that is no usual number."""
    places = [i for i, byte in enumerate(data) if 48 <= byte <= 57]
    if not places:
        return _flip(draw, data)
    start = end = draw.choice(places)
    while end < len(data) and 48 <= data[end] <= 57:
        end += 1
    return data[:start] + draw.choice(_NUMBERS) + data[end:]


def _lines(draw: random.Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if len(lines) > 1:
        i, j = draw.randrange(len(lines)), draw.randrange(len(lines))
        lines[i], lines[j] = lines[j], lines[i]
    return b"".join(lines)


def _encoded(draw: random.Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(draw.choice(("utf-16", "utf-8-sig", "latin-1", "gb18030")), "replace")


def _empty(draw: random.Random, data: bytes) -> bytes:
    return draw.choice((b"", b"\n", b"null", b"[]", b"{}", b"[null]", b"\xff\xfe"))


MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    *(_cut, _flip, _drop, _double, _seam, _number, _number, _lines, _encoded, _empty),
)


def mutate(draw: random.Random, root: Path) -> str:
    """Damages one file below a folder, sometimes its name alone; says how."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    file = draw.choice(files)
    where = file.relative_to(root).as_posix()
    if draw.random() < 0.04:
        new = file.with_name(draw.choice(("x", f"{file.stem} 2{file.suffix}", file.name.upper())))
        file.rename(new)
        return f"{where} renamed to {new.name}"
    if draw.random() < 0.03:
        file.unlink()
        return f"{where} removed"
    how = [draw.choice(MUTATIONS) for _ in range(draw.choice((1, 1, 1, 2, 4)))]
    data = file.read_bytes()
    for change in how:
        data = change(draw, data)
    file.write_bytes(data)
    return f"{where}: {' '.join(change.__name__ for change in how)}"


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"a mutant took more than {LIMIT:g} s")


def run(mutants: int, seed: int, seconds: float, only: int | None = None) -> Iterator[str]:
    """Reads mutants and gives a line for each failure; the last line sums up."""
    every = fixtures()
    formats = {fixture.entry.format for fixture in every}
    ended: Counter[str] = Counter()
    started = time.monotonic()
    signal.signal(signal.SIGALRM, _too_long)
    for number in range(mutants) if only is None else [only]:
        if time.monotonic() - started > seconds:
            break
        draw = random.Random(f"{seed} {number}")
        fixture = draw.choice(every)
        with tempfile.TemporaryDirectory(prefix="earthmix-fuzz-") as place:
            root = Path(place) / "data"
            shutil.copytree(fixture.folder, root)
            how = mutate(draw, root)
            signal.setitimer(signal.ITIMER_REAL, LIMIT)
            try:
                first = _read(fixture.entry, root)
                ended["read"] += 1
                if number % 16 == 0 and _read(fixture.entry, root) != first:
                    ended["failed"] += 1
                    yield f"seed {seed} mutant {number}: {fixture.name} {how}: not the same twice"
            except (SourceError, ConfigError):
                ended["refused"] += 1
            except Exception:
                ended["failed"] += 1
                last = traceback.format_exc().splitlines()
                yield (
                    f"seed {seed} mutant {number}: {fixture.entry.slug} in {fixture.name}: {how}\n"
                    + "\n".join(last if only is not None else last[-3:])
                )
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    yield (
        f"{ended.total():,} mutants of {len(every)} fixtures and {len(formats)} formats: "
        f"{ended['read']:,} read, {ended['refused']:,} refused, {ended['failed']:,} failed"
    )


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    words.add_argument("--mutants", type=int, default=100_000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--seconds", type=float, default=3600.0)
    words.add_argument("--only", type=int)
    given = words.parse_args()
    lines = []
    for line in run(given.mutants, given.seed, given.seconds, given.only):
        print(line, flush=True)
        lines.append(line)
    sys.exit(not lines[-1].endswith(" 0 failed"))


if __name__ == "__main__":
    main()

"""Damages the fixtures of every format and reads them: `make fuzz N=100000 SEED=1`.

Whatever the damage, a reader may end with SourceError or ConfigError in one line, or go on with
Rejects. The ledger must balance, rows must fit their schema, regions must lie in their pictures,
one mutant in sixteen is read twice and must give the same, and none may take longer than LIMIT
seconds. A format is in it as soon as it has a fixture `tests/data/<format>/<slug>/`. A failure
prints the seed and the mutant's number; `--only NUMBER` runs that one again, and `--keep FOLDER`
keeps its files.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, MutableSequence
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from mutations import mutate
from native import DATA, Result, convert, dataset

from converters.catalogue import catalogue
from converters.dialects import DIALECTS
from converters.ledger import dropped_by_reason
from converters.read.files import SourceError
from schemas.conversation import faults
from schemas.entry import Entry
from schemas.mix import ImageMode
from schemas.sample import REASONS
from schemas.toml import ConfigError

LIMIT = 10.0
_CHECKED = 20  # rows of a mutant that are held against the schema by its slow library
READ, REFUSED, FAILED, AT = range(4)


class Fixture(NamedTuple):
    """A folder of small native files and an entry that reads it."""

    name: str
    folder: Path
    entry: Entry


class Reading(NamedTuple):
    """How a mutant is read."""

    images: ImageMode = "path"
    dialect: str = "pixel"
    group: str = "item"


class Wrong(Exception):
    """What was read breaks a promise."""


class TooLong(BaseException):
    """Not an Exception, so that no handler of errors can take it for one of its own."""


def fixtures() -> list[Fixture]:
    """Every fixture with each entry of its format that finds rows in it as it is."""
    return [
        Fixture(f"{folder.parent.name}/{folder.name}", folder, entry)
        for folder in sorted(path for path in DATA.glob("*/*") if path.is_dir())
        for entry in catalogue().values()
        if entry.format == folder.parent.name and _fits(entry, folder)
    ]


def _fits(entry: Entry, folder: Path) -> bool:
    try:
        rows, _ = read(entry, folder, Reading())
    except (SourceError, ConfigError):
        return False
    return bool(rows)


def read(entry: Entry, folder: Path, way: Reading) -> tuple[list[Any], list[Any]]:
    """Rows and rejects of a folder. Raises Wrong."""
    result = convert(
        dataset(
            *(entry, entry.tasks, folder, way.images),
            **{"dialect": way.dialect, "fallback": "pixel", "group": way.group},
        )
    )
    _check(result)
    return result.rows, result.rejects


def _check(result: Result) -> None:
    dropped = sum(
        sum(dropped_by_reason(page, bucket).values())
        for page in result.book.values()
        for bucket in ("rejected", "filtered")
    )
    if sum(reject["items"] for reject in result.rejects) != dropped:
        raise Wrong(f"the ledger says that {dropped} items and rows were dropped")
    if unknown := {reject["reason"] for reject in result.rejects} - REASONS.keys():
        raise Wrong(f"rejects give the reasons {unknown}")
    for row in result.rows[:_CHECKED]:
        if broken := faults({key: row[key] for key in ("id", "images", "conversations")}):
            raise Wrong(f"row {row['id']} breaks {broken}")
    for row in result.rows:
        if row["gsd"] is not None and not 0 < row["gsd"] < math.inf:
            raise Wrong(f"row {row['id']} has {row['gsd']} metres a pixel")
        for region in row["regions"] or []:
            _check_region(region, row["sizes"])


def _check_region(region: dict[str, Any], sizes: list[dict[str, int]] | None) -> None:
    """Raises Wrong for a region without area, or one that is not inside its picture."""
    x1, y1, x2, y2 = region["bbox"]
    if not all(map(math.isfinite, [*region["bbox"], *(region["points"] or [])])):
        raise Wrong(f"not finite: {region}")
    if not (x1 < x2 and y1 < y2):
        raise Wrong(f"no area: {region}")
    size = sizes[region["image"]] if sizes else None
    width, height = (size["width"], size["height"]) if size else (1e6, 1e6)
    if not (x1 >= -0.01 and y1 >= -0.01 and x2 <= width + 0.01 and y2 <= height + 0.01):
        raise Wrong(f"outside of {width} x {height}: {region}")


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TooLong(f"a mutant took more than {LIMIT:g} s")


def run(
    numbers: range, seed: int, seconds: float, ended: MutableSequence[int], keep: Path | None = None
) -> Iterator[str]:
    """Reads mutants and gives a line for each failure.

    ended: how many were READ, REFUSED and FAILED, and the number of the one that is AT work; it is
    counted on. keep: a new folder for the last mutant.
    """
    by_format: dict[str, list[Fixture]] = {}
    for one in fixtures():
        by_format.setdefault(one.entry.format, []).append(one)
    started = time.monotonic()
    signal.signal(signal.SIGALRM, _too_long)
    for number in numbers:
        if time.monotonic() - started > seconds:
            break
        ended[AT] = number
        draw = random.Random(f"{seed} {number}")
        fixture = draw.choice(by_format[draw.choice(sorted(by_format))])
        way = Reading(
            draw.choice(("path", "path", "path", "embed")),
            draw.choice(list(DIALECTS)),
            draw.choice(("item", "item", "image")),
        )
        with tempfile.TemporaryDirectory(prefix="earthmix-fuzz-") as place:
            root = Path(place) / "data"
            shutil.copytree(fixture.folder, root)
            how = mutate(draw, root)
            if keep:
                shutil.copytree(root, keep, symlinks=True)
            ending, said = _ending(fixture.entry, root, way, twice=number % 16 == 0)
        ended[ending] += 1
        if said:
            named = f"seed {seed} mutant {number}: {fixture.entry.slug} in {fixture.name}, "
            yield f"{named}{' '.join(way)}, {how}\n{said}"


def _ending(entry: Entry, root: Path, way: Reading, twice: bool) -> tuple[int, str]:
    """How the reading of a mutant ends, and what is wrong with that."""
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        first = read(entry, root, way)
        # As text: NaN is not equal to itself.
        if twice and repr(read(entry, root, way)) != repr(first):
            return FAILED, "not the same twice"
        return READ, ""
    except (SourceError, ConfigError) as error:
        lines = str(error).splitlines()
        return (REFUSED, "") if len(lines) == 1 else (FAILED, f"refused in {len(lines)} lines")
    except (Exception, TooLong):
        return FAILED, "\n".join(traceback.format_exc().splitlines()[-12:])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _print_all(numbers: range, seed: int, until: float, ended: Any, keep: Path | None) -> None:
    """Prints the failures of mutants; runs in a process of its own, which a mutant may end."""
    for line in run(numbers, seed, until - time.monotonic(), ended, keep):
        print(line.encode("ascii", "backslashreplace").decode(), flush=True)


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    words.add_argument("--mutants", type=int, default=100_000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--seconds", type=float, default=3600.0)
    words.add_argument("--only", type=int)
    words.add_argument("--keep", type=Path)
    given = words.parse_args()
    numbers = range(given.mutants) if given.only is None else range(given.only, given.only + 1)
    until = time.monotonic() + given.seconds
    context = multiprocessing.get_context("spawn")
    ended = context.Array("q", 4, lock=False)
    while numbers:
        work = (numbers, given.seed, until, ended, given.keep)
        process = context.Process(target=_print_all, args=work)
        process.start()
        process.join()
        code = process.exitcode or 0
        if code == 0:
            break
        if code > 0:  # a fault of the fuzz itself, which is printed
            sys.exit(1)
        print(f"seed {given.seed} mutant {ended[AT]}: {signal.Signals(-code).name}", flush=True)
        ended[FAILED] += 1
        numbers = range(ended[AT] + 1, numbers.stop)
    known = fixtures()
    total = ended[READ] + ended[REFUSED] + ended[FAILED]
    print(
        f"{total:,} mutants of {len({one.name for one in known})} fixtures and "
        f"{len({one.entry.format for one in known})} formats: {ended[READ]:,} read, "
        f"{ended[REFUSED]:,} refused, {ended[FAILED]:,} failed"
    )
    sys.exit(ended[FAILED] > 0)


if __name__ == "__main__":
    main()

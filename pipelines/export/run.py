"""An export: the rows of a finished mix, streamed into a folder that one program reads."""

from __future__ import annotations

import contextlib
import gc
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
from msgspec import Struct

from pipelines import __version__
from pipelines.card.markdown import counted
from pipelines.errors import RunError, UsageError
from pipelines.export import rows as mix_rows
from pipelines.export import side
from pipelines.export.folder import ABOUT, About, new_folder
from pipelines.export.json_files import write_json
from pipelines.export.kit import PICTURES, Picture, Place, Row, Target
from pipelines.export.pictures import Pictures
from pipelines.export.report import Result, left_out
from pipelines.export.rows import TRAIN_SPLITS, Mix
from pipelines.export.targets import target
from pipelines.storage import work_files

if TYPE_CHECKING:
    from pipelines.export.boxes import Boxes

_COLUMNS = ("images", "conversations", "regions", "dialect")


class Wanted(Struct, frozen=True):
    """What a user asks of an export.

    splits: names, or nothing for the authors' training rows. take: at most so many rows.
    dialect, settings: how boxes are written in the text, or None to leave them.
    data_root: where the pictures lie of a mix that holds none.
    """

    program: str
    splits: tuple[str, ...] = ()
    take: int | None = None
    dialect: str | None = None
    settings: dict[str, int] = {}
    data_root: str | None = None


def export(out: str, folder: str, wanted: Wanted) -> Result:
    """Writes the mix in `out` for one program into `folder`; an older export there is replaced.

    Raises UsageError for what cannot be asked, RunError where no row could be written; then, as
    after Ctrl-C, what stood in `folder` before still stands.
    """
    if not work_files.is_local(folder):
        raise UsageError(f"{folder}: a program reads its files from a local folder")
    chosen = target(wanted.program)
    boxes = _boxes(chosen, wanted)
    mix = mix_rows.open_mix(out)
    splits, others = _splits(mix, wanted.splits)
    data_root = None if wanted.data_root is None else work_files.absolute(wanted.data_root)
    final = os.path.abspath(folder)
    with new_folder(final) as part:
        place = Place(part, final, _name(mix), mix_rows.holds_boxes(mix, splits))
        result = Result(place, chosen, others)
        pictures = Pictures(out, f"{part}/{PICTURES}", data_root, chosen.inline)
        with _without_collector(), contextlib.closing(pictures):
            _write(mix, splits, wanted.take, pictures, boxes, result)
        if not result.rows:
            raise RunError("\n".join(["no row could be exported", *left_out(result, kept=False)]))
        result.pictures = pictures.count()
        if chosen.inline:
            work_files.remove(f"{part}/{PICTURES}")
        result.paste = chosen.register(place, result.rows)
        about = About(
            __version__,
            chosen.name,
            place.name,
            result.rows,
            result.pictures,
            splits,
            wanted.take,
            wanted.dialect,
            wanted.settings,
            dict(sorted(result.left_out.items())),
            sorted(os.listdir(part)),
        )
        write_json(f"{part}/{ABOUT}", about)
    return result


def _write(
    mix: Mix,
    splits: Sequence[str],
    take: int | None,
    pictures: Pictures,
    boxes: Boxes | None,
    result: Result,
) -> None:
    """Streams the rows of a mix to the target's writer and to the side file."""
    chosen = result.target
    writer, beside = chosen.open(result.place), side.SideFile(result.place.folder)
    columns = None if chosen.whole else [*_COLUMNS, *side.COLUMNS]
    with _progress(mix.manifest.rows) as advance:
        for batch in mix_rows.slices(mix, columns, splits):
            at = 0
            while at < batch.num_rows and result.rows != take:
                piece = batch.slice(at, None if take is None else take - result.rows)
                rows, reasons = prepare(piece, pictures, boxes, chosen)
                writer.add([row for row, why in zip(rows, reasons, strict=True) if not why])
                beside.add(piece, result.book(rows, reasons), reasons)
                at += piece.num_rows
            advance(batch.num_rows)
            if result.rows == take:
                break
    writer.close()
    beside.close()
    result.boxes = boxes.counts if boxes else Counter()


@contextmanager
def _without_collector() -> Iterator[None]:
    """Rows are many small objects without cycles: looking for some takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def prepare(
    batch: pa.RecordBatch, pictures: Pictures, boxes: Boxes | None, chosen: Target
) -> tuple[list[Row], list[str]]:
    """Rows as a target wants them, and for each the reason why it is left out, or ""."""
    ids, named = batch["id"].to_pylist(), batch["dialect"].to_pylist()
    shows = batch["images"].value_lengths().to_pylist()
    whole = mix_rows.plain_rows(batch) if chosen.whole else [None] * len(ids)
    turns = mix_rows.turns(batch["conversations"])
    rows = [Row(*about) for about in zip(ids, turns, shows, named, whole, strict=True)]
    reasons = [chosen.takes(row) for row in rows]
    # Only now: a picture of a row that is left out is not written.
    good = [k for k, why in enumerate(reasons) if not why]
    found = pictures.of(batch["images"].take(pa.array(good, pa.int64())))
    for k, known in zip(good, found, strict=True):
        reasons[k] = next((fault for fault in known if isinstance(fault, str)), "")
        rows[k].pictures = [picture for picture in known if isinstance(picture, Picture)]
    _rewrite(batch, rows, reasons, boxes)
    return rows, reasons


def _rewrite(
    batch: pa.RecordBatch, rows: list[Row], reasons: list[str], boxes: Boxes | None
) -> None:
    """Writes the boxes of rows anew, where their texts hold any, or says why that cannot be."""
    named = [row.dialect or "" for row in rows]
    chosen = [k for k, name in enumerate(named) if name and not reasons[k]]
    if not chosen:
        return
    if boxes is None:
        beside = {name for name in set(named) if name and _beside(name)}
        for k in chosen:
            reasons[k] = "boxes_beside_text" if named[k] in beside else ""
        return
    regions = batch["regions"].take(pa.array(chosen)).to_pylist()
    faults = boxes.rewrite([rows[k] for k in chosen], [named[k] for k in chosen], regions)
    for k, fault in zip(chosen, faults, strict=True):
        reasons[k] = fault


def _beside(name: str) -> bool:
    """True where a dialect's regions stand beside the text and not in it."""
    from converters.dialects import dialect

    return dialect(name).aside is not None


def _boxes(chosen: Target, wanted: Wanted) -> Boxes | None:
    """What rewrites boxes, where they are to be. Raises UsageError, ConfigError for a dialect."""
    if wanted.dialect is None:
        if wanted.settings:
            raise UsageError(
                "--min-pixels and --max-pixels belong to a dialect: name it by --dialect"
            )
        if not chosen.objects:
            return None
    # Geometry is worth importing only where boxes are written.
    from converters.dialects import with_settings
    from pipelines.export.boxes import Boxes

    if wanted.dialect is None:
        return Boxes(None)
    dialect = with_settings(wanted.dialect, **wanted.settings)
    if dialect.aside is not None:
        raise UsageError(
            f"--dialect {dialect.name} writes its boxes beside the text, where {chosen.program} "
            "does not look for them"
        )
    return Boxes(dialect)


def _splits(mix: Mix, asked: Sequence[str]) -> tuple[list[str], Counter[str]]:
    """The splits to take, and the rows of the others. Raises UsageError for one not there."""
    there = mix_rows.count_splits(mix)
    known = ", ".join(f"{name} ({counted(n, 'row')})" for name, n in sorted(there.items()))
    for name in asked:
        if name not in there:
            raise UsageError(f'{mix.out} has no split "{name}"; it has: {known}')
    chosen = [name for name in asked or TRAIN_SPLITS if name in there]
    if not chosen:
        raise UsageError(f"{mix.out} has no training rows; name a split by --split: {known}")
    return chosen, Counter({name: n for name, n in there.items() if name not in chosen})


def _name(mix: Mix) -> str:
    """What the program shall call the mix: letters, digits, - and _, which are nobody's syntax."""
    return re.sub(r"[^\w-]+", "-", str(mix.manifest.mix.get("name", "mix")), flags=re.ASCII)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Shows on a terminal how many rows were looked at."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("rows", total=total)
        yield lambda n: bar.advance(task, n)

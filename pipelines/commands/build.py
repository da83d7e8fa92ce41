"""Commands that make a mix, or say what it would be."""

from __future__ import annotations

import dataclasses
import itertools
import sys
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from pipelines.command_options import (
    BeamOptions,
    Catalogue,
    Changes,
    DataRoot,
    Group,
    ImageMode,
    Images,
    Out,
    PanelCommand,
    Paths,
    Quiet,
    RowGroup,
    SplitColumn,
    StoreOptions,
    Tile,
    Tokenizer,
    VerifyImages,
    pair,
    with_engine_options,
)
from pipelines.commands import app
from pipelines.engine_options import EngineOptions
from pipelines.terminal import interruptible, say, say_all

if TYPE_CHECKING:
    from pipelines.plan import RunPlan
    from schemas.mix import Mix


Name = Annotated[
    str,
    typer.Argument(metavar="NAME|FILE", help="A mix that comes with earthmix, or a .toml file."),
]
Only = Annotated[str | None, typer.Option("--only", help="A,B: these sources or datasets alone.")]
SkipMissing = Annotated[
    bool,
    typer.Option(
        "--skip-missing", help="Leave out datasets that are not there; the card lists them."
    ),
]
Take = Annotated[
    int | None,
    typer.Option("--take", min=1, help="At most so many rows of each source, for a first try."),
]


Splits = Annotated[
    SplitColumn | None,
    typer.Option(
        "--splits",
        help="one: every row in a split named train (default); native: the authors' splits.",
    ),
]


@app.command(
    cls=PanelCommand,
    epilog="Example: earthmix mix geochat-style --data-root DATA --out OUT --tile off --images "
    "path --set sources.rsvqa_lr.take=1000",
)
@with_engine_options
def mix(
    engine_options: EngineOptions,
    name: Name,
    data_root: DataRoot,
    out: Out,
    images: Images = None,
    tile: Tile = "",
    only: Only = None,
    skip_missing: SkipMissing = False,
    take: Take = None,
    splits: Splits = None,
    changes: Changes = None,
    path: Paths = None,
    catalogue: Catalogue = None,
    verify_images: VerifyImages = False,
    tokenizer: Tokenizer = "",
    quiet: Quiet = False,
    beam_options: BeamOptions = None,
) -> None:
    """Build a mix."""
    with interruptible():
        own = [f"splits={splits.value}"] if splits else []
        wanted = _mix(name, [*(changes or []), *own], only, take, tile, catalogue)
    engine_options = dataclasses.replace(engine_options, beam_options=beam_options or [])
    request = Request(
        data_root, out, images, path or [], verify_images, quiet, skip_missing, tokenizer
    )
    _run(wanted, request, engine_options)


@app.command(
    cls=PanelCommand,
    epilog="Example: earthmix convert rsicd rsvqa_lr:train --data-root DATA --out OUT "
    "--images path",
)
@with_engine_options
def convert(
    engine_options: EngineOptions,
    datasets: Annotated[
        list[str],
        typer.Argument(
            metavar="DATASET[:SPLIT]... [-- BEAM OPTIONS]",
            help="Datasets, or splits of them. After --: Beam's own options.",
        ),
    ],
    data_root: DataRoot,
    out: Out,
    images: Images = None,
    group: RowGroup = Group.item,
    tile: Tile = "",
    only: Only = None,
    dialect: Annotated[
        str | None,
        typer.Option("--dialect", help="How boxes are written (docs/dialects.md): geochat, ..."),
    ] = None,
    splits: Splits = None,
    changes: Changes = None,
    path: Paths = None,
    catalogue: Catalogue = None,
    verify_images: VerifyImages = False,
    tokenizer: Tokenizer = "",
    quiet: Quiet = False,
) -> None:
    """Convert datasets, every item once."""
    names = list(itertools.takewhile(lambda word: not word.startswith("-"), datasets))
    with interruptible():
        from pipelines import load

        _add(catalogue)
        written = [f"dialect={dialect}"] if dialect else []
        written += [f"splits={splits.value}"] if splits else []
        wanted = load.convert_mix(names, group.value, [*written, *(changes or [])])
        wanted = load.narrowed(wanted, _names(only), tile=load.tile_of(tile))
    engine_options = dataclasses.replace(engine_options, beam_options=datasets[len(names) :])
    request = Request(data_root, out, images, path or [], verify_images, quiet, tokenizer=tokenizer)
    _run(wanted, request, engine_options)


@app.command(
    cls=PanelCommand, epilog="Example: earthmix plan geochat-style --data-root DATA --out OUT"
)
def plan(
    name: Name,
    data_root: DataRoot,
    out: Annotated[
        str, typer.Option("--out", help="Where the mix would go, to see whether there is room.")
    ] = "out",
    tile: Tile = "",
    only: Only = None,
    skip_missing: SkipMissing = False,
    take: Take = None,
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds",
            min=0,
            help="How long annotations may be read; the rest is worked out from what was read.",
        ),
    ] = 30.0,
    changes: Changes = None,
    path: Paths = None,
    catalogue: Catalogue = None,
    beam_options: StoreOptions = None,
) -> None:
    """Say what a mix would give: rows, pictures, size, licences, time. Nothing is written."""
    with interruptible():
        from pipelines.forecast import forecast
        from pipelines.forecast_lines import lines
        from pipelines.plan import make_plan
        from pipelines.storage import work_files

        wanted = _mix(name, changes, only, take, tile, catalogue)
        places = dict(pair(text) for text in path or [])
        work_files.set_options(beam_options or [], data_root, out, *places.values())
        planned = make_plan(
            wanted,
            work_files.absolute(data_root),
            work_files.absolute(out),
            "embed",
            paths=places,
            skip_missing=skip_missing,
        )
        for line in lines(planned, forecast(planned, seconds)):
            say(line)


def _mix(
    name: str,
    changes: list[str] | None,
    only: str | None,
    take: int | None,
    tile: str,
    catalogues: list[str] | None,
) -> Mix:
    """The mix that the options of `mix` and `plan` describe."""
    from pipelines import load

    _add(catalogues)
    wanted = load.load_mix(name, changes or [])
    return load.narrowed(wanted, _names(only), take, load.tile_of(tile))


def _names(only: str | None) -> list[str]:
    return [word.strip() for word in only.split(",") if word.strip()] if only else []


def _add(catalogues: list[str] | None) -> None:
    from converters.catalogue import add_entries

    for file in catalogues or []:
        add_entries(file)


class Request(NamedTuple):
    """What `mix` and `convert` are asked for besides the mix itself and the engine."""

    data_root: str
    out: str
    images: ImageMode | None
    paths: list[str]
    verify_images: bool
    quiet: bool
    skip_missing: bool = False
    tokenizer: str = ""


def _run(wanted: Mix, request: Request, engine_options: EngineOptions) -> None:
    with interruptible(at_once=True):
        from pipelines.card.render import closing_lines
        from pipelines.plan import make_plan
        from pipelines.room import check_room
        from pipelines.run import run
        from pipelines.storage import work_files

        places = dict(pair(text) for text in request.paths)
        work_files.set_options(
            engine_options.beam_options, request.data_root, request.out, *places.values()
        )
        planned = make_plan(
            wanted,
            work_files.absolute(request.data_root),
            work_files.absolute(request.out),
            request.images.value if request.images else None,
            request.verify_images,
            places,
            request.skip_missing,
            work_files.absolute(request.tokenizer) if request.tokenizer else "",
        )
        left_out = planned.mix.left_out[len(wanted.left_out) :]
        for note in [*planned.notes, *(f"left out: {line}" for line in left_out)]:
            if not request.quiet:
                say(f"note: {note}", err=True)
        if engine_options.dry_run:
            for line in _dry_run(planned, engine_options, request.data_root):
                say(line)
            return
        check_room(planned)
        finished = run(planned, engine_options, _command(), request.quiet)
    if not request.quiet:
        lines = closing_lines(finished.summary, request.out, finished.remarks)
        say_all(lines, request.out)


def _dry_run(plan: RunPlan, engine_options: EngineOptions, data_root: str) -> list[str]:
    from pipelines import mix as pipeline_of
    from pipelines.engines import dataflow, dataflow_options
    from pipelines.errors import UsageError

    if engine_options.engine != "dataflow":
        raise UsageError(
            "--dry-run shows what Dataflow would be sent: use it with --engine dataflow"
        )
    flags = dataflow_options.pipeline_options(engine_options, data_root, plan.out)
    return dataflow.dry_run(
        lambda pipeline: pipeline_of.build(pipeline, plan),
        plan,
        flags,
        engine_options.dry_run or "",
    )


# What stands in place of the reader's own files in the command to rebuild a mix by.
_PLACES = {"--data-root": "DATA_ROOT", "--out": "OUT", "--tokenizer": "TOKENIZER"}


def _command() -> list[str]:
    """The command to rebuild a mix by; folders and workers are the reader's own."""
    out, words = ["earthmix"], iter(sys.argv[1:])
    engine = {f"--{name.replace('_', '-')}" for name in EngineOptions.on_command_line()}
    for word in words:
        if word == "--":  # Beam's options change no byte
            break
        name, mark, _ = word.partition("=")
        if name in {*_PLACES, "--path", *engine}:
            if not mark:
                next(words, None)
            if name in _PLACES:
                out += [name, _PLACES[name]]
        elif name != "--quiet":
            out.append(word)
    return out

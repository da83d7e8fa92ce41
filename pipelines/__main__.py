"""The command line.

Heavy imports wait until a command needs them, so that `--help` answers at once.
"""

from __future__ import annotations

import dataclasses
import itertools
import sys
from typing import TYPE_CHECKING, Annotated, NamedTuple, NoReturn

import typer

from pipelines import __version__
from pipelines.command_options import (
    BeamOptions,
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
    StoreOptions,
    VerifyImages,
    with_engine_options,
)
from pipelines.engine_options import EngineOptions
from pipelines.terminal import ended_by_sigterm, interruptible, say, say_all

if TYPE_CHECKING:
    from pipelines.plan import RunPlan
    from schemas.mix import Mix

app = typer.Typer(
    name="earthmix",
    help="Remote-sensing vision-language datasets, converted, deduplicated and mixed into "
    "instruction-tuning data.",
    epilog="Example: earthmix sample-data demo && earthmix mix geochat-style --data-root demo "
    "--out out --set max_reject=0.25",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"earthmix {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Options of earthmix itself. The help of `app` is shown, not this."""


@app.command(
    cls=PanelCommand,
    epilog="Example: earthmix mix geochat-style --data-root DATA --out OUT --images path "
    "--set sources.rsvqa_lr.take=1000",
)
@with_engine_options
def mix(
    engine_options: EngineOptions,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE", help="A mix that comes with earthmix, or a .toml file."
        ),
    ],
    data_root: DataRoot,
    out: Out,
    images: Images = None,
    changes: Changes = None,
    path: Paths = None,
    verify_images: VerifyImages = False,
    quiet: Quiet = False,
    beam_options: BeamOptions = None,
) -> None:
    """Build a mix."""
    with interruptible():
        from pipelines.plan import load_mix

        wanted = load_mix(name, changes or [])
    engine_options = dataclasses.replace(engine_options, beam_options=beam_options or [])
    request = Request(data_root, out, images, path or [], verify_images, quiet)
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
    changes: Changes = None,
    path: Paths = None,
    verify_images: VerifyImages = False,
    quiet: Quiet = False,
) -> None:
    """Convert datasets, every item once."""
    names = list(itertools.takewhile(lambda word: not word.startswith("-"), datasets))
    with interruptible():
        from pipelines.plan import convert_mix

        wanted = convert_mix(names, group.value, changes or [])
    engine_options = dataclasses.replace(engine_options, beam_options=datasets[len(names) :])
    request = Request(data_root, out, images, path or [], verify_images, quiet)
    _run(wanted, request, engine_options)


class Request(NamedTuple):
    """What `mix` and `convert` are asked for besides the mix itself and the engine."""

    data_root: str
    out: str
    images: ImageMode | None
    paths: list[str]
    verify_images: bool
    quiet: bool


def _run(wanted: Mix, request: Request, engine_options: EngineOptions) -> None:
    with interruptible(at_once=True):
        from pipelines.card.render import closing_lines
        from pipelines.plan import make_plan
        from pipelines.run import run
        from pipelines.storage import work_files

        places = dict(_pair(text) for text in request.paths)
        work_files.set_options(
            engine_options.beam_options, request.data_root, request.out, *places.values()
        )
        plan = make_plan(
            wanted,
            work_files.absolute(request.data_root),
            work_files.absolute(request.out),
            request.images.value if request.images else None,
            request.verify_images,
            places,
        )
        for note in plan.notes:
            if not request.quiet:
                say(f"note: {note}", err=True)
        if engine_options.dry_run:
            for line in _dry_run(plan, engine_options, request.data_root):
                say(line)
            return
        finished = run(plan, engine_options, _command(), request.quiet)
    if not request.quiet:
        lines = closing_lines(finished.summary, request.out, finished.remarks)
        say_all(lines, request.out)


def _dry_run(plan: RunPlan, engine_options: EngineOptions, data_root: str) -> list[str]:
    from pipelines import mix
    from pipelines.engines import dataflow, dataflow_options
    from pipelines.errors import UsageError

    if engine_options.engine != "dataflow":
        raise UsageError(
            "--dry-run shows what Dataflow would be sent: use it with --engine dataflow"
        )
    flags = dataflow_options.pipeline_options(engine_options, data_root, plan.out)
    return dataflow.dry_run(
        lambda pipeline: mix.build(pipeline, plan), plan, flags, engine_options.dry_run or ""
    )


def _pair(text: str) -> tuple[str, str]:
    from pipelines.storage.work_files import absolute

    slug, mark, folder = text.partition("=")
    if not mark or not folder:
        raise typer.BadParameter(f'--path takes DATASET=DIR, not "{text}"')
    return slug, absolute(folder)


def _command() -> list[str]:
    """The command to rebuild a mix by; folders and workers are the reader's own."""
    out, words = ["earthmix"], iter(sys.argv[1:])
    engine = {f"--{name.replace('_', '-')}" for name in EngineOptions.on_command_line()}
    for word in words:
        if word == "--":  # Beam's options change no byte
            break
        name, mark, _ = word.partition("=")
        if name in {"--data-root", "--out", "--path", *engine}:
            if not mark:
                next(words, None)
            if name in ("--data-root", "--out"):
                out += [name, "DATA_ROOT" if name == "--data-root" else "OUT"]
        elif name != "--quiet":
            out.append(word)
    return out


@app.command(epilog="Example: earthmix datasets --json")
def datasets(
    json: Annotated[
        bool, typer.Option("--json", help="Everything the catalogue says, as JSON.")
    ] = False,
) -> None:
    """List the datasets of the catalogue; those without a reader say why."""
    import msgspec

    from converters.catalogue import catalogue

    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(catalogue()), indent=2).decode())
        return
    for slug, entry in catalogue().items():
        what = ", ".join(entry.tasks) if entry.format else f"no reader: {entry.status}: {entry.why}"
        typer.echo(f"{slug:<20} {entry.name:<18} {what}")


@app.command(cls=PanelCommand, epilog="Example: earthmix check dior --data-root DATA")
def check(
    data_root: DataRoot,
    dataset: Annotated[
        str | None, typer.Argument(help="Slug of a dataset. Default: a line on each dataset.")
    ] = None,
    path: Paths = None,
    beam_options: StoreOptions = None,
) -> None:
    """See what of a dataset is there, what is missing, and where to get it."""
    from converters.catalogue import entry_of
    from pipelines.check import check_all, check_dataset
    from pipelines.storage import work_files

    # Without a dataset, its argument takes the first of Beam's options.
    words = [*([dataset] if dataset else []), *(beam_options or [])]
    slug = words.pop(0) if words and not words[0].startswith("-") else None
    places = dict(_pair(text) for text in path or [])
    work_files.set_options(words, data_root, *places.values())
    root = work_files.absolute(data_root)
    if slug is None:
        lines, ready = check_all(root, places)
    else:
        lines, ready = check_dataset(entry_of(slug), root, places)
    for line in lines:
        say(line)
    if not ready:
        raise typer.Exit(1)


@app.command("sample-data", epilog="Example: earthmix sample-data demo")
def sample_data(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Where to write it.")],
) -> None:
    """Write small built-in sample data in the sources' native layouts."""
    from converters.sample_data import write_sample_data

    for slug, count in write_sample_data(folder).items():
        say(f"{slug}: {count} files")


@app.command(cls=PanelCommand, epilog="Example: earthmix verify OUT")
def verify(
    out: Annotated[str, typer.Argument(metavar="OUT", help="A finished mix.")],
    beam_options: StoreOptions = None,
) -> None:
    """Check a mix: every file's sha256 and rows, the schema, the conversations, the ledger."""
    from pipelines.storage import work_files
    from pipelines.verify import verify_mix

    work_files.set_options(beam_options or [], out)
    lines, good = verify_mix(work_files.absolute(out))
    for line in lines:
        say(line)
    if not good:
        raise typer.Exit(1)


@app.command(epilog="Example: earthmix preview OUT --open")
def preview(
    out: Annotated[str, typer.Argument(metavar="OUT", help="A finished mix.")],
    open_: Annotated[
        bool, typer.Option("--open", help="Open the page in this machine's browser.")
    ] = False,
    beam_options: BeamOptions = None,
) -> None:
    """Write OUT/preview/index.html: a sample of rows and rejects to look at, all in one file."""
    from pipelines.preview.finished import add_preview
    from pipelines.storage import work_files

    work_files.set_options(beam_options or [], out)
    path = add_preview(work_files.absolute(out))
    say(f"wrote {path}")
    if open_ and work_files.is_local(path):
        typer.launch(path)


@app.command(epilog="Example: earthmix show OUT --id 04250bf0b91767ff76c37251")
def show(
    out: Annotated[str, typer.Argument(metavar="OUT", help="A finished mix.")],
    row_id: Annotated[str, typer.Option("--id", help="Id of a row, or of one that was dropped.")],
    beam_options: BeamOptions = None,
) -> None:
    """Print one row: its pictures, regions and conversation."""
    from pipelines.preview.show import show_row
    from pipelines.storage import work_files

    work_files.set_options(beam_options or [], out)
    for line in show_row(work_files.absolute(out), row_id):
        say(line)


# Export


@app.command(
    epilog="Example: earthmix export OUT --to llamafactory DEST && llamafactory-cli train my.yaml"
)
def export(
    out: Annotated[str, typer.Argument(metavar="OUT", help="A finished mix.")],
    folder: Annotated[
        str, typer.Argument(metavar="DEST", help="Folder for the export; an older one is replaced.")
    ],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="geochat, internvl, llamafactory, llava, qwen-vl, swift, trl or webdataset.",
        ),
    ],
    split: Annotated[
        list[str] | None,
        typer.Option(
            "--split",
            help="Rows of this split of their authors. May be repeated. "
            "Else train, and datasets without splits.",
        ),
    ] = None,
    take: Annotated[
        int | None, typer.Option("--take", min=1, help="The first so many rows, for a first try.")
    ] = None,
    dialect: Annotated[
        str | None,
        typer.Option("--dialect", help="Write the boxes in the text anew, in this box format."),
    ] = None,
    min_pixels: Annotated[
        int | None, typer.Option("--min-pixels", help="Of Qwen2.5-VL's dialect: as in training.")
    ] = None,
    max_pixels: Annotated[
        int | None, typer.Option("--max-pixels", help="Of Qwen2.5-VL's dialect: as in training.")
    ] = None,
    data_root: Annotated[
        str | None,
        typer.Option("--data-root", help="Where the pictures lie of a mix that holds none."),
    ] = None,
    quiet: Quiet = False,
    beam_options: BeamOptions = None,
) -> None:
    """Write a mix as files that one training program reads as they are."""
    from pipelines.export import report, run
    from pipelines.storage import work_files

    work_files.set_options(beam_options or [], out, *([data_root] if data_root else []))
    settings = {"min_pixels": min_pixels, "max_pixels": max_pixels}
    wanted = run.Wanted(
        to,
        tuple(split or ()),
        take,
        dialect,
        {name: value for name, value in settings.items() if value is not None},
        data_root,
    )
    with interruptible():
        result = run.export(work_files.absolute(out), folder, wanted)
    if not quiet:
        say_all(report.closing_lines(result), folder)


def main() -> None:
    """Runs the command line: exit code 2 for a wrong use, 1 for a failed run.

    Each fault is a readable line.
    """
    try:
        with ended_by_sigterm():
            app()
    except Exception as error:
        _explain(error)
        raise


def _explain(error: Exception) -> None:
    """Prints the lines of an error that tells the user what to do, and exits.

    Returns for any other error. The imports stand here because only a failed run needs them.
    """
    from converters.ledger import LedgerError
    from converters.read.files import SourceError
    from pipelines.errors import RunError, UsageError
    from schemas.toml import ConfigError

    if isinstance(error, (ConfigError, UsageError)):
        _fail(str(error), 2)
    if isinstance(error, (SourceError, RunError, OSError)):
        _fail(str(error), 1)
    if isinstance(error, LedgerError):
        _fail(f"the ledger does not balance, which is a bug: {error}", 1)


def _fail(text: str, code: int) -> NoReturn:
    for line in text.split("\n"):
        if line:
            say(f"earthmix: {line}" if not line.startswith("  ") else line, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()

"""The command line. Heavy imports wait until a command needs them, so that `--help` answers at once."""

from __future__ import annotations

import itertools
import os
import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.plan import RunPlan
    from pipelines.settings import Settings
    from schemas.mix import Mix

# Where a mix was built changes nothing in it, and stays out of the command to rebuild it by.
_ENGINE_OPTIONS = (
    *("--workers", "--engine", "--flink-master", "--flink-jars", "--workers-at", "--worker-image"),
    *(
        "--project",
        "--region",
        "--temp-location",
        "--staging-location",
        "--job-name",
        "--wheel",
        "--dry-run",
    ),
)

app = typer.Typer(
    name="earthmix",
    help="Remote-sensing vision-language datasets, converted, deduplicated and mixed into instruction-tuning data.",
    epilog="Example: earthmix sample-data demo && earthmix mix geochat-style --data-root demo --out out",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class ImageMode(str, Enum):
    """How pictures stand in a row."""

    embed = "embed"
    path = "path"
    reencode = "reencode"


class Group(str, Enum):
    """What one row holds."""

    item = "item"
    image = "image"


DataRoot = Annotated[
    str,
    typer.Option(
        "--data-root",
        help="Folder that holds one folder a dataset, named by its slug, in its authors' layout; may be s3:// or gs://.",
    ),
]
Out = Annotated[
    str,
    typer.Option(
        "--out",
        help="Folder for the mix, may be s3:// or gs://; a mix of earthmix that stands there is replaced.",
    ),
]
Images = Annotated[
    ImageMode | None,
    typer.Option(
        "--images",
        help="embed: bytes in the row; path: none opened unless needed; reencode: 8-bit RGB.",
    ),
]
Workers = Annotated[str, typer.Option("--workers", help="A number, or auto.")]
Engine = Annotated[str, typer.Option("--engine", help="Where to run.")]
FlinkMaster = Annotated[
    str,
    typer.Option(
        "--flink-master", help="HOST:PORT of a standing cluster; [local] starts one within."
    ),
]
FlinkJars = Annotated[
    str | None,
    typer.Option(
        "--flink-jars",
        help="Job server: a jar, or a folder of jars. Else what make flink-setup fetched.",
    ),
]
WorkersAt = Annotated[
    str | None,
    typer.Option("--workers-at", help="HOST:PORT of the worker pool beside each task manager."),
]
WorkerImage = Annotated[
    str | None, typer.Option("--worker-image", help="Container image of the workers.")
]
Project = Annotated[str | None, typer.Option("--project", help="Dataflow: the cloud project.")]
Region = Annotated[str | None, typer.Option("--region", help="Dataflow: where the workers run.")]
TempLocation = Annotated[
    str | None, typer.Option("--temp-location", help="Dataflow: a gs:// folder for its own files.")
]
StagingLocation = Annotated[
    str | None,
    typer.Option("--staging-location", help="Dataflow: a gs:// folder for what workers fetch."),
]
JobName = Annotated[str | None, typer.Option("--job-name", help="Dataflow: the job's name.")]
Wheel = Annotated[
    str | None,
    typer.Option(
        "--wheel", help="Dataflow: the wheel of earthmix that workers install; else one is built."
    ),
]
DryRun = Annotated[
    str | None,
    typer.Option(
        "--dry-run", help="Dataflow: write what would be sent into this folder, and send nothing."
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Change a value of the mix: seed=7, sources.rsvqa_lr.take=100. May be repeated.",
    ),
]
Paths = Annotated[
    list[str] | None,
    typer.Option("--path", help="DATASET=DIR: where one dataset lies. May be repeated."),
]
Verify = Annotated[bool, typer.Option("--verify-images", help="Decode every picture wholly.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress, no closing lines.")]
BeamOptions = Annotated[
    list[str] | None,
    typer.Argument(help="After --: Beam's own options.", metavar="[-- BEAM OPTIONS]"),
]


@app.command(
    epilog="Example: earthmix mix geochat-style --data-root DATA --out OUT --images path --set sources.rsvqa_lr.take=1000"
)
def mix(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE", help="A mix that comes with earthmix, or a .toml file."
        ),
    ],
    data_root: DataRoot,
    out: Out,
    images: Images = None,
    workers: Workers = "auto",
    engine: Engine = "direct",
    flink_master: FlinkMaster = "[local]",
    flink_jars: FlinkJars = None,
    workers_at: WorkersAt = None,
    worker_image: WorkerImage = None,
    project: Project = None,
    region: Region = None,
    temp_location: TempLocation = None,
    staging_location: StagingLocation = None,
    job_name: JobName = None,
    wheel: Wheel = None,
    dry_run: DryRun = None,
    set_: Set = None,
    path: Paths = None,
    verify_images: Verify = False,
    quiet: Quiet = False,
    beam_options: BeamOptions = None,
) -> None:
    """Build a mix."""
    from pipelines.plan import load_mix

    settings = _settings(locals(), beam_options or [])
    _run(load_mix(name, set_ or []), data_root, out, images, settings, path, verify_images, quiet)


@app.command(
    epilog="Example: earthmix convert rsicd rsvqa_lr:train --data-root DATA --out OUT --images path"
)
def convert(
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
    group: Annotated[
        Group,
        typer.Option(
            "--group",
            help="item: one row a caption or question; image: one multi-turn row a picture.",
        ),
    ] = Group.item,
    workers: Workers = "auto",
    engine: Engine = "direct",
    flink_master: FlinkMaster = "[local]",
    flink_jars: FlinkJars = None,
    workers_at: WorkersAt = None,
    worker_image: WorkerImage = None,
    project: Project = None,
    region: Region = None,
    temp_location: TempLocation = None,
    staging_location: StagingLocation = None,
    job_name: JobName = None,
    wheel: Wheel = None,
    dry_run: DryRun = None,
    set_: Set = None,
    path: Paths = None,
    verify_images: Verify = False,
    quiet: Quiet = False,
) -> None:
    """Convert datasets, every item once."""
    from pipelines.plan import convert_mix

    names = list(itertools.takewhile(lambda word: not word.startswith("-"), datasets))
    settings = _settings(locals(), datasets[len(names) :])
    _run(
        convert_mix(names, group.value, set_ or []),
        data_root,
        out,
        images,
        settings,
        path,
        verify_images,
        quiet,
    )


def _settings(said: Mapping[str, Any], beam: list[str]) -> Settings:
    """The engine's part of a command's values."""
    from pipelines.settings import Settings

    workers = said["workers"]
    if workers != "auto" and not (workers.isdecimal() and int(workers) > 0):
        raise typer.BadParameter(f'--workers takes a number or "auto", not "{workers}"')
    return Settings(
        beam_options=beam,
        **{name: said[name] for name in Settings.__struct_fields__ if name != "beam_options"},
    )


def _run(
    wanted: Mix,
    data_root: str,
    out: str,
    images: ImageMode | None,
    settings: Settings,
    path: list[str] | None,
    verify: bool,
    quiet: bool,
) -> None:
    from pipelines.card.render import closing_lines
    from pipelines.plan import make_plan
    from pipelines.run import run
    from pipelines.storage import work_files

    places = dict(_pair(text) for text in path or [])
    work_files.set_options(settings.beam_options, data_root, out, *places.values())
    plan = make_plan(
        wanted,
        work_files.absolute(data_root),
        work_files.absolute(out),
        images.value if images else None,
        verify,
        places,
    )
    for note in plan.notes:
        if not quiet:
            typer.echo(f"note: {note}", err=True)
    if settings.dry_run:
        for line in _dry_run(plan, settings, data_root):
            typer.echo(line)
        return
    try:
        summary = run(plan, settings, _command(), quiet)
    except KeyboardInterrupt:
        typer.echo("earthmix: interrupted; nothing was written", err=True)
        sys.stdout.flush()
        os._exit(130)  # without waiting for Beam's threads, which have not heard of it
    if not quiet:
        for line in closing_lines(summary, out):
            typer.echo(line)


def _dry_run(plan: RunPlan, settings: Settings, data_root: str) -> list[str]:
    from pipelines import mix
    from pipelines.engines import dataflow
    from pipelines.errors import UsageError

    if settings.engine != "dataflow":
        raise UsageError(
            "--dry-run shows what Dataflow would be sent: use it with --engine dataflow"
        )
    options = dataflow.pipeline_options(
        settings.dataflow(data_root), settings.beam_options, plan.out
    )
    return dataflow.dry_run(
        lambda pipeline: mix.build(pipeline, plan), plan, options, settings.dry_run or ""
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
    for word in words:
        if word == "--":  # Beam's options change no byte
            break
        name, mark, _ = word.partition("=")
        if name in ("--data-root", "--out", "--path", *_ENGINE_OPTIONS):
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
    """List the datasets there are readers for."""
    import msgspec

    from converters.catalogue import catalogue

    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(catalogue()), indent=2).decode())
        return
    for slug, entry in catalogue().items():
        typer.echo(f"{slug:<20} {entry.name:<18} {', '.join(entry.tasks)}")


@app.command(epilog="Example: earthmix check dior --data-root DATA")
def check(
    dataset: Annotated[str, typer.Argument(help="Slug of the dataset.")],
    data_root: DataRoot,
    path: Paths = None,
    beam_options: BeamOptions = None,
) -> None:
    """See what of a dataset is there, what is missing, and where to get it."""
    from converters.catalogue import entry_of
    from pipelines.inspect import check_dataset
    from pipelines.storage import work_files

    places = dict(_pair(text) for text in path or [])
    work_files.set_options(beam_options or [], data_root, *places.values())
    lines, complete = check_dataset(entry_of(dataset), work_files.absolute(data_root), places)
    for line in lines:
        typer.echo(line)
    if not complete:
        raise typer.Exit(1)


@app.command("sample-data", epilog="Example: earthmix sample-data demo")
def sample_data(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Where to write it.")],
) -> None:
    """Write small built-in sample data in the sources' native layouts."""
    from converters.sample_data import write_sample_data

    for slug, count in write_sample_data(folder).items():
        typer.echo(f"{slug}: {count} files")


@app.command(epilog="Example: earthmix verify OUT")
def verify(
    out: Annotated[str, typer.Argument(metavar="OUT", help="A finished mix.")],
    beam_options: BeamOptions = None,
) -> None:
    """Check a mix: every file's sha256 and rows, the schema, the conversations, the ledger."""
    from pipelines.inspect import verify_mix
    from pipelines.storage import work_files

    work_files.set_options(beam_options or [], out)
    lines, good = verify_mix(work_files.absolute(out))
    for line in lines:
        typer.echo(line)
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
    typer.echo(f"wrote {path}")
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
        typer.echo(line)


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
    try:
        result = run.export(work_files.absolute(out), folder, wanted)
    except KeyboardInterrupt:
        _fail("interrupted; nothing was written", 130)
    if not quiet:
        for line in report.closing_lines(result):
            typer.echo(line)


def main() -> None:
    """Runs the command line: exit code 2 for a wrong use, 1 for a failed run, each with readable lines."""
    try:
        app()
    except Exception as error:
        _explain(error)
        raise


def _explain(error: Exception) -> None:
    """Ends with the lines of an error that tells a user what to do; one that does not comes back. Only now is it worth importing whose it may be."""
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
    for line in text.splitlines():
        typer.echo(f"earthmix: {line}" if not line.startswith("  ") else line, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()

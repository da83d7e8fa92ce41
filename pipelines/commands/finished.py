"""Commands on a finished mix."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.command_options import BeamOptions, PanelCommand, Quiet, StoreOptions
from pipelines.commands import app
from pipelines.terminal import interruptible, say, say_all


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


@app.command(epilog="Example: earthmix show OUT --id 3b6c798e095ed8ca30e9fcb1")
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
        int | None, typer.Option("--min-pixels", help="Of Qwen2.5-VL's box format: as in training.")
    ] = None,
    max_pixels: Annotated[
        int | None, typer.Option("--max-pixels", help="Of Qwen2.5-VL's box format: as in training.")
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


@app.command(epilog="Example: earthmix push OUT me/my-mix --dry-run")
def push(
    out: Annotated[str, typer.Argument(metavar="OUT", help="A finished mix.")],
    repository: Annotated[
        str, typer.Argument(metavar="REPO", help="Dataset of the Hugging Face hub: NAME/MIX.")
    ],
    private: Annotated[bool, typer.Option("--private", help="Make a new one private.")] = False,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow", help="A dataset whose authors let you pass it on. May be repeated."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would go, and send nothing.")
    ] = False,
) -> None:
    """Send a mix to the Hugging Face hub, unless a licence of its sources forbids it."""
    from pipelines.push import parcel, send
    from pipelines.storage import work_files

    found = parcel(work_files.absolute(out), repository, allow or [])
    for line in found.lines():
        say(line)
    if not dry_run:
        say(f"sent: {send(found, private)}")

"""Commands about datasets: those of the catalogue, and those on disk."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.command_options import Catalogue, DataRoot, PanelCommand, Paths, StoreOptions, pair
from pipelines.commands import app
from pipelines.terminal import say


@app.command(epilog="Example: earthmix datasets --task grounding --evidence real")
def datasets(
    task: Annotated[str | None, typer.Option("--task", help="Those that offer this task.")] = None,
    group: Annotated[
        str | None, typer.Option("--group", help="Of this kind: caption, vqa, detection, ...")
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option("--licence", help="With these words in a licence, such as CC-BY-4.0."),
    ] = None,
    evidence: Annotated[
        str | None, typer.Option("--evidence", help="real, documented or none.")
    ] = None,
    status: Annotated[
        str | None,
        typer.Option("--status", help="released, partly, unreleased, request or gone."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Everything the catalogue says, as a list in JSON.")
    ] = False,
    catalogue: Catalogue = None,
) -> None:
    """List the datasets of the catalogue; those without a reader say why."""
    import msgspec

    from converters import catalogue as known

    for file in catalogue or []:
        known.add_entries(file)
    entries = known.catalogue().values()
    found = known.chosen(entries, task, group, licence, evidence, status)
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    for entry in found:
        what = ", ".join(entry.tasks) if entry.format else f"no reader: {entry.status}: {entry.why}"
        say(f"{entry.slug:<20} {entry.name:<18} {what}")


@app.command(cls=PanelCommand, epilog="Example: earthmix check dior --data-root DATA")
def check(
    data_root: DataRoot,
    dataset: Annotated[
        str | None, typer.Argument(help="Slug of a dataset. Default: a line on each dataset.")
    ] = None,
    path: Paths = None,
    catalogue: Catalogue = None,
    beam_options: StoreOptions = None,
) -> None:
    """See what of a dataset is there, what is missing, and where to get it."""
    from converters.catalogue import add_entries, entry_of
    from pipelines.check import check_all, check_dataset
    from pipelines.storage import work_files

    for file in catalogue or []:
        add_entries(file)
    # Without a dataset, its argument takes the first of Beam's options.
    words = [*([dataset] if dataset else []), *(beam_options or [])]
    slug = words.pop(0) if words and not words[0].startswith("-") else None
    places = dict(pair(text) for text in path or [])
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

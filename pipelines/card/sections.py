"""The sections of a data card as Markdown, and the closing lines of a run."""

from __future__ import annotations

from converters.dialects import dialect
from converters.tasks import TASKS
from pipelines.card.markdown import (
    NONE,
    Row,
    bullets,
    byte_size,
    cell,
    counted,
    fenced,
    link,
    ranked,
    table,
    tally,
)
from pipelines.card.summary import DatasetSummary, Summary, filled
from pipelines.shards import split_name

ORIGINS = {
    "human": "people wrote the answers, for the source dataset",
    "template": "fixed wordings filled in from annotations, by this mix or by the source's authors",
    "model": "a model wrote them, for the source dataset; the model's own terms may apply",
}


def about(summary: Summary) -> str:
    """What the mix is, and what it lacks."""
    sources = counted(filled(summary), "remote-sensing dataset")
    made = (
        f"{counted(summary['rows'], 'row')} from {sources}, as LLaVA-style conversations "
        f"about pictures, made by earthmix {summary['version']}."
    )
    parts = [f"# {cell(summary['name'])}", summary["description"].strip(), made]
    if summary["left_out"]:
        parts += ["Left out:", bullets(cell(line) for line in summary["left_out"])]
    return "\n\n".join(part for part in parts if part)


def splits(summary: Summary) -> list[str]:
    """The splits that `datasets` gives of the mix."""
    if summary["mix"].get("splits") != "native":
        return ["train"]
    named = {name for dataset in summary["datasets"].values() for name in dataset["splits"]}
    return sorted({split_name(name) for name in named})


def loading(summary: Summary) -> str:
    """How to load it."""
    lines = [
        "from datasets import load_dataset",
        f'rows = load_dataset("path/to/this/folder")["{splits(summary)[0]}"]',
        'print(rows[0]["conversations"])',
    ]
    hint = "`images` decodes to pictures; `conversations` holds the turns."
    if summary["images"] == "path":
        lines[2] = 'print(rows["conversations"][0])'
        hint = (
            "The rows hold paths, `<dataset>/<path in the dataset>`: with the data root "
            "(one folder a dataset) as working directory, "
            "`rows[0]` decodes the pictures; elsewhere read single columns, as above."
        )
    own = (
        "All rows are in one split, `train`; the column `split` says which split of its source "
        "a row comes from."
        if summary["mix"].get("splits") != "native"
        else "The splits are those of the sources: "
        + ", ".join(f"`{s}`" for s in splits(summary))
        + "."
    )
    together = (
        "Rows of one picture lie together: whoever streams them should shuffle, "
        "as with `rows.shuffle(seed=0, buffer_size=10_000)`."
    )
    if "download_size" in summary and "dataset_size" in summary:
        disk, cache = byte_size(summary["download_size"]), byte_size(summary["dataset_size"])
        together += (
            f" The files hold {disk}; `datasets` expands them to about {cache} in its cache, "
            "where each row has its own copy of a picture."
            if summary["images"] != "path"
            else f" The files hold {disk}, about {cache} in the cache of `datasets`."
        )
    return "\n\n".join(["## Loading", fenced("\n".join(lines), "python"), hint, own, together])


def contents(summary: Summary) -> str:
    """What each dataset gives, and each task."""
    rows: list[Row] = []
    total = [0, 0, 0, 0]
    for slug, dataset in sorted(summary["datasets"].items()):
        counts = [dataset["rows"], dataset["pictures"], dataset["turns"], dataset["regions"]]
        total = [a + b for a, b in zip(total, counts, strict=True)]
        rows.append(
            [
                f"`{slug}`",
                _name(dataset),
                cell(", ".join(sorted(dataset["tasks"]))),
                *counts,
                tally(dataset["splits"]),
            ]
        )
    if len(rows) > 1:
        rows.append(["**all**", "", "", *total, ""])
    head = ("Dataset", "Name", "Tasks", ">Rows", ">Pictures", ">Turns", ">Boxes", "Splits")
    unit = (
        "A picture counts once in each row that shows it; boxes are the regions of the rows, "
        "upright or oriented."
    )
    if summary["images"] == "path":
        unit += " Pictures were counted by their paths, as the rows name them, and not opened."
    tasks: list[Row] = [
        [cell(task), number, TASKS[task].asks] for task, number in ranked(summary["tasks"])
    ]
    return "\n\n".join(
        [
            "## Contents",
            table(head, rows),
            unit,
            "### Tasks",
            table(("Task", ">Rows", "What is asked"), tasks),
        ]
    )


def texts(summary: Summary) -> str:
    """Where the text comes from, and how boxes are written in it."""
    origins: list[Row] = [
        [cell(origin), n, ORIGINS.get(origin, NONE)] for origin, n in ranked(summary["text_origin"])
    ]
    parts = [
        "## Where the text comes from",
        table(("`text_origin`", ">Rows", "Meaning"), origins),
        "Wordings that turn a source's text into a request are this mix's own; the "
        "column `template` names them.",
        "## Boxes",
    ]
    if not summary["dialects"]:
        return "\n\n".join([*parts, "No box is written as text."])
    lines = [
        f"`{name}` ({counted(n, 'row')}): {dialect(name).about}."
        for name, n in ranked(summary["dialects"])
    ]
    kept = (
        "Numbers in the text are rounded. The column `regions` keeps the same boxes in "
        "pixels of the native picture (counted from 0, y downwards; x2 and y2 lie just beyond the "
        "box, half-open), so that they can be written anew for any model."
    )
    written = "How boxes are written in the text, their format (column `dialect`):"
    return "\n\n".join([*parts, written, bullets(lines), kept])


def notes(summary: Summary) -> str:
    """What the run found worth saying, and what the mix cannot do."""
    lines = [
        "Errors of the sources' annotations are carried over, apart from the faults counted above.",
        "Rows of every source split are included, test splits too where the mix takes "
        "them: look at `split` before you train on what you will evaluate on.",
        "Duplicates are rows with the same pictures, task and source text; near duplicates stay.",
    ]
    if summary["text_origin"].get("template"):
        lines.append(
            "Text from a template repeats few wordings and says no more than the "
            "annotation it was made from."
        )
    unseen = [
        f"`{slug}`"
        for slug, dataset in sorted(summary["datasets"].items())
        if dataset["evidence"] == "documented"
    ]
    if unseen:
        lines.append(
            "Read by the format's documentation, without the authors' files at hand to "
            f"compare: {', '.join(unseen)}."
        )
    limits = ["## Limits", bullets(lines)]
    return "\n\n".join(
        (["## Notes", bullets(cell(note) for note in summary["notes"])] if summary["notes"] else [])
        + limits
    )


def rebuilding(summary: Summary) -> str:
    """How to make the same files again."""
    versions = {
        "earthmix": summary["version"],
        **{name: v for name, v in sorted(summary["versions"].items()) if name != "earthmix"},
    }
    return "\n\n".join(
        [
            "## Rebuilding",
            fenced(summary["rebuild"], "sh"),
            f"Seed {summary['mix'].get('seed', 0)}. The same source files, mix and "
            "versions give the same bytes, on any engine and with any number of workers. "
            "The mix itself stands in `card.json`, the checksums in `manifest.json`.",
            table(
                ("Package", "Version"),
                [[cell(name), cell(version)] for name, version in versions.items()],
            ),
        ]
    )


def citing(summary: Summary) -> str:
    """BibTeX of the sources whose papers the catalogue knows, and the pages of the others."""
    sources = sorted(summary["datasets"].items())
    parts = ["## Citations", "Whoever uses the mix uses the work of these authors."]
    if known := [dataset["citation"] for _, dataset in sources if dataset.get("citation")]:
        parts.append(fenced("\n\n".join(known), "bibtex"))
    if others := [(slug, dataset) for slug, dataset in sources if not dataset.get("citation")]:
        parts.append("No paper of these is known here; their pages say how to cite them:")
        parts.append(bullets(f"`{slug}`: {_page(dataset)}" for slug, dataset in others))
    return "\n\n".join(parts)


def _page(dataset: DatasetSummary) -> str:
    home = dataset["home"]
    return link(dataset["name"], home) if home else cell(dataset["name"])


def _name(dataset: DatasetSummary) -> str:
    name = _page(dataset)
    return f"{name} ({link('paper', dataset['paper'])})" if dataset["paper"] else name

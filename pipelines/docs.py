"""`make docs`: DATASETS.md and the pages of docs/ on formats, dialects and the command line.

They are made from the catalogue, the modules of `converters.formats`, the dialects and the
commands, and the tests compare them.
"""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from converters.catalogue import catalogue, format_module, format_names
from converters.dialects import page
from pipelines.__main__ import app
from pipelines.card.datasets import render
from pipelines.card.markdown import cell, table

COMMANDS = (
    "mix",
    "convert",
    "plan",
    "datasets",
    "check",
    "sample-data",
    "verify",
    "preview",
    "show",
    "export",
    "push",
)


def cli() -> str:
    """The command line's help, command by command."""
    parts = ["# Command line", "", "Written by `make docs`.", ""]
    for name in ("", *COMMANDS):
        shown = CliRunner(env={"COLUMNS": "110", "TERMINAL_WIDTH": "110"}).invoke(
            app, [*([name] if name else []), "--help"], prog_name="earthmix"
        )
        parts += [f"## earthmix {name}".rstrip(), "", "```", shown.output.strip(), "```", ""]
    return "\n".join(parts)


def formats() -> str:
    """Every format with the first line of its module, and the kinds of items that it yields."""
    rows = []
    for name in format_names():
        module = format_module(name)
        first = (module.__doc__ or "").strip().split("\n", 1)[0]
        rows.append([f"`{name}`", ", ".join(module.YIELDS), cell(first)])
    head = (
        "The module of each, in `converters/formats/`, shows the native record and says which keys"
    )
    return (
        "\n\n".join(
            [
                "# Formats",
                "Written by `make docs` from the modules of `converters/formats/`.",
                f"{head} an entry may have (its `Options`).",
                table(("Format", "Yields", "What it reads"), rows),
                "",
            ]
        ).rstrip("\n")
        + "\n"
    )


def pages() -> dict[str, str]:
    """Generated pages by path."""
    return {
        "DATASETS.md": render(catalogue()),
        "docs/formats.md": formats(),
        "docs/dialects.md": page.page(),
        "docs/dialects.svg": page.drawing(),
        "docs/cli.md": cli(),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")

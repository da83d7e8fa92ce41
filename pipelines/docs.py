"""`make docs`: DATASETS.md and docs/cli.md from the catalogue and the command line.

The tests compare them.
"""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from converters.catalogue import catalogue
from pipelines.__main__ import app
from pipelines.card.datasets import render

COMMANDS = ("mix", "convert", "datasets", "check", "sample-data", "verify")


def cli() -> str:
    """The command line's help, command by command."""
    parts = ["# Command line", "", "Written by `make docs`.", ""]
    for name in ("", *COMMANDS):
        shown = CliRunner(env={"COLUMNS": "110", "TERMINAL_WIDTH": "110"}).invoke(
            app, [*([name] if name else []), "--help"], prog_name="earthmix"
        )
        parts += [f"## earthmix {name}".rstrip(), "", "```", shown.output.strip(), "```", ""]
    return "\n".join(parts)


def pages() -> dict[str, str]:
    """Generated pages by path."""
    return {"DATASETS.md": render(catalogue()), "docs/cli.md": cli()}


if __name__ == "__main__":
    for path, text in pages().items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")

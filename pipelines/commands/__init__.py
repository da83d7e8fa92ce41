"""The command line: one module a group of commands.

Heavy imports wait until a command needs them, so that `--help` answers at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines import __version__

app = typer.Typer(
    name="earthmix",
    help="Remote-sensing vision-language datasets, converted, deduplicated and mixed into "
    "instruction-tuning data.",
    epilog="Example: earthmix sample-data demo && earthmix mix geochat-style --data-root demo "
    "--out out",
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

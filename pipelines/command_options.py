"""Options that several commands share, and how a command's help and signature are put together.

The engines' options are not repeated in each command: `with_engine_options` adds them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from pipelines.engine_options import EngineOptions


class ImageMode(str, Enum):
    """How a row holds its pictures."""

    embed = "embed"
    path = "path"
    reencode = "reencode"


class Group(str, Enum):
    """What one row holds."""

    item = "item"
    image = "image"


class SplitColumn(str, Enum):
    """Which splits the files give `datasets`."""

    one = "one"
    native = "native"


DataRoot = Annotated[
    str,
    typer.Option(
        "--data-root",
        help="Folder with one folder for each dataset, named by its slug, in its authors' "
        "layout; may be s3:// or gs://.",
    ),
]
Out = Annotated[
    str,
    typer.Option(
        "--out",
        help="Folder for the mix; may be s3:// or gs://. An earlier mix there is replaced.",
    ),
]
Images = Annotated[
    ImageMode | None,
    typer.Option(
        "--images",
        help="embed: bytes in the row; path: none opened unless needed; reencode: 8-bit RGB.",
    ),
]
RowGroup = Annotated[
    Group,
    typer.Option(
        "--group",
        help="item: one row for each caption or question; image: one row of several turns for "
        "each picture.",
    ),
]
Changes = Annotated[
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
Tile = Annotated[
    str,
    typer.Option(
        "--tile",
        help="Cut larger scenes into tiles of so many pixels, or off: no tiles. Default: as the "
        "mix says.",
    ),
]
Catalogue = Annotated[
    list[str] | None,
    typer.Option("--catalogue", help="A .toml file of your own datasets. May be repeated."),
]
VerifyImages = Annotated[
    bool, typer.Option("--verify-images", help="Decode every picture completely.")
]
Tokenizer = Annotated[
    str,
    typer.Option(
        "--tokenizer",
        help="A model's tokenizer.json: the card gives lengths in its tokens too (extra tokens).",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress, no closing lines.")]
BeamOptions = Annotated[
    list[str] | None,
    typer.Argument(help="After --: Beam's own options.", metavar="-- BEAM OPTIONS"),
]
# For commands that run no pipeline, and read only how to reach an object store from them.
StoreOptions = Annotated[list[str] | None, typer.Argument(hidden=True)]


class PanelCommand(TyperCommand):
    """A command whose plain help shows each `rich_help_panel` under a heading of its own.

    Typer does so only with Rich, which makes `--help` twice as slow.
    """

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The usage line's words, without those of hidden arguments."""
        shown = [p for p in self.get_params(ctx) if not getattr(p, "hidden", False)]
        return ["[OPTIONS]", *(piece for p in shown for piece in p.get_usage_pieces(ctx))]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes arguments, options, then the panels in the order of their first option."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
            title = getattr(parameter, "rich_help_panel", None) or usual
            sections.setdefault(title, []).append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def with_engine_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes every engine option, and hands them on as its first argument.

    Typer reads a command's options from its signature, so the fields of `EngineOptions` are
    added to it.
    """
    engine = inspect.signature(EngineOptions, eval_str=True).parameters
    names = EngineOptions.on_command_line()
    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    parameters = [
        *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own),
        *(engine[name] for name in names),
    ]

    def wrapped(**values: Any) -> None:
        chosen = EngineOptions(**{name: values.pop(name) for name in names})
        if chosen.workers != "auto" and not _positive(chosen.workers):
            raise typer.BadParameter(f'--workers takes a number or "auto", not "{chosen.workers}"')
        command(chosen, **values)

    wrapped.__name__ = command.__name__
    wrapped.__doc__ = command.__doc__
    wrapped.__annotations__ = {entry.name: entry.annotation for entry in parameters}
    vars(wrapped)["__signature__"] = inspect.Signature(parameters)
    return wrapped


def _positive(text: str) -> bool:
    return text.isdecimal() and len(text) < 7 and int(text) > 0


def pair(text: str) -> tuple[str, str]:
    """Slug and folder of `--path`. Raises BadParameter where it is no such pair."""
    from pipelines.storage.work_files import absolute

    slug, mark, folder = text.partition("=")
    if not mark or not folder:
        raise typer.BadParameter(f'--path takes DATASET=DIR, not "{text}"')
    return slug, absolute(folder)

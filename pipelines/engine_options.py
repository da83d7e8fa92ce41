"""Where and how a pipeline runs: the options of the command line that choose an engine.

Each is listed once, here. They change no byte of a mix.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Annotated, Any

import typer

from pipelines.errors import UsageError

ENGINES = ("direct", "flink", "dataflow")
PANEL = "Engines"


def _option(text: str) -> Any:
    return typer.Option(help=text, rich_help_panel=PANEL)


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """What the command line says of the engine. beam_options: Beam's own, given after `--`.

    Raises UsageError for an engine that does not exist.
    """

    workers: Annotated[str, _option("A number, or auto.")] = "auto"
    engine: Annotated[str, _option("Where to run: direct, flink or dataflow.")] = "direct"
    flink_master: Annotated[
        str, _option("Flink: HOST:PORT of a running cluster; [local] starts one for the run.")
    ] = "[local]"
    flink_jars: Annotated[
        str | None,
        _option("Flink: job server, a jar or a folder of jars. Default: from make flink-setup."),
    ] = None
    workers_at: Annotated[
        str | None, _option("Flink: HOST:PORT of the worker pool beside each task manager.")
    ] = None
    worker_image: Annotated[
        str | None, _option("Flink and Dataflow: container image of the workers.")
    ] = None
    project: Annotated[str | None, _option("Dataflow: the cloud project.")] = None
    region: Annotated[str | None, _option("Dataflow: where the workers run.")] = None
    temp_location: Annotated[str | None, _option("Dataflow: a gs:// folder for its own files.")] = (
        None
    )
    staging_location: Annotated[
        str | None, _option("Dataflow: a gs:// folder for what workers fetch.")
    ] = None
    job_name: Annotated[str | None, _option("Dataflow: the job's name.")] = None
    wheel: Annotated[
        str | None,
        _option("Dataflow: the wheel of earthmix that workers install. Default: build one."),
    ] = None
    dry_run: Annotated[
        str | None,
        _option("Dataflow: write what would be sent into this folder, and send nothing."),
    ] = None
    beam_options: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise UsageError(f'unknown engine "{self.engine}"; known: {", ".join(ENGINES)}')

    @classmethod
    def on_command_line(cls) -> list[str]:
        """Names of the fields that are options of the command line."""
        return [entry.name for entry in fields(cls) if entry.name != "beam_options"]

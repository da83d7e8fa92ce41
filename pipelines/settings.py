"""Where and how a pipeline runs: what the command line says of the engine."""

from __future__ import annotations

from msgspec import Struct

ENGINES = ("direct", "flink", "dataflow")


class Settings(Struct, frozen=True, kw_only=True):
    """What the command line says.

    workers: a number or "auto". flink_master: [local] or HOST:PORT; flink_jars: jar or folder of jars of the job server; workers_at: HOST:PORT of a pool.
    project to dry_run: Dataflow's; dry_run: a folder that gets what would be sent.
    """

    engine: str = "direct"
    workers: str = "auto"
    beam_options: list[str] = []
    flink_master: str = "[local]"
    flink_jars: str | None = None
    workers_at: str | None = None
    worker_image: str | None = None
    project: str | None = None
    region: str | None = None
    temp_location: str | None = None
    staging_location: str | None = None
    job_name: str | None = None
    wheel: str | None = None
    dry_run: str | None = None

    def dataflow(self, data_root: str) -> dict[str, str | None]:
        """What `engine_dataflow.pipeline_options` takes."""
        names = (
            "workers",
            "worker_image",
            "project",
            "region",
            "temp_location",
            "staging_location",
            "job_name",
            "wheel",
            "dry_run",
        )
        return {**{name: getattr(self, name) for name in names}, "data_root": data_root}

"""Where and how a pipeline runs: what the command line says of the engine."""

from __future__ import annotations

from msgspec import Struct

ENGINES = ("direct", "flink")


class Settings(Struct, frozen=True, kw_only=True):
    """workers: a number or "auto". flink_master: [local] or HOST:PORT; flink_jars: jar or folder of jars of the job server; workers_at: HOST:PORT of a pool."""

    engine: str = "direct"
    workers: str = "auto"
    beam_options: list[str] = []
    flink_master: str = "[local]"
    flink_jars: str | None = None
    workers_at: str | None = None
    worker_image: str | None = None

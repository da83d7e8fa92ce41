"""Options of Dataflow as the command line makes them, and a plan whose output is in a bucket."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from pipelines.engine_options import EngineOptions
from pipelines.engines import dataflow_options
from pipelines.errors import UsageError
from pipelines.load import load_mix
from pipelines.plan import RunPlan, make_plan

OUT = "gs://bucket/mixes/geochat-style"
GOOD = EngineOptions(project="earth-lab-1", region="europe-west4", temp_location="gs://bucket/tmp")


def options(
    *beam_options: str, data_root: str = "gs://bucket/sources", out: str = OUT, **values: str | None
) -> list[str]:
    chosen: dict[str, Any] = {"beam_options": list(beam_options), **values}
    return dataflow_options.pipeline_options(dataclasses.replace(GOOD, **chosen), data_root, out)


def faults(*beam_options: str, **values: Any) -> list[str]:
    with pytest.raises(UsageError) as caught:
        options(*beam_options, **values)
    return str(caught.value).splitlines()


def bucket_plan(sample: Path) -> RunPlan:
    """The geochat-style mix of the sample on this machine, with its output in a bucket."""
    return make_plan(load_mix("geochat-style"), str(sample), OUT)

"""What a run on Dataflow does with its job. Nothing is submitted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
)
from apache_beam.runners.dataflow import dataflow_runner
from apache_beam.runners.runner import PipelineRunner
from dataflow_flags import OUT, bucket_plan, options

from pipelines import mix
from pipelines.engines import dataflow
from pipelines.errors import EngineError
from pipelines.plan import RunPlan


@pytest.fixture(scope="module")
def plan(sample: Path) -> RunPlan:
    return bucket_plan(sample)


class Job:
    """What a runner gives back. ends: what waiting for it raises, if anything."""

    def __init__(self, ends: BaseException | None) -> None:
        self.ends = ends
        self.cancelled = False

    def job_id(self) -> str:
        return "2026-01-01_00_00_00-1"

    def wait_until_finish(self) -> str:
        if self.ends:
            raise self.ends
        return "DONE"

    def cancel(self) -> None:
        self.cancelled = True


class FakeRunner(PipelineRunner):  # type: ignore[misc]
    """Takes a pipeline and runs nothing."""

    job = Job(None)
    seen: list[Any] = []

    def run_pipeline(self, pipeline: Any, options: Any) -> Job:
        self.seen.append((pipeline, options))
        return self.job


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Google's libraries, with credentials, and a runner that submits nothing."""

    class NoCredentials(Exception):
        pass

    auth = ModuleType("google.auth")
    auth.default = lambda: ("credentials", "earth-lab-1")  # type: ignore[attr-defined]
    auth.exceptions = SimpleNamespace(DefaultCredentialsError=NoCredentials)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "google.auth", auth)
    monkeypatch.setitem(
        sys.modules, "apache_beam.runners.dataflow.internal.apiclient", ModuleType("apiclient")
    )
    monkeypatch.setattr(dataflow_runner, "DataflowRunner", FakeRunner)
    monkeypatch.setattr(FakeRunner, "seen", [])
    yield SimpleNamespace(auth=auth, NoCredentials=NoCredentials)


def submit(
    plan: RunPlan, monkeypatch: pytest.MonkeyPatch, ends: BaseException | None = None
) -> Job:
    job = Job(ends)
    monkeypatch.setattr(FakeRunner, "job", job)
    away = SimpleNamespace(
        out=OUT, work=f"{OUT}/.work", roots={"rsicd": "gs://bucket/sources/rsicd"}
    )
    flags = options(worker_image="registry.test/earthmix-worker:0.1.0")
    dataflow.run(lambda pipeline: mix.build(pipeline, plan), away, flags)  # type: ignore[arg-type]
    return job


def test_a_run_waits_for_its_job(
    plan: RunPlan, google: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not submit(plan, monkeypatch).cancelled
    [(pipeline, said)] = FakeRunner.seen
    assert said.view_as(GoogleCloudOptions).project == "earth-lab-1"
    assert any(label.startswith("WriteShards") for label in pipeline.applied_labels)


def test_ctrl_c_cancels_the_job(
    plan: RunPlan, google: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        submit(plan, monkeypatch, KeyboardInterrupt())
    assert FakeRunner.job.cancelled


@pytest.mark.parametrize(
    "left, raised", [([], EngineError), (["a.txt"], dataflow_runner.DataflowRuntimeException)]
)
def test_a_failed_job_is_told_in_one_line_unless_workers_left_theirs(
    left: list[str],
    raised: type[Exception],
    plan: RunPlan,
    google: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dataflow.files, "listing", lambda folder: left)
    failed = dataflow_runner.DataflowRuntimeException(
        "Dataflow pipeline failed. State: FAILED, Error:\nTraceback\nOSError: disk full\n", None
    )
    with pytest.raises(raised) as caught:
        submit(plan, monkeypatch, failed)
    assert (
        left
        or str(caught.value)
        == "Dataflow job 2026-01-01_00_00_00-1 of earth-lab-1 in europe-west4 failed: "
        "OSError: disk full"
    )
    assert not FakeRunner.job.cancelled


def test_without_googles_libraries_the_extra_is_named(
    plan: RunPlan, google: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apache_beam.runners.dataflow.internal.apiclient", None)
    with pytest.raises(
        EngineError, match=r"install the extra gcp \(pip install 'earthmix\[gcp\]'\)"
    ):
        submit(plan, monkeypatch)
    assert not FakeRunner.seen


def test_without_credentials_nothing_is_tried(
    plan: RunPlan, google: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> None:
        raise google.NoCredentials

    google.auth.default = none
    with pytest.raises(EngineError, match="gcloud auth application-default login"):
        submit(plan, monkeypatch)
    assert not FakeRunner.seen


def test_folders_of_this_machine_are_refused(plan: RunPlan, google: SimpleNamespace) -> None:
    with pytest.raises(EngineError) as caught:
        dataflow.run(
            lambda pipeline: mix.build(pipeline, plan), plan, options(worker_image="a/b:1")
        )
    assert len(str(caught.value).splitlines()) == len(set(plan.roots.values()))
    assert not FakeRunner.seen

"""Dataflow without an account: options, the dry run, the wheel, and what `run` does with its job.

Nothing is submitted here.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    SetupOptions,
    WorkerOptions,
)
from apache_beam.runners.dataflow import dataflow_runner
from apache_beam.runners.runner import PipelineRunner

from pipelines import mix
from pipelines.engine_options import EngineOptions
from pipelines.engines import dataflow, dataflow_options
from pipelines.errors import EngineError, UsageError
from pipelines.load import load_mix
from pipelines.plan import RunPlan, make_plan

ROOT = Path(__file__).parent.parent
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


def read(flags: list[str], view: type[Any]) -> Any:
    return PipelineOptions(flags).view_as(view)


@pytest.fixture(scope="module")
def plan(sample: Path) -> RunPlan:
    """The geochat-style mix of the sample on this machine, with its output in a bucket."""
    return make_plan(load_mix("geochat-style"), str(sample), OUT)


@pytest.fixture(scope="module")
def dry(plan: RunPlan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a dry run."""
    folder = tmp_path_factory.mktemp("dataflow") / "dry"
    written = dataflow.dry_run(
        lambda pipeline: mix.build(pipeline, plan),
        plan,
        options("--s3_secret_access_key=hush", job_name="earthmix-dry"),
        str(folder),
    )
    assert [Path(path).name for path in written] == [
        "pipeline.json",
        "steps.json",
        "options.json",
        "staged.json",
    ]
    return folder


def content(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


# Options


def test_options_say_where_and_on_what_the_job_runs() -> None:
    flags = options(
        "--machine_type=n2-standard-4",
        staging_location="gs://bucket/staging",
        worker_image="registry.test/lab/earthmix-worker:0.1.0",
        workers="8",
        job_name="night-1",
    )
    cloud, workers = read(flags, GoogleCloudOptions), read(flags, WorkerOptions)
    assert (cloud.project, cloud.region, cloud.job_name) == (
        "earth-lab-1",
        "europe-west4",
        "night-1",
    )
    assert (cloud.temp_location, cloud.staging_location) == (
        "gs://bucket/tmp",
        "gs://bucket/staging",
    )
    assert (workers.sdk_container_image, workers.machine_type) == (
        "registry.test/lab/earthmix-worker:0.1.0",
        "n2-standard-4",
    )
    assert (workers.num_workers, workers.autoscaling_algorithm) == (8, "NONE")
    assert "--runner=DataflowRunner" in flags


def test_workers_auto_leaves_their_number_to_the_service() -> None:
    assert read(options(workers="auto"), WorkerOptions).num_workers is None


def test_no_main_session_is_pickled() -> None:
    assert read(options(), SetupOptions).save_main_session is False


def test_a_job_gets_a_name_of_its_own() -> None:
    one, other = (read(options(), GoogleCloudOptions).job_name for _ in range(2))
    assert one != other and one.startswith("earthmix-")


def test_what_stands_after_the_dashes_wins_and_may_stand_alone() -> None:
    flags = options("--region=us-central1", "--project", "other-lab", project=None)
    assert (read(flags, GoogleCloudOptions).region, read(flags, GoogleCloudOptions).project) == (
        "us-central1",
        "other-lab",
    )


def test_a_wheel_is_sent_along(tmp_path: Path) -> None:
    wheel = tmp_path / "earthmix-0.1.0-py3-none-any.whl"
    wheel.touch()
    assert read(options(wheel=str(wheel)), SetupOptions).extra_packages == [str(wheel)]


def test_a_dry_run_may_plan_from_this_machine() -> None:
    assert options(data_root="/data/sources", dry_run="dry")


def test_all_faults_come_at_once_each_with_its_option() -> None:
    lines = faults(
        "--num_workers=many",
        "--bogus=1",
        out="out",
        project=None,
        region=None,
        temp_location=None,
        data_root="/data",
        job_name="Night",
        wheel="a.whl",
    )
    for line, option in zip(
        lines,
        [
            "--num_workers",
            "--bogus",
            "--project",
            "--region",
            "--job-name",
            "--temp-location",
            "--data-root",
            "--out",
            "--wheel",
        ],
        strict=True,
    ):
        assert option in line


@pytest.mark.parametrize(
    "settings, beam_options, line",
    [
        (
            {"project": "123456"},
            [],
            '"123456" is no project id: give --project ID, neither its number nor its title',
        ),
        (
            {"project": "Earth Lab"},
            [],
            '"Earth Lab" is no project id: give --project ID, neither its number nor its title',
        ),
        (
            {"region": "europe-west4-a"},
            [],
            '"europe-west4-a" is a zone: give --region europe-west4',
        ),
        (
            {"region": "Europe"},
            [],
            '"Europe" is no region: give --region, such as --region europe-west4',
        ),
        (
            {"temp_location": "gs://bucket"},
            [],
            "gs://bucket names no folder in a bucket: give --temp-location gs://BUCKET/FOLDER",
        ),
        (
            {"temp_location": "gs://Bucket/tmp"},
            [],
            "gs://Bucket/tmp has no good bucket name: give --temp-location gs://BUCKET/FOLDER",
        ),
        (
            {"staging_location": "s3://b/x"},
            [],
            "s3://b/x is not in Cloud Storage, where workers could reach it: give "
            "--staging-location gs://BUCKET/FOLDER",
        ),
        (
            {"data_root": "data"},
            [],
            "data is not in Cloud Storage, where workers could reach it: give "
            "--data-root gs://BUCKET/FOLDER",
        ),
        (
            {"worker_image": "my image"},
            [],
            '"my image" is no image: give --worker-image REGISTRY/NAME:TAG',
        ),
        (
            {"wheel": "dist/earthmix-0.1.0-py3-none-any.whl"},
            [],
            "is not there: give --wheel FILE, or leave it out in a clone, where one is built",
        ),
        ({}, ["--runner=DirectRunner"], "--engine dataflow chooses the runner: leave --runner out"),
        (
            {},
            ["--max_num_workers=0"],
            "Value needs to be positive: see --workers and the options after --",
        ),
        (
            {"workers": "8"},
            ["--max_num_workers=4"],
            "num_workers (8) cannot exceed max_num_workers (4): see --workers and the "
            "options after --",
        ),
        (
            {},
            ["--worker_zone=europe-west4-a", "--worker_region=europe-west4"],
            "worker_region and worker_zone are mutually exclusive: see --workers",
        ),
    ],
)
def test_a_fault_says_what_to_give(
    settings: dict[str, str], beam_options: list[str], line: str
) -> None:
    [said] = faults(*beam_options, **settings)
    assert line in said


def test_an_image_and_a_wheel_do_not_go_together(tmp_path: Path) -> None:
    wheel = tmp_path / "earthmix-0.1.0-py3-none-any.whl"
    wheel.touch()
    assert faults(wheel=str(wheel), worker_image="a/b:1") == [
        "a worker image holds earthmix already: give --worker-image or --wheel, not both"
    ]


# Dry run


def test_the_graph_has_every_step_of_the_mix(dry: Path) -> None:
    steps = {step["name"]: step for step in content(dry, "steps.json")}
    assert {name.partition("/")[0] for name in steps} == {
        "ReadSides",
        "ConvertSpans",
        "WriteSegments",
        "FindLimits",
        "WriteShards",
        "SaveResult",
    }
    assert steps["WriteShards/WriteShard"]["reads"] == [
        "FindLimits/Limit",
        "WriteSegments/GroupShards",
    ]
    whole = {
        step["uniqueName"]
        for step in content(dry, "pipeline.json")["components"]["transforms"].values()
    }
    assert steps.keys() < whole


def test_workers_run_beams_own_image_with_the_wheel(dry: Path) -> None:
    [environment] = content(dry, "pipeline.json")["components"]["environments"].values()
    assert environment["urn"] == "beam:env:docker:v1"
    image = base64.b64decode(environment["payload"]).decode()
    assert image.endswith(
        f"beam_python{sys.version_info.major}.{sys.version_info.minor}_sdk:{beam.version.__version__}"
    )


def test_what_would_be_staged_is_listed_with_its_hash(dry: Path) -> None:
    staged = {file["name"]: file for file in content(dry, "staged.json")}
    [wheel] = dry.glob("*.whl")
    assert staged[wheel.name]["sha256"] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert staged["pipeline.pb"]["bytes"] > 10_000
    assert "pickled_main_session" not in staged


def test_the_options_are_whole_and_hide_secrets(dry: Path) -> None:
    said = content(dry, "options.json")
    assert (said["project"], said["job_name"], said["pickle_library"]) == (
        "earth-lab-1",
        "earthmix-dry",
        "cloudpickle",
    )
    assert said["s3_secret_access_key"] == "(hidden)" and "dry_run" not in said
    assert "use_runner_v2" in said["experiments"]


def test_an_image_needs_no_wheel(plan: RunPlan, tmp_path: Path) -> None:
    dataflow.dry_run(
        lambda pipeline: mix.build(pipeline, plan),
        plan,
        options(worker_image="registry.test/earthmix-worker:0.1.0"),
        str(tmp_path),
    )
    [environment] = content(tmp_path, "pipeline.json")["components"]["environments"].values()
    assert (
        base64.b64decode(environment["payload"])
        .decode()
        .endswith("registry.test/earthmix-worker:0.1.0")
    )
    assert not list(tmp_path.glob("*.whl")) and not [
        file for file in content(tmp_path, "staged.json") if file["name"].endswith(".whl")
    ]


def test_the_wheel_holds_every_module_and_data_file(dry: Path) -> None:
    [wheel] = dry.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for folder in ("schemas", "converters", "pipelines")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == wanted


def test_building_the_wheel_leaves_the_clone_as_it_is(dry: Path) -> None:
    assert not (ROOT / "build" / "lib").exists()


def test_without_a_clone_a_wheel_must_be_named(
    plan: RunPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataflow, "__file__", str(tmp_path / "pipelines" / "engine_dataflow.py"))
    with pytest.raises(EngineError, match="give --wheel FILE or --worker-image IMAGE"):
        dataflow.dry_run(lambda pipeline: mix.build(pipeline, plan), plan, options(), str(tmp_path))


# Run


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

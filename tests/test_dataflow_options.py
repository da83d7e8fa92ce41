"""The options of Dataflow, without an account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    SetupOptions,
    WorkerOptions,
)
from dataflow_flags import faults, options


def read(flags: list[str], view: type[Any]) -> Any:
    return PipelineOptions(flags).view_as(view)


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

"""Dataflow's options: put together from the command line, and checked before anything is sent."""

from __future__ import annotations

import io
import os
import re
import uuid
from collections.abc import Sequence
from contextlib import redirect_stderr
from typing import Any

from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    StandardOptions,
    WorkerOptions,
)
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator

from pipelines.engine_options import EngineOptions
from pipelines.errors import UsageError

_RUNNER = "DataflowRunner"
_GCS = re.compile(r"gs://([^/]+)/(.+)")
_BUCKET = re.compile(r"[a-z0-9][-_a-z0-9.]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z]+(-[a-z]+)+\d+")
_ZONE = re.compile(r"([a-z]+(-[a-z]+)+\d+)-[a-z]")
_IMAGE = re.compile(r"[a-z0-9][\w.:/-]*(@sha256:[0-9a-f]{64})?")
_WHEEL = re.compile(r"earthmix-[^-/]+(-[^-/]+)*\.whl")


def pipeline_options(engine_options: EngineOptions, data_root: str, out: str) -> list[str]:
    """Dataflow's options as Beam's command line has them.

    staging_location: the temporary folder where it is not given. With dry_run set, data_root may
    be a folder of this machine. Beam's own options come last, so that they win.
    Raises UsageError with one line for each fault.
    """
    flags = [*_flags(engine_options), *engine_options.beam_options]
    options, faults = _parse(flags)
    view = options.view_as(GoogleCloudOptions)
    faults += _account_faults(view)
    for option, place in (
        ("temp-location", view.temp_location),
        ("staging-location", view.staging_location or view.temp_location),
    ):
        if option == "temp-location" or place != view.temp_location:
            faults += place_faults(option, place)
    if not engine_options.dry_run:
        faults += place_faults("data-root", data_root)
    faults += place_faults("out", out)
    faults += _worker_faults(options, engine_options.wheel)
    if faults:
        raise UsageError("\n".join(faults))
    return flags


def _flags(engine_options: EngineOptions) -> list[str]:
    """The engine options by Beam's names."""
    given = {
        "project": engine_options.project,
        "region": engine_options.region,
        "temp_location": engine_options.temp_location,
        "staging_location": engine_options.staging_location,
        "sdk_container_image": engine_options.worker_image,
        "extra_package": engine_options.wheel,
        "job_name": engine_options.job_name or f"earthmix-{uuid.uuid4().hex[:8]}",
    }
    # Beam would pickle the launcher's __main__ for Dataflow, the command line; all that workers run
    # is importable from the package.
    flags = [
        f"--runner={_RUNNER}",
        "--no_save_main_session",
        *(f"--{name}={value}" for name, value in given.items() if value),
    ]
    if (workers := engine_options.workers) != "auto":
        flags += [f"--num_workers={workers}", "--autoscaling_algorithm=NONE"]
    return flags


def _parse(flags: Sequence[str]) -> tuple[PipelineOptions, list[str]]:
    """Beam's reading of the options, and one line for each that it does not accept.

    Those are left out, so that the others are still checked.
    """
    faults: list[str] = []
    left = list(flags)
    while True:
        printed = io.StringIO()
        try:
            with redirect_stderr(printed):
                options = PipelineOptions(left)
                unknown = (
                    options.get_all_options(retain_unknown_options=True).keys()
                    - options.get_all_options().keys()
                )
        except SystemExit:
            message = printed.getvalue().rpartition("error: ")[2].strip()
            faults.append(f"Beam option: {message}")
            names = re.match(r"argument (\S+):", message)
            fewer = [
                flag
                for flag in left
                if not names or flag.partition("=")[0] not in names[1].split("/")
            ]
            left = fewer if len(fewer) < len(left) else []
            continue
        return options, faults + [f"unknown Beam option: --{name}" for name in sorted(unknown)]


def _account_faults(view: Any) -> list[str]:
    """What is wrong with project, region and the job's name."""
    faults = []
    if not view.project:
        faults.append("no project: give --project ID")
    elif view.project.isdigit() or not re.fullmatch(
        PipelineOptionsValidator.PROJECT_ID_PATTERN, view.project
    ):
        faults.append(
            f'"{view.project}" is no project id: give --project ID, neither its number '
            "nor its title"
        )
    if not view.region:
        faults.append("no region: give --region, such as --region europe-west4")
    elif zone := _ZONE.fullmatch(view.region):
        faults.append(f'"{view.region}" is a zone: give --region {zone[1]}')
    elif not _REGION.fullmatch(view.region):
        faults.append(f'"{view.region}" is no region: give --region, such as --region europe-west4')
    if not re.fullmatch(PipelineOptionsValidator.JOB_PATTERN, view.job_name):
        faults.append(
            f'"{view.job_name}" is no name for a job: give --job-name in small letters, '
            "digits and hyphens, starting with a letter"
        )
    return faults


def place_faults(option: str, place: str | None) -> list[str]:
    """What is wrong with a folder that workers must reach."""
    if not place:
        return [f"no {option.replace('-', ' ')}: give --{option} gs://BUCKET/FOLDER"]
    match = _GCS.fullmatch(place)
    if match and _BUCKET.fullmatch(match[1]):
        return []
    what = "is not in Cloud Storage, where workers could reach it"
    if place.startswith("gs://"):
        what = "has no good bucket name" if match else "names no folder in a bucket"
    return [f"{place} {what}: give --{option} gs://BUCKET/FOLDER"]


def _worker_faults(options: PipelineOptions, wheel: str | None) -> list[str]:
    """What is wrong with the workers, with what they run, and with Beam's options together."""
    view = options.view_as(WorkerOptions)
    image = view.sdk_container_image
    faults = []
    if options.view_as(StandardOptions).runner != _RUNNER:
        faults.append("--engine dataflow chooses the runner: leave --runner out")
    if image and not _IMAGE.fullmatch(image):
        faults.append(f'"{image}" is no image: give --worker-image REGISTRY/NAME:TAG')
    if image and wheel:
        faults.append(
            "a worker image holds earthmix already: give --worker-image or --wheel, not both"
        )
    if wheel and not _WHEEL.fullmatch(os.path.basename(wheel)):
        faults.append(
            f"{wheel} is no wheel of earthmix: give --wheel DIR/earthmix-VERSION-py3-none-any.whl"
        )
    elif wheel and not os.path.isfile(wheel):
        faults.append(
            f"{wheel} is not there: give --wheel FILE, or leave it out in a clone, where "
            "one is built"
        )
    validator = PipelineOptionsValidator(options, None)
    messages = [*validator.validate_num_workers(view), *validator.validate_worker_region_zone(view)]
    return faults + [
        f"{text.rstrip('.')}: see --workers and the options after --" for text in messages
    ]

"""Google Cloud Dataflow: its options, a dry run that needs no account, and a run.

The dry run shows everything that would be sent. It needs neither the extra `gcp` nor a network.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    SetupOptions,
    TypeOptions,
    WorkerOptions,
)
from apache_beam.runners.dataflow import dataflow_runner
from apache_beam.runners.dataflow.internal.names import DATAFLOW_CONTAINER_IMAGE_REPOSITORY
from apache_beam.runners.internal.names import STAGED_PIPELINE_FILENAME
from apache_beam.runners.pipeline_utils import group_by_key_input_visitor
from apache_beam.runners.portability.stager import Stager
from apache_beam.transforms import environments
from google.protobuf import json_format  # type: ignore[import-untyped]

from converters.read import files
from pipelines.engines.dataflow_options import place_faults
from pipelines.errors import EngineError
from pipelines.plan import RunPlan

Build = Callable[[beam.Pipeline], None]

_SECRET = re.compile(r"secret|token|password|access_key")
_PACKAGES = ("schemas", "converters", "pipelines")
_BUILT_WITHIN = 300.0  # seconds for the wheel


def dry_run(build: Build, plan: RunPlan, options: Sequence[str], folder: str) -> list[str]:
    """Writes what a run would send, and sends nothing; gives the files written.

    pipeline.json: the job graph; steps.json: its steps by name; options.json: all options;
    staged.json: the files that workers would fetch. A wheel that was built for the run stays in the
    folder too.
    """
    os.makedirs(folder, exist_ok=True)
    # With its own option for it, Beam asks the cloud nothing while it checks the options.
    asked = PipelineOptions([*_with_wheel(options, folder), "--dry_run=True"])
    pipeline = beam.Pipeline(runner=dataflow_runner.DataflowRunner(), options=asked)
    try:
        build(pipeline)
        with tempfile.TemporaryDirectory(prefix="earthmix-dataflow-") as staging:
            proto = _proto(pipeline, staging)
            staged = _staged(proto)
    finally:
        shutil.rmtree(pipeline.local_tempdir, ignore_errors=True)
    everything = {
        key: value
        for key, value in pipeline.options.get_all_options().items()
        if value is not None and key != "dry_run"
    }
    known = {
        key: "(hidden)" if _SECRET.search(key) and value else value
        for key, value in everything.items()
    }
    content = {
        "pipeline.json": json_format.MessageToDict(proto),
        "steps.json": _steps(proto),
        "options.json": known,
        "staged.json": staged,
    }
    written = []
    for name, value in content.items():
        written.append(os.path.join(folder, name))
        Path(written[-1]).write_text(
            json.dumps(value, indent=2, sort_keys=True, default=str) + "\n", encoding="utf-8"
        )
    return written


def run(build: Build, plan: RunPlan, options: Sequence[str]) -> None:
    """Submits a pipeline and waits for its end.

    The job is cancelled if this function is left while it runs. Raises EngineError where the extra
    `gcp` or credentials are missing, a folder is not in Cloud Storage, or the job fails. Where
    workers left lines on why it failed, Beam's own error comes through.
    """
    _check_account(options)
    if faults := [
        line
        for place in sorted({plan.out, *plan.roots.values()})
        for line in place_faults("data-root, --path or --out", place)
    ]:
        raise EngineError("\n".join(faults))
    with tempfile.TemporaryDirectory(prefix="earthmix-dataflow-") as folder:
        pipeline = beam.Pipeline(
            runner=dataflow_runner.DataflowRunner(),
            options=PipelineOptions(_with_wheel(options, folder)),
        )
        build(pipeline)
        result = pipeline.run()
    ended = False
    try:
        result.wait_until_finish()
        ended = True
    except dataflow_runner.DataflowRuntimeException as error:
        ended = True
        if files.listing(f"{plan.work}/errors"):  # workers' own lines say more
            raise
        view = pipeline.options.view_as(GoogleCloudOptions)
        last = str(error).strip().splitlines()[-1].strip()[:300]
        why = "no reason given, see its log" if last == "None" else last
        raise EngineError(
            f"Dataflow job {result.job_id()} of {view.project} in {view.region} failed: {why}"
        ) from error
    finally:
        if not ended:
            result.cancel()


def _check_account(options: Sequence[str]) -> None:
    """Raises EngineError where Google's libraries or credentials are missing.

    Without them Beam would try for minutes.
    """
    try:
        auth = import_module("google.auth")
        import_module("apache_beam.runners.dataflow.internal.apiclient")
    except ImportError:
        raise EngineError(
            "--engine dataflow needs Google's libraries: install the extra gcp (pip "
            "install 'earthmix[gcp]')"
        ) from None
    if PipelineOptions(list(options)).view_as(GoogleCloudOptions).no_auth:
        return
    try:
        auth.default()
    except auth.exceptions.DefaultCredentialsError:
        hint = (
            "run `gcloud auth application-default login`, or let "
            "GOOGLE_APPLICATION_CREDENTIALS name a service account's key file"
        )
        raise EngineError(f"no Google Cloud credentials here: {hint}") from None


def _with_wheel(options: Sequence[str], folder: str) -> list[str]:
    """The options, with a wheel of this very earthmix where they name neither wheel nor image."""
    parsed = PipelineOptions(list(options))
    if (
        parsed.view_as(WorkerOptions).sdk_container_image
        or parsed.view_as(SetupOptions).extra_packages
    ):
        return list(options)
    return [*options, f"--extra_package={_build_wheel(folder)}"]


def _build_wheel(folder: str) -> str:
    """A wheel of this clone, built without a network.

    It is built from a copy: setuptools would leave its `build` folder in the clone, and pack what
    an earlier one still holds.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / "pyproject.toml").is_file():
        raise EngineError(
            "no wheel for the workers: earthmix does not run from a clone, so give "
            "--wheel FILE or --worker-image IMAGE"
        )
    with tempfile.TemporaryDirectory(prefix="earthmix-wheel-") as temporary:
        copy = Path(temporary)
        for name in ("pyproject.toml", "README.md"):
            shutil.copyfile(root / name, copy / name)
        for name in _PACKAGES:
            shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        command = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--no-build-isolation",
            "--wheel-dir",
            str(copy / "dist"),
            str(copy),
        ]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_BUILT_WITHIN, check=False
            )
        except subprocess.TimeoutExpired:
            raise EngineError(
                f"the wheel for the workers was not built within {_BUILT_WITHIN:.0f} s: "
                "build one yourself and give --wheel FILE"
            ) from None
        if done.returncode:
            output = [
                line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()
            ]
            raise EngineError(
                f"no wheel for the workers ({output[-1] if output else 'pip printed nothing'}): "
                "build one yourself and give --wheel FILE"
            )
        [wheel] = (copy / "dist").glob("earthmix-*.whl")
        return shutil.copy(wheel, folder)


def _proto(pipeline: beam.Pipeline, staging: str) -> Any:
    """The pipeline in the form that Beam's Dataflow runner stages, made in the same steps."""
    options = pipeline.options
    dataflow_runner._check_and_add_missing_options(options)
    ordered = not options.view_as(TypeOptions).allow_non_deterministic_key_coders
    pipeline.visit(dataflow_runner.DataflowRunner.side_input_visitor(ordered))
    pipeline.visit(group_by_key_input_visitor(ordered))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    usual = (
        f"{DATAFLOW_CONTAINER_IMAGE_REPOSITORY}/beam_python{version}_sdk:{beam.version.__version__}"
    )
    environment = environments.DockerEnvironment.from_container_image(
        options.view_as(WorkerOptions).sdk_container_image or usual,
        artifacts=environments.python_sdk_dependencies(options, staging),
        resource_hints=environments.resource_hints_from_options(options),
    )
    return pipeline.to_runner_api(default_environment=environment)


def _staged(proto: Any) -> list[dict[str, Any]]:
    """The files that would be copied to the staging folder: names, sizes and hashes."""
    graph = proto.SerializeToString(deterministic=True)
    found = {STAGED_PIPELINE_FILENAME: graph}
    for environment in proto.components.environments.values():
        for path, name, _ in Stager.extract_staging_tuple_iter(environment.dependencies):
            found[name] = Path(path).read_bytes()
    return [
        {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(found.items())
    ]


def _steps(proto: Any) -> list[dict[str, Any]]:
    """The graph's steps that are not made of others: name, kind, and the steps they read from."""
    leaves = [step for step in proto.components.transforms.values() if not step.subtransforms]
    makers = {output: step.unique_name for step in leaves for output in step.outputs.values()}
    leaf_steps = [
        {
            "name": step.unique_name,
            "kind": step.spec.urn,
            "reads": sorted({makers[name] for name in step.inputs.values() if name in makers}),
        }
        for step in leaves
    ]
    return sorted(leaf_steps, key=lambda step: str(step["name"]))

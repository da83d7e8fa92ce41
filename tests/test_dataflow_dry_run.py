"""Dataflow's dry run: the graph, the wheel and what would be staged. Nothing is submitted."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from dataflow_flags import bucket_plan, options

from pipelines import mix
from pipelines.engines import dataflow
from pipelines.errors import EngineError
from pipelines.plan import RunPlan

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def plan(sample: Path) -> RunPlan:
    return bucket_plan(sample)


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

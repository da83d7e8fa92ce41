"""The files that put earthmix onto other machines: the images' Dockerfile, the Kubernetes manifest,
and their guide. No docker and no cluster runs here.

The manifest is held against schemas written by hand from the operator's custom resource reference
(FlinkDeploymentSpec and what it holds) and from the Kubernetes API, as far as it uses them; what
its parts say of each other is compared besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.main import get_command

from pipelines import __version__
from pipelines.__main__ import app
from pipelines.engines.flink_cluster.java import OPENS
from pipelines.engines.flink_cluster.parts import DEFAULT_FOLDER, FLINK_SERIES, FLINK_VERSION, Parts
from schemas.toml import tomllib

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "docker" / "worker.Dockerfile").read_text(encoding="utf-8")
MANIFEST: list[dict[str, Any]] = list(
    yaml.safe_load_all((ROOT / "k8s" / "flink-deployment.yaml").read_text(encoding="utf-8"))
)
CLAIM, FLINK, JOB = MANIFEST
INSTRUCTIONS = {
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
}
MADE = {
    Parts(DEFAULT_FOLDER).jars.relative_to(ROOT).as_posix(): "flink-setup"
}  # what is copied and not in git: the make target that it comes from


# Dockerfile


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """(Instruction, arguments) without comments, continued lines joined."""
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in plain.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name, " ".join(rest.split())


def faults(text: str) -> list[str]:
    """A small linter: known instructions in order, pinned bases, stages and files that exist, the
    lock before the code, no root in the end.
    """
    found: list[str] = []
    stages: dict[str, str] = {}  # the user that each stage ends with
    stage = copied = ""
    for name, rest in instructions(text):
        if name not in INSTRUCTIONS:
            found.append(f"unknown instruction {name}")
        elif name == "FROM":
            image, _, stage = rest.partition(" AS ")
            if image not in stages and not re.fullmatch(
                r"[\w./-]+(:\d[\w.-]*|@sha256:[0-9a-f]{64})", image
            ):
                found.append(f"base {image} is not pinned")
            stages[stage] = stages.get(image, "root")
        elif not stages and name != "ARG":
            found.append(f"{name} before FROM")
        elif name == "COPY":
            *sources, _ = [word for word in rest.split() if not word.startswith("--")]
            copied += f" {' '.join(sources)}"
            if source := re.match(r"--from=(\S+)", rest):
                found += [f"no stage {source[1]}"] if source[1] not in stages else []
            else:
                found += [
                    f"{path} does not exist"
                    for path in sources
                    if path not in MADE and not (ROOT / path).exists()
                ]
        elif name == "ADD":
            found.append("ADD: use COPY")
        elif name == "USER":
            stages[stage] = rest
        elif name == "RUN":
            if (
                "pip install" in rest
                and "-r requirements.lock" not in rest
                and "-c constraints.txt" not in rest
            ):
                found.append("pip install of what is not pinned")
            if "-r requirements.lock" in rest and (
                "--require-hashes" not in rest or "pipelines" in copied
            ):
                found.append("the lock goes first, with hashes")
            if "apt-get install" in rest and "rm -rf /var/lib/apt/lists" not in rest:
                found.append("apt-get leaves its lists")
    if stages and stages[stage] in ("root", "0"):
        found.append("ends as root")
    return found


def test_the_dockerfile_has_no_faults() -> None:
    assert faults(DOCKERFILE) == []


@pytest.mark.parametrize(
    "text, fault",
    [
        ("FROM python:latest\nUSER 1", "base python:latest is not pinned"),
        ("FROM python\nUSER 1", "base python is not pinned"),
        ("RUN true\nFROM python:3.11\nUSER 1", "RUN before FROM"),
        ("FROM python:3.11\nCOPY nothing.txt .\nUSER 1", "nothing.txt does not exist"),
        ("FROM python:3.11\nCOPY --from=early /a /a\nUSER 1", "no stage early"),
        ("FROM python:3.11\nADD README.md .\nUSER 1", "ADD: use COPY"),
        ("FROM python:3.11\nRUN pip install numpy\nUSER 1", "pip install of what is not pinned"),
        (
            "FROM python:3.11\nRUN pip install -r requirements.lock\nUSER 1",
            "the lock goes first, with hashes",
        ),
        (
            "FROM python:3.11\nCOPY pipelines .\nRUN pip install --require-hashes -r "
            "requirements.lock\nUSER 1",
            "the lock goes first, with hashes",
        ),
        (
            "FROM python:3.11\nRUN apt-get update && \\\n  apt-get install -y x\nUSER 1",
            "apt-get leaves its lists",
        ),
        ("FROM python:3.11\nUSR 1", "unknown instruction USR"),
        ("FROM python:3.11\nUSER 1\nUSER root", "ends as root"),
    ],
)
def test_the_linter_sees(text: str, fault: str) -> None:
    assert fault in faults(text)


def test_the_base_has_the_locked_beam_and_the_python_of_the_lock() -> None:
    [beam] = re.findall(
        r"^apache-beam==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    [base] = [rest for name, rest in instructions(DOCKERFILE) if name == "FROM" and "/" in rest]
    assert base == f"apache/beam_python3.11_sdk:{beam} AS base"


def test_the_wheel_is_built_of_every_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {
        name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]
    }
    copied = {
        word
        for name, rest in instructions(DOCKERFILE)
        if name == "COPY" and not rest.startswith("--")
        for word in rest.split()[:-1]
    }
    assert packages <= copied
    assert {project["project"]["readme"], "pyproject.toml"} <= copied


def test_the_worker_keeps_beams_entry_point_and_the_launcher_is_the_command() -> None:
    stages: dict[str, list[str]] = {}
    for name, rest in instructions(DOCKERFILE):
        if name == "FROM":
            stages[stage := rest.partition(" AS ")[2]] = []
        elif name == "ENTRYPOINT":
            stages[stage].append(rest)
    assert stages == {"base": [], "wheel": [], "worker": [], "launcher": ['["earthmix"]']}


@pytest.mark.parametrize("path, target", MADE.items())
def test_what_is_made_before_has_a_target(path: str, target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
    assert f"make {target}" in DOCKERFILE and path in DOCKERFILE


# Kubernetes


def closed(required: str = "", **properties: Any) -> dict[str, Any]:
    """Schema of an object with these fields and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def some(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": 1}


TEXT = {"type": "string", "minLength": 1}
TEXTS = {
    "type": "object",
    "additionalProperties": TEXT,
}  # the reference: Map<String, String>, so a number must be quoted
COUNT = {"type": "integer", "minimum": 0}
YES_NO = {"type": "boolean"}
NAME = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63}
META = closed("name", name=NAME, namespace=NAME, labels=TEXTS, annotations=TEXTS)
QUANTITY = {"type": "string", "pattern": r"^\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$"}
AMOUNTS = closed(cpu=QUANTITY, memory=QUANTITY, storage=QUANTITY)
SECURITY = closed(
    runAsNonRoot=YES_NO,
    runAsUser=COUNT,
    fsGroup=COUNT,
    allowPrivilegeEscalation=YES_NO,
    capabilities=closed(drop=some(TEXT), add=some(TEXT)),
)
PROBE = closed(
    exec=closed("command", command=some(TEXT)),
    initialDelaySeconds=COUNT,
    periodSeconds=COUNT,
    timeoutSeconds=COUNT,
    failureThreshold=COUNT,
)
CONTAINER = closed(
    "name",
    name=NAME,
    image=TEXT,
    imagePullPolicy={"enum": ["Always", "IfNotPresent", "Never"]},
    command=some(TEXT),
    args=some(TEXT),
    env=some(closed("name value", name=TEXT, value=TEXT)),
    resources=closed(requests=AMOUNTS, limits=AMOUNTS),
    readinessProbe=PROBE,
    livenessProbe=PROBE,
    securityContext=SECURITY,
    volumeMounts=some(
        closed(
            "name mountPath",
            name=NAME,
            mountPath={"type": "string", "pattern": "^/"},
            readOnly=YES_NO,
        )
    ),
)
VOLUME = closed(
    "name",
    name=NAME,
    persistentVolumeClaim=closed("claimName", claimName=NAME, readOnly=YES_NO),
    emptyDir={"type": "object"},
)
POD_SPEC = closed(
    "containers",
    containers=some(CONTAINER),
    initContainers=some(CONTAINER),
    volumes=some(VOLUME),
    securityContext=SECURITY,
    restartPolicy={"enum": ["Always", "Never", "OnFailure"]},
    serviceAccountName=NAME,
    nodeSelector=TEXTS,
)
POD = closed(
    "spec", apiVersion={"const": "v1"}, kind={"const": "Pod"}, metadata=META, spec=POD_SPEC
)
# From here on: class by class as in the operator's reference.
RESOURCE = closed(
    cpu={"type": "number", "exclusiveMinimum": 0},
    memory={"type": "string", "pattern": r"^\d+\s*([kmgt]b?|[KMG]i?)$"},
    ephemeralStorage=TEXT,
)
MANAGER = closed("resource", resource=RESOURCE, replicas=COUNT, podTemplate=POD)
JOB_SPEC = closed(
    jarURI=TEXT,
    parallelism=COUNT,
    entryClass=TEXT,
    args=some(TEXT),
    state={"enum": ["running", "suspended"]},
    upgradeMode=TEXT,
)
DEPLOYMENT = closed(
    "image flinkVersion serviceAccount jobManager taskManager",
    job=JOB_SPEC,
    restartNonce=COUNT,
    flinkConfiguration=TEXTS,
    image=TEXT,
    imagePullPolicy=TEXT,
    serviceAccount=NAME,
    flinkVersion={"enum": ["v1_16", "v1_17", "v1_18", "v1_19", "v1_20"]},
    ingress=closed("template", template=TEXT, className=TEXT),
    podTemplate=POD,
    jobManager=MANAGER,
    taskManager=MANAGER,
    logConfiguration=TEXTS,
    mode={"enum": ["native", "standalone"]},
)
SCHEMAS = {
    "FlinkDeployment": closed(
        "apiVersion kind metadata spec",
        apiVersion={"const": "flink.apache.org/v1beta1"},
        kind={"const": "FlinkDeployment"},
        metadata=META,
        spec=DEPLOYMENT,
    ),
    "Job": closed(
        "apiVersion kind metadata spec",
        apiVersion={"const": "batch/v1"},
        kind={"const": "Job"},
        metadata=META,
        spec=closed(
            "template",
            backoffLimit=COUNT,
            activeDeadlineSeconds=COUNT,
            ttlSecondsAfterFinished=COUNT,
            template=closed("spec", spec=POD_SPEC),
        ),
    ),
    "PersistentVolumeClaim": closed(
        "apiVersion kind metadata spec",
        apiVersion={"const": "v1"},
        kind={"const": "PersistentVolumeClaim"},
        metadata=META,
        spec=closed(
            "accessModes resources",
            accessModes=some({"enum": ["ReadWriteOnce", "ReadWriteMany"]}),
            resources=closed(requests=AMOUNTS),
        ),
    ),
}


def wrong(document: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMAS[document["kind"]])
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
        for error in validator.iter_errors(document)
    ]


def pods() -> list[dict[str, Any]]:
    return [FLINK["spec"]["taskManager"]["podTemplate"]["spec"], JOB["spec"]["template"]["spec"]]


def containers() -> list[dict[str, Any]]:
    """All with an image of ours; Flink's own is the operator's business."""
    every = [
        container
        for pod in pods()
        for container in [*pod.get("initContainers", []), *pod["containers"]]
    ]
    return [container for container in every if container["name"] != "flink-main-container"]


def parsed(words: list[str]) -> dict[str, Any]:
    """What the command line makes of the words after `earthmix`."""
    group: Any = get_command(app)
    found: dict[str, Any] = group.commands[words[0]].make_context(words[0], words[1:]).params
    return found


def arguments() -> dict[str, Any]:
    return parsed(JOB["spec"]["template"]["spec"]["containers"][0]["args"])


@pytest.mark.parametrize("document", MANIFEST, ids=lambda document: str(document["kind"]))
def test_the_manifest_fits_the_schemas(document: dict[str, Any]) -> None:
    assert wrong(document) == []


@pytest.mark.parametrize(
    "change, said",
    [
        ({"mod": "native"}, "'mod' was unexpected"),
        ({"mode": "session"}, "'session' is not one of"),
        ({"flinkVersion": "1.19"}, "'1.19' is not one of"),
        ({"flinkConfiguration": {"taskmanager.numberOfTaskSlots": 2}}, "2 is not of type 'string'"),
        (
            {"jobManager": {"resource": {"cpu": "1", "memory": "2048m"}}},
            "'1' is not of type 'number'",
        ),
        ({"taskManager": {"replicas": 2}}, "'resource' is a required property"),
    ],
)
def test_the_schema_sees(change: dict[str, Any], said: str) -> None:
    assert said in "\n".join(wrong({**FLINK, "spec": {**FLINK["spec"], **change}}))


def test_flink_is_the_release_that_the_job_server_fits() -> None:
    assert FLINK["spec"]["image"].startswith(f"flink:{FLINK_VERSION}-java")
    assert FLINK["spec"]["flinkVersion"] == f"v{FLINK_SERIES.replace('.', '_')}"
    assert tuple(FLINK["spec"]["flinkConfiguration"]["env.java.opts.all"].split()) == OPENS


def test_the_job_asks_for_the_slots_there_are() -> None:
    spec, found = FLINK["spec"], arguments()
    slots = int(spec["flinkConfiguration"]["taskmanager.numberOfTaskSlots"])
    assert int(found["workers"]) == slots * spec["taskManager"]["replicas"]
    assert found["beam_options"] == [f"--sdk_worker_parallelism={slots}"]
    assert (
        f'["slots-available"] >= {found["workers"]}'
        in JOB["spec"]["template"]["spec"]["initContainers"][0]["command"][2]
    )


def test_slots_are_there_before_a_job_asks() -> None:
    assert FLINK["spec"]["mode"] == "standalone" and "job" not in FLINK["spec"]


def test_the_job_finds_the_cluster_the_pool_and_the_jars() -> None:
    found = arguments()
    [pool] = [container for container in containers() if container["name"] == "worker-pool"]
    assert found["engine"] == "flink"
    assert found["flink_master"] == f"{FLINK['metadata']['name']}-rest:8081"
    assert found["workers_at"] == f"localhost:{pool['command'][-1]}"
    assert (
        pool["command"][1:4] == ["-m", "pipelines.engines.flink_cluster", "pool"]
        and pool["command"][-1] in pool["readinessProbe"]["exec"]["command"][2]
    )
    assert f"COPY .flink/jars {found['flink_jars']}" in DOCKERFILE


def test_pool_and_launcher_see_the_same_folder() -> None:
    found = arguments()
    for pod in pods():
        claims = {
            volume["name"]: volume["persistentVolumeClaim"]["claimName"]
            for volume in pod["volumes"]
        }
        assert claims == {"data": CLAIM["metadata"]["name"]}
    mounts = [
        container["volumeMounts"]
        for container in containers()
        if container["name"] in ("worker-pool", "earthmix")
    ]
    assert mounts == [[{"name": "data", "mountPath": "/data"}]] * 2
    assert all(found[name].startswith("/data/") for name in ("data_root", "out"))
    assert CLAIM["spec"]["accessModes"] == ["ReadWriteMany"]


def test_no_container_of_ours_runs_as_root() -> None:
    for container in containers():
        security = container["securityContext"]
        assert (
            security["runAsNonRoot"],
            security["runAsUser"],
            security["allowPrivilegeEscalation"],
        ) == (True, 9999, False), container["name"]


def test_images_are_pinned_to_this_version() -> None:
    built = set(re.findall(r"-t (\S+)", DOCKERFILE))
    assert {container["image"] for container in containers()} == built
    assert {image.rpartition(":")[2] for image in built} == {__version__}


# Guide


def test_the_guide_names_files_and_targets_that_exist() -> None:
    paths = re.findall(r"\b(?:docker|k8s|flink|tests|pipelines)/[\w./-]+\.\w+", GUIDE)
    assert paths and [path for path in paths if not (ROOT / path).is_file()] == []
    targets = re.findall(r"make ([a-z]+-[a-z-]+)", GUIDE)
    assert (
        targets
        and [target for target in targets if not re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)]
        == []
    )


# Dataflow's options are those of tests/test_engine_dataflow.py.
@pytest.mark.parametrize(
    "line",
    [
        line
        for line in re.findall(r"^earthmix (.*)$", GUIDE, re.MULTILINE)
        if "dataflow" not in line
    ],
)
def test_a_command_of_the_guide_parses(line: str) -> None:
    assert parsed(line.split())["name"] == "geochat-style"


def test_the_guide_builds_the_images_that_the_manifest_runs() -> None:
    assert {container["image"] for container in containers()} == set(
        re.findall(r"docker push (\S+)", GUIDE)
    )

"""The Kubernetes manifest: it fits the schemas, and its parts agree. No cluster runs here."""

from __future__ import annotations

import re
from typing import Any

import pytest
from deploy_files import CLAIM, DOCKERFILE, FLINK, JOB, MANIFEST, arguments, containers, pods
from kubernetes_schemas import wrong

from pipelines import __version__
from pipelines.engines.flink_cluster.java import OPENS
from pipelines.engines.flink_cluster.parts import FLINK_SERIES, FLINK_VERSION


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

"""Schemas of the Kubernetes manifest, as far as it uses them.

Written by hand from the operator's custom resource reference (FlinkDeploymentSpec and what it
holds) and from the Kubernetes API.
"""

from __future__ import annotations

from typing import Any

import jsonschema


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

"""The files that put earthmix onto other machines, and what their commands mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from typer.main import get_command

from pipelines.__main__ import app

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "docker" / "worker.Dockerfile").read_text(encoding="utf-8")
MANIFEST: list[dict[str, Any]] = list(
    yaml.safe_load_all((ROOT / "k8s" / "flink-deployment.yaml").read_text(encoding="utf-8"))
)
CLAIM, FLINK, JOB = MANIFEST


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

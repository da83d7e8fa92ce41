"""The guide to other engines: its files, targets and commands exist."""

from __future__ import annotations

import re

import pytest
from deploy_files import GUIDE, MAKEFILE, ROOT, containers, parsed


def test_the_guide_names_files_and_targets_that_exist() -> None:
    paths = re.findall(r"\b(?:docker|k8s|flink|tests|pipelines)/[\w./-]+\.\w+", GUIDE)
    assert paths and [path for path in paths if not (ROOT / path).is_file()] == []
    targets = re.findall(r"make ([a-z]+-[a-z-]+)", GUIDE)
    assert (
        targets
        and [target for target in targets if not re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)]
        == []
    )


# Dataflow's options are those of tests/test_dataflow_options.py.
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

"""The images' Dockerfile. No docker runs here."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from deploy_files import DOCKERFILE, MAKEFILE, ROOT

from pipelines.engines.flink_cluster.parts import DEFAULT_FOLDER, Parts
from schemas.toml import tomllib

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

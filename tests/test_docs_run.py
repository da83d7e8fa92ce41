"""The commands of README and docs run on the sample data as they are printed."""

from __future__ import annotations

import re
import shlex
import shutil
import textwrap
from pathlib import Path
from typing import Any

import pytest
import runs
from typer.main import get_command

from pipelines.__main__ import app

ROOT = Path(__file__).parent.parent
GROUP: Any = get_command(app)
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
QUOTED = re.compile(r"`(earthmix [^`\n]+)`")
# What a test cannot reach: clusters, object stores, folders of somebody's machine.
OUT_OF_REACH = ("--engine", "s3://", "gs://", "/elsewhere/", "--workers 8")


def blocks(page: str, language: str) -> list[str]:
    """Fenced blocks of a language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [textwrap.dedent(match[3]) for match in FENCE.finditer(text) if match[2] == language]


def printed(page: str) -> list[str]:
    """The lines of a page's shell blocks that call earthmix, continued ones joined."""
    lines = "\n".join(blocks(page, "sh")).replace("\\\n", " ").splitlines()
    parts = [part.strip() for line in lines for part in line.split("&&")]
    return [part for part in parts if part.startswith("earthmix ")]


def run(line: str) -> runs.Ended:
    return runs.earthmix(*shlex.split(line, comments=True)[1:])


@pytest.mark.parametrize(
    "line",
    [line for path in sorted(ROOT.glob("docs/*.md")) for line in printed(f"docs/{path.name}")],
)
def test_a_command_of_the_docs_parses(line: str) -> None:
    name, *words = shlex.split(line, comments=True)[1:]
    assert GROUP.commands[name].make_context(name, words).params


def test_the_commands_of_readme_and_engines_run_as_printed(
    sample: Path, mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DATA_ROOT", "DATA"):
        Path(name).symlink_to(sample)
    shutil.copytree(mixed, "out/geochat-style")
    [own] = [block for block in blocks("README.md", "toml") if 'name = "harbours"' in block]
    Path("harbours.toml").write_text(own, encoding="utf-8")
    lines = dict.fromkeys([*printed("README.md"), *printed("docs/engines.md")])
    tried = [line for line in lines if not any(word in line for word in OUT_OF_REACH)]
    ended = {line: run(line) for line in tried}
    # The sample is smaller than what was published, which `check` says by its exit code.
    wanted = {line: int(" check " in line) for line in tried}
    assert {line: one.err for line, one in ended.items() if one.code != wanted[line]} == {}
    assert len(tried) == 9


def test_the_commands_of_the_export_page_run_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/export.md").read_text(encoding="utf-8")
    page = dict.fromkeys([*printed("docs/export.md"), *QUOTED.findall(text)])
    told = {line: run(line) for line in page if " OUT " not in line}
    assert {line: ended.err for line, ended in told.items() if ended.code} == {}
    shown = blocks("docs/export.md", "text")[0].replace("/home/me", str(tmp_path))
    assert told["earthmix export out/geochat-style --to llava out/for-llava"].out == shown


def test_the_row_that_the_readme_shows_is_one_of_the_sample(mixed: Path) -> None:
    [line] = re.findall(r"`(earthmix show [^`]+)`", (ROOT / "README.md").read_text("utf-8"))
    assert run(line.replace(" OUT ", f" {mixed} ")).code == 0

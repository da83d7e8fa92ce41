"""The command line itself: help without heavy imports, its version, and how it is started."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import runs

from pipelines import docs

ROOT = Path(__file__).parent.parent


def test_help_imports_nothing_heavy() -> None:
    code = """
import contextlib, io, sys
from pipelines.__main__ import main
for name in ["", "mix", "convert", "datasets", "check", "sample-data", "verify"]:
    sys.argv = ["earthmix", *([name] if name else []), "--help"]
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as out:
        main()
    assert "Usage: earthmix" in out.getvalue()
heavy = ("apache_beam", "pyarrow", "numpy", "shapely", "PIL", "datasets", "jsonschema")
print([name for name in heavy if name in sys.modules])
"""
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
        == "[]\n"
    )


@pytest.mark.parametrize(
    "command", ["mix", "convert", "datasets", "check", "sample-data", "verify"]
)
def test_help_shows_an_example(command: str) -> None:
    assert f"Example: earthmix {command} " in runs.earthmix(command, "--help").out


@pytest.mark.parametrize("command", ["mix", "convert"])
def test_help_shows_the_engines_options_under_their_own_heading(command: str) -> None:
    usual, _, engines = runs.earthmix(command, "--help").out.partition("\nEngines:\n")
    assert ("  --out <" in usual, "  --engine <" in usual) == (True, False)
    assert ("  --out <" in engines, "  --engine <" in engines) == (False, True)


@pytest.mark.parametrize("command", ["check", "verify"])
def test_commands_without_a_pipeline_do_not_show_beams_options(command: str) -> None:
    assert "BEAM" not in runs.earthmix(command, "--help").out.upper()


def test_version_is_that_of_the_package() -> None:
    assert runs.earthmix("--version") == (0, f"earthmix {version('earthmix')}\n", "")


def test_no_command_shows_the_commands() -> None:
    assert "Commands:" in runs.earthmix().err


@pytest.mark.parametrize("path", docs.pages())
def test_generated_pages_are_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == docs.pages()[path], "run `make docs`"


def test_the_installed_command_is_this_one(tmp_path: Path) -> None:
    command = os.path.join(os.path.dirname(sys.executable), "earthmix")
    ended = subprocess.run([command, "verify", tmp_path], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (
        1,
        f"{tmp_path}: no mix: {tmp_path}/manifest.json is missing\n",
    )


def test_python_without_docstrings_is_refused_in_a_line(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-OO", "-m", "pipelines", "datasets"], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (
        2,
        "earthmix: Apache Beam needs its docstrings: do not run Python with -OO\n",
    )

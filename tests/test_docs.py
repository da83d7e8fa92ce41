"""README, CONTRIBUTING and ARCHITECTURE.

Their commands parse, their files exist, their TOML is valid, and their recipes work.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import native
import numpy as np
import pytest
from PIL import Image
from typer.main import get_command

from converters import catalogue, formats, read_dataset
from pipelines import engine_options
from pipelines.__main__ import app
from pipelines.load import checked, convert_mix, load_mix, mix_names
from schemas.conversation import load_schema
from schemas.entry import Entry
from schemas.sample import FAULTS, POLICIES, Sample
from schemas.table import ROW
from schemas.toml import tomllib

ROOT = Path(__file__).parent.parent
PAGES = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "docs/export.md")
}
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.*-]+(/[\w.*-]+)*/?")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
GROUP: Any = get_command(app)
COMMANDS: dict[str, Any] = GROUP.commands
FOLDERS = ("schemas", "converters", "pipelines", "tests", "docs", "benchmarks", "flink")
SUFFIXES = (".py", ".toml", ".md", ".json", ".lock", ".png")


class Quoted(NamedTuple):
    """A piece of a page."""

    page: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}: {self.text[:60]}"


def blocks(page: str, language: str) -> list[str]:
    """Fenced blocks of a language."""
    return [
        textwrap.dedent(match[3]) for match in FENCE.finditer(PAGES[page]) if match[2] == language
    ]


def prose(page: str) -> str:
    return FENCE.sub("", PAGES[page])


def spans() -> Iterator[Quoted]:
    """Everything between backticks outside fenced blocks."""
    return (Quoted(page, text) for page in PAGES for text in CODE.findall(prose(page)))


def commands(program: str) -> list[Quoted]:
    """Command lines of a program: lines of shell blocks, and what stands between backticks."""
    lines = [
        Quoted(page, part.strip())
        for page in PAGES
        for block in blocks(page, "sh")
        for line in block.splitlines()
        for part in line.split("&&")
    ]
    return list(
        dict.fromkeys(line for line in [*lines, *spans()] if line.text.startswith(f"{program} "))
    )


def tables(page: str) -> list[dict[str, Any]]:
    return [tomllib.loads(block) for block in blocks(page, "toml")]


def params(line: Quoted) -> dict[str, Any]:
    """What the command line makes of a quoted line, without running it."""
    name, *words = shlex.split(line.text, comments=True)[1:]
    found: dict[str, Any] = COMMANDS[name].make_context(name, words).params
    return found


def rows_of(page: str, head: str) -> list[list[str]]:
    """Cells of the table whose first column is called `head`."""
    lines = PAGES[page].split(f"| {head} |", 1)[1].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    return cells[
        : next((i for i, line in enumerate(lines) if not line.strip().startswith("|")), None)
    ]


# Commands


def test_there_are_commands_to_look_at() -> None:
    assert {shlex.split(line.text)[1] for line in commands("earthmix")} == set(COMMANDS)


@pytest.mark.parametrize("line", commands("earthmix"), ids=str)
def test_a_quoted_command_parses(line: Quoted) -> None:
    assert params(line) is not None


@pytest.mark.parametrize(
    "line", [line for line in commands("earthmix") if " mix " in line.text], ids=str
)
def test_a_quoted_mix_exists_and_can_be_changed_like_that(line: Quoted) -> None:
    found = params(line)
    assert found["name"].endswith(".toml") or load_mix(found["name"], found["changes"] or [])


@pytest.mark.parametrize(
    "line", [line for line in commands("earthmix") if " convert " in line.text], ids=str
)
def test_quoted_datasets_can_be_converted_like_that(
    line: Quoted, monkeypatch: pytest.MonkeyPatch, entries: dict[str, Entry]
) -> None:
    known = {**catalogue.catalogue(), **entries}
    monkeypatch.setattr(catalogue, "catalogue", lambda: known)
    found = params(line)
    assert convert_mix(found["datasets"], found["group"], found["changes"] or []).sources


@pytest.mark.parametrize(
    "line", [line for line in commands("earthmix") if " check " in line.text], ids=str
)
def test_a_quoted_dataset_can_be_checked(line: Quoted, entries: dict[str, Entry]) -> None:
    assert params(line)["dataset"] in {*catalogue.catalogue(), *entries}


@pytest.mark.parametrize("line", [span for span in spans() if span.text.startswith("--")], ids=str)
def test_an_option_named_alone_exists(line: Quoted) -> None:
    known = {
        option
        for command in COMMANDS.values()
        for parameter in command.params
        for option in parameter.opts
    }
    assert shlex.split(line.text)[0] in known


@pytest.mark.parametrize(
    "line", [span for span in spans() if span.text.startswith("--set ")], ids=str
)
def test_a_change_named_alone_fits_a_mix(line: Quoted) -> None:
    assert load_mix("geochat-style", shlex.split(line.text)[1:])


@pytest.mark.parametrize("line", commands("make"), ids=str)
def test_a_quoted_make_target_exists(line: Quoted) -> None:
    [target] = [word for word in shlex.split(line.text, comments=True)[1:] if "=" not in word]
    assert target in re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("line", [line for line in commands("make") if "=" in line.text], ids=str)
def test_quoted_make_variables_are_used(line: Quoted) -> None:
    names = [
        word.partition("=")[0] for word in shlex.split(line.text, comments=True) if "=" in word
    ]
    assert [name for name in names if f"$({name})" not in MAKEFILE] == []


# Files


def is_path(text: str) -> bool:
    return PATH.fullmatch(text) is not None and (
        text.split("/")[0] in FOLDERS if "/" in text else text.endswith(SUFFIXES)
    )


@pytest.mark.parametrize("span", sorted({span for span in spans() if is_path(span.text)}), ids=str)
def test_a_named_file_exists(span: Quoted) -> None:
    assert list(ROOT.glob(span.text.rstrip("/")))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", prose(page))
    assert [link for link in links if "://" not in link and not (ROOT / link).is_file()] == []


def test_the_picture_is_small() -> None:
    assert (ROOT / "docs" / "rows.png").stat().st_size < 150_000


# Blocks


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """CONTRIBUTING's format, where formats are looked for."""
    name = "caption_csv"
    (tmp_path / "formats").mkdir()
    (tmp_path / "formats" / f"{name}.py").write_text(
        blocks("CONTRIBUTING.md", "python")[0], encoding="utf-8"
    )
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path / "formats")])
    yield
    sys.modules.pop(f"converters.formats.{name}", None)
    vars(formats).pop(name, None)
    catalogue.format_module.cache_clear()


@pytest.fixture
def entries(recipe: None, tmp_path: Path) -> dict[str, Entry]:
    """The pages' own catalogue entries."""
    found = {}
    for page in PAGES:
        for i, block in enumerate(blocks(page, "toml")):
            (tmp_path / f"{i}.toml").write_text(block, encoding="utf-8")
            found.update(
                catalogue.parse_file(str(tmp_path / f"{i}.toml"), page)[0]
                if "sources" not in tomllib.loads(block)
                else {}
            )
    return found


def test_quoted_entries_are_valid(entries: dict[str, Entry]) -> None:
    assert set(entries) == {
        slug for page in PAGES for table in tables(page) if "sources" not in table for slug in table
    }


@pytest.mark.parametrize(
    "page, table",
    [(page, table) for page in PAGES for table in tables(page) if "sources" in table],
    ids=str,
)
def test_quoted_mixes_are_valid(page: str, table: dict[str, Any]) -> None:
    assert checked(table, page).name == table["name"]


@pytest.mark.parametrize(
    "page, code",
    [(page, code) for page in PAGES for code in blocks(page, "python")],
    ids=[f"{p} {i}" for p in PAGES for i, _ in enumerate(blocks(p, "python"))],
)
def test_quoted_python_compiles(page: str, code: str) -> None:
    assert compile(code, page, "exec")


def test_the_dataset_recipe_reads_its_native_file(
    entries: dict[str, Entry], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.json").write_text(
        blocks("CONTRIBUTING.md", "json")[0], encoding="utf-8"
    )
    found = read_dataset(entries["river_vqa"], str(tmp_path / "data"))
    assert [
        (sample.pictures[0].path, question.question, question.answer)
        for sample in found
        if isinstance(sample, Sample)
        for question in sample.questions
    ] == [
        ("pictures/reach_1.png", "Is there a bridge?", "yes"),
        ("pictures/reach_2.png", "How many boats are there?", "2"),
    ]


def test_the_format_recipe_passes_its_own_tests(
    entries: dict[str, Entry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "caption_csv" / "harbour_captions"
    folder.mkdir(parents=True)
    (folder / "train.csv").write_text(blocks("CONTRIBUTING.md", "csv")[0], encoding="utf-8")
    monkeypatch.setattr(native, "DATA", tmp_path)
    monkeypatch.setattr(catalogue, "catalogue", lambda: entries)
    names: dict[str, Any] = {}
    exec(compile(blocks("CONTRIBUTING.md", "python")[1], "CONTRIBUTING.md", "exec"), names)
    assert [names[name]() for name in names if name.startswith("test_")] == [None, None]


# Lists


def test_the_readme_names_every_column_of_a_row_in_order() -> None:
    assert CODE.findall(" ".join(row[0] for row in rows_of("README.md", "column"))) == ROW.names


@pytest.mark.parametrize("kind, reasons", [("fault", FAULTS), ("policy", POLICIES)])
def test_the_readme_names_every_reason(kind: str, reasons: dict[str, str]) -> None:
    assert CODE.findall(
        PAGES["README.md"].split(f"- A **{kind}** is", 1)[1].split("\n- A **")[0].split("\n\n")[0]
    ) == list(reasons)


def test_the_list_of_formats_shows_how_each_module_begins() -> None:
    rows = {
        path.stem: path.read_text(encoding="utf-8").split('"""', 2)[1].split("\n", 1)[0]
        for path in (ROOT / "converters" / "formats").glob("*.py")
        if path.stem != "__init__"
    }
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    found = dict(re.findall(r"^\| `(\w+)` \| [a-z, ]+ \| (.*) \|$", text, re.MULTILINE))
    unescaped = {name: re.sub(r"\\(.)", r"\1", line) for name, line in found.items()}
    assert unescaped == rows


def test_the_recipe_names_every_key_of_a_mix() -> None:
    schema = load_schema("mix")
    keys = {*schema["properties"], *schema["$defs"]["source"]["properties"]}
    assert {
        *CODE.findall(" ".join(row[0] for row in rows_of("CONTRIBUTING.md", "key"))),
        "dataset",
        "task",
    } == keys


def test_the_readme_names_the_mixes_there_are() -> None:
    assert [name for name in mix_names() if name not in PAGES["README.md"]] == []


def test_the_readme_names_every_engine() -> None:
    assert [
        name for name in engine_options.ENGINES if f"`--engine {name}`" not in PAGES["README.md"]
    ] == []


def test_the_picture_of_rows_is_what_the_code_of_today_draws() -> None:
    found = importlib.util.spec_from_file_location("make_picture", ROOT / "docs/make_picture.py")
    assert found is not None and found.loader is not None
    drawer = importlib.util.module_from_spec(found)
    found.loader.exec_module(drawer)
    with Image.open(ROOT / "docs/rows.png") as stored:
        before = np.asarray(stored.convert("RGB"), float)
    now = np.asarray(drawer.sheet(), float)
    # Letters may be smoothed a little otherwise by another version of Pillow.
    assert before.shape == now.shape and np.abs(before - now).mean() < 1, "run `make docs`"

"""Who may import whom: schemas <- converters <- pipelines, never the other way; formats know files
and their own records and nothing else of the house.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSE = ("schemas", "converters", "pipelines")
FORMAT_MAY = {
    "converters.read",
    "converters.regions",
    "converters.read.files",
    "converters.regions.geometry",
    "converters.read.json_spans",
    "converters.read.folder",
    "schemas.sample",
    "schemas.table",
}


def modules(*folders: str) -> list[str]:
    return sorted(
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
    )


def named(text: str, package: Sequence[str]) -> set[str]:
    """Every module that a source text imports, anywhere in it: `from a.b import c` names a.b and
    a.b.c. package: the one its file lies in.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = list(package)[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def imports(path: str) -> set[str]:
    return named((ROOT / path).read_text(), path.split("/")[:-1])


def packages(path: str) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)}


def house(path: str) -> set[str]:
    """Modules of this project that a file imports."""
    files = {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in modules(*HOUSE)
    }
    return {name for name in imports(path) if name in files}


@pytest.mark.parametrize("path", modules("schemas"))
def test_schemas_import_nobody_of_the_house(path: str) -> None:
    assert not packages(path) & {"converters", "pipelines", "apache_beam"}


@pytest.mark.parametrize("path", modules("converters"))
def test_converters_import_neither_pipelines_nor_beam(path: str) -> None:
    assert not packages(path) & {"pipelines", "apache_beam"}


@pytest.mark.parametrize("path", modules("converters/formats"))
def test_a_format_imports_no_other_format_and_nothing_that_makes_rows(path: str) -> None:
    assert house(path) - {"converters", "schemas"} <= FORMAT_MAY


@pytest.mark.parametrize("path", modules("converters/sample_data"))
def test_sample_data_are_made_without_the_code_that_reads_them(path: str) -> None:
    assert {name for name in house(path) if not name.startswith("converters.sample_data")} <= {
        "converters"
    }


# The command line is imported by nobody, and its documentation, which cannot do without it, by
# nobody in turn.
@pytest.mark.parametrize(
    "module, importers", [("pipelines.__main__", {"pipelines/docs.py"}), ("pipelines.docs", set())]
)
def test_nobody_imports_the_command_line(module: str, importers: set[str]) -> None:
    assert {path for path in modules(*HOUSE) if module in imports(path)} <= importers


@pytest.mark.parametrize("path", modules(*HOUSE))
def test_nothing_of_the_house_imports_tests_or_benchmarks(path: str) -> None:
    assert not packages(path) & {"tests", "benchmarks", "pytest", "hypothesis"}


@pytest.mark.parametrize(
    "text, names",
    [
        ("import apache_beam as beam", {"apache_beam"}),
        (
            "def f():\n    from converters.formats import dota",
            {"converters.formats", "converters.formats.dota"},
        ),
        ("from . import dota", {"converters.formats", "converters.formats.dota"}),
        ("from .dota import read", {"converters.formats.dota", "converters.formats.dota.read"}),
        ("from .. import ledger", {"converters", "converters.ledger"}),
    ],
)
def test_the_rules_see_every_kind_of_import(text: str, names: set[str]) -> None:
    assert named(text, ["converters", "formats"]) == names

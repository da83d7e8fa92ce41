"""Who may import whom: schemas <- converters <- pipelines, never the other way.

Formats know files and their own records and nothing else of the house.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSE = ("schemas", "converters", "pipelines")
FORMAT_MAY = (
    "schemas.sample",
    "schemas.table",
    "converters.read",
    "converters.read.*",
    "converters.regions",
    "converters.regions.*",
)


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


def graph() -> dict[str, set[str]]:
    """Modules of the house and those whose names each takes, wherever in it.

    `from a import b` takes the module a.b where there is one, and else a name of a.
    """
    names = {
        path: path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in modules(*HOUSE)
    }
    known = set(names.values())
    edges = {}
    for path, name in names.items():
        found = imports(path)
        # A package that is named only on the way to its modules gives no name of its own.
        on_the_way = {one for one in found if one in known and not _gives(path, one, known)}
        edges[name] = (found & known) - on_the_way - {name}
    return edges


def _gives(path: str, module: str, known: Collection[str]) -> bool:
    """True where a file takes a name of a module that is no module itself."""
    nodes = list(ast.walk(ast.parse((ROOT / path).read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    taken = {
        f"{node.module}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
    }
    wanted = {
        f"{node.module}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return module in plain | wanted or any(name not in known for name in taken)


def circle(edges: Mapping[str, Collection[str]]) -> list[str]:
    """Modules that import each other, the first one again at the end; [] where there are none."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for other in sorted(edges[name]):
            if found := walk(other, [*path, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(edges) if (found := walk(name, []))), [])


def test_no_modules_import_each_other() -> None:
    assert circle(graph()) == []


@pytest.mark.parametrize(
    "edges, found",
    [
        ({"a": ["b"], "b": ["c"], "c": []}, []),
        ({"a": ["b", "c"], "b": ["c"], "c": []}, []),
        ({"a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
        ({"a": ["b"], "b": ["c"], "c": ["d"], "d": ["b"]}, ["b", "c", "d", "b"]),
    ],
)
def test_a_circle_is_seen(edges: dict[str, list[str]], found: list[str]) -> None:
    assert circle(edges) == found


# Folders inside a layer: each may import what its line names, and itself.
FOLDERS = {
    "converters/read": {"schemas", "converters.read"},
    "converters/regions": {"schemas", "converters.regions", "converters.read", "converters.ledger"},
    "converters/dialects": {
        "schemas",
        "converters.dialects",
        "converters.regions",
        "converters.registry",
    },
    "converters/rows": {"schemas", "converters.rows", "converters.read", "converters.regions"},
    "converters/tasks": {
        "schemas",
        "converters.tasks",
        "converters.rows",
        "converters.regions",
        "converters.dialects",
        "converters.ledger",
        "converters.registry",
    },
    "pipelines/storage": {
        "pipelines.storage",
        "pipelines.errors",
        "pipelines.beam_options",
        "converters.read",
    },
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_only_those_below_it(folder: str) -> None:
    may = FOLDERS[folder]
    assert {
        (path, name)
        for path in modules(folder)
        for name in house(path)
        if name.count(".") and not any(name == top or name.startswith(f"{top}.") for top in may)
    } == set()


@pytest.mark.parametrize("path", modules("schemas"))
def test_schemas_import_nobody_of_the_house(path: str) -> None:
    assert not packages(path) & {"converters", "pipelines", "apache_beam"}


@pytest.mark.parametrize("path", modules("converters"))
def test_converters_import_neither_pipelines_nor_beam(path: str) -> None:
    assert not packages(path) & {"pipelines", "apache_beam"}


@pytest.mark.parametrize("path", modules("converters/formats"))
def test_a_format_imports_no_other_format_and_nothing_that_makes_rows(path: str) -> None:
    others = house(path) - {"converters", "schemas"}
    assert [name for name in others if not any(fnmatch(name, may) for may in FORMAT_MAY)] == []


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

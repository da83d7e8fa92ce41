"""A format, a task and a dialect are found by lying in their package: no file there knows them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import native
import pytest

from converters import catalogue, dialects, formats, tasks
from converters.dialects import DIALECTS
from converters.registry import declared
from converters.tasks import TASKS
from converters.tasks.wordings import pools
from schemas.entry import Entry

MODULE = '''
"""Harbour logs: a picture, a sentence and a box a line."""

from msgspec import Struct

from converters.read.folder import Plan, Span
from schemas.sample import Box, Caption, Picture, Region, Reject, Sample

YIELDS = ("region", "caption")


class Options(Struct, forbid_unknown_fields=True):
    log: str


def plan(folder, options):
    return Plan([Span(folder.slug, "train", 0, (options.log,), records=2)])


def read(folder, options, span, sides):
    for line in folder.bytes_of(span.names[0]).decode().splitlines():
        name, text, *numbers = line.split(";")
        if len(numbers) != 4:
            yield Reject(span.names[0], name, span.split, "missing_field", "no box")
            continue
        region = Region("box", "ship", Box(*map(float, numbers)))
        yield Sample(
            name, span.names[0], span.split, (Picture(name, 100, 100),),
            captions=(Caption("text", text),), regions=(region,),
        )
'''
ENTRY = """
[harbour]
name = "Harbour logs"
home = "https://harbour.example"
tasks = ["grounding", "caption"]
format = "harbour_log"
log = "log.txt"
licence = { annotations = "unstated", images = "unstated" }
evidence = "documented"
"""


@pytest.fixture
def harbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Entry]:
    """The entry of a dataset whose format is one module in a folder of its own."""
    (tmp_path / "formats").mkdir()
    (tmp_path / "formats" / "harbour_log.py").write_text(MODULE)
    (tmp_path / "harbour.toml").write_text(ENTRY)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "log.txt").write_text("a.png;a ship waits .;10;20;30;40\nb.png;a pier .\n")
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path / "formats")])
    entries, faults = catalogue.parse_file(str(tmp_path / "harbour.toml"), "datasets/harbour.toml")
    assert faults == []
    yield entries["harbour"]
    sys.modules.pop("converters.formats.harbour_log", None)
    vars(formats).pop("harbour_log", None)
    catalogue.format_module.cache_clear()


def test_a_format_is_one_module_and_changes_no_other_file(harbour: Entry, tmp_path: Path) -> None:
    found = native.convert(native.dataset(harbour, harbour.tasks, tmp_path / "data"))
    assert [(row["task"], native.words(row)[1]) for row in found.rows] == [
        ("caption", "a ship waits."),
        ("grounding", "The image shows <p>1 ship</p> {<10><20><30><40>|<0>}."),
    ]
    assert found.book["train"]["items"] == {
        "caption": {"read": 1, "used": 1, "rejected": {}, "filtered": {}},
        "region": {"read": 2, "used": 1, "rejected": {"missing_field": 1}, "filtered": {}},
    }


def test_a_new_format_is_among_those_known(harbour: Entry) -> None:
    assert "harbour_log" in catalogue.format_names()


def test_the_tasks_of_a_new_format_follow_from_its_kinds(harbour: Entry, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text(ENTRY.replace('"caption"]', '"vqa"]'))
    assert catalogue.parse_file(str(tmp_path / "wrong.toml"), "wrong.toml")[1] == [
        'wrong.toml [harbour] tasks: format "harbour_log" cannot make "vqa"; it can: caption, '
        "change_caption, description, grounding, identify, refer, rounds"
    ]


def test_the_options_of_a_new_format_are_checked(harbour: Entry, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text(ENTRY.replace("log =", "logg ="))
    [unknown, missing] = catalogue.parse_file(str(tmp_path / "wrong.toml"), "wrong.toml")[1]
    assert unknown.startswith('wrong.toml [harbour] unknown key "logg"; did you mean log?')
    assert missing == 'wrong.toml [harbour] key "log" is missing'


@pytest.mark.parametrize("package", [tasks, dialects], ids=["tasks", "dialects"])
def test_a_task_or_dialect_is_one_module_and_changes_no_other_file(
    package: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {tasks: ("captions", "caption"), dialects: ("plain", "pixel")}
    module, name = known[package]
    words = package.__name__
    lines = [
        "import msgspec",
        f"from {words}.{module} import {words.rpartition('.')[2].upper()} as OTHERS",
        f"[one] = [one for one in OTHERS if one.name == {name!r}]",
        f"{words.rpartition('.')[2].upper()} = [msgspec.structs.replace(one, name='mine')]",
    ]
    (tmp_path / "mine.py").write_text("\n".join(lines))
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, f"{words}.mine", raising=False)
    attribute = words.rpartition(".")[2].upper()
    kind = type(vars(package)[attribute][name])
    found = declared(words, package.__path__, attribute, kind)
    sys.modules.pop(f"{words}.mine", None)
    vars(package).pop("mine", None)
    assert "mine" in found


# What is made from the registries


@pytest.mark.parametrize("name", ["plain", "geochat"])
def test_templates_word_every_task_that_asks_in_our_words(name: str) -> None:
    assert set(pools(name)) == {task.name for task in TASKS.values() if task.worded}


def test_no_file_of_the_package_lists_the_tasks_formats_or_dialects() -> None:
    root = Path(formats.__file__).parent.parent.parent
    names = {
        "tasks": set(TASKS),
        "formats": set(catalogue.format_names()),
        "dialects": set(DIALECTS) - {"geochat"},
    }
    found = {
        (path.relative_to(root).as_posix(), kind)
        for folder in ("converters", "schemas", "pipelines")
        for path in (root / folder).rglob("*.*")
        if path.suffix in (".py", ".json")
        and path.parent.name not in ("tasks", "dialects", "formats")
        for kind, known in names.items()
        if sum(f'"{name}"' in path.read_text(encoding="utf-8") for name in known) > 5
    }
    assert found == set()

"""Entries and TOML files: every fault of a file at once.

Each comes with its file, table and key, and with what is known.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mixes import unlisted

from converters import formats
from converters.catalogue import catalogue, entry_of, parse_file
from schemas.toml import ConfigError, load_toml

ENTRY = """
[mine]
name = "Mine"
home = "https://mine.example"
tasks = ["vqa"]
format = "vqa_json"
annotations = "{split}.json"
images = "Images/{image}"
licence = { annotations = "unstated", images = "unstated" }
evidence = "documented"
"""


def faults(folder: Path, text: str) -> list[str]:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return parse_file(str(path), "datasets/mine.toml")[1]


# Entries


def test_a_right_entry_has_no_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, ENTRY) == []


def test_all_faults_of_a_file_are_named_at_once(tmp_path: Path) -> None:
    text = """
[first]
name = ""
home = "mine.example"
tasks = ["vqa", "capton"]
format = "vqa_json"
images = 7
annotation = "x.json"
licence = { annotations = "unstated", imges = "MIT" }
evidence = "real"
fields = { imge = "Image_ID", question = 3 }
[second]
name = "Second"
home = "https://second.example"
tasks = []
format = "vqa_jsn"
licence = { annotations = "unstated", images = "unstated" }
evidence = "maybe"
"""
    assert unlisted(faults(tmp_path, text)) == sorted(
        [
            "datasets/mine.toml [first] name: '' should be non-empty",
            "datasets/mine.toml [first] home: 'mine.example' does not match '^https?://'",
            'datasets/mine.toml [first.licence] unknown key "imges"',
            'datasets/mine.toml [first.licence] key "images" is missing',
            'datasets/mine.toml [first] unknown key "annotation"',
            'datasets/mine.toml [first] key "annotations" is missing',
            "datasets/mine.toml [first] images: Expected `str | object | array`, got `int`",
            'datasets/mine.toml [first.fields] unknown key "imge"',
            "datasets/mine.toml [first.fields] question: Expected `str | array`, got `int`",
            "datasets/mine.toml [second] tasks: [] should be non-empty",
            "datasets/mine.toml [second] evidence: 'maybe' is not one of "
            "['real', 'documented', 'none']",
            'datasets/mine.toml [second] unknown format "vqa_jsn"',
        ]
    )


@pytest.mark.parametrize(
    ("wrong", "near"), [("annotatoins", "annotations"), ("spokn", "spoken")], ids=["own", "common"]
)
def test_an_unknown_key_is_named_with_the_formats_or_the_common_one_like_it(
    tmp_path: Path, wrong: str, near: str
) -> None:
    [fault] = faults(tmp_path, f"{ENTRY}{wrong} = 1\n")
    head, _, where = fault.partition("? all ")
    assert head == f'datasets/mine.toml [mine] unknown key "{wrong}"; did you mean {near}'
    assert where.endswith(": converters/formats/vqa_json.py and schemas/entry.schema.json")


def test_an_unknown_format_is_named_with_those_like_it(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, ENTRY.replace('"vqa_json"', '"vqa_jsn"'))
    known = fault.partition('[mine] unknown format "vqa_jsn"; ')[2]
    modules = {path.stem for path in Path(formats.__file__).parent.glob("*.py")} - {"__init__"}
    assert known.startswith("did you mean vqa_json")
    assert known.endswith(f"? all {len(modules)}: docs/formats.md")


def test_a_task_that_no_kind_of_the_format_makes_is_named_with_those_possible(
    tmp_path: Path,
) -> None:
    text = ENTRY.replace('["vqa"]', '["vqa", "grounding", "capton"]') + "annotatoins = 1\n"
    assert faults(tmp_path, text)[1:] == [
        'datasets/mine.toml [mine] tasks: format "vqa_json" cannot make "grounding"; '
        "it can: choice, vqa",
        'datasets/mine.toml [mine] tasks: format "vqa_json" cannot make "capton"; '
        "it can: choice, vqa",
    ]


@pytest.mark.parametrize(
    "keys, expected",
    [
        ('home = "https://a.example"\nwhy = "not released"\nevidence = "none"', []),
        ('why = "not released, and no page"\nevidence = "none"', []),
        ('home = "https://a.example"\nevidence = "none"', ['key "why" is missing: there is no']),
        ('evidence = "none"', ['key "home" is missing; where', 'key "why" is missing: there is']),
        (
            'home = "https://a.example"\nwhy = "gone"\nevidence = "real"',
            ['evidence: "real" of a dataset without a format'],
        ),
        (
            'home = "https://a.example"\nwhy = "gone"\nevidence = "none"\nannotations = "x"',
            ['key "annotations" belongs to a format'],
        ),
        (
            'home = "https://a.example"\nevidence = "real"\nformat = "vqa_json"\n'
            'annotations = "x"\nimages = "y"',
            ['key "tasks" is missing'],
        ),
    ],
)
def test_an_entry_without_a_format_says_why(tmp_path: Path, keys: str, expected: list[str]) -> None:
    licence = 'licence = { annotations = "unstated", images = "unstated" }'
    found = faults(tmp_path, f'[mine]\nname = "Mine"\n{licence}\n{keys}\n')
    assert len(found) == len(expected)
    for line, words in zip(found, expected, strict=True):
        assert line.startswith(f"datasets/mine.toml [mine] {words}")


@pytest.mark.parametrize(
    "line, fault",
    [
        ("size = [800]", "size: [800] is too short"),
        ("sensor = 7", "sensor: 7 is not of type 'string'"),
        ("gsd = 0", "gsd: 0 is less than or equal to the minimum of 0"),
        ("max_reject = 2", "max_reject: 2 is greater than the maximum of 1"),
        ('folder = "../x"', "folder: '../x' does not match '^[a-z0-9_]+$'"),
        (
            "splits = { train = -1 }",
            "datasets/mine.toml [mine.splits] train: -1 is less than the minimum of 0",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_it_should_be(
    tmp_path: Path, line: str, fault: str
) -> None:
    assert faults(tmp_path, f"{ENTRY}{line}\n") == [
        fault if fault.startswith("datasets") else f"datasets/mine.toml [mine] {fault}"
    ]


def test_a_format_that_is_no_name_is_named_once(tmp_path: Path) -> None:
    found = faults(tmp_path, ENTRY.replace('"vqa_json"', "7"))
    assert found == ["datasets/mine.toml [mine] format: 7 is not of type 'string'"]


def test_a_key_beside_the_tables_is_no_entry(tmp_path: Path) -> None:
    assert faults(tmp_path, f"x = 1\n{ENTRY}") == [
        "datasets/mine.toml [x] 1 is not of type 'object'"
    ]


def test_the_folder_of_an_entry_is_its_slug_unless_it_says_so(tmp_path: Path) -> None:
    assert (catalogue()["dior"].folder, catalogue()["dior_r"].folder) == ("dior", "dior")


def test_a_faulty_entry_leaves_the_others_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f"{ENTRY}\n[other]\nname = 'Other'\n")
    assert list(parse_file(str(path), "mine.toml")[0]) == ["mine"]


def test_an_unknown_dataset_is_named_with_those_like_it() -> None:
    with pytest.raises(ConfigError) as error:
        entry_of("rsicdd")
    assert str(error.value).startswith('unknown dataset "rsicdd"; did you mean rsicd')
    assert str(error.value).endswith(f"? all {len(catalogue())}: earthmix datasets")


def test_every_slug_is_a_word_that_folders_and_rows_can_have() -> None:
    assert [slug for slug in catalogue() if not re.fullmatch("[a-z0-9_]+", slug)] == []


# TOML files


@pytest.mark.parametrize(
    "text, fault",
    [
        ("a = [1", "mine.toml: "),
        ("a = nan", "mine.toml: nan is no finite number"),
        ("a = -inf", "mine.toml: -inf is no finite number"),
    ],
)
def test_what_is_no_toml_is_named_with_its_file(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_toml(str(path))
    assert str(error.value).startswith(f"{tmp_path}/{fault}")


def test_text_that_is_not_utf_8_is_named_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b'a = "\xff"')
    with pytest.raises(ConfigError, match=r"mine.toml: .*codec"):
        load_toml(str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: no such file"):
        load_toml(str(tmp_path / "none.toml"))

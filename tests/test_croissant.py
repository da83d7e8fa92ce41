"""croissant.json: the format's own library finds no error in it, and reads the rows by it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import runs

from converters.tasks import TASKS
from pipelines.card import hub
from pipelines.card.render import front_matter


@pytest.fixture(scope="module")
def mixed(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("mixed") / "out"
    assert runs.mix(sample, out, "--take", "9").code == 0
    return out


def test_the_library_reads_the_rows_down_to_their_nested_fields(mixed: Path) -> None:
    import mlcroissant

    # Raises where the file breaks a rule.
    dataset = mlcroissant.Dataset(jsonld=str(mixed / "croissant.json"))
    read = {record["rows/id"].decode(): record for record in dataset.records("rows")}
    rows = {row["id"]: row for row in runs.rows(mixed)}
    assert read.keys() == rows.keys()
    for row_id, row in rows.items():
        told = read[row_id]["rows/conversations"]
        assert [text.decode() for text in told["rows/conversations/value"]] == [
            turn["value"] for turn in row["conversations"]
        ]
        boxes = read[row_id]["rows/regions"]
        if row["regions"]:
            assert [[*map(float, box)] for box in boxes["rows/regions/bbox"]] == [
                region["bbox"] for region in row["regions"]
            ]


def test_every_parquet_file_is_listed_with_its_hash(mixed: Path) -> None:
    page = json.loads((mixed / "croissant.json").read_text())
    listed = {file["@id"]: file["sha256"] for file in page["distribution"] if "sha256" in file}
    assert listed == {
        path.relative_to(mixed).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in mixed.rglob("*.parquet")
    }


def test_sources_are_named_as_what_the_mix_was_derived_from(mixed: Path) -> None:
    page = json.loads((mixed / "croissant.json").read_text())
    assert [(one["name"], one["license"]) for one in page["prov:wasDerivedFrom"]][:2] == [
        ("DIOR-R", ["CC-BY-NC-4.0", "Google Earth terms"]),
        ("DOTA-v1.0", ["academic use only", "Google Earth terms; others academic only"]),
    ]


# The hub's own words


def test_the_front_matter_holds_only_what_the_hub_knows(mixed: Path) -> None:
    assert hub.faults(front_matter(runs.card(mixed))) == []


def test_the_hub_knows_every_task() -> None:
    words: dict[str, Any] = {"task_categories": [w for task in TASKS.values() for w in task.hub]}
    assert hub.faults(words) == []


def test_a_word_that_the_hub_does_not_know_is_named() -> None:
    assert hub.faults(
        {"license": "cc-by-9.9", "task_categories": ["image-to-text", "looking"]}
    ) == [
        'README.md license: the hub knows no "cc-by-9.9"',
        'README.md task_categories: the hub knows no "looking"',
    ]

"""What every row of a text has in common: the rules of a conversation, and ids and choices that stay the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from native import DATA, ROOTS, changed, convert, dataset, picture

from converters.catalogue import catalogue
from schemas.conversation import faults

RSICD, LR = catalogue()["rsicd"], catalogue()["rsvqa_lr"]
EVERY: dict[str, Any] = {
    "rsicd": "caption",
    "levir_cc": "change_caption",
    "rsvqa_lr": "vqa",
    "floodnet_vqa": "vqa",
    "aid": "classification",
}


@pytest.mark.parametrize("slug", EVERY)
def test_every_row_keeps_the_rules_of_a_conversation(slug: str) -> None:
    assert [
        faults(row)
        for row in convert(dataset(catalogue()[slug], [EVERY[slug]])).rows
        if faults(row)
    ] == []


@pytest.mark.parametrize(
    "slug, count, row_id",
    [
        ("rsicd", 6, "29c2f36e4c95cf825bf10715"),
        ("levir_cc", 3, "0017e96f477e26cc75022269"),
        ("rsvqa_lr", 3, "c2027dfedd68cb9d61e88e42"),
        ("floodnet_vqa", 3, "f9e4fbb60ef335df665d8c26"),
        ("aid", 4, "b2eef503affb1abcea295e3d"),
    ],
)
def test_ids_never_change(slug: str, count: int, row_id: str) -> None:
    ids = [row["id"] for row in convert(dataset(catalogue()[slug], [EVERY[slug]])).rows]
    assert (len(set(ids)), row_id in ids) == (count, True)


def test_an_id_is_the_same_in_every_image_mode(tmp_path: Path) -> None:
    shutil.copytree(DATA / ROOTS["rsicd"], tmp_path, dirs_exist_ok=True)
    picture(tmp_path / "RSICD_images/airport_1.jpg")
    first, second = (
        [
            row["id"]
            for row in convert(
                dataset(RSICD, ["caption"], tmp_path, images=mode, splits=["train"])
            ).rows
        ]
        for mode in ("path", "embed")
    )
    assert first == second


@pytest.mark.parametrize("change", [{"templates": "geochat"}, {"seed": 9}, {"dialect": "pixel"}])
def test_an_id_does_not_depend_on_how_the_row_is_worded(change: dict[str, Any]) -> None:
    first, second = (
        [row["id"] for row in convert(dataset(RSICD, ["caption"], **settings)).rows]
        for settings in ({}, change)
    )
    assert first == second


def test_an_id_does_not_depend_on_the_order_of_records(tmp_path: Path) -> None:
    text = json.loads((DATA / ROOTS["rsicd"] / "dataset_rsicd.json").read_text())
    (tmp_path / "dataset_rsicd.json").write_text(json.dumps({"images": text["images"][::-1]}))
    first, second = (
        sorted(row["id"] for row in convert(dataset(RSICD, ["caption"], root)).rows)
        for root in (None, tmp_path)
    )
    assert first == second


def test_an_id_does_not_depend_on_the_order_of_tables(tmp_path: Path) -> None:
    for file in (DATA / ROOTS["rsvqa_lr"]).iterdir():
        [(name, rows)] = json.loads(file.read_text()).items()
        (tmp_path / file.name).write_text(json.dumps({name: rows[::-1]}))
    first, second = (
        sorted(row["id"] for row in convert(dataset(LR, ["vqa"], root)).rows)
        for root in (None, tmp_path)
    )
    assert first == second


@pytest.mark.parametrize(
    "change", [{"slug": "rsicd_2"}, {"options": {**RSICD.options, "images": "images/{filename}"}}]
)
def test_another_dataset_or_picture_has_another_id(change: dict[str, Any]) -> None:
    ids = [
        {row["id"] for row in convert(dataset(entry, ["caption"], DATA / ROOTS["rsicd"])).rows}
        for entry in (RSICD, changed("rsicd", **change))
    ]
    assert ids[0].isdisjoint(ids[1])


def test_the_wording_that_an_id_and_a_seed_choose_never_changes() -> None:
    rows = convert(dataset(RSICD, ["caption"], templates="geochat", seed=1)).rows
    chosen = [str(row["template"])[-1] for row in sorted(rows, key=lambda row: str(row["id"]))]
    assert chosen == ["0", "0", "0", "0", "2", "0"]


def test_the_wording_is_chosen_by_the_id_and_the_seed() -> None:
    chosen = [
        [
            row["template"]
            for row in convert(dataset(RSICD, ["caption"], templates="geochat", seed=seed)).rows
        ]
        for seed in (1, 1, 2)
    ]
    assert (chosen[0] == chosen[1], chosen[0] == chosen[2]) == (True, False)


def test_a_source_gets_only_its_own_splits() -> None:
    one, other = (dataset(RSICD, ["caption"], splits=[split]).jobs[0] for split in ("train", "val"))
    both = dataset(RSICD, ["caption"], splits=["train", "val"])
    found = convert(type(both)(both.entry, both.source, [one, other], both.images))
    assert sorted(row["split"] for row in found.rows) == ["train", "train", "train", "val"]

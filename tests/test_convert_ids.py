"""What every row of a text has in common.

The rules of a conversation, and ids and choices that stay the same.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import xxhash
from native import DATA, ROOTS, changed, convert, dataset, picture

from converters.catalogue import catalogue
from schemas.conversation import faults

RSICD, LR, LEVIR = (catalogue()[slug] for slug in ("rsicd", "rsvqa_lr", "levir_cc"))
EVERY: dict[str, Any] = {
    "rsicd": "caption",
    "levir_cc": "change_caption",
    "rsvqa_lr": "vqa",
    "floodnet_vqa": "vqa",
    "aid": "classification",
    "geochat_instruct": "conversation",
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
        ("rsicd", 6, "ef1199e20325089bb32f2ca0"),
        ("levir_cc", 3, "05c9df88abda5e5de5408823"),
        ("rsvqa_lr", 3, "a7cab1d7fd538f120bb62638"),
        ("floodnet_vqa", 3, "d3555d464ed1a5c6d6857d08"),
        ("aid", 4, "ed0a577ef328b7a8e74dc1fa"),
        ("geochat_instruct", 6, "b0e34b2181b44111d48349c6"),
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
    assert chosen == ["1", "0", "1", "1", "1", "1"]


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
    found = convert(type(both)(both.entry, both.folder, [one, other], both.images))
    assert sorted(row["split"] for row in found.rows) == ["train", "train", "train", "val"]


# The published definition (docs/identity.md), in plain Python


def scramble(word: int) -> int:
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    word = (word ^ word >> 27) * 0x94D049BB133111EB % 2**64
    return word ^ word >> 31


def combine(*parts: tuple[int, int]) -> tuple[int, int]:
    total = [0xC2B2AE3D27D4EB4F] * 2
    for part in parts:
        total = [
            (scramble(half ^ word) + 0x9E3779B97F4A7C15) % 2**64
            for half, word in zip(total, part, strict=True)
        ]
    return total[0], total[1]


def hashed(text: str) -> tuple[int, int]:
    digest = xxhash.xxh3_128_digest(text.encode())
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big")


def test_an_id_can_be_computed_by_its_published_definition() -> None:
    [row] = convert(dataset(LEVIR, ["change_caption"], splits=["test"])).rows[:1]
    pictures = (0, 0)
    for path in ("images/test/A/test_000002.png", "images/test/B/test_000002.png"):
        pictures = combine(pictures, hashed(path))
    said = combine(hashed("change_caption"), hashed("the scene is the same as before."))
    native = "test_000002.png#sentences[0]"
    whole = combine(hashed("levir_cc"), hashed("test"), hashed(native), pictures, said)
    assert row["id"] == f"{whole[0]:016x}{whole[1]:016x}"[:24]

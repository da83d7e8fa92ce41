"""Rows and pictures that splits of a mix have in common: counted, shown on the card, told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import runs
from card_data import section, two
from PIL import Image
from shard_files import rule_of
from tables import key, row, table

from pipelines import shards
from pipelines.card.render import card_faults
from pipelines.overlap import overlaps
from pipelines.result import Overlap


def found(*rows: dict[str, Any]) -> dict[Overlap, int]:
    """What the splits of a shard have in common."""
    whole = table(*rows)
    chosen = shards.choose(whole, [rule_of("ponds", 1, None), rule_of("lakes", 1, None)], 7, {})
    return dict(overlaps(whole, chosen))


def test_duplicates_are_counted_by_the_split_they_repeat() -> None:
    lakes = {"dataset": "lakes", "source": 1}
    same = {"dedup": key(9)}
    assert found(
        row(1, **same), row(2, **same), row(3, **same, **lakes), row(4, **same, split="test")
    ) == {
        Overlap("rows", "ponds", "train", "ponds", "train"): 1,
        Overlap("rows", "lakes", "train", "ponds", "train"): 1,
        Overlap("rows", "ponds", "test", "ponds", "train"): 1,
    }


def test_a_picture_counts_once_for_each_pair_of_splits() -> None:
    shown, other = {"home": key(50)}, {"home": key(51)}
    test, lakes = {"split": "test"}, {"dataset": "lakes", "source": 1}
    assert found(
        row(1, **shown),
        row(2, **shown),
        row(3, **shown, **test),
        row(4, **shown, **lakes),
        row(5, **other, **test),
        row(6, **other),
        row(7, home=key(52)),
        row(8, home=key(53), **test),
    ) == {
        Overlap("pictures", "ponds", "test", "ponds", "train"): 2,
        Overlap("pictures", "lakes", "train", "ponds", "test"): 1,
        Overlap("pictures", "lakes", "train", "ponds", "train"): 1,
    }


def test_a_picture_of_dropped_rows_alone_is_not_shared() -> None:
    same = {"dedup": key(9), "home": key(50)}
    assert found(row(1, **same), row(2, **same, split="test")) == {
        Overlap("rows", "ponds", "test", "ponds", "train"): 1
    }


def test_homes_that_share_their_first_half_are_two_pictures() -> None:
    assert found(row(1, home=key(1, high=5)), row(2, home=key(2, high=5), split="test")) == {}


def test_an_empty_shard_has_nothing_in_common() -> None:
    assert found() == {}


# The card


def pair(count: int, leak: bool = True) -> Any:
    names = {"dataset": "ships", "split": "train", "other_dataset": "ships", "other_split": "val"}
    return {**names, "count": count, "leak": leak}


def test_the_card_shows_which_rows_repeat_which_and_marks_leaks() -> None:
    summary: Any = two() | {"overlaps": {"rows": [pair(3, False)], "pictures": [pair(1_200)]}}
    text = section(summary, "What sources have in common")
    assert "| `ships` | train | `ships` | val | 3 |  |" in text
    assert "| `ships` | train | `ships` | val | 1,200 | yes |" in text


def test_the_card_says_that_nothing_is_in_common() -> None:
    text = section(
        two() | {"overlaps": {"rows": [], "pictures": []}}, "What sources have in common"
    )
    assert "No row was a duplicate of another." in text
    assert "No picture is shown by rows of two splits." in text


def test_pairs_that_are_not_the_ledgers_duplicates_are_a_fault_of_the_card() -> None:
    summary: Any = two() | {"overlaps": {"rows": [pair(999)], "pictures": []}}
    [line] = [line for line in card_faults(summary) if "ships train" in line]
    assert line.startswith("card.json [overlaps.rows] ships train: 999 duplicates, but the ledger")


# A run


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    """RSICD's layout: one picture under two names, in train and in test, with other captions."""
    folder = tmp_path / "data" / "rsicd"
    (folder / "RSICD_images").mkdir(parents=True)
    images = []
    for name, split, shade in (("a", "train", 10), ("b", "test", 10), ("c", "train", 90)):
        Image.new("RGB", (8, 8), (shade,) * 3).save(folder / "RSICD_images" / f"{name}.png")
        said = [{"raw": f"Pond {name} is here."}, {"raw": f"Pond {name} is here."}]
        images.append({"filename": f"{name}.png", "split": split, "sentences": said})
    (folder / "dataset_rsicd.json").write_bytes(msgspec.json.encode({"images": images}))
    return tmp_path


def test_a_run_tells_what_its_splits_share(leaky: Path) -> None:
    out = leaky / "out"
    ended = runs.earthmix("convert", "rsicd", "--data-root", leaky / "data", "--out", out)
    line = (
        "pictures in rows for training and in rows for evaluation: rsicd test and rsicd train 1 "
        "(see the card)"
    )
    assert (ended.code, line in ended.out.splitlines()) == (0, True), ended
    test = {"dataset": "rsicd", "split": "test", "other_dataset": "rsicd"}
    assert msgspec.json.decode((out / "card.json").read_bytes())["overlaps"] == {
        "rows": [
            {**test, "other_split": "test", "count": 1, "leak": False},
            {**test, "split": "train", "other_split": "train", "count": 2, "leak": False},
        ],
        "pictures": [{**test, "other_split": "train", "count": 1, "leak": True}],
    }
    assert "| `rsicd` | test | `rsicd` | train | 1 | yes |" in (out / "README.md").read_text()

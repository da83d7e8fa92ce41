"""The number of shards that a plan has."""

from __future__ import annotations

from pathlib import Path

import pytest
from planned import planned

from pipelines import plan as planning


@pytest.fixture
def tens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of ten rows. The sample's AID has twelve pictures, and one row each is expected."""
    monkeypatch.setattr(planning, "SHARD_ROWS", 10)


def shards(root: Path, *targets: str, images: str = "path", changes: tuple[str, ...] = ()) -> int:
    return planned(root, *targets, images=images, changes=changes).shards


def test_small_data_has_one_shard(sample: Path) -> None:
    assert shards(sample, "aid") == 1


def test_rows_make_shards(tens: None, sample: Path) -> None:
    assert shards(sample, "aid") == 2


@pytest.mark.parametrize(
    "change, number",
    [
        ("sources.aid.take=10", 1),
        ("sources.aid.take=100", 2),
        ("sources.aid.weight=0.5", 1),
        ("sources.aid.weight=4", 5),
    ],
)
def test_caps_and_weights_count(tens: None, sample: Path, change: str, number: int) -> None:
    assert shards(sample, "aid", changes=(change,)) == number


def test_bytes_make_shards(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [path.stat().st_size for path in (sample / "aid").rglob("*.jpg")]
    monkeypatch.setattr(planning, "SHARD_BYTES", sum(sizes) // 3)
    assert (shards(sample, "aid"), shards(sample, "aid", images="embed")) == (1, 4)


def test_a_picture_counts_once_whatever_its_rows(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 12 questions a picture, each row about 800 bytes besides
    sizes = [path.stat().st_size for path in (sample / "rsvqa_lr").rglob("*.tif")]
    monkeypatch.setattr(planning, "SHARD_BYTES", sum(sizes) + 250_000)
    assert shards(sample, "rsvqa_lr", images="embed") == 1


@pytest.mark.parametrize("take, number", [(3, 1), (6, 2), (12, 4)])
def test_a_few_rows_show_a_few_pictures(
    sample: Path, monkeypatch: pytest.MonkeyPatch, take: int, number: int
) -> None:
    sizes = [path.stat().st_size for path in (sample / "aid").rglob("*.jpg")]
    monkeypatch.setattr(planning, "SHARD_BYTES", sum(sizes) // 3)
    changes = (f"sources.aid.take={take}",)
    assert shards(sample, "aid", images="embed", changes=changes) == number


def test_there_are_never_too_many_shards(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SHARD_BYTES", 1)
    assert shards(sample, "aid") == 4096


def test_the_seed_does_not_change_their_number(tens: None, sample: Path) -> None:
    assert shards(sample, "aid", changes=("seed=9",)) == shards(sample, "aid")

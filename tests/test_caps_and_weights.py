"""Caps and weights of sources in whole runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import runs

from pipelines import plan


def test_a_cap_takes_so_many_rows(sample: Path, tmp_path: Path) -> None:
    runs.convert(
        sample, tmp_path / "out", "--images", "path", "--set", "sources.ucm_captions.take=7"
    )
    assert runs.card(tmp_path / "out")["rows"] == 7


def test_a_cap_takes_the_same_rows_from_any_number_of_shards(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--images", "path", "--set", "sources.ucm_captions.take=7")
    runs.convert(sample, tmp_path / "one", *words)
    monkeypatch.setattr(plan, "SHARD_ROWS", 2)
    runs.convert(sample, tmp_path / "four", *words)
    assert (len(runs.shards(tmp_path / "four")), runs.ids(tmp_path / "four")) == (
        4,
        runs.ids(tmp_path / "one"),
    )


def test_what_a_cap_leaves_out_is_a_reject(sample: Path, tmp_path: Path) -> None:
    runs.convert(
        sample, tmp_path / "out", "--images", "path", "--set", "sources.ucm_captions.take=7"
    )
    assert sum(reject["reason"] == "sampled_out" for reject in runs.rejects(tmp_path / "out")) == 11


def test_a_weight_repeats_rows(small: Path, sample: Path, tmp_path: Path) -> None:
    runs.convert(
        sample, tmp_path / "out", "--images", "path", "--set", "sources.ucm_captions.weight=2"
    )
    assert runs.ids(tmp_path / "out") == {
        f"{row_id}{end}" for row_id in runs.ids(small) for end in ("", "-2")
    }


def test_a_mix_of_many_repeats_passes_verify(sample: Path, tmp_path: Path) -> None:
    runs.convert(
        sample, tmp_path / "out", "--images", "path", "--set", "sources.ucm_captions.weight=11"
    )
    assert runs.earthmix("verify", tmp_path / "out").code == 0

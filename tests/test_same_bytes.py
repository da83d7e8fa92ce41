"""The same input gives the same bytes, whatever the workers, image mode and number of shards."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import runs

from pipelines import plan


@pytest.mark.parametrize("workers", ["auto", "1"])
def test_another_run_gives_the_same_files(
    mixed: Path, sample: Path, tmp_path: Path, workers: str
) -> None:
    assert runs.mix(sample, tmp_path / "out", "--workers", workers).code == 0
    assert runs.digests(tmp_path / "out") == runs.digests(mixed)


@pytest.mark.parametrize("workers, seed", [("2", "1"), ("1", "2")])
def test_another_process_gives_the_same_files(
    mixed: Path, sample: Path, tmp_path: Path, workers: str, seed: str
) -> None:
    run = runs.start_mix(sample, tmp_path / "out", "--workers", workers, PYTHONHASHSEED=seed)
    assert runs.end(run).code == 0
    assert runs.digests(tmp_path / "out") == runs.digests(mixed)


def test_the_data_may_lie_elsewhere(small: Path, sample: Path, tmp_path: Path) -> None:
    runs.convert(runs.captions(sample, tmp_path / "moved"), tmp_path / "out", "--images", "path")
    assert runs.digests(tmp_path / "out") == runs.digests(small)


def test_a_mix_that_stands_in_out_is_replaced(
    small: Path, mixed: Path, sample: Path, tmp_path: Path
) -> None:
    shutil.copytree(mixed, tmp_path / "out")
    runs.convert(sample, tmp_path / "out", "--images", "path")
    assert runs.digests(tmp_path / "out") == runs.digests(small)


@pytest.fixture(scope="module")
def by_path(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("by_path") / "out"
    assert runs.mix(sample, out, "--images", "path", "--tile", "off").code == 0
    return out


@pytest.fixture(scope="module")
def reencoded(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reencoded") / "out"
    assert runs.mix(sample, out, "--images", "reencode").code == 0
    return out


def test_encoding_anew_keeps_every_id(mixed: Path, reencoded: Path) -> None:
    assert runs.ids(reencoded) == runs.ids(mixed)


def test_path_mode_gives_the_same_ids_and_those_of_pictures_that_it_does_not_look_at(
    whole: Path, by_path: Path
) -> None:
    # Dedup knows a picture by its bytes, or by its path where it was not read: the copy of a
    # picture stays then, and so does an empty one.
    kept = {row["id"]: row["images"][0]["path"] for row in runs.rows(by_path, "id", "images")}
    assert runs.ids(whole) - kept.keys() == set()
    assert {kept[row_id] for row_id in kept.keys() - runs.ids(whole)} == {
        "dior/JPEGImages-trainval/00011.jpg",
        "nwpu_resisc45/NWPU-RESISC45/lake/lake_002.jpg",
        "nwpu_resisc45/NWPU-RESISC45/stadium/stadium_002.jpg",
    }


def test_path_mode_says_the_same_words(whole: Path, by_path: Path) -> None:
    words = {row["id"]: row["conversations"] for row in runs.rows(by_path, "id", "conversations")}
    assert [
        row["id"]
        for row in runs.rows(whole, "id", "conversations")
        if words[row["id"]] != row["conversations"]
    ] == []


def test_path_mode_holds_no_bytes(by_path: Path) -> None:
    assert {image["bytes"] for row in runs.rows(by_path, "images") for image in row["images"]} == {
        None
    }


def test_pictures_encoded_anew_are_jpeg_or_png(reencoded: Path) -> None:
    assert {
        image["bytes"][:4] for row in runs.rows(reencoded, "images") for image in row["images"]
    } == {b"\xff\xd8\xff\xe0", b"\x89PNG"}


def test_paths_of_pictures_encoded_anew_end_as_their_bytes_begin(reencoded: Path) -> None:
    endings = {
        (Path(image["path"]).suffix, image["bytes"][:4])
        for row in runs.rows(reencoded, "images")
        for image in row["images"]
    }
    assert endings == {
        (".jpg", b"\xff\xd8\xff\xe0"),
        (".JPG", b"\xff\xd8\xff\xe0"),
        (".png", b"\x89PNG"),
    }


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """More shards than one for so little data."""
    monkeypatch.setattr(plan, "SHARD_ROWS", 200)


def by_id(row: dict[str, Any]) -> str:
    return str(row["id"])


def test_a_picture_lies_in_one_shard(cut: None, sample: Path, tmp_path: Path) -> None:
    runs.mix(sample, tmp_path / "out")
    found = [
        {digest for [digest] in pq.read_table(path)["image_sha256"].to_pylist()}
        for path in sorted((tmp_path / "out" / "data").iterdir())
    ]
    assert len(found) > 2 and sum(map(len, found)) == len(set.union(*found))


def test_the_number_of_shards_changes_no_row(
    cut: None, by_path: Path, sample: Path, tmp_path: Path
) -> None:
    runs.mix(sample, tmp_path / "out", "--images", "path", "--tile", "off")
    assert len(runs.shards(tmp_path / "out")) > 2
    assert sorted(runs.rows(tmp_path / "out"), key=by_id) == sorted(runs.rows(by_path), key=by_id)


def test_a_shard_without_rows_is_no_fault(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "SHARD_BYTES", 200)  # a row counts as 800 bytes
    runs.convert(
        sample, tmp_path / "out", "--images", "path", "--set", "sources.ucm_captions.take=1"
    )
    assert (
        runs.earthmix("verify", tmp_path / "out").out
        == f"{tmp_path}/out: 1 row in 4 shards, as the manifest says\n"
    )

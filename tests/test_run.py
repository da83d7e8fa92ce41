"""Whole runs of the geochat-style mix on the built-in sample data: what they write and say."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import runs
from PIL import Image

# What comes out


def test_datasets_that_share_a_folder_take_their_own_pictures(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample / "dior", tmp_path / "other")
    pictures = sorted((tmp_path / "other").rglob("*.jpg"))
    for path in pictures:
        Image.new("RGB", Image.open(path).size, "red").save(path)
    ended = runs.earthmix(
        *("convert", "dior", "dior_r", "--data-root", sample, "--out", tmp_path / "out"),
        *("--path", f"dior_r={tmp_path}/other", "--set", "max_reject=0.5"),
    )
    assert (ended.code, ended.err) == (0, "")
    red = {path.read_bytes() for path in pictures}
    found = {
        (row["dataset"], row["images"][0]["bytes"] in red)
        for row in runs.rows(tmp_path / "out", "dataset", "images")
    }
    assert found == {("dior", False), ("dior_r", True)}


def test_every_source_gives_rows(mixed: Path) -> None:
    tasks = {("rsvqa_lr", "vqa"), ("floodnet_vqa", "vqa"), ("nwpu_resisc45", "classification")}
    boxes = {
        (slug, task)
        for slug in ("dota_v1", "dior_r", "fair1m")
        for task in ("grounding", "identify", "refer", "description", "rounds")
    }
    assert {
        (row["dataset"], row["task"]) for row in runs.rows(mixed, "dataset", "task")
    } == tasks | boxes


def shown(out: Path) -> list[str]:
    """The picture of each row, by its bytes where they are known."""
    return [
        (row["image_sha256"] or [row["images"][0]["path"]])[0]
        for row in runs.rows(out, "images", "image_sha256")
    ]


def test_rows_of_a_picture_lie_together_in_order_of_ids(mixed: Path) -> None:
    ids = runs.table(mixed)["id"].to_pylist()
    together = [
        [row_id for _, row_id in some]
        for _, some in itertools.groupby(zip(shown(mixed), ids, strict=True), lambda pair: pair[0])
    ]
    assert len(together) == len(set(shown(mixed)))
    assert [some for some in together if some != sorted(some)] == []


def test_each_picture_is_written_about_once(mixed: Path) -> None:
    distinct = {image["bytes"] for row in runs.rows(mixed, "images") for image in row["images"]}
    [shard] = (mixed / "data").iterdir()
    groups = pq.ParquetFile(shard).metadata
    written = sum(
        groups.row_group(g).column(c).total_compressed_size
        for g in range(groups.num_row_groups)
        for c in range(groups.num_columns)
        if groups.row_group(g).column(c).path_in_schema == "images.list.element.bytes"
    )
    assert written <= 1.01 * sum(map(len, distinct))


def test_the_card_states_both_sizes(mixed: Path, tmp_path: Path) -> None:
    import datasets

    card = runs.card(mixed)
    [shard] = (mixed / "data").iterdir()
    loaded = datasets.load_dataset(str(mixed), cache_dir=str(tmp_path))["train"]
    cache = sum(Path(file["filename"]).stat().st_size for file in loaded.cache_files)
    assert card["download_size"] == shard.stat().st_size
    assert cache == pytest.approx(card["dataset_size"], rel=0.02)


def test_a_streaming_reader_gets_every_row_with_its_picture(whole: Path, sample: Path) -> None:
    import datasets

    rows = datasets.load_dataset(str(whole), split="train", streaming=True)
    found = [
        image
        for row in rows.cast_column("images", datasets.List(datasets.Image(decode=False)))
        for image in row["images"]
    ]
    assert len(found) == sum(len(row["images"]) for row in runs.rows(whole, "images"))
    assert [i["path"] for i in found if (sample / i["path"]).read_bytes() != i["bytes"]] == []


def test_verify_passes(mixed: Path) -> None:
    assert runs.earthmix("verify", mixed) == (
        0,
        f"{mixed}: 911 rows in 1 shard, as the manifest says\n",
        "",
    )


def test_datasets_loads_rows_whose_pictures_decode(mixed: Path, tmp_path: Path) -> None:
    import datasets

    loaded = datasets.load_dataset(str(mixed), cache_dir=str(tmp_path))["train"]
    sizes = [
        [{"width": image.convert("RGB").width, "height": image.height} for image in row["images"]]
        for row in loaded
    ]
    assert len(sizes) == 911 and sizes == loaded["sizes"][:]


def test_bytes_are_those_of_the_native_files(whole: Path, sample: Path) -> None:
    images = [image for row in runs.rows(whole, "images") for image in row["images"]]
    assert [
        image["path"] for image in images if (sample / image["path"]).read_bytes() != image["bytes"]
    ] == []


def test_nothing_but_the_mix_is_in_out(mixed: Path) -> None:
    shard, dropped = "data/train-00000-of-00001.parquet", "rejects/rejects-00000-of-00001.parquet"
    folders = ["data", "plots", "preview", "rejects"]
    about = ["README.md", "card.json", "croissant.json", "manifest.json", "preview/index.html"]
    about += [f"plots/{name}.png" for name in ("boxes", "composition", "lengths", "rejects")]
    assert runs.left(mixed) == sorted([*folders, *about, shard, dropped])


def test_the_manifest_lists_every_other_file(mixed: Path) -> None:
    assert {path: about["sha256"] for path, about in runs.manifest(mixed)["files"].items()} == {
        path: digest for path, digest in runs.digests(mixed).items() if path != "manifest.json"
    }


def test_a_run_ends_in_a_few_lines(sample: Path, tmp_path: Path) -> None:
    ended = runs.earthmix(
        "mix",
        "geochat-style",
        "--data-root",
        sample,
        "--out",
        tmp_path / "out",
    )
    assert ended.out.splitlines() == [
        f"wrote 911 rows of 6 datasets in 1 shard to {tmp_path}/out",
        "dropped for a fault: zero_area 3, missing_image 2, truncated_image 2, bad_box "
        "1, dangling_reference 1, duplicate_region 1, unreadable_image 1",
        "dropped by choice (policy): ignored 4, duplicate 2, inactive 1",
        "repaired: clipped 3",
        f'load it: datasets.load_dataset("{tmp_path}/out")["train"]',
    ]


def test_a_quiet_run_says_nothing(sample: Path, tmp_path: Path) -> None:
    assert runs.convert(sample, tmp_path / "out") == (0, "", "")


# Splits


def test_native_splits_are_splits_of_datasets(sample: Path, tmp_path: Path) -> None:
    import datasets

    out = tmp_path / "out"
    assert runs.convert(sample, out, "--splits", "native", "--images", "path").code == 0
    loaded = datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
    assert {name: set(rows["split"]) for name, rows in loaded.items()} == {
        "train": {"train"},
        "val": {"val"},
        "test": {"test"},
    }
    whole = tmp_path / "whole"
    assert runs.convert(sample, whole, "--images", "path").code == 0
    assert runs.ids(out) == runs.ids(whole)
    assert runs.earthmix("verify", out).code == 0

"""Whole runs of the geochat-style mix on the built-in sample data: what comes out, that it is the
same each time, and what is left when a run ends early.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import runs
from PIL import Image

from pipelines import parquet, plan
from pipelines.run import smallest_max_reject

# Faults and policies of the sample's records, as its modules name them.
FAULTS = {
    "bad_box": 1,
    "dangling_reference": 1,
    "duplicate_region": 1,
    "missing_image": 2,
    "truncated_image": 2,
    "unreadable_image": 1,
    "zero_area": 3,
}
POLICIES = {"duplicate": 2, "ignored": 4, "inactive": 1}


def add(*parts: dict[str, int]) -> int:
    return sum(n for part in parts for n in part.values())


def pages(out: Path) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{slug} {split}", page)
        for slug, splits in runs.card(out)["ledger"].items()
        for split, page in splits.items()
    ]


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


def test_every_question_of_rsvqa_is_accounted_for(mixed: Path) -> None:
    # 12 training pictures, 12 questions each, one of them asked twice; one is switched off and one
    # has no answer
    assert runs.card(mixed)["ledger"]["rsvqa_lr"]["train"] == {
        "items": {
            "question": {
                "read": 145,
                "used": 143,
                "rejected": {"dangling_reference": 1},
                "filtered": {"inactive": 1},
            }
        },
        "rows": {
            "built": 143,
            "written": 142,
            "repeated": 0,
            "duplicate": 1,
            "sampled_out": 0,
            "rejected": {},
            "filtered": {},
        },
        "pictures": {"read": 12, "without_items": 0, "rejected": {}},
    }


def test_every_picture_of_nwpu_is_accounted_for(mixed: Path) -> None:
    assert runs.card(mixed)["ledger"]["nwpu_resisc45"]["all"] == {
        "items": {
            "label": {
                "read": 80,
                "used": 79,
                "rejected": {"unreadable_image": 1},
                "filtered": {},
            }
        },
        "rows": {
            "built": 79,
            "written": 78,
            "repeated": 0,
            "duplicate": 1,
            "sampled_out": 0,
            "rejected": {},
            "filtered": {},
        },
        "pictures": {"read": 80, "without_items": 0, "rejected": {"unreadable_image": 1}},
    }


def test_every_fault_of_the_sample_is_found_and_nothing_else(mixed: Path) -> None:
    found: dict[str, int] = {}
    for reject in runs.rejects(mixed):
        found[reject["reason"]] = found.get(reject["reason"], 0) + reject["items"]
    assert found == FAULTS | POLICIES


def test_items_balance(mixed: Path) -> None:
    assert [
        (name, kind)
        for name, page in pages(mixed)
        for kind, i in page["items"].items()
        if i["read"] != i["used"] + add(i["rejected"], i["filtered"])
    ] == []


def test_built_rows_balance(mixed: Path) -> None:
    ended = [
        (
            name,
            r["built"],
            r["written"] + r["duplicate"] + r["sampled_out"] + add(r["rejected"], r["filtered"]),
        )
        for name, r in rows_of(mixed)
    ]
    assert [line for line in ended if line[1] != line[2]] == []


def rows_of(out: Path) -> list[tuple[str, dict[str, Any]]]:
    return [(name, page["rows"]) for name, page in pages(out)]


def test_the_shards_hold_what_the_ledger_says(mixed: Path) -> None:
    assert len(runs.rows(mixed, "id")) == sum(
        rows["written"] + rows["repeated"] for _, rows in rows_of(mixed)
    )


def test_the_rejects_hold_what_the_ledger_says(mixed: Path) -> None:
    told: dict[tuple[str, ...], int] = {}
    for reject in runs.rejects(mixed):
        key = (f"{reject['dataset']} {reject['split']}", reject["level"], reject["reason"])
        told[key] = told.get(key, 0) + reject["items"]
    booked = {}
    for name, page in pages(mixed):
        booked |= {
            (name, "item", reason): n
            for items in page["items"].values()
            for bucket in ("rejected", "filtered")
            for reason, n in items[bucket].items()
        }
        booked |= {
            (name, "row", reason): page["rows"][reason]
            for reason in ("duplicate", "sampled_out")
            if page["rows"][reason]
        }
    assert told == booked


def test_a_duplicate_names_a_row_that_was_written(mixed: Path) -> None:
    assert {
        reject["survivor"] for reject in runs.rejects(mixed) if reject["reason"] == "duplicate"
    } <= runs.ids(mixed)


def test_a_duplicate_itself_is_not_written(mixed: Path) -> None:
    assert {
        reject["id"] for reject in runs.rejects(mixed) if reject["reason"] == "duplicate"
    } & runs.ids(mixed) == set()


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


# The same bytes


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
    words = (
        "mix",
        "geochat-style",
        "--data-root",
        sample,
        "--out",
        tmp_path / "out",
        "--workers",
        workers,
    )
    assert runs.end(runs.start(*words, PYTHONHASHSEED=seed)).code == 0
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
def whole(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mix whose scenes were not cut, as in path mode."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert runs.mix(sample, out, "--tile", "off").code == 0
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


def shards(out: Path) -> list[str]:
    return [path.name for path in sorted((out / "data").iterdir())]


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
    assert len(shards(tmp_path / "out")) > 2
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


# Caps and weights


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
    assert (len(shards(tmp_path / "four")), runs.ids(tmp_path / "four")) == (
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


# A run that fails


@pytest.fixture(scope="module")
def faulty(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with more faults than the catalogue allows: one of four pictures is empty."""
    root = runs.captions(sample, tmp_path_factory.mktemp("faulty"))
    (root / "ucm_captions" / "imgs" / "1.tif").write_bytes(b"")
    return root


def test_too_many_faults_fail_the_run_and_the_first_are_shown(faulty: Path, tmp_path: Path) -> None:
    assert runs.convert(faulty, tmp_path / "out", "--set", "max_reject=0") == (
        1,
        "",
        "earthmix: ucm_captions train: 5 of 10 captions are faulty (unreadable_image 5); "
        "max_reject is 0, and 0.5 would be needed. The first of them:\n"
        "  unreadable_image: dataset.json 1.tif: imgs/1.tif: the file is empty\n"
        "earthmix: Correct the files, or allow this many faults with --set max_reject=0.5\n",
    )


def test_of_a_few_items_no_share_is_asked_for(faulty: Path, tmp_path: Path) -> None:
    ended = runs.convert(faulty, tmp_path / "out")
    assert (ended.code, runs.card(tmp_path / "out")["rows"]) == (0, 14)


@pytest.mark.parametrize(
    "bad, read, needed",
    [(5, 10, 0.5), (1, 3, 0.334), (29, 100, 0.291), (0, 7, 0.0), (11, 10, 1.1)],
)
def test_the_smallest_max_reject_lets_the_faults_pass(bad: int, read: int, needed: float) -> None:
    # 0.29 * 100 is 28.999999999999996 in floating point, so 29 faults need a little more.
    assert smallest_max_reject(bad, read) == needed
    assert bad <= needed * read


def test_a_source_without_rows_is_named_with_the_labels_there_are(
    sample: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'name = "mine"\n[sources.ucm_captions]\ntask = "caption"\n'
        '[sources.dior]\ntask = "refer"\nfilter = {labels = ["shipz"]}\n'
    )
    ended = runs.earthmix(
        *("mix", mine, "--data-root", sample, "--out", tmp_path / "out"),
        *("--set", "max_reject=0.25"),
    )
    labels = (
        "Expressway-Service-area, Expressway-toll-station, airplane, baseballfield, bridge, "
        "chimney, groundtrackfield, harbor, ship, stadium, storagetank, tenniscourt, vehicle, "
        "windmill"
    )
    assert ended.code == 0
    assert f"source dior gave no row; its labels are {labels}" in ended.out.splitlines()


def test_path_mode_counts_the_rows_whose_picture_is_not_there(sample: Path, tmp_path: Path) -> None:
    root = runs.captions(sample, tmp_path)
    (root / "ucm_captions" / "imgs" / "1.tif").unlink()
    words = ("--data-root", root, "--out", tmp_path / "out", "--images", "path")
    assert (
        "rows with a picture that is not on disk: ucm_captions 4 of 18; `earthmix check` says more"
        in (runs.earthmix("convert", "ucm_captions", *words).out.splitlines())
    )


def test_rows_of_evaluation_splits_that_nobody_named_are_mentioned(
    sample: Path, tmp_path: Path
) -> None:
    words = ("--data-root", sample, "--out", tmp_path / "out", "--images", "path")
    line = (
        "rows of validation and test splits are among them: ucm_captions test 5, "
        "ucm_captions val 4; to leave them out, name the splits you want"
    )
    assert line in runs.earthmix("convert", "ucm_captions", *words).out.splitlines()
    chosen = runs.earthmix("convert", "ucm_captions:train", "ucm_captions:test", *words).out
    assert "validation" not in chosen
    # With splits of their own they are not among the training rows.
    own = runs.earthmix("convert", "ucm_captions", *words, "--splits", "native").out
    assert "validation" not in own
    assert own.splitlines()[-1].endswith('out")["train"]')


def test_faults_may_be_allowed(faulty: Path, tmp_path: Path) -> None:
    assert runs.convert(faulty, tmp_path / "out", "--set", "max_reject=0.5").code == 0


def test_too_many_faults_leave_nothing(faulty: Path, tmp_path: Path) -> None:
    runs.convert(faulty, tmp_path / "new" / "out", "--set", "max_reject=0")
    assert runs.left(tmp_path) == []


def test_an_earlier_mix_survives_a_failed_run(small: Path, faulty: Path, tmp_path: Path) -> None:
    shutil.copytree(small, tmp_path / "out")
    runs.convert(faulty, tmp_path / "out", "--set", "max_reject=0")
    assert runs.digests(tmp_path / "out") == runs.digests(small)


def test_an_empty_folder_that_was_there_stays(faulty: Path, tmp_path: Path) -> None:
    runs.convert(faulty, tmp_path, "--set", "max_reject=0")
    assert tmp_path.is_dir() and runs.left(tmp_path) == []


def test_a_run_that_makes_no_row_fails(sample: Path, tmp_path: Path) -> None:
    words = (
        "rsvqa_lr",
        "--data-root",
        sample,
        "--out",
        tmp_path / "out",
        "--images",
        "path",
        "--set",
        'sources.rsvqa_lr.filter={"types": ["colour"]}',
    )
    ended = runs.earthmix("convert", *words)
    assert (ended.code, ended.err) == (
        1,
        "earthmix: no row was made of 205 items: dangling_reference 1, inactive 1, unselected 203\n"
        "earthmix: The first faults:\n"
        "  dangling_reference: LR_split_train_questions.json 103: answer [103] of "
        "question 103 is not there or not active\n"
        "earthmix: source rsvqa_lr gave no row; its types are comp, count, presence, rural_urban\n",
    )


@pytest.mark.parametrize("workers", ["1", "auto"])
def test_an_error_of_a_worker_is_one_line(sample: Path, tmp_path: Path, workers: str) -> None:
    root = runs.captions(sample, tmp_path / "root")
    cut = root / "ucm_captions" / "dataset.json"
    cut.write_bytes(cut.read_bytes()[:1000])
    ended = runs.convert(root, tmp_path / "out", "--workers", workers)
    assert (ended.code, ended.err) == (
        1,
        "earthmix: ucm_captions: dataset.json cannot be read: Input data was truncated\n",
    )


def test_an_error_of_a_worker_process_is_one_line(sample: Path, tmp_path: Path) -> None:
    root = runs.captions(sample, tmp_path / "root")
    cut = root / "ucm_captions" / "dataset.json"
    cut.write_bytes(cut.read_bytes()[:1000])
    ended = runs.end(
        runs.start(
            "convert",
            "ucm_captions",
            "--data-root",
            root,
            "--out",
            tmp_path / "out",
            "--workers",
            "2",
            "--quiet",
        )
    )
    assert ended == (
        1,
        "",
        "earthmix: ucm_captions: dataset.json cannot be read: Input data was truncated\n",
    )


@pytest.mark.parametrize("mode", ["embed", "reencode"])
def test_a_picture_that_changes_during_the_run_is_one_line(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    root = runs.captions(sample, tmp_path / "root")
    picture = root / "ucm_captions" / "imgs" / "1.tif"
    before = hashlib.sha256(picture.read_bytes()).hexdigest()
    write = parquet.write_rows

    def change(*args: Any) -> Any:
        picture.write_bytes(picture.read_bytes() + b"\x00")
        return write(*args)

    monkeypatch.setattr(parquet, "write_rows", change)
    ended = runs.convert(root, tmp_path / "out", "--images", mode)
    assert (ended.code, ended.err, (tmp_path / "out").exists()) == (
        1,
        f"earthmix: {picture}: changed during the run: its sha256 is no longer {before}; "
        "let it rest and run again\n",
        False,
    )


# The working folder


def test_a_living_run_is_not_disturbed(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / ".work").mkdir(parents=True)
    with open(tmp_path / "out" / ".work" / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended = runs.convert(sample, tmp_path / "out")
        assert (ended.code, ended.err, runs.left(tmp_path)) == (
            1,
            f"earthmix: another run is writing to {tmp_path}/out\n",
            ["out", "out/.work", "out/.work/lock"],
        )


def test_what_a_killed_run_left_is_cleared(small: Path, sample: Path, tmp_path: Path) -> None:
    process = runs.start(
        "mix",
        "geochat-style",
        "--data-root",
        sample,
        "--out",
        tmp_path / "out",
        "--tile",
        "off",
        "--images",
        "path",
    )
    runs.wait_for(
        lambda: list((tmp_path / "out").glob(".work/rows/*.arrow")) or process.poll() is not None
    )
    os.killpg(process.pid, signal.SIGKILL)
    runs.end(process)
    runs.convert(sample, tmp_path / "out", "--images", "path")
    assert (runs.left(tmp_path / "out"), runs.digests(tmp_path / "out")) == (
        runs.left(small),
        runs.digests(small),
    )


@pytest.mark.parametrize(
    "workers, stage", [("1", "rows/*"), ("2", "rows/*"), ("auto", "rows/*"), ("1", "out/data/*")]
)
def test_ctrl_c_leaves_nothing_and_says_so(
    sample: Path, tmp_path: Path, workers: str, stage: str
) -> None:
    words = (
        "mix",
        "geochat-style",
        "--data-root",
        sample,
        "--out",
        tmp_path / "out",
        "--workers",
        workers,
        "--quiet",
    )
    process = runs.start(*words)
    runs.wait_for(
        lambda: list((tmp_path / "out" / ".work").glob(stage)) or process.poll() is not None
    )
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
    assert (runs.end(process), runs.left(tmp_path)) == (
        (130, "", "earthmix: interrupted; nothing was written\n"),
        [],
    )


def test_ctrl_c_leaves_the_earlier_mix(small: Path, sample: Path, tmp_path: Path) -> None:
    shutil.copytree(small, tmp_path / "out")
    process = runs.start(
        "mix",
        "geochat-style",
        "--data-root",
        sample,
        "--out",
        tmp_path / "out",
    )
    runs.wait_for(
        lambda: list((tmp_path / "out" / ".work").glob("rows/*")) or process.poll() is not None
    )
    process.send_signal(signal.SIGINT)
    runs.end(process)
    assert runs.left(tmp_path / "out") == runs.left(small)


@pytest.mark.parametrize(
    "files",
    [
        {"notes.txt": "mine"},
        {"manifest.json": '{"name": "an app"}', "data/mine.csv": "1"},
        {"manifest.json": "{"},
        {"manifest.json": '{"rows": 1, "mix": {}, "files": {}}', "data/mine.csv": "1"},
        {
            "manifest.json": '{"name": "a", "versions": {}, "rows": 1, "mix": {}, "files": {}}',
            "data/mine.csv": "1",
        },
    ],
)
def test_a_foreign_folder_is_refused_and_left_alone(
    sample: Path, tmp_path: Path, files: dict[str, str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    before = runs.digests(tmp_path)
    ended = runs.convert(sample, tmp_path)
    assert (ended.code, ended.err, runs.digests(tmp_path)) == (
        1,
        f"earthmix: {tmp_path} holds files but no mix of earthmix (manifest.json); choose "
        "another --out or empty it\n",
        before,
    )


def test_hidden_files_are_no_hindrance(small: Path, sample: Path, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*")
    runs.convert(sample, tmp_path, "--images", "path")
    assert {
        **runs.digests(small),
        ".gitignore": runs.digests(tmp_path)[".gitignore"],
    } == runs.digests(tmp_path)


@pytest.mark.parametrize("below", ["", "/deeper"])
def test_a_file_in_the_place_of_out_is_one_line(sample: Path, tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("mine")
    ended = runs.convert(sample, Path(f"{tmp_path}/file{below}"))
    assert (
        ended.code,
        ended.err.count("\n"),
        f"Not a directory: '{tmp_path}/file" in ended.err,
    ) == (1, 1, True)


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

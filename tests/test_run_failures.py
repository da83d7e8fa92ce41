"""Runs that fail: too many faults, no rows, and errors of workers are lines that say what to do."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import runs

from pipelines import parquet
from pipelines.run import smallest_max_reject


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
    runs.cut(root / "ucm_captions" / "dataset.json")
    ended = runs.convert(root, tmp_path / "out", "--workers", workers)
    assert (ended.code, ended.err) == (
        1,
        "earthmix: ucm_captions: dataset.json cannot be read: Input data was truncated\n",
    )


def test_an_error_of_a_worker_process_is_one_line(sample: Path, tmp_path: Path) -> None:
    root = runs.captions(sample, tmp_path / "root")
    runs.cut(root / "ucm_captions" / "dataset.json")
    where = ("--data-root", root, "--out", tmp_path / "out")
    run = runs.start("convert", "ucm_captions", *where, "--workers", "2", "--quiet")
    ended = runs.end(run)
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
    write = parquet.write_rows

    def change(*args: Any) -> Any:
        picture.write_bytes(picture.read_bytes() + b"\x00")
        return write(*args)

    monkeypatch.setattr(parquet, "write_rows", change)
    ended = runs.convert(root, tmp_path / "out", "--images", mode)
    assert (ended.code, ended.err, (tmp_path / "out").exists()) == (
        1,
        f"earthmix: {picture}: changed during the run: its bytes are not those that were "
        "read before; let it rest and run again\n",
        False,
    )

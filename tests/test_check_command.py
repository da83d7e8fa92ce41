"""The command `check`: what is there, what is missing, and where to get it."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
import runs

from converters.catalogue import catalogue, entry_of
from pipelines.check import check_dataset


def test_check_tells_what_is_there(sample: Path) -> None:
    ended = runs.earthmix("check", "dota_v1", "--data-root", sample)
    assert (ended.code, ended.out.splitlines()) == (
        1,
        [
            f"dota_v1 (DOTA-v1.0) in {sample}/dota_v1",
            "  train: 13 of 1,411 published pictures in the annotations, 1 missing on disk",
            "  val: 2 of 458 published pictures in the annotations",
            "  bad_box: 1 record",
            "  incomplete: train has 13 of 1,411 pictures, val has 2 of 458 pictures, "
            "1 picture missing on disk; get it from https://captain-whu.github.io/DOTA/dataset.html",
        ],
    )


def test_check_joins_tables(sample: Path) -> None:
    assert runs.earthmix("check", "rsvqa_lr", "--data-root", sample).out.splitlines()[1:] == [
        "  test: 2 pictures in the annotations",
        "  train: 12 of 572 published pictures in the annotations",
        "  val: 3 pictures in the annotations",
        "  dangling_reference: 1 record",
        "  inactive: 1 record",
        "  incomplete: train has 12 of 572 pictures; get it from https://rsvqa.sylvainlobry.com",
    ]


def test_check_says_where_to_get_what_is_not_there(tmp_path: Path) -> None:
    ended = runs.earthmix("check", "rsicd", "--data-root", tmp_path)
    assert (ended.code, ended.out.splitlines()) == (
        1,
        [
            f"rsicd (RSICD) in {tmp_path}/rsicd",
            f"  rsicd: no folder {tmp_path}/rsicd, or nothing in it",
            "  get it from https://github.com/201528014227051/RSICD_optimal",
        ],
    )


def test_check_names_a_file_that_cannot_be_read(sample: Path, tmp_path: Path) -> None:
    runs.cut(runs.captions(sample, tmp_path) / "ucm_captions" / "dataset.json")
    ended = runs.earthmix("check", "ucm_captions", "--data-root", tmp_path)
    assert (ended.code, ended.out.splitlines()[1]) == (
        1,
        "  ucm_captions: dataset.json cannot be read: Input data was truncated",
    )


@pytest.mark.parametrize(
    "published, line, complete",
    [
        (12, "  all: 12 of 12 published pictures in the annotations", True),
        (13, "  all: 12 of 13 published pictures in the annotations", False),
        (0, "  all: 12 pictures in the annotations", True),
    ],
)
def test_check_passes_where_everything_is_there(
    sample: Path, published: int, line: str, complete: bool
) -> None:
    entry = msgspec.structs.replace(entry_of("aid"), splits={"all": published})
    lines, found = check_dataset(entry, "/nowhere", {"aid": str(sample / "aid")})
    assert (lines[1], found) == (line, complete)


def verdicts(root: Path, *words: str) -> tuple[int, dict[str, str]]:
    """What check says of all datasets, by slug; hints follow their dataset's line after a bar."""
    ended = runs.earthmix("check", "--data-root", root, *words)
    found: dict[str, str] = {}
    for line in ended.out.splitlines():
        slug, _, text = line.partition(" ")
        if slug:
            found[slug] = text.strip()
        else:
            found[list(found)[-1]] += f" | {text.strip()}"
    return ended.code, found


def test_check_without_a_dataset_has_a_verdict_on_each_that_is_there(
    sample: Path, tmp_path: Path
) -> None:
    shutil.copytree(sample / "rsvqa_hr", tmp_path / "rsvqa_hr")
    ended = runs.earthmix("check", "--data-root", tmp_path)
    readable = [slug for slug, entry in catalogue().items() if entry.format]
    verdict, rest = ended.out.splitlines()
    assert (ended.code, verdict) == (0, "rsvqa_hr  ready")
    assert rest.startswith(f"not in {tmp_path}: {len(readable) - 1} datasets, such as ")
    assert rest.endswith(" --data-root ...` says where to get it")


def test_check_names_the_other_forms_of_a_folder_that_one_form_reads(
    sample: Path, tmp_path: Path
) -> None:
    shutil.copytree(sample / "fair1m" / "train", tmp_path / "fair1m" / "train")
    lines = runs.earthmix("check", "--data-root", tmp_path).out.splitlines()
    assert lines[0].startswith("fair1m  ")
    assert lines[1] == "other forms of these, which the folders do not hold: fair1m_flat"


def test_check_says_when_pictures_alone_are_missing(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample / "rsvqa_hr", tmp_path / "rsvqa_hr")
    for path in (tmp_path / "rsvqa_hr" / "Images" / "Data").glob("0.*"):
        path.unlink()
    code, found = verdicts(tmp_path)
    assert (code, found["rsvqa_hr"]) == (
        1,
        "usable with --images path: 1 picture missing on disk; get it from "
        "https://rsvqa.sylvainlobry.com",
    )


def test_check_fails_where_nothing_is_there_and_says_where_datasets_lie(tmp_path: Path) -> None:
    ended = runs.earthmix("check", "--data-root", tmp_path)
    assert (ended.code, ended.out.splitlines()[1:]) == (
        1,
        ["each dataset lies in a folder named by its slug: earthmix datasets"],
    )


@pytest.mark.parametrize("place", ["RSVQA_HR", "archives/rsvqa_hr"])
def test_check_finds_a_folder_in_another_case_or_in_another_folder(
    sample: Path, tmp_path: Path, place: str
) -> None:
    shutil.copytree(sample / "rsvqa_hr", tmp_path / place)
    hint = (
        f"hint: its files seem to lie in {tmp_path}/{place}: use --path rsvqa_hr={tmp_path}/{place}"
    )
    assert hint in verdicts(tmp_path)[1]["rsvqa_hr"]
    assert hint in runs.earthmix("check", "rsvqa_hr", "--data-root", tmp_path).out
    assert verdicts(tmp_path, "--path", f"rsvqa_hr={tmp_path}/{place}")[1]["rsvqa_hr"] == "ready"


def test_a_dataset_one_level_deeper_is_read_from_there(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample / "rsvqa_hr", tmp_path / "rsvqa_hr/data")
    assert verdicts(tmp_path)[1]["rsvqa_hr"] == "ready"


def test_check_refuses_a_path_of_another_dataset(tmp_path: Path) -> None:
    ended = runs.earthmix("check", "rsicd", "--data-root", tmp_path, "--path", "aid=/x")
    assert (ended.code, ended.err) == (
        2,
        'earthmix: --path aid=/x: no dataset "aid" here; known: rsicd\n',
    )

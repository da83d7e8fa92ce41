"""The commands `datasets` and `sample-data`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import runs

from converters.sample_data import WRITERS


def test_datasets_lists_slug_name_and_tasks() -> None:
    lines = runs.earthmix("datasets").out.splitlines()
    assert "rsvqa_lr             RSVQA-LR           vqa" in lines
    assert (
        "cvusa                CVUSA              no reader: request: to be asked for (form or "
        "account): Google Drive link in the README; it pairs aerial pictures with panoramas, and "
        "its masks are of the panoramas: nothing is said of an aerial picture" in lines
    )


def test_datasets_as_json_tells_everything() -> None:
    listed = json.loads(runs.earthmix("datasets", "--json").out)
    [entry] = [one for one in listed if one["slug"] == "rsicd"]
    assert entry["licence"]["images"] == "unstated" and entry["splits"] == {
        "train": 8734,
        "val": 1094,
        "test": 1093,
    }
    assert entry["options"] == {
        "annotations": "{|annotations_rsicd/}dataset_rsicd.json",
        "images": "{RSICD_images/|RSICD_images.zip!RSICD_images/|RSICD_images.zip!|images/}"
        "{filename}",
    }


def test_datasets_lists_what_json_does() -> None:
    assert [line.split()[0] for line in runs.earthmix("datasets").out.splitlines()] == [
        entry["slug"] for entry in json.loads(runs.earthmix("datasets", "--json").out)
    ]


@pytest.mark.parametrize(
    "words, among, not_among",
    [
        (["--task", "change_caption"], "levir_cc", "rsicd"),
        (["--group", "grounding"], "dior_rsvg", "dior"),
        (["--licence", "cc-by-nc"], "dior", "rsicd"),
        (["--evidence", "real"], "ssdd", "firerisk"),
        (["--status", "unreleased"], "finegrip", "dior"),
        (["--task", "caption", "--evidence", "real"], "rsicd", "rsitmd"),
    ],
)
def test_datasets_are_filtered(words: list[str], among: str, not_among: str) -> None:
    found = {line.split()[0] for line in runs.earthmix("datasets", *words).out.splitlines()}
    assert among in found and not_among not in found


def test_a_filter_that_nothing_could_meet_names_what_could() -> None:
    ended = runs.earthmix("datasets", "--evidence", "seen")
    assert (ended.code, ended.err) == (
        2,
        'earthmix: --evidence: unknown evidence "seen"; known: real, documented, none\n',
    )


def test_sample_data_tells_what_it_wrote(tmp_path: Path) -> None:
    lines = runs.earthmix("sample-data", tmp_path / "demo").out.splitlines()
    assert ([line.split(":")[0] for line in lines], lines[-1]) == (
        list(WRITERS),
        "levir_cc: 11 files",
    )


def test_sample_data_does_not_go_into_a_folder_of_others(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    ended = runs.earthmix("sample-data", tmp_path)
    assert ended == (
        1,
        "",
        f"earthmix: {tmp_path} exists, is not empty and holds no .earthmix-sample: name a "
        "new or an empty folder\n",
    )

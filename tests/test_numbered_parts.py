"""Files that say of how many they are one, and of which some are missing."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import runs

from converters.read.numbered_parts import part_notes

HASH = "0123456789abcdef"


@pytest.mark.parametrize(
    "names, notes",
    [
        (["a-00000-of-00001.parquet", "a.parquet", "b-of-c.csv"], []),
        (
            ["d/train-00001-of-00003.parquet"],
            ["2 of 3 parts are not there, such as d/train-00000-of-00003.parquet"],
        ),
        ([f"a-0000{i}-of-00002-{HASH[i:]}{HASH[:i]}.parquet" for i in (0, 1)], []),
        (["a-01-of-02.csv", "a-02-of-02.csv"], []),  # counted from one
        (
            ["a-00-of-01.csv", "a-00-of-02.csv", "a-01-of-02.csv"],
            ["a-*.csv: parts of sets of 1 and of 2, which may hold the same"],
        ),
    ],
)
def test_parts_that_are_missing_are_told_by_the_others(names: list[str], notes: list[str]) -> None:
    assert part_notes(names) == notes


def test_a_dataset_without_some_of_its_parts_is_not_ready(tmp_path: Path) -> None:
    place = tmp_path / "ucm_captions_hub/data"
    place.mkdir(parents=True)
    rows = pa.table({"captions": [["a road ."]], "image": [{"bytes": b"x", "path": "a.jpg"}]})
    pq.write_table(rows, place / "train-00000-of-00002.parquet")
    ended = runs.earthmix("check", "ucm_captions_hub", "--data-root", tmp_path)
    note = "1 of 2 parts are not there, such as data/train-00001-of-00002.parquet"
    assert (ended.code, f"  note: {note}" in ended.out.splitlines()) == (1, True)
    assert "incomplete: parts of its files are missing; get it from" in ended.out
    pq.write_table(rows, place / "train-00001-of-00002.parquet")
    assert runs.earthmix("check", "ucm_captions_hub", "--data-root", tmp_path).code == 0

"""`--engine dataflow --dry-run` on the command line: what would be sent, and nothing sent."""

from __future__ import annotations

import json
from pathlib import Path

from runs import Ended, earthmix

WHERE = (
    "--engine",
    "dataflow",
    "--project",
    "my-project-1",
    "--region",
    "europe-west4",
    "--temp-location",
    "gs://bucket-x/tmp",
    "--worker-image",
    "a/b:1",
)


def dry_run(sample: Path, folder: Path, *words: str) -> Ended:
    """What would be sent of a conversion into a bucket, in `dry` below a folder."""
    return earthmix(
        *("convert", "ucm_captions", "--data-root", sample, "--out", "gs://bucket-x/out"),
        *("--dry-run", folder / "dry", *words),
    )


def test_a_dry_run_writes_the_graph_and_makes_no_mix(sample: Path, tmp_path: Path) -> None:
    ended = dry_run(sample, tmp_path, *WHERE, "--quiet")
    assert (ended.code, sorted(p.name for p in (tmp_path / "dry").iterdir())) == (
        0,
        ["options.json", "pipeline.json", "staged.json", "steps.json"],
    )
    assert json.loads((tmp_path / "dry" / "options.json").read_text())["region"] == "europe-west4"


def test_every_missing_option_is_told_at_once(sample: Path, tmp_path: Path) -> None:
    ended = dry_run(sample, tmp_path, "--engine", "dataflow")
    assert ended.code == 2
    assert [word in ended.err for word in ("--project", "--region", "--temp-location")] == [
        True,
        True,
        True,
    ]


def test_a_dry_run_of_another_engine_is_a_wrong_use(sample: Path, tmp_path: Path) -> None:
    ended = earthmix(
        "convert",
        "ucm_captions",
        "--data-root",
        sample,
        "--out",
        tmp_path / "out",
        "--dry-run",
        tmp_path / "dry",
        "--quiet",
    )
    assert (ended.code, (tmp_path / "out").exists()) == (2, False)

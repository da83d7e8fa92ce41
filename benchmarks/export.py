"""An export beside a plain copy of the same pictures: `python -m benchmarks.export`.

The mix is made here, ten rows a picture of about 50 kB, so that nothing but the export is measured.
Whole processes, start to end; they take turns, and the best time of each counts. WebDataset is not
among them: it holds a picture once for each row that shows it.

What is written stays until the last run is over, which takes eight times the pictures for each
round: where many files were removed lately, ext4 makes new ones ten times more slowly.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import inputs
from benchmarks.__main__ import _MB, Cost, measure
from converters.read import images
from schemas.table import ROW

ROWS_A_PICTURE = 10
_GROUP = 2_000  # rows of a row group: 200 pictures, 100 MB when decoded
_BYTES = "images.list.element.bytes"
_COPY = "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2])"
TARGETS = ("llava", "geochat", "llamafactory", "swift", "qwen-vl", "internvl", "trl")


def make_mix(pictures: list[Path], out: Path) -> None:
    """A mix of questions in one shard, with the pictures in it."""
    (out / "data").mkdir(parents=True)
    name = "data/train-00000-of-00001.parquet"
    groups = _GROUP // ROWS_A_PICTURE
    # As the pipeline writes: a picture's bytes once a row group, in its dictionary page.
    with pq.ParquetWriter(
        out / name,
        ROW,
        compression={_BYTES: "none"},
        dictionary_pagesize_limit=images.MAX_BYTES,
        store_schema=False,
    ) as writer:
        for start in range(0, len(pictures), groups):
            rows = [
                _row(start + k, n, path)
                for k, path in enumerate(pictures[start : start + groups])
                for n in range(ROWS_A_PICTURE)
            ]
            writer.write_table(pa.Table.from_pylist(rows, ROW), row_group_size=len(rows))
        writer.add_key_value_metadata(ROW.metadata)
    rows_there = len(pictures) * ROWS_A_PICTURE
    files = {name: {"sha256": "", "bytes": 0, "rows": rows_there}}
    (out / "manifest.json").write_text(
        json.dumps({"rows": rows_there, "mix": {"name": "bench"}, "files": files})
    )


def _row(picture: int, number: int, path: Path) -> dict[str, object]:
    return {
        "id": f"{picture:020x}{number:04x}",
        "images": [{"bytes": path.read_bytes(), "path": f"bench/{path.name}"}],
        "conversations": [
            {
                "from": "human",
                "value": f"<image>\nAre there more than {number} roads in the image?",
            },
            {"from": "gpt", "value": "yes" if picture % 2 else "no"},
        ],
        "task": "vqa",
        "dataset": "bench",
        "split": "train",
        "text_origin": "human",
        "template": "plain/vqa/0",
        "regions": [],
        "sizes": [{"width": 300, "height": 300}],
        "license_annotations": "unstated",
        "license_images": "unstated",
        "origin": {"file": "questions.json", "key": f"{picture}-{number}"},
    }


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path(".bench"))
    asked = parser.parse_args()
    work = asked.work / f"export_{asked.pictures}"
    pictures = inputs.jpegs(work, asked.pictures) / "NWPU-RESISC45"
    mix = work / "mix"
    if not (mix / "manifest.json").exists():
        shutil.rmtree(mix, ignore_errors=True)
        make_mix(sorted(pictures.rglob("*.jpg")), mix)
    written = work / "written"
    shutil.rmtree(written, ignore_errors=True)
    best: dict[str, Cost] = {}
    for number in range(asked.rounds):
        for name in ("copy", *TARGETS):
            out = written / f"{name}-{number}"
            command = [sys.executable, "-c", _COPY, str(pictures), str(out / "copy")]
            if name != "copy":
                command = [sys.executable, "-m", "pipelines", "export", str(mix), "--to", name]
                command.append(str(out / "export"))
            cost = measure(command, out, keep=True)
            best[name] = min(best.get(name, cost), cost, key=lambda cost: cost.seconds)
    shutil.rmtree(written)
    print(f"{asked.pictures * ROWS_A_PICTURE:,} rows, {asked.pictures:,} pictures of about 50 kB")
    for name, cost in best.items():
        ratio = cost.seconds / best["copy"].seconds
        print(f"{name:<14}{cost.seconds:7.2f} s{cost.memory / _MB:7.0f} MB{ratio:7.2f} x copy")


if __name__ == "__main__":
    main()

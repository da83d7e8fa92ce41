"""LLaVA, GeoChat, Qwen-VL and InternVL, which are no packages: their loaders' rules for a record.

- LLaVA and GeoChat: one JSON array; `image` is joined to the folder's name, so it is a string.
- Qwen-VL: one `<image>` for each picture, or it raises; a neighbour's row is taken in silence.
- InternVL: the annotation ends in `.jsonl`, `length` is the number of its lines, and with one
  picture `<image>` stands in the first turn.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import shared
from PIL import Image


def read(export: Path) -> tuple[list[Any], Path, str]:
    """The records of an export, the folder of its pictures, and the program's name."""
    for program, name, images in (
        ("LLaVA", "llava.json", ""),
        ("GeoChat", "GeoChat_Instruct.json", "images"),
    ):
        if (export / name).exists():
            return json.loads((export / name).read_text()), export / images, program
    program = "InternVL" if (export / "meta.json").exists() else "Qwen-VL"
    entries = json.loads(
        (export / ("meta.json" if program == "InternVL" else "data_dict.json")).read_text()
    )
    [entry] = entries.values()
    path = Path(entry["annotation" if program == "InternVL" else "annotation_path"])
    records = [json.loads(line) for line in path.read_text().splitlines()]
    if program == "InternVL":
        assert path.suffix == ".jsonl" and entry["length"] == len(records)
        assert entry["data_augment"] is False and entry["repeat_time"] == 1
        return records, Path(entry["root"]), program
    return records, Path(entry["data_path"]), program


def main() -> None:
    """Checks every record."""
    mix, export, _ = shared.places()
    records, images, program = read(export)
    one = program in ("LLaVA", "GeoChat")
    rows = [row for row in shared.wanted(mix) if row.pictures == 1 or not one]
    for record, want in zip(records, rows, strict=True):
        said = [turn["value"] for turn in record["conversations"]]
        assert [turn["from"] for turn in record["conversations"][:2]] == ["human", "gpt"]
        assert (record["id"], said[1::2], said[::2]) == (want.id, want.answers, want.questions)
        named = record["image"]
        shown = [named] if isinstance(named, str) else named
        assert isinstance(named, str) == (want.pictures == 1), record
        assert "".join(said[::2]).count("<image>") == len(shown) == want.pictures
        assert want.pictures > 1 or "<image>" in said[0]
        for name in shown:
            with Image.open(images / name) as image:
                assert image.format in ("JPEG", "PNG") and image.convert("RGB").size == image.size
    print(f"{program}: {len(records)} records by its loader's rules (the program was not run)")


if __name__ == "__main__":
    main()

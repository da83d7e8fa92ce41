"""What the files of the built-in sample data hold, read without the code under test."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

PICTURE_ENDINGS = {".jpg", ".JPG", ".png", ".tif"}
HBB = "dior/Annotations/Horizontal Bounding Boxes"
OBB = "dior/Annotations/Oriented Bounding Boxes"


def load(root: Path, name: str) -> Any:
    return json.loads((root / name).read_text())


def lr(root: Path, split: str, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = load(root, f"rsvqa_lr/LR_split_{split}_{table}.json")[table]
    return rows


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]


def hbb(root: Path, stem: str) -> list[tuple[str, tuple[int, ...]]]:
    objects = ElementTree.parse(root / HBB / f"{stem}.xml").iter("object")
    return [
        (o.findtext("name", ""), tuple(int(edge.text or "") for edge in o.iterfind("bndbox/*")))
        for o in objects
    ]


def fair1m(root: Path, part: str, labels: str, stem: str) -> list[tuple[str, list[float]]]:
    objects = ElementTree.parse(root / "fair1m" / part / labels / f"{stem}.xml").iter("object")
    return [
        (
            o.findtext("possibleresult/name", ""),
            [n for p in o.iterfind("points/point") for n in numbers(p.text or "")],
        )
        for o in objects
    ]


def dota(root: Path, split: str, stem: str) -> list[list[str]]:
    lines = (root / f"dota_v1/{split}/labelTxt/{stem}.txt").read_text().splitlines()
    return [line.split(" ") for line in lines[2:]]

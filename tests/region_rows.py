"""What the tests of rows about regions share: datasets, tasks, and parts of a result."""

from __future__ import annotations

from typing import Any

from native import Result, words

from converters.catalogue import catalogue

DOTA, DIOR, DIOR_R, FAIR1M = (catalogue()[slug] for slug in ("dota_v1", "dior", "dior_r", "fair1m"))
TASKS = ["grounding", "identify", "refer", "description", "rounds"]
GROUNDING = "<image>\n[grounding] List every object in the image with its location."
TRAIN: dict[str, Any] = {"splits": ["train"]}


def said(result: Result) -> list[list[str]]:
    return [words(row) for row in result.rows]


def items(result: Result, split: str = "train") -> dict[str, Any]:
    found: dict[str, Any] = result.book[split]["items"]["region"]
    return found

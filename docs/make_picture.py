"""Draws `docs/rows.png`: rows of the geochat-style mix on the built-in sample data, with the boxes
read back from their text.

`make docs` runs it, and a test compares what it draws with the file.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image, ImageDraw, ImageFont

from converters.dialects import dialect
from converters.regions.scenes import flat
from converters.sample_data import write_sample_data
from pipelines.engine_options import EngineOptions
from pipelines.load import load_mix
from pipelines.plan import make_plan
from pipelines.run import run

OUT = Path(__file__).with_name("rows.png")
# (dataset, task, classes in the row) of the rows shown; of those that fit, the one whose smallest
# box is the largest.
WANTED = [
    ("dota_v1", "grounding", 3),
    ("dior_r", "refer", 1),
    ("fair1m", "identify", 1),
    ("dota_v1", "rounds", 1),
    ("rsvqa_lr", "vqa", 0),
    ("floodnet_vqa", "vqa", 0),
]
COLUMNS, WIDTH, HEIGHT, SIDE, GAP = 2, 660, 280, 240, 20
INK, FAINT, PAPER, CARD = (30, 36, 44), (110, 118, 128), (236, 239, 243), (255, 255, 255)
COLOURS = [(200, 0, 120), (0, 110, 200), (120, 40, 200), (200, 80, 0), (0, 130, 90), (170, 20, 20)]
BOX = re.compile(r"(\{[^{}]*\})")


def rows() -> list[dict[str, Any]]:
    """Rows of the mix, pictures and all, in the order of their ids."""
    with tempfile.TemporaryDirectory() as folder:
        write_sample_data(f"{folder}/data")
        plan = make_plan(load_mix("geochat-style"), f"{folder}/data", f"{folder}/out")
        run(plan, EngineOptions(workers="1"), ["earthmix"], quiet=True)
        found: list[dict[str, Any]] = pq.read_table(f"{folder}/out/data").to_pylist()
    return found


def said(row: dict[str, Any]) -> str:
    """All that a row's turns say."""
    return "\n".join(turn["value"] for turn in row["conversations"])


def smallest(row: dict[str, Any]) -> float:
    """The shortest side of a row's boxes, as a share of the picture's."""
    size = row["sizes"][0]
    sides = [
        min((x2 - x1) / size["width"], (y2 - y1) / size["height"])
        for x1, y1, x2, y2 in (region["bbox"] for region in row["regions"])
    ]
    return min(sides, default=0)


def chosen(everything: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One row for each kind wanted, no picture twice."""
    shown: set[str] = set()
    for wanted in WANTED:
        fit = [
            row
            for row in everything
            if (row["dataset"], row["task"], len({region["label"] for region in row["regions"]}))
            == wanted
        ]
        row = max(
            (row for row in fit if row["images"][0]["path"] not in shown),
            key=lambda row: (smallest(row), row["id"]),
        )
        shown.add(row["images"][0]["path"])
        yield row


def picture(row: dict[str, Any]) -> Image.Image:
    """The row's picture with every box that its text names, coloured in the order of the text."""
    image = Image.open(io.BytesIO(row["images"][0]["bytes"])).convert("RGB")
    scale = SIDE / max(image.size)
    shown = image.resize(
        (round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS
    )
    pen = ImageDraw.Draw(shown)
    boxes = dialect(row["dialect"]).read(said(row), image.size) if row["dialect"] else []
    for i, found in enumerate(boxes):
        numbers = flat(found.shape)
        if len(numbers) == 4:
            x1, y1, x2, y2 = numbers
            numbers = (x1, y1, x2, y1, x2, y2, x1, y2)
        at = [number * scale for number in numbers]
        corners = list(zip(at[::2], at[1::2], strict=True))
        pen.line([*corners, corners[0], corners[1]], (255, 255, 255), 4, joint="curve")
        pen.line([*corners, corners[0], corners[1]], COLOURS[i % len(COLOURS)], 2, joint="curve")
    return shown


def write(pen: ImageDraw.ImageDraw, row: dict[str, Any], left: int, top: int, right: int) -> None:
    """The conversation, its lines broken at `right`, boxes in the colours of the picture."""
    small, font = ImageFont.load_default(13), ImageFont.load_default(15)
    pen.text((left, top), f"{row['dataset']} · {row['task']}", FAINT, small)
    top, seen = top + 24, 0
    for turn in row["conversations"]:
        human = turn["from"] == "human"
        pen.text((left, top), f"{turn['from']}:", FAINT, font)
        x, line = left + 60, 20
        for word in re.findall(r"\S+|\n", turn["value"]):
            if word == "\n":
                x, top = left + 60, top + line
                continue
            for part in filter(None, BOX.split(word)):
                wide = pen.textlength(part, font)
                if x + wide > right:
                    x, top = left + 60, top + line
                is_box = BOX.fullmatch(part) is not None
                pen.text(
                    (x, top),
                    part,
                    COLOURS[seen % len(COLOURS)] if is_box else INK if human else (20, 60, 130),
                    font,
                )
                seen += is_box
                x += wide
            x += 5
        top += line + 4


def sheet() -> Image.Image:
    """All rows that are shown, each on a card."""
    cards = list(chosen(rows()))
    lines = -(-len(cards) // COLUMNS)
    paper = Image.new("RGB", (COLUMNS * (WIDTH + GAP) + GAP, lines * (HEIGHT + GAP) + GAP), PAPER)
    pen = ImageDraw.Draw(paper)
    for i, row in enumerate(cards):
        left, top = GAP + i % COLUMNS * (WIDTH + GAP), GAP + i // COLUMNS * (HEIGHT + GAP)
        pen.rounded_rectangle((left, top, left + WIDTH, top + HEIGHT), 10, CARD)
        paper.paste(picture(row), (left + GAP, top + GAP))
        write(pen, row, left + SIDE + 2 * GAP, top + GAP, left + WIDTH - GAP)
    return paper


if __name__ == "__main__":
    sheet().save(OUT, optimize=True)

"""Made-up inputs of any size, in the native layouts, written fast and the same on every run."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

QUESTIONS_A_PICTURE = 100
_THINGS = (
    "road",
    "building",
    "grass area",
    "water area",
    "farmland",
    "commercial building",
    "place of worship",
    "residential area",
)
_CHUNK = 50_000


def rsvqa(root: Path, questions: int) -> Path:
    """RSVQA-LR's three tables with `questions` questions, as `rsvqa_lr/LR_split_train_*.json`."""
    folder = root / "rsvqa_lr"
    if (folder / "done").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    pictures = -(-questions // QUESTIONS_A_PICTURE)
    _array(
        folder / "LR_split_train_questions.json",
        "questions",
        (_question(i) for i in range(questions)),
    )
    _array(
        folder / "LR_split_train_answers.json", "answers", (_answer(i) for i in range(questions))
    )
    _array(folder / "LR_split_train_images.json", "images", (_picture(i) for i in range(pictures)))
    (folder / "done").touch()
    return folder


def _array(path: Path, table: str | None, records: Iterator[str]) -> None:
    part = path.with_suffix(".part")
    with part.open("w") as file:
        file.write("[" if table is None else f'{{"{table}": [')
        lines: list[str] = []
        lead = ""
        for record in records:
            lines.append(record)
            if len(lines) == _CHUNK:
                file.write(lead + ", ".join(lines))
                lead, lines = ", ", []
        file.write((lead if lines else "") + ", ".join(lines) + ("]" if table is None else "]}"))
    part.rename(path)


def _thing(i: int) -> str:
    return _THINGS[i * 2654435761 % 2**32 % len(_THINGS)]


def _words(i: int) -> tuple[str, str]:
    """Type and text of a question; no picture is asked the same twice, as in RSVQA."""
    place = i % QUESTIONS_A_PICTURE
    if place == 0:
        return "rural_urban", "Is it a rural or an urban area"
    if i % 3 == 0:
        return "presence", f"Is a {_thing(i)} present next to a {_thing(i + 7)} of size {place}?"
    if i % 3 == 1:
        side, road = (
            ("left", "right", "top", "bottom")[i // 4 % 4],
            "a  road" if i % 5 == 0 else "a road",
        )
        return "count", f"What is the number of {_thing(i)}s on the {side} of {road} {place}?"
    return "comp", f"Are there more {_thing(i)}s than {_thing(i + 5)}s in tile {place}?"


def _said(i: int) -> str:
    if i % QUESTIONS_A_PICTURE == 0:
        return ("rural", "urban")[i // QUESTIONS_A_PICTURE % 2]
    return str(i * 7919 % 997) if i % 3 == 1 else ("yes", "no")[i // 3 % 2]


def _question(i: int) -> str:
    kind, text = _words(i)
    return (
        f'{{"id": {i}, "date_added": {1543589204.7377796 + i}, "img_id": '
        f'{i // QUESTIONS_A_PICTURE}, "people_id": 0, "type": "{kind}", '
        f'"question": "{text}", "answers_ids": [{i}], "active": true}}'
    )


def _answer(i: int) -> str:
    return (
        f'{{"id": {i}, "date_added": {1543589204.7377832 + i}, "question_id": {i}, '
        f'"people_id": 0, "answer": "{_said(i)}", "active": true}}'
    )


def _picture(i: int) -> str:
    return (
        f'{{"id": {i}, "date_added": {1543589204.704322 + i}, "original_name": '
        f'"S2B_{i}.tif", "sensor": "S2", "upperleft_map_x": {613899.74 + i}, '
        f'"upperleft_map_y": {6737870.23 + i}, "res_x": "10m", "res_y": "10m", '
        f'"people_id": 0, "type": "RGB", "active": true}}'
    )


def vqa_array(root: Path, size: int) -> Path:
    """FloodNet-like questions in one JSON array of about `size` bytes, as
    `floodnet_vqa/Train_Question.json`.
    """
    folder = root / "floodnet_vqa"
    if (folder / "done").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)

    def records() -> Iterator[str]:
        total = i = 0
        while total < size:
            kind, text = _words(i)
            record = (
                f'{{"Image_ID": "{i // 50}.JPG", "Question": "{text}", "Ground_Truth": '
                f'"{_said(i)}", "Question_Type": "{kind}"}}'
            )
            total += len(record) + 2
            i += 1
            yield record

    _array(folder / "Train_Question.json", None, records())
    (folder / "done").touch()
    return folder


def jpegs(root: Path, count: int) -> Path:
    """`count` JPEGs of about 50 kB in class folders, as
    `nwpu_resisc45/NWPU-RESISC45/<class>/<class>_NNN.jpg`.
    """
    folder = root / "nwpu_resisc45"
    if (folder / "done").exists():
        return folder
    noise = np.random.default_rng(7).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    sink = io.BytesIO()
    Image.fromarray(noise).save(sink, "JPEG", quality=60)
    data = sink.getvalue()
    for i in range(count):
        path = (
            folder / "NWPU-RESISC45" / f"class{i % 45:02d}" / f"class{i % 45:02d}_{i // 45:03d}.jpg"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        # A comment segment of its own makes every picture's bytes differ.
        mark = random.Random(i).randbytes(8).hex().encode()
        path.write_bytes(
            data[:2] + b"\xff\xfe" + (len(mark) + 2).to_bytes(2, "big") + mark + data[2:]
        )
    (folder / "done").touch()
    return folder


def dota_scenes(root: Path, count: int, side: int = 4000, boxes: int = 200) -> Path:
    """`count` PNG scenes of `side` x `side` pixels in blocks of colour, each with boxes."""
    folder = root / "dota_v1"
    if (folder / "done").exists():
        return folder
    draw = np.random.default_rng(7)
    for name in ("images", "labelTxt"):
        (folder / "train" / name).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        blocks = draw.integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8)
        scene = Image.fromarray(blocks).resize((side, side), Image.Resampling.NEAREST)
        scene.save(folder / f"train/images/P{number:04d}.png", compress_level=1)
        lines = _dota_lines(draw, boxes, side)
        (folder / f"train/labelTxt/P{number:04d}.txt").write_text("".join(lines))
    (folder / "done").touch()
    return folder


def dota_labels(root: Path, files: int = 2806, boxes: int = 188_282) -> Path:
    """Label files in DOTA's numbers, without pictures."""
    folder = root / "dota_v1"
    if (folder / "done").exists():
        return folder
    draw = np.random.default_rng(7)
    (folder / "train/labelTxt").mkdir(parents=True, exist_ok=True)
    for number in range(files):
        here = boxes // files + (number < boxes % files)
        lines = _dota_lines(draw, here, 3000)
        (folder / f"train/labelTxt/P{number:04d}.txt").write_text("".join(lines))
    (folder / "done").touch()
    return folder


def _dota_lines(draw: np.random.Generator, count: int, side: int) -> Iterator[str]:
    yield "imagesource:GoogleEarth\ngsd:0.25\n"
    corners = draw.integers(100, side - 100, (count, 2))
    sizes = draw.integers(8, 80, (count, 2))
    slants = draw.integers(0, 6, count)
    names = ("small-vehicle", "large-vehicle", "ship", "plane", "harbor")
    for n, ((x, y), (w, h), s) in enumerate(
        zip(corners.tolist(), sizes.tolist(), slants.tolist(), strict=True)
    ):
        quad = (x + s, y, x + w, y + s, x + w - s, y + h, x, y + h - s)
        yield f"{' '.join(map(str, quad))} {names[n % len(names)]} {int(n % 15 == 0)}\n"


def coco(root: Path, boxes: int) -> Path:
    """One COCO file of `boxes` boxes on a tenth as many pictures, as `ssdd/SSDD.json`."""
    folder = root / "ssdd"
    if (folder / "done").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(7).integers(1, 700, (boxes, 4)).tolist()
    images = boxes // 10
    with open(folder / "SSDD.json", "w") as file:
        file.write('{"images": [')
        for i in range(images):
            file.write(
                f'{", " if i else ""}{{"id": {i}, "file_name": "{i:06d}.jpg", "width": 800, '
                '"height": 800}'
            )
        file.write('], "categories": [{"id": 1, "name": "ship"}], "annotations": [')
        for i, (x, y, w, h) in enumerate(draw):
            file.write(
                f'{", " if i else ""}{{"id": {i}, "image_id": {i % images}, "category_id": 1, '
                f'"bbox": [{x}, {y}, {w % 90 + 2}, {h % 90 + 2}], "area": {w * h}, "iscrowd": 0}}'
            )
        file.write("]}")
    (folder / "done").touch()
    return folder

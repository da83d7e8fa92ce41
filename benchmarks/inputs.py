"""Made-up inputs of any size, in the native layouts, written fast and the same on every run."""

from __future__ import annotations

import io
import json
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.box_inputs import dota_lines

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
    for i, data in enumerate(_noisy_jpegs(count)):
        path = (
            folder / "NWPU-RESISC45" / f"class{i % 45:02d}" / f"class{i % 45:02d}_{i // 45:03d}.jpg"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "done").touch()
    return folder


def _noisy_jpegs(count: int) -> Iterator[bytes]:
    """JPEGs of 300 x 300 pixels, no two of them alike."""
    noise = np.random.default_rng(7).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    sink = io.BytesIO()
    Image.fromarray(noise).save(sink, "JPEG", quality=60)
    data = sink.getvalue()
    for i in range(count):
        # A comment segment of its own makes every picture's bytes differ.
        mark = random.Random(i).randbytes(8).hex().encode()
        yield data[:2] + b"\xff\xfe" + (len(mark) + 2).to_bytes(2, "big") + mark + data[2:]


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
        lines = dota_lines(draw, boxes, side)
        (folder / f"train/labelTxt/P{number:04d}.txt").write_text("".join(lines))
    (folder / "done").touch()
    return folder


def captioned_tar(root: Path, count: int) -> Path:
    """`count` JPEGs of about 50 kB with a JSON of two captions each in one tar, as
    `gaia/train/shard-000000.tar`.
    """
    folder = root / "gaia"
    if (folder / "done").exists():
        return folder
    (folder / "train").mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / "train/shard-000000.tar", "w") as whole:
        for number, picture in enumerate(_noisy_jpegs(count)):
            said = f"Scene {number} shows a road ."
            record = {"id": f"{number:06d}", "captions": [said, f"{said[:-1]}and a field ."]}
            for ending, data in (("jpg", picture), ("json", json.dumps(record).encode())):
                member = tarfile.TarInfo(f"{number:06d}.{ending}")
                member.size = len(data)
                whole.addfile(member, io.BytesIO(data))
    (folder / "done").touch()
    return folder

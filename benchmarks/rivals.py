"""What earthmix is measured against.

Run as `python -m benchmarks.rivals NAME FOLDER OUT`, each in a process of its own.
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import msgspec
from msgspec import Struct


class Question(Struct, gc=False):
    id: int
    img_id: int
    question: str
    answers_ids: list[int]
    active: bool


class Answer(Struct, gc=False):
    id: int
    answer: str
    active: bool


class Picture(Struct, gc=False):
    id: int
    active: bool


class Questions(Struct):
    questions: list[Question]


class Answers(Struct):
    answers: list[Answer]


class Pictures(Struct):
    images: list[Picture]


def script(folder: Path, out: Path) -> None:
    """The script a user writes: json.load, dicts, a list of rows, `datasets`."""
    from datasets import Dataset

    def table(name: str) -> list[dict[str, object]]:
        with (folder / f"LR_split_train_{name}.json").open() as file:
            return json.load(file)[name]  # type: ignore[no-any-return]

    pictures = {row["id"]: row for row in table("images") if row["active"]}
    answers = {row["id"]: row["answer"] for row in table("answers") if row["active"]}
    rows = []
    for row in table("questions"):
        if not row["active"] or row["img_id"] not in pictures:
            continue
        rows.append(
            {
                "id": str(row["id"]),
                "image": f"Images_LR/{row['img_id']}.tif",
                "conversations": [
                    {"from": "human", "value": f"<image>\n{row['question']}"},
                    {"from": "gpt", "value": answers[row["answers_ids"][0]]},  # type: ignore[index]
                ],
            }
        )
    Dataset.from_list(rows).to_parquet(str(out / "rows.parquet"))


def limit(folder: Path, out: Path) -> None:
    """The limit on one core: msgspec decodes the same files into structs; one Arrow write of
    picture, question and answer, and nothing else.
    """
    import pyarrow as pa

    pa.set_cpu_count(1)
    gc.disable()
    questions = msgspec.json.decode(
        (folder / "LR_split_train_questions.json").read_bytes(), type=Questions
    ).questions
    answers = msgspec.json.decode(
        (folder / "LR_split_train_answers.json").read_bytes(), type=Answers
    ).answers
    msgspec.json.decode((folder / "LR_split_train_images.json").read_bytes(), type=Pictures)
    table = pa.table(
        {
            "image": pa.array([q.img_id for q in questions]),
            "question": pa.array([q.question for q in questions]),
            "answer": pa.array([a.answer for a in answers]),
        }
    )
    with (
        pa.OSFile(str(out / "rows.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        writer.write_table(table)


def pyarrow_images(folder: Path, out: Path) -> None:
    """pyarrow alone: reads the same pictures and writes their bytes and paths to Parquet,
    uncompressed, in groups of 100 MB.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    paths = sorted(folder.rglob("*.jpg"))
    schema = pa.schema([("bytes", pa.binary()), ("path", pa.string())])
    with pq.ParquetWriter(
        str(out / "rows.parquet"), schema, compression="none", use_dictionary=False
    ) as writer:
        for start in range(0, len(paths), 2000):
            some = paths[start : start + 2000]
            writer.write_table(
                pa.table(
                    [
                        pa.array([p.read_bytes() for p in some], pa.binary()),
                        pa.array([str(p) for p in some]),
                    ],
                    schema=schema,
                )
            )


def pillow_tiles(folder: Path, out: Path) -> None:
    """Pillow alone: every scene decoded and cut to tiles of 1,024 pixels, JPEG 95, one process."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    for path in sorted(folder.rglob("*.png")):
        with Image.open(path) as opened:
            scene = opened.convert("RGB")
        width, height = scene.size
        for y in {*range(0, height - 1024, 824), height - 1024}:
            for x in {*range(0, width - 1024, 824), width - 1024}:
                tile = scene.crop((x, y, x + 1024, y + 1024))
                tile.save(out / f"{path.stem}_{x}_{y}.jpg", quality=95)


def bare_dota(folder: Path, out: Path) -> None:
    """Label files split into words and their numbers read, and nothing else, on one core."""
    import numpy as np

    for path in sorted(folder.rglob("*.txt")):
        words = [line.split() for line in path.read_text().splitlines()[2:]]
        np.array([line[:8] for line in words], float)


def bare_coco(folder: Path, out: Path) -> None:
    """One COCO file decoded into Structs of the needed fields, and nothing else, on one core."""
    msgspec.json.decode((folder / "SSDD.json").read_bytes(), type=Coco)


def bare_voc(folder: Path, out: Path) -> None:
    """XML files parsed, and nothing else, on one core."""
    from xml.etree import ElementTree

    for path in sorted(folder.rglob("*.xml")):
        ElementTree.fromstring(path.read_bytes())


def bare_masks(folder: Path, out: Path) -> None:
    """Mask rasters decoded by Pillow, and nothing else, on one core."""
    import numpy as np
    from PIL import Image

    for path in sorted(folder.rglob("masks_png/*.png")):
        with Image.open(path) as mask:
            np.asarray(mask)


def plain_tar(folder: Path, out: Path) -> None:
    """The members of tars read by tarfile, and their JSON decoded, on one core."""
    import tarfile

    for path in sorted(folder.rglob("*.tar")):
        with tarfile.open(path) as whole:
            for member in whole:
                data = whole.extractfile(member)
                assert data is not None
                text = data.read()
                if member.name.endswith(".json"):
                    msgspec.json.decode(text)


def read_whole(folder: Path, out: Path) -> None:
    """What earthmix offers in place of a loader: each Sample with its regions."""
    from converters import read_dataset

    regions = 0
    for found in read_dataset(folder.name, folder):
        regions += len(getattr(found, "regions", ()))


def pycocotools_coco(folder: Path, out: Path) -> None:
    """pycocotools loads a COCO file."""
    from pycocotools.coco import COCO

    COCO(str(folder / "SSDD.json"))


def supervision_coco(folder: Path, out: Path) -> None:
    """supervision loads a COCO file."""
    import supervision

    supervision.DetectionDataset.from_coco(str(folder), str(folder / "SSDD.json"))


def supervision_voc(folder: Path, out: Path) -> None:
    """supervision loads XML files, and reads their pictures for their sizes."""
    import supervision

    supervision.DetectionDataset.from_pascal_voc(
        str(folder / "JPEGImages-trainval"),
        str(folder / "Annotations/Horizontal Bounding Boxes"),
    )


class CocoPicture(Struct, gc=False):
    """A picture of a COCO file."""

    id: int
    file_name: str
    width: int
    height: int


class CocoBox(Struct, gc=False):
    """An annotation of a COCO file."""

    id: int
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]


class Coco(Struct):
    """What of a COCO file is needed."""

    images: list[CocoPicture]
    annotations: list[CocoBox]


_RIVALS = (
    script,
    limit,
    pyarrow_images,
    pillow_tiles,
    plain_tar,
    bare_dota,
    bare_voc,
    bare_coco,
    bare_masks,
    read_whole,
    pycocotools_coco,
    supervision_coco,
    supervision_voc,
)

if __name__ == "__main__":
    {rival.__name__: rival for rival in _RIVALS}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))

"""Made-up annotations of boxes and masks in the real sets' proportions, the same on every run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

_CLASSES = ("airplane", "ship", "vehicle", "storagetank", "harbor", "tenniscourt", "dam")
_VALUES = 8  # of a mask of LoveDA's


def dota_labels(root: Path, files: int = 2806, boxes: int = 188_282) -> Path:
    """Label files in DOTA's numbers, without pictures."""
    folder = root / "dota_v1"
    if (folder / "done").exists():
        return folder
    draw = np.random.default_rng(7)
    (folder / "train/labelTxt").mkdir(parents=True, exist_ok=True)
    for number in range(files):
        here = boxes // files + (number < boxes % files)
        lines = dota_lines(draw, here, 3000)
        (folder / f"train/labelTxt/P{number:04d}.txt").write_text("".join(lines))
    (folder / "done").touch()
    return folder


def dota_lines(draw: np.random.Generator, count: int, side: int) -> Iterator[str]:
    """The lines of one label file: boxes of a scene of `side` x `side` pixels."""
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


def voc(root: Path, files: int = 23_463, boxes: int = 192_518) -> Path:
    """XML files in DIOR's numbers with a tiny picture each, all in the split train."""
    folder = root / "dior"
    if (folder / "done").exists():
        return folder
    annotations = folder / "Annotations/Horizontal Bounding Boxes"
    lists, pictures = folder / "ImageSets/Main", folder / "JPEGImages-trainval"
    for made in (annotations, lists, pictures):
        made.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(7)
    for number in range(files):
        here = boxes // files + (number < boxes % files)
        objects = "".join(_voc_objects(draw.integers(1, 700, (here, 4)).tolist()))
        (annotations / f"{number:05d}.xml").write_text(
            f"<annotation>\n\t<filename>{number:05d}.jpg</filename>\n\t<source>\n"
            "\t\t<database>DIOR</database>\n\t</source>\n\t<size>\n\t\t<width>800</width>\n"
            "\t\t<height>800</height>\n\t\t<depth>3</depth>\n\t</size>\n"
            f"\t<segmented>0</segmented>\n{objects}</annotation>\n"
        )
        # Nobody decodes more of it than must be: the loader that it is for reads each picture.
        Image.new("RGB", (8, 8)).save(pictures / f"{number:05d}.jpg")
    (lists / "train.txt").write_text("".join(f"{number:05d}\n" for number in range(files)))
    (folder / "done").touch()
    return folder


def _voc_objects(corners: list[list[int]]) -> Iterator[str]:
    for n, (x, y, w, h) in enumerate(corners):
        yield (
            f"\t<object>\n\t\t<name>{_CLASSES[n % len(_CLASSES)]}</name>\n"
            "\t\t<pose>Unspecified</pose>\n\t\t<bndbox>\n"
            f"\t\t\t<xmin>{x}</xmin>\n\t\t\t<ymin>{y}</ymin>\n"
            f"\t\t\t<xmax>{x + w % 90 + 2}</xmax>\n\t\t\t<ymax>{y + h % 90 + 2}</ymax>\n"
            "\t\t</bndbox>\n\t</object>\n"
        )


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


def masks(root: Path, count: int, side: int = 1024) -> Path:
    """Mask rasters of `side` x `side` pixels in blobs of LoveDA's values, with empty pictures."""
    folder = root / "loveda"
    if (folder / "done").exists():
        return folder
    draw = np.random.default_rng(7)
    values, pictures = folder / "Train/Rural/masks_png", folder / "Train/Rural/images_png"
    for made in (values, pictures):
        made.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        # A coarse picture drawn larger and cut into steps: blobs with ragged edges, as of land.
        coarse = Image.fromarray(draw.integers(0, 256, (24, 24), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))
        mask = Image.fromarray((smooth.astype(np.uint16) * _VALUES // 256).astype(np.uint8))
        mask.save(values / f"{number}.png", compress_level=1)
        (pictures / f"{number}.png").touch()
    (folder / "done").touch()
    return folder

"""Small masks for tests, and what readers make of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from native import Native, read
from PIL import Image

from converters.catalogue import catalogue
from schemas.sample import Sample

Pixels = list[list[object]]  # rows of values, or of colours
# Options of `xml_mask_colours` for masks beside their XML files.
COLOURED = {
    "annotations": "x/{stem}.xml",
    "images": "p/{stem}.png",
    "masks": "m/{stem}.png",
    "colour": "c",
    "label": "l",
}


def put_mask(path: Path, pixels: object, mode: str | None = None) -> None:
    """A mask of 8-bit values or colours. mode: Pillow's, where not that of the values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.array(pixels, np.uint8))
    (image.convert(mode) if mode else image).save(path)


def put_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def only(slug: str, root: Path) -> Sample:
    """The one Sample that an entry makes of a folder."""
    [sample] = read(catalogue()[slug], root).samples
    return sample


def by_stem(found: Native) -> dict[str, Sample]:
    return {Path(sample.key).stem: sample for sample in found.samples}

"""The pictures of the sample data agree with what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from sample_files import dota, hbb

from converters.sample_data.town import Item, Town, count, draw_town, make_town


def extent(
    image: Image.Image, within: tuple[int, int, int, int]
) -> tuple[int, int, int, int] | None:
    """Half-open extent of the pixels that are no ground, in a window of the picture."""
    ground = image.getpixel((0, image.height - 1))
    assert isinstance(ground, tuple)
    # The patches of a ground stray at most 9 from its colour, so two of them at most 18 from each
    # other.
    found = [
        (x, y)
        for y in range(max(within[1], 0), min(within[3], image.height))
        for x in range(max(within[0], 0), min(within[2], image.width))
        if any(abs(a - b) > 18 for a, b in zip(image.getpixel((x, y)), ground, strict=True))  # type: ignore[arg-type]
    ]
    xs, ys = zip(*found, strict=True)
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


@pytest.mark.parametrize(
    ("stem", "label"),
    [
        ("P0003", "storage-tank"),
        ("P0003", "large-vehicle"),
        ("P0004", "tennis-court"),
        ("P0005", "small-vehicle"),
        ("P0010", "large-vehicle"),
    ],
)
def test_an_object_fills_the_envelope_of_its_oriented_box(
    sample: Path, stem: str, label: str
) -> None:
    image = Image.open(sample / f"dota_v1/train/images/{stem}.png")
    for line in dota(sample, "train", stem)[:4]:
        if line[8] == label:
            corners = [int(number) for number in line[:8]]
            box = (min(corners[::2]), min(corners[1::2]), max(corners[::2]), max(corners[1::2]))
            seen = extent(image, (box[0] - 6, box[1] - 6, box[2] + 6, box[3] + 6))
            assert seen is not None
            # A turned corner ends between two pixels; a horizontal box is exact.
            slack = 0 if label == "storage-tank" else 1
            assert all(abs(a - b) <= slack for a, b in zip(seen, box, strict=True)), (line, seen)


def test_a_dior_object_fills_its_box_counted_from_one(sample: Path) -> None:
    image = Image.open(sample / "dior/JPEGImages-trainval/00010.jpg").convert("L")
    xmin, ymin, xmax, ymax = next(
        box for label, box in hbb(sample, "00010") if label == "Expressway-Service-area"
    )
    middle_x, middle_y = (xmin + xmax) // 2, ymin + 10
    inside = 93  # half way between the dark roof and the grass
    row = [x for x in range(xmin - 20, xmax + 20) if image.getpixel((x, middle_y)) < inside]  # type: ignore[operator]
    column = [y for y in range(ymin - 20, ymax + 20) if image.getpixel((middle_x, y)) < inside]  # type: ignore[operator]
    assert (row[0], row[-1], column[0], column[-1]) == (xmin - 1, xmax - 1, ymin - 1, ymax - 1)


@pytest.mark.parametrize("number", range(6))
def test_a_town_shows_as_many_buildings_as_it_counts(number: int) -> None:
    roof = (196, 52, 44)

    def roofs(town: Town) -> int:
        return sum(
            times
            for times, colour in draw_town(town, 128).getcolors(128 * 128) or []
            if colour == roof
        )

    town = make_town(f"rsvqa_lr {number}", urban=number % 3 == 0)
    assert roofs(town) == count(town, "small building") * roofs(
        Town("one", (), (Item("small building", 0, 0),))
    )

"""A small town on a grid.

What the question-answer sets ask about, drawn in the numbers the answers claim.
"""

from __future__ import annotations

from typing import NamedTuple

from PIL import Image

from converters.sample_data.drawing import draw, ground, seeded

GRID = 8
# Glyph, and side as a share of its cell.
LOOKS = {
    "small building": ("house", 0.45),
    "large building": ("hall", 0.8),
    "water area": ("pond", 0.9),
    "forest": ("tree", 0.9),
    "farmland": ("field", 0.9),
}
KINDS = ("building", "small building", "large building", "road", "water area", "forest", "farmland")
URBAN_FROM = 8


class Item(NamedTuple):
    """One thing in one cell."""

    kind: str
    row: int
    column: int


class Town(NamedTuple):
    """roads: grid rows that are a road from side to side. name: seeds the ground."""

    name: str
    roads: tuple[int, ...]
    items: tuple[Item, ...]


def make_town(name: str, urban: bool) -> Town:
    """A town or a stretch of country, always the same for the same name."""
    rng = seeded(f"town {name}")
    roads = tuple(
        sorted(rng.sample((1, 3, 5, 7), rng.randint(2, 3) if urban else rng.randint(0, 1)))
    )
    amounts = {
        "small building": rng.randint(6, 12) if urban else rng.randint(0, 4),
        "large building": rng.randint(2, 6) if urban else rng.randint(0, 2),
        "water area": rng.randint(0, 2),
        "forest": rng.randint(0, 2) if urban else rng.randint(1, 5),
        "farmland": 0 if urban else rng.randint(1, 5),
    }
    cells = [(row, column) for row in range(GRID) if row not in roads for column in range(GRID)]
    kinds = [kind for kind, amount in amounts.items() for _ in range(amount)]
    return Town(
        name,
        roads,
        tuple(
            Item(kind, *cell)
            for kind, cell in zip(kinds, rng.sample(cells, len(kinds)), strict=True)
        ),
    )


def count(town: Town, kind: str) -> int:
    """How many of a kind the picture shows; a building is small or large."""
    if kind == "road":
        return len(town.roads)
    return sum(item.kind.endswith(kind) for item in town.items)


def buildings_next_to_road(town: Town) -> int:
    """Buildings in a row beside a road."""
    return sum(
        item.kind.endswith("building") and any(abs(item.row - road) == 1 for road in town.roads)
        for item in town.items
    )


def area(town: Town, kind: str, size: int) -> int:
    """Pixels that the things of a square kind cover in a picture of `size`."""
    return sum(_side(item.kind, size) ** 2 for item in town.items if item.kind.endswith(kind))


def draw_town(town: Town, size: int) -> Image.Image:
    """The picture, `size` pixels square."""
    image = ground(town.name, "grass", (size, size))
    cell = size // GRID
    for row in town.roads:
        top, bottom = row * cell + cell // 4, row * cell + cell * 3 // 4
        draw(image, "road", ((0, top), (size - 1, top), (size - 1, bottom), (0, bottom)))
    for kind, row, column in town.items:
        side = _side(kind, size)
        left, top = column * cell + (cell - side) // 2, row * cell + (cell - side) // 2
        right, bottom = left + side - 1, top + side - 1
        draw(image, LOOKS[kind][0], ((left, top), (right, top), (right, bottom), (left, bottom)))
    return image


def _side(kind: str, size: int) -> int:
    return round(size // GRID * LOOKS[kind][1])

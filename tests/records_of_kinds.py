"""Records that hold items of several kinds."""

from __future__ import annotations

from given import sample

from schemas.sample import (
    Box,
    Caption,
    Question,
    Region,
    Sample,
)

SHIP = Region("0", "ship", Box(10, 8, 30, 24))
DAM = Region("1", "dam", Box(50, 40, 100, 80))
RING = (10.0, 10.0, 40.0, 10.0, 50.0, 40.0, 30.0, 60.0, 10.0, 40.0)


def rich() -> Sample:
    """A record with a caption, two questions and two boxes."""
    return sample(
        captions=(Caption("0", "a dam and a ship."),),
        questions=(Question("0", "Is there a dam?", "yes"), Question("1", "How many?", "2")),
        regions=(SHIP, DAM),
    )

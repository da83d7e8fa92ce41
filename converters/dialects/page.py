"""The page docs/dialects.md and its drawing: one box, one oriented box and one polygon in all."""

from __future__ import annotations

import numpy as np

from converters import dialects
from converters.dialects import kit
from converters.regions.shapes import enclose
from schemas.sample import Box, Mask, Polygon, Quad, Shape

SIZE: kit.Size = (800, 600)
WORDS = "1 ship"
# The quad is 200 x 100 about (560, 180), its right end turned 30 degrees down.
EXAMPLES: dict[str, Shape] = {
    "box": Box(80, 90, 300, 210),
    "oriented box": Quad((498.4, 86.7, 671.6, 186.7, 621.6, 273.3, 448.4, 173.3)),
    "polygon": Polygon((160, 330, 400, 330, 400, 420, 300, 420, 300, 540, 160, 540)),
}
_COLOURS = ("#0072b2", "#d55e00", "#009e73")  # told apart by colour-blind eyes too
_KINDS = ((Box, "boxes"), (Quad, "oriented boxes"), (Polygon, "polygons"), (Mask, "masks"))
_FRAMES = {
    "image": "the picture, unpadded",
    "padded": "the picture padded to a square",
    "resized": "the picture after resizing",
}


def page() -> str:
    """The text of docs/dialects.md; `dialects.svg` beside it is `drawing()`."""
    parts = [_HEAD, _table(), *(_section(dialect) for dialect in dialects.DIALECTS.values())]
    return "\n\n".join(parts) + "\n"


_HEAD = f"""# Box formats (dialects)

A dialect is a box format: how regions are written as text for a model, and read back.
A mix names one (`dialect = "geochat"`).
Every dialect below writes the same three regions of a picture of {SIZE[0]} x {SIZE[1]} pixels:

![A box, an oriented box and a polygon](dialects.svg)

A shape that a dialect cannot write is written as the smallest one around it that it can, and
counted; or it is dropped as `not_sayable`, as the mix says.

This page is made by `make docs` from the objects in `converters/dialects/`."""


def _table() -> str:
    rows = [
        "| dialect | steps | of | writes | size needed | settled |",
        "|---|---|---|---|---|---|",
    ]
    for dialect in dialects.DIALECTS.values():
        numbers = str(dialect.grid or "pixels")
        rows.append(
            f"| [{dialect.name}](#{dialect.name}) | {numbers} | {_FRAMES[dialect.frame]} "
            f"| {_written(dialect)} | {_yes(dialect.needs_size)} | {_yes(dialect.settled)} |"
        )
    return "\n".join(rows)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _written(dialect: kit.Dialect) -> str:
    return ", ".join(words for kind, words in _KINDS if kind in dialect.shapes)


def _section(dialect: kit.Dialect) -> str:
    facts = [
        ("Rounding", dialect.rounding),
        ("Order", dialect.order),
        ("Angle", dialect.angle or "none"),
        ("Beyond the picture", "moved to its edge" if dialect.bounded else "written as it is"),
        ("Settings", ", ".join(f"{key} = {value}" for key, value in dialect.settings.items())),
        ("Not settled", dialect.unsettled),
        ("Source", dialect.source),
    ]
    lines = [f"- {name}: {fact}" for name, fact in facts if fact]
    parts = [f"## {dialect.name}", f"{_sentence(dialect.about)}", "\n".join(lines)]
    for name, shape in EXAMPLES.items():
        sizes = np.array([SIZE], float)
        texts, _, counts = dialects.render(dialect, [shape], sizes)
        around = ", as the smallest shape around it" if counts["enclosed"] else ""
        said = dialect.named(WORDS, texts)
        if dialect.aside is not None:
            travels = shape if type(shape) in dialect.shapes else enclose([shape], Box)[0]
            said += f"\nbeside it: {dialect.aside([travels], sizes)[0]}"
        parts.append(f"The {name}{around}:\n\n~~~text\n{said}\n~~~")
    return "\n\n".join(parts)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def drawing() -> str:
    """The three regions in their picture, as SVG."""
    width, height = SIZE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-20 -40 {width + 60} {height + 80}" '
        'width="640" font-family="sans-serif" font-size="20">',
        f'<rect width="{width}" height="{height}" fill="#f4f4f0" stroke="#666"/>',
        '<text x="0" y="-12">(0, 0)</text>',
        f'<text x="{width}" y="{height + 26}" text-anchor="end">({width}, {height})</text>',
    ]
    for (name, shape), colour in zip(EXAMPLES.items(), _COLOURS, strict=True):
        [outline] = enclose([shape], Polygon)
        corners = np.array(outline.points if isinstance(outline, Polygon) else ()).reshape(-1, 2)
        points = " ".join(f"{x:g},{y:g}" for x, y in corners.tolist())
        lines.append(
            f'<polygon points="{points}" fill="{colour}" fill-opacity="0.2" stroke="{colour}" '
            'stroke-width="3"/>'
        )
        x, y = corners.mean(axis=0).tolist()
        lines.append(f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="middle">{name}</text>')
        lines += [
            f'<text x="{x:g}" y="{y:g}" font-size="13" fill="#333">{x:g}, {y:g}</text>'
            for x, y in corners.tolist()
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"

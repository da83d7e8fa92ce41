"""What a preview draws: outlines of regions and masks, boxes in texts, thumbnails."""

from __future__ import annotations

import io

import previews
import pytest
from PIL import Image

from converters.read.images import PictureError
from pipelines.preview import outlines, thumbnails
from pipelines.preview.from_text import Read, regions_in
from pipelines.preview.text import visible
from schemas.sample import Box, Mask, Polygon, Quad, Shape

# Outlines


@pytest.mark.parametrize(
    "values, rings",
    [
        ({"bbox": [1, 2, 5, 4]}, [[1, 2, 5, 2, 5, 4, 1, 4]]),
        ({"bbox": [0, 0, 4, 4], "points": [2, 0, 4, 2, 2, 4, 0, 2]}, [[2, 0, 4, 2, 2, 4, 0, 2]]),
        ({"bbox": None}, []),
        ({"bbox": [1, 2, float("nan"), 4]}, []),
        ({"bbox": [2, 1, 5, 4], "counts": previews.MASK}, [[2, 1, 2, 4, 5, 4, 5, 1]]),
    ],
    ids=["box", "corners", "nothing", "no number", "mask"],
)
def test_a_region_is_drawn_from_the_best_it_has(
    values: dict[str, object], rings: list[list[float]]
) -> None:
    found = outlines.of_region({"bbox": None, "points": None, **values}, (8, 6))
    assert [sorted(corners(ring)) for ring in found] == [sorted(corners(ring)) for ring in rings]


def corners(ring: list[float]) -> list[tuple[float, float]]:
    return list(zip(ring[::2], ring[1::2], strict=True))


def test_a_mask_with_a_hole_has_two_rings_the_outer_first() -> None:
    # 5 x 5 pixels set but for the outer rim's missing and the middle one.
    counts = [6, 3, 2, 1, 1, 1, 2, 3, 6]
    outer, inner = outlines.of_mask(counts, (5, 5), [1, 1, 4, 4])
    assert sorted(corners(outer)) == [(1, 1), (1, 4), (4, 1), (4, 4)]
    assert sorted(corners(inner)) == [(2, 2), (2, 3), (3, 2), (3, 3)]


@pytest.mark.parametrize("counts", [[13, 3], [-1, 3, 46], [48]], ids=["short", "negative", "none"])
def test_a_mask_that_cannot_be_read_is_drawn_as_its_box(counts: list[int]) -> None:
    region = {"bbox": [1, 2, 5, 4], "points": None, "counts": counts}
    assert outlines.of_region(region, (8, 6)) == [[1, 2, 5, 2, 5, 4, 1, 4]]


def test_a_large_mask_has_a_short_outline() -> None:
    side = 20_000
    column = [side // 4, side // 2, side // 4]
    counts = [side * side // 4 + column[0]]
    counts += [side // 2, side // 2] * (side // 2 - 1)
    counts += [side // 2, side // 4 + side * side // 4]
    [ring] = outlines.of_mask(counts, (side, side), [5000, 5000, 15000, 15000])
    assert sorted(corners(ring)) == [(5000, 5000), (5000, 15000), (15000, 5000), (15000, 15000)]


def test_a_polygon_of_many_corners_is_thinned_out() -> None:
    points = [float(n) for n in range(2002)]
    [ring] = outlines.of_points(points)
    assert (len(ring), ring[:4]) == (334, [0, 1, 12, 13])


@pytest.mark.parametrize(
    "shape, ring",
    [
        (Box(1, 2, 5, 4), [1, 2, 5, 2, 5, 4, 1, 4]),
        (Quad((2, 0, 4, 2, 2, 4, 0, 2)), [2, 0, 4, 2, 2, 4, 0, 2]),
        (Polygon((0, 0, 4, 0, 2, 3)), [0, 0, 4, 0, 2, 3]),
    ],
)
def test_a_shape_of_a_text_is_one_ring(shape: Shape, ring: list[float]) -> None:
    assert outlines.of_shape(shape) == [ring]


def test_a_mask_of_a_text_is_outlined() -> None:
    [ring] = outlines.of_shape(Mask(8, 6, tuple(previews.MASK)))
    assert sorted(corners(ring)) == [(2, 1), (2, 4), (5, 1), (5, 4)]


# Text


def test_boxes_in_a_text_are_found_with_their_places() -> None:
    text = "At {<0><0><50><100>|<0>} and [1, 2] there."
    assert regions_in("geochat", text, (8, 6)) == [Read([[0, 0, 4, 0, 4, 6, 0, 6]], 3, 24)]


def test_a_dialect_that_is_not_known_gives_no_boxes() -> None:
    assert regions_in("runes", "[1, 2, 3, 4]", (8, 6)) == []


@pytest.mark.parametrize(
    "text, lines, seen",
    [
        ("a\x1b[31m", False, "a\\x1b[31m"),
        ("a\nb\tc\rd", True, "a\nb\tc\\x0dd"),
        ("a\nb", False, "a\\x0ab"),
        ("\u202ea\x9b\u2066", False, "\\u202ea\\x9b\\u2066"),
        ("straße 東京 🛰", False, "straße 東京 🛰"),
    ],
)
def test_control_characters_are_written_out(text: str, lines: bool, seen: str) -> None:
    assert visible(text, lines) == seen


# Thumbnails


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


def test_a_thumbnail_is_a_small_jpeg_that_knows_its_pictures_size() -> None:
    made = thumbnails.make(previews.picture(900, 450), side=90)
    small = opened(made.jpeg)
    assert (made.width, made.height) == (900, 450)
    assert (small.format, small.mode, small.size) == ("JPEG", "RGB", (90, 45))


def test_a_small_picture_is_not_enlarged() -> None:
    assert opened(thumbnails.make(previews.picture(8, 6)).jpeg).size == (8, 6)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG"])
def test_a_picture_is_turned_as_its_exif_data_say(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the first line of the file is the right edge of the picture
    image = Image.new("RGB", (8, 6))
    out = io.BytesIO()
    if kind == "TIFF":
        image.save(out, kind, tiffinfo={0x0112: 6})
    else:
        image.save(out, kind, exif=exif)
    made = thumbnails.make(out.getvalue())
    assert (made.width, made.height) == (6, 8)
    assert opened(made.jpeg).size == (6, 8)


def test_sixteen_bits_are_scaled_to_eight() -> None:
    data = previews.encoded(Image.new("I;16", (8, 8), 128 * 256))
    pixel = opened(thumbnails.make(data).jpeg).getpixel((4, 4))
    assert pixel == (128, 128, 128)


@pytest.mark.parametrize(
    "data, reason",
    [(b"", "unreadable_image"), (previews.picture(64, 64)[:60], "unreadable_image")],
    ids=["empty", "cut off"],
)
def test_what_is_no_picture_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(PictureError) as refused:
        thumbnails.make(data)
    assert refused.value.args[0] == reason


def test_a_picture_too_large_to_decode_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "_MOST_PIXELS", 47)
    with pytest.raises(PictureError, match="8 x 6: too large to show"):
        thumbnails.make(previews.picture(8, 6))

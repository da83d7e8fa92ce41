"""Coordinates of another frame than the picture as it is shown. Numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from native import changed, convert, dataset
from PIL import Image, ImageOps

from converters.regions.frames import Frame, frame_of, moved
from schemas.mix import ImageMode
from schemas.sample import Box, Mask, Quad, Shape

XML = (
    "<annotation><size><width>{}</width><height>{}</height></size><object><name>ship</name>"
    "<bndbox><xmin>101</xmin><ymin>51</ymin><xmax>200</xmax><ymax>250</ymax></bndbox></object>"
    "</annotation>"
)


@pytest.mark.parametrize(
    "shown, orientation, stated, frame",
    [
        ((400, 400), 1, [], None),
        ((400, 400), 1, [(400, 401)], None),  # rounded
        ((100, 50), 1, [(1600, 800)], Frame(1600, 800, x=0.0625, y=0.0625)),
        ((800, 800), 1, [(800, 783), (800, 800)], None),  # one of two statements is right
        ((400, 300), 1, [(800, 600)], Frame(800, 600, x=0.5, y=0.5)),
        ((267, 200), 1, [(800, 600)], Frame(800, 600, x=0.33375, y=1 / 3)),
        ((400, 800), 6, [(800, 400)], Frame(800, 400, orientation=6)),
        ((400, 800), 6, [(400, 800)], None),
    ],
)
def test_the_frame_is_found_by_the_sizes(
    shown: tuple[int, int], orientation: int, stated: list[tuple[int, int]], frame: Frame | None
) -> None:
    assert frame_of(shown, orientation, stated) == frame


@pytest.mark.parametrize(
    "shown, orientation, stated",
    [
        ((400, 300), 1, (800, 800)),
        ((400, 400), 1, (400, 402)),
        ((400, 800), 1, (800, 400)),
        ((800, 800), 1, (1, 1)),
        ((100, 50), 1, (1700, 850)),
    ],
    ids=["no one ratio", "more than rounded", "on its side", "no size", "seventeen times"],
)
def test_sizes_that_no_rule_explains_are_a_conflict_with_both(
    shown: tuple[int, int], orientation: int, stated: tuple[int, int]
) -> None:
    found = frame_of(shown, orientation, [stated])
    assert found is not None and found.conflict == (
        f"the annotation is for a picture of {stated[0]} x {stated[1]}, and the picture has "
        f"{shown[0]} x {shown[1]}"
    )


# A box near the top left of a stored picture of 80 x 40, as each orientation shows it.
@pytest.mark.parametrize(
    "orientation, box",
    [
        (5, Box(5, 10, 25, 20)),
        (6, Box(15, 10, 35, 20)),
        (7, Box(15, 60, 35, 70)),
        (8, Box(5, 60, 25, 70)),
    ],
)
def test_a_box_turns_with_its_picture(orientation: int, box: Box) -> None:
    assert moved(Box(10, 5, 20, 25), Frame(80, 40, orientation)) == box


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_turned_mark_lies_where_pillow_shows_it(orientation: int, tmp_path: Path) -> None:
    stored = Image.new("L", (8, 4))
    stored.putpixel((1, 2), 255)
    exif = Image.Exif()
    exif[274] = orientation
    stored.save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as opened:
        x, y, x2, y2 = ImageOps.exif_transpose(opened).getbbox() or (0, 0, 0, 0)
    assert moved(Box(1, 2, 2, 3), Frame(8, 4, orientation)) == Box(x, y, x2, y2)


@pytest.mark.parametrize(
    "shape, scaled",
    [
        (Box(10, 20, 30, 40), Box(5, 10, 15, 20)),
        (Box(30, 40, 10, 20), Box(15, 20, 5, 10)),  # inverted by its authors, and still so
        (Quad((0, 0, 8, 0, 8, 4, 0, 4)), Quad((0, 0, 4, 0, 4, 2, 0, 2))),
        (Mask(2, 2, (0, 4)), Mask(2, 2, (0, 4))),
    ],
)
def test_shapes_of_a_smaller_copy_are_scaled_and_masks_stay(shape: Shape, scaled: Shape) -> None:
    assert moved(shape, Frame(80, 60, x=0.5, y=0.5)) == scaled


def put(root: Path, width: int, height: int, size: tuple[int, int]) -> None:
    """A picture of size, with an annotation for one of width x height."""
    labels = root / "Annotations" / "Horizontal Bounding Boxes"
    labels.mkdir(parents=True)
    (labels / "00001.xml").write_text(XML.format(width, height))
    (root / "ImageSets" / "Main").mkdir(parents=True)
    (root / "ImageSets" / "Main" / "test.txt").write_text("00001\n")
    (root / "JPEGImages-test").mkdir()
    Image.new("RGB", size).save(root / "JPEGImages-test" / "00001.jpg")


@pytest.mark.parametrize("images", ["embed", "path"])
def test_a_box_of_a_smaller_copy_is_scaled_and_counted(images: ImageMode, tmp_path: Path) -> None:
    put(tmp_path, 800, 600, (400, 300))
    entry = changed("dior", size=(1000, 1000) if images == "path" else None)
    found = convert(dataset(entry, ["grounding"], tmp_path, images))
    [row] = found.rows
    assert row["regions"][0]["bbox"] == [50, 25, 100, 125]
    assert {key.bucket: n for key, n in found.counts.items() if key.level == "repairs"} == {
        "scaled": 1
    }


def test_a_box_of_another_picture_is_a_reject_with_both_sizes(tmp_path: Path) -> None:
    put(tmp_path, 800, 600, (400, 400))
    found = convert(dataset(changed("dior", size=None), ["grounding"], tmp_path, "embed"))
    assert not found.rows
    [reject] = found.rejects
    assert (reject["reason"], reject["detail"]) == (
        "size_conflict",
        "ship 100 50 200 250 in 400 x 400: the annotation is for a picture of 800 x 600, and the "
        "picture has 400 x 400",
    )


@pytest.mark.parametrize(
    "orientation, size, told",
    [(6, (800, 400), True), (6, (600, 600), False), (3, (800, 400), False)],
)
def test_a_turned_picture_of_which_no_size_tells_the_way_is_noted(
    orientation: int, size: tuple[int, int], told: bool, tmp_path: Path
) -> None:
    put(tmp_path, *size, size)
    exif = Image.Exif()
    exif[274] = orientation
    Image.new("RGB", size).save(tmp_path / "JPEGImages-test" / "00001.jpg", exif=exif)
    found = convert(dataset(changed("dior", size=None), ["grounding"], tmp_path, "embed"))
    notes = {key.bucket: n for key, n in found.counts.items() if key.level == "notes" and n}
    assert (len(found.rows), notes) == (1, {} if told else {"either_way_up": 1})

"""Pixels of pictures as they are shown: decoded, turned, of 8 bits, written anew."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import given
import numpy as np
import pytest
from native import encoded
from PIL import Image

from converters.read import images, pixels
from converters.read.images import (
    Facts,
    PictureError,
    check,
    decode,
    header,
    read_facts,
    read_size,
    reencode,
)
from schemas.mix import ImageMode
from schemas.sample import Caption, Picture, Sample


def stored(folder: Path, data: bytes, name: str = "a.jpg") -> str:
    (folder / name).write_bytes(data)
    return str(folder / name)


# Decoding


def scrambled() -> bytes:
    """A PNG with header and end in place and pixels that do not decode."""
    data = bytearray(encoded("PNG", 40, 30))
    data[60:90] = bytes(30)
    return bytes(data)


def test_the_quick_look_does_not_see_broken_pixels() -> None:
    assert check(scrambled())[:2] == (40, 30)


def test_verifying_sees_broken_pixels(tmp_path: Path) -> None:
    assert read_facts(stored(tmp_path, scrambled()), verify=True).fault == "unreadable_image"


def test_half_a_jpeg_is_truncated_to_the_decoder_too() -> None:
    data = encoded("JPEG", 200, 200)
    with pytest.raises(PictureError, match="truncated_image"):
        decode(data[: len(data) // 2])


@pytest.mark.parametrize(
    "mode, kind, written",
    [
        ("RGB", "JPEG", "JPEG"),
        ("L", "JPEG", "JPEG"),
        ("CMYK", "JPEG", "JPEG"),
        ("RGBA", "PNG", "PNG"),
        ("P", "PNG", "PNG"),
        ("L", "TIFF", "PNG"),
        ("RGB", "BMP", "PNG"),
        ("P", "GIF", "PNG"),
        ("RGB", "WEBP", "PNG"),
    ],
)
def test_a_picture_written_anew_is_rgb(mode: str, kind: str, written: str) -> None:
    with Image.open(io.BytesIO(reencode(encoded(kind, 31, 17, mode)))) as image:
        assert (image.mode, image.size, image.format) == ("RGB", (31, 17), written)


def test_a_picture_written_anew_has_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a description"
    with Image.open(io.BytesIO(reencode(encoded("JPEG", 31, 17, exif=exif)))) as image:
        assert "exif" not in image.info


def test_a_drones_two_pictures_in_one_file_stay_a_jpeg() -> None:
    out = io.BytesIO()
    Image.new("RGB", (31, 17)).save(
        out, "MPO", save_all=True, append_images=[Image.new("RGB", (31, 17))]
    )
    with Image.open(io.BytesIO(reencode(out.getvalue()))) as image:
        assert image.format == "JPEG"


def test_the_same_picture_is_written_anew_to_the_same_bytes() -> None:
    data = encoded("TIFF", 31, 17)
    assert reencode(data) == reencode(data)


def test_a_picture_that_cannot_be_written_anew_says_so() -> None:
    with pytest.raises(PictureError, match="unreadable_image"):
        reencode(scrambled())


def test_sixteen_bit_pixels_are_scaled_and_not_cut_off() -> None:
    sink = io.BytesIO()
    Image.frombytes("I;16", (3, 1), bytes([0, 0, 0, 128, 255, 255])).save(sink, "PNG")
    with Image.open(io.BytesIO(images.reencode(sink.getvalue()))) as picture:
        assert [picture.getpixel((x, 0)) for x in range(3)] == [
            (0, 0, 0),
            (128, 128, 128),
            (255, 255, 255),
        ]


def test_floating_point_pixels_are_refused() -> None:
    sink = io.BytesIO()
    Image.new("F", (2, 2), 0.5).save(sink, "TIFF")
    with pytest.raises(images.PictureError) as caught:
        images.reencode(sink.getvalue())
    assert caught.value.args[0] == "unreadable_image"


# Orientation: a picture of 31 x 17 whose upper left corner is red

TURNED = [
    (1, (31, 17), (0, 0)),
    (2, (31, 17), (30, 0)),
    (3, (31, 17), (30, 16)),
    (4, (31, 17), (0, 16)),
    (5, (17, 31), (0, 0)),
    (6, (17, 31), (16, 0)),
    (7, (17, 31), (16, 30)),
    (8, (17, 31), (0, 30)),
]
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{}"/></rdf:RDF></x:xmpmeta>'
)


def cornered() -> Image.Image:
    picture = Image.new("RGB", (31, 17), "white")
    picture.paste("red", (0, 0, 8, 8))
    return picture


def oriented(where: str, orientation: int) -> bytes:
    """The cornered picture, with its orientation in one of the places where formats have it."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[274] = orientation
    block = b"II*\x00" + struct.pack("<IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)
    if where in ("JPEG", "PNG", "WEBP"):
        cornered().save(out, where, exif=exif, **({"lossless": True} if where == "WEBP" else {}))
    elif where == "JPEG without JFIF":
        # As cameras write it: Exif's block follows the beginning, where Pillow puts JFIF's.
        cornered().save(out, "JPEG", exif=exif)
        data = out.getvalue()
        return data[:2] + data[4 + int.from_bytes(data[4:6], "big") :]
    elif where == "JPEG by XMP":
        cornered().save(out, "JPEG", xmp=XMP.format(orientation).encode())
    elif where == "PNG behind its pixels":
        cornered().save(out, "PNG")
        chunk = b"eXIf" + block
        chunk = struct.pack(">I", len(block)) + chunk + struct.pack(">I", zlib.crc32(chunk))
        return out.getvalue()[:-12] + chunk + out.getvalue()[-12:]
    elif where == "TIFF":
        cornered().save(out, "TIFF", tiffinfo={274: orientation})
    elif where == "TIFF by XMP":
        cornered().save(out, "TIFF", tiffinfo={700: XMP.format(orientation).encode()})
    return out.getvalue()


PLACES = (
    "JPEG",
    "JPEG without JFIF",
    "JPEG by XMP",
    "PNG",
    "PNG behind its pixels",
    "WEBP",
    "TIFF",
    "TIFF by XMP",
)


@pytest.mark.parametrize("reader", [read_facts, read_size])
@pytest.mark.parametrize("orientation, size, corner", TURNED)
@pytest.mark.parametrize("where", PLACES)
def test_a_size_is_that_of_the_picture_as_it_is_shown(
    tmp_path: Path,
    where: str,
    orientation: int,
    size: tuple[int, int],
    corner: tuple[int, int],
    reader: Any,
) -> None:
    facts = reader(stored(tmp_path, oriented(where, orientation)))
    assert (facts.width, facts.height, facts.orientation) == (*size, orientation)


@pytest.mark.parametrize("orientation, size, corner", TURNED)
@pytest.mark.parametrize("where", PLACES)
def test_a_picture_written_anew_is_as_it_is_shown(
    where: str, orientation: int, size: tuple[int, int], corner: tuple[int, int]
) -> None:
    with Image.open(io.BytesIO(reencode(oriented(where, orientation)))) as image:
        red, green, blue = image.convert("RGB").getpixel(corner)
        assert (image.size, image.getexif().get(274)) == (size, None)
        assert red > 200 and green < 90 and blue < 90


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_means_nothing_turns_nothing(orientation: int) -> None:
    assert header(oriented("JPEG", orientation))[:3] == (31, 17, 1)


@pytest.mark.parametrize("block", [b"", b"II", b"II*\x00" + bytes(4), bytes(3000)])
def test_a_broken_exif_block_turns_nothing(block: bytes) -> None:
    assert header(encoded("JPEG", 31, 17, exif=b"Exif\x00\x00" + block))[:3] == (31, 17, 1)


def test_an_orientation_far_behind_the_head_of_a_png_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "_HEADER_BYTES", 80)
    facts = read_size(stored(tmp_path, oriented("PNG behind its pixels", 6)))
    assert (facts.width, facts.height, facts.orientation) == (17, 31, 6)


# Pixels of more than 8 bits


def grey(values: list[int], mode: str = "I;16") -> bytes:
    """A PNG of 16-bit grey, or a TIFF of other numbers, one row."""
    out = io.BytesIO()
    code = {"I;16": "H", "I": "i", "F": "f"}[mode]
    raw = struct.pack(f"<{len(values)}{code}", *values)
    picture = Image.frombytes(mode, (len(values), 1), raw)
    picture.save(out, "PNG" if mode == "I;16" else "TIFF")
    return out.getvalue()


def shown_values(data: bytes) -> list[int]:
    with Image.open(io.BytesIO(reencode(data))) as image:
        return [image.getpixel((x, 0))[0] for x in range(image.width)]


def test_dark_sixteen_bit_pixels_are_stretched_and_not_turned_black() -> None:
    assert shown_values(grey([0, 1000, 2000, 3000, 4000])) == [0, 64, 128, 191, 255]


def test_all_rows_of_sixteen_bits_count_however_many_are_counted_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pixels, "_ROWS_A_BLOCK", 2)
    column = np.array([[1000], [0], [2000], [4000], [3000]], np.uint16)
    out = io.BytesIO()
    Image.fromarray(column).save(out, "PNG")
    with Image.open(io.BytesIO(reencode(out.getvalue()))) as image:
        assert [image.getpixel((0, y))[0] for y in range(5)] == [64, 0, 128, 255, 191]


def test_one_bright_pixel_does_not_turn_the_others_black() -> None:
    values = shown_values(grey([100, 300] * 50 + [65535]))
    assert (values[0], values[1], values[-1]) == (0, 255, 255)


def test_a_few_values_beside_no_data_are_seen() -> None:
    values = shown_values(grey([0] * 200 + [700]))
    assert (values[0], values[-1]) == (0, 255)


def test_a_picture_of_one_value_keeps_its_shade() -> None:
    assert shown_values(grey([32768] * 4)) == [128] * 4


def test_whole_numbers_within_sixteen_bits_are_stretched() -> None:
    assert shown_values(grey([0, 500, 1000], "I")) == [0, 128, 255]


@pytest.mark.parametrize(
    "data, detail",
    [
        (grey([0, 1, 2], "F"), "floating-point pixels, of which nobody says what is white"),
        (
            grey([0, 70_000], "I"),
            "pixels of more than 16 bits, of which nobody says what is white",
        ),
        (grey([-5, 70], "I"), "pixels of more than 16 bits, of which nobody says what is white"),
    ],
    ids=["floating point", "beyond", "below zero"],
)
def test_pixels_without_a_white_are_a_fault_of_their_picture(
    tmp_path: Path, data: bytes, detail: str
) -> None:
    assert read_facts(stored(tmp_path, data), verify=True) == Facts(
        fault="unreadable_image", detail=detail
    )


def deep_png(value: int) -> bytes:
    """A PNG of 2 x 2 pixels whose three colours have 16 bits and one value."""
    row = b"\x00" + struct.pack(">6H", *[value] * 6)
    chunks = [
        b"IHDR" + struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0),
        b"IDAT" + zlib.compress(row * 2),
        b"IEND",
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )


def test_bright_colours_of_sixteen_bits_keep_their_upper_eight() -> None:
    assert shown_values(deep_png(0xA5FF)) == [0xA5, 0xA5]


def test_dark_colours_of_sixteen_bits_are_refused_and_not_turned_black() -> None:
    with pytest.raises(PictureError, match="16-bit colours that use little of their range"):
        reencode(deep_png(4000))


def test_a_dark_picture_of_eight_bits_stays_dark() -> None:
    out = io.BytesIO()
    Image.new("RGB", (2, 1), (9, 9, 9)).save(out, "PNG")
    assert shown_values(out.getvalue()) == [9, 9]


@pytest.mark.parametrize(
    "images, note", [("embed", "deep_pictures"), ("reencode", "stretched_pictures"), ("path", "")]
)
def test_pictures_of_more_than_8_bits_are_counted(
    tmp_path: Path, images: ImageMode, note: str
) -> None:
    for name, mode in (("a.png", "I;16"), ("b.png", "RGB")):
        (tmp_path / name).write_bytes(encoded("PNG", mode=mode))
    records = [
        Sample(name, "f", "train", (Picture(name),), captions=(Caption("0", "a field"),))
        for name in ("a.png", "b.png")
    ]
    counts = given.convert(records, ["caption"], root=tmp_path, images=images).counts
    noted = {key.bucket: n for key, n in counts.items() if key.level == "notes" and n}
    assert noted == ({note: 1} if note else {})

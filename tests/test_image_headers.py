"""Headers of pictures: the size, the end, what is cut off and what is no picture."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

import pytest
from native import encoded

from converters.read.images import (
    PictureError,
    check,
    header,
)

KINDS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF")
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "progressive JPEG": ("JPEG", {"progressive": True}),
    "JPEG with Exif": ("JPEG", {"exif": b"Exif\x00\x00" + bytes(3000)}),
    "grey JPEG": ("JPEG", {"mode": "L"}),
    "CMYK JPEG": ("JPEG", {"mode": "CMYK"}),
    "PNG with a palette": ("PNG", {"mode": "P"}),
    "PNG with transparency": ("PNG", {"mode": "RGBA"}),
    "16-bit PNG": ("PNG", {"mode": "I;16"}),
    "TIFF with its directory behind the pixels": ("TIFF", {"compression": "tiff_lzw"}),
    "TIFF of deflated strips": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "WebP without loss": ("WEBP", {"lossless": True}),
}


def png(width: int, height: int) -> bytes:
    """A PNG whose header claims a size, without pixels."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + b"\x00\x00\x00\x00IEND\xaeB`\x82"
    )


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.jpg", encoded("JPEG"))
    return out.getvalue()


def fault(data: bytes) -> str:
    with pytest.raises(PictureError) as error:
        check(data)
    return str(error.value.args[0])


# Good pictures


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_picture_gives_its_size(kind: str) -> None:
    assert check(encoded(kind, 31, 17))[:2] == (31, 17)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_picture_of_any_make_gives_its_size(name: str) -> None:
    kind, options = VARIANTS[name]
    assert check(encoded(kind, 31, 17, **options))[:2] == (31, 17)


def test_a_square_of_32_768_pixels_is_the_largest_picture() -> None:
    assert header(png(32_768, 32_768))[:2] == (32_768, 32_768)
    with pytest.raises(PictureError, match="oversized_image"):
        header(png(32_769, 32_768))


@pytest.mark.parametrize(("width", "height"), [(0, 17), (31, 0)])
def test_a_jpeg_without_width_or_height_has_no_pixels(width: int, height: int) -> None:
    data = encoded("JPEG", 31, 17)
    at = data.index(b"\xff\xc0") + 5
    data = data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]
    with pytest.raises(PictureError) as error:
        header(data)
    assert error.value.args == ("unreadable_image", f"{width} x {height} pixels")


def test_an_exif_thumbnail_is_not_taken_for_the_picture() -> None:
    whole = encoded("JPEG", 31, 17)
    thumbnail = b"Exif\x00\x00" + encoded("JPEG", 5, 3)
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    assert header(whole[:2] + segment + whole[2:])[:2] == (31, 17)


@pytest.mark.parametrize("marker", [n for n in range(0xC0, 0xD0) if n not in (0xC4, 0xC8, 0xCC)])
def test_each_kind_of_jpeg_frame_tells_its_size(marker: int) -> None:
    data = encoded("JPEG", 31, 17).replace(b"\xff\xc0", bytes([0xFF, marker]), 1)
    assert header(data)[:2] == (31, 17)


@pytest.mark.parametrize("marker", [0xBF, 0xC4, 0xC8, 0xCC, 0xE1])
def test_another_segment_of_a_jpeg_is_no_frame(marker: int) -> None:
    data = encoded("JPEG", 31, 17).replace(b"\xff\xc0", bytes([0xFF, marker]), 1)
    with pytest.raises(PictureError, match="a JPEG without a frame header"):
        header(data)


def test_fill_bytes_before_a_jpeg_marker_are_passed() -> None:
    whole = encoded("JPEG", 31, 17)
    assert header(whole[:2] + b"\xff\xff\xff" + whole[2:])[:2] == (31, 17)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_padding_behind_the_end_is_allowed(kind: str) -> None:
    assert check(encoded(kind, 31, 17) + bytes(100))[:2] == (31, 17)


# Cut-off pictures


def cut(kind: str, keep: int) -> bytes:
    """The beginning of a picture of noise; of a GIF none that ends as a whole one by chance."""
    while (data := encoded(kind, 40, 30)[:keep]).endswith(b";"):
        pass
    return data


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keep", [-1, -5, -40])
def test_a_picture_whose_end_is_missing_is_truncated(kind: str, keep: int) -> None:
    assert fault(cut(kind, keep)) == "truncated_image"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keep", [5, 10, *range(16, 31)])
def test_a_picture_cut_within_its_header_is_truncated(kind: str, keep: int) -> None:
    assert fault(cut(kind, keep)) == "truncated_image"


@pytest.mark.parametrize(
    "name",
    [
        "progressive JPEG",
        "TIFF with its directory behind the pixels",
        "TIFF of deflated strips",
        "WebP without loss",
    ],
)
def test_half_a_picture_of_any_make_is_truncated(name: str) -> None:
    kind, options = VARIANTS[name]
    data = encoded(kind, 40, 30, **options)
    assert fault(data[: len(data) // 2]) == "truncated_image"


def tiled(*tags: tuple[int, int]) -> bytes:
    """A grey TIFF of 16 x 16 pixels in one tile behind the header.

    tags: (tag, value)s that it has besides.
    """
    known = [(256, 16), (257, 16), (258, 8), (259, 1), (262, 1), (277, 1), *tags]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(known))
    return (
        b"II*\x00"
        + struct.pack("<I", 264)
        + bytes(256)
        + struct.pack("<H", len(known))
        + entries
        + bytes(4)
    )


TILE = ((322, 16), (323, 16), (324, 8))


@pytest.mark.parametrize("length, whole", [(256, True), (382, True), (383, False)])
def test_every_tile_of_a_tiff_must_lie_inside_the_file(length: int, whole: bool) -> None:
    data = tiled(*TILE, (325, length))
    assert (len(data) >= 8 + length, fault(data) if not whole else check(data)[:2]) == (
        whole,
        (16, 16) if whole else "truncated_image",
    )


@pytest.mark.parametrize(
    "pieces, whole",
    [
        ([(273, 8), (278, 16), (279, 256)], True),
        ([(273, 8), (278, 2**32 - 1), (279, 256)], True),  # one strip, as the standard writes it
        ([(273, 8), (279, 256)], True),
        ([(273, 8), (278, 15), (279, 240)], False),
        ([(273, 8), (278, 0), (279, 256)], False),
        ([(322, 16), (323, 8), (324, 8), (325, 128)], False),
        ([(322, 8), (323, 16), (324, 8), (325, 128)], False),
    ],
)
def test_the_strips_or_tiles_of_a_tiff_must_cover_it(
    pieces: list[tuple[int, int]], whole: bool
) -> None:
    data = tiled(*pieces)
    assert (check(data)[:2] if whole else fault(data)) == ((16, 16) if whole else "truncated_image")


def test_a_tiff_without_pixels_is_truncated() -> None:
    assert fault(tiled()) == "truncated_image"


# What is no picture


@pytest.mark.parametrize(
    "data, reason, detail",
    [
        (b"", "unreadable_image", "the file is empty"),
        (zipped(), "unreadable_image", "no picture: begins b'PK\\x03\\x04'"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n",
            "unreadable_image",
            "a Git LFS pointer, not the picture",
        ),
        (
            b"<!DOCTYPE html><title>Sign in</title>",
            "unreadable_image",
            "a web page, not the picture; download it again",
        ),
        (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
            "unreadable_image",
            "no picture: begins b'%!PS'",
        ),
        (
            b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"ab" + bytes(40),
            "unreadable_image",
            "a JPEG without a frame header",
        ),
        (png(0, 5), "unreadable_image", "0 x 5 pixels"),
        (png(40_000, 40_000), "oversized_image", "40000 x 40000 pixels"),
    ],
    ids=["empty", "zip", "LFS pointer", "HTML", "PostScript", "JPEG of zeros", "no width", "bomb"],
)
def test_what_is_no_picture_says_why(data: bytes, reason: str, detail: str) -> None:
    with pytest.raises(PictureError) as error:
        check(data)
    assert error.value.args == (reason, detail)


def bmp(width: int, height: int) -> bytes:
    """A BMP whose header claims a size."""
    return b"BM" + struct.pack(
        "<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0
    )


@pytest.mark.parametrize("make", [png, bmp], ids=["PNG", "BMP"])
def test_the_largest_pictures_of_the_field_pass_whatever_their_format(make: Any) -> None:
    assert header(make(32_768, 32_768))[:2] == (32_768, 32_768)


@pytest.mark.parametrize("make", [png, bmp], ids=["PNG", "BMP"])
def test_a_picture_of_more_pixels_is_refused_whatever_its_format(make: Any) -> None:
    with pytest.raises(PictureError, match="oversized_image"):
        header(make(60_000, 60_000))


# Bytes behind the end, and TIFFs that Pillow does not know


@pytest.mark.parametrize("behind", [bytes(3000), b"vendor block " * 400], ids=["zeros", "a block"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_any_bytes_behind_the_end_are_allowed(kind: str, behind: bytes) -> None:
    assert check(encoded(kind, 31, 17) + behind)[:2] == (31, 17)


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture() -> None:
    whole = encoded("JPEG", 31, 17)
    thumbnail = b"Exif\x00\x00" + encoded("JPEG", 5, 3)
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    assert fault(whole[:2] + segment + whole[2:-100]) == "truncated_image"


def banded(bands: int, bits: int, pixels: int) -> bytes:
    """A TIFF of 4 x 5 pixels as GDAL writes bands: the first is grey, the others are extra."""
    places = {258: 200, 338: 300}  # of the bits of each band, and of what each extra band is
    strip = 400
    known = [(256, 3, 1, 4), (257, 3, 1, 5), (258, 3, bands, places[258]), (259, 3, 1, 1)]
    known += [(262, 3, 1, 1), (273, 4, 1, strip), (277, 3, 1, bands), (278, 3, 1, 5)]
    known += [(279, 4, 1, 20 * bands * bits // 8), (338, 3, bands - 1, places[338])]
    entries = b"".join(struct.pack("<HHII", *entry) for entry in known)
    head = b"II*\x00" + struct.pack("<IH", 8, len(known)) + entries + bytes(4)
    each = head.ljust(200, b"\x00") + struct.pack("<H", bits) * bands
    return each.ljust(strip, b"\x00") + bytes(pixels)


@pytest.mark.parametrize("bands, bits", [(3, 16), (4, 8), (5, 8), (12, 16)])
def test_a_tiff_of_many_bands_is_called_what_it_is(bands: int, bits: int) -> None:
    with pytest.raises(PictureError) as error:
        check(banded(bands, bits, 20 * bands * bits // 8))
    assert error.value.args == (
        "unreadable_image",
        f"a TIFF of {bands} bands of {bits} bits, which Pillow does not read",
    )


def test_a_tiff_of_many_bands_that_is_cut_off_is_truncated() -> None:
    assert fault(banded(4, 16, 30)) == "truncated_image"


@pytest.mark.parametrize(
    "data, deep",
    [
        (encoded("PNG"), False),
        (encoded("PNG", mode="I;16"), True),
        (encoded("TIFF"), False),
        (encoded("TIFF", mode="I;16"), True),
        (encoded("TIFF", mode="F"), True),
        (encoded("JPEG", mode="CMYK"), False),
    ],
)
def test_a_picture_of_more_than_8_bits_is_known_as_such(data: bytes, deep: bool) -> None:
    assert header(data).deep is deep

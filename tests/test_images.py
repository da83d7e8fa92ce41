"""Picture files: the header, the end, what is no picture, and pictures written anew."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from native import encoded
from PIL import Image

from converters.read import files, images
from converters.read.images import (
    Facts,
    PictureError,
    check,
    decode,
    header,
    read_all,
    read_facts,
    read_size,
    reencode,
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
    assert check(encoded(kind, 31, 17)) == (31, 17)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_picture_of_any_make_gives_its_size(name: str) -> None:
    kind, options = VARIANTS[name]
    assert check(encoded(kind, 31, 17, **options)) == (31, 17)


def test_an_exif_thumbnail_is_not_taken_for_the_picture() -> None:
    whole = encoded("JPEG", 31, 17)
    thumbnail = b"Exif\x00\x00" + encoded("JPEG", 5, 3)
    assert header(
        whole[:2] + b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + whole[2:]
    ) == (31, 17)


def test_fill_bytes_before_a_jpeg_marker_are_passed() -> None:
    whole = encoded("JPEG", 31, 17)
    assert header(whole[:2] + b"\xff\xff\xff" + whole[2:]) == (31, 17)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_padding_behind_the_end_is_allowed(kind: str) -> None:
    assert check(encoded(kind, 31, 17) + bytes(100)) == (31, 17)


# Cut-off pictures


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keep", [-1, -5, -40])
def test_a_picture_whose_end_is_missing_is_truncated(kind: str, keep: int) -> None:
    assert fault(encoded(kind, 40, 30)[:keep]) == "truncated_image"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keep", [5, 10, 20, 30])
def test_a_picture_cut_within_its_header_is_truncated(kind: str, keep: int) -> None:
    assert fault(encoded(kind, 40, 30)[:keep]) == "truncated_image"


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
    """A grey TIFF of 16 x 16 pixels in one tile behind the header, with the given (tag, value)s besides."""
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
    assert (len(data) >= 8 + length, fault(data) if not whole else check(data)) == (
        whole,
        (16, 16) if whole else "truncated_image",
    )


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
            "no picture: begins b'<!DO'",
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
    assert header(make(32_768, 32_768)) == (32_768, 32_768)


@pytest.mark.parametrize("make", [png, bmp], ids=["PNG", "BMP"])
def test_a_picture_of_more_pixels_is_refused_whatever_its_format(make: Any) -> None:
    with pytest.raises(PictureError, match="oversized_image"):
        header(make(60_000, 60_000))


# Facts of files


def stored(folder: Path, data: bytes, name: str = "a.jpg") -> str:
    (folder / name).write_bytes(data)
    return str(folder / name)


def test_facts_are_size_bytes_and_hash(tmp_path: Path) -> None:
    data = encoded("JPEG", 31, 17)
    assert read_facts(stored(tmp_path, data)) == Facts(
        31, 17, len(data), hashlib.sha256(data).hexdigest()
    )


def test_a_faulty_picture_has_a_fault_and_no_numbers(tmp_path: Path) -> None:
    assert read_facts(stored(tmp_path, b"")) == Facts(
        0, 0, 0, "", "unreadable_image", "the file is empty"
    )


@pytest.mark.parametrize(
    "name",
    ["none.jpg", "folder", "a.jpg/b.jpg", "x" * 300],
    ids=["absent", "a folder", "below a file", "a name too long"],
)
@pytest.mark.parametrize("reader", [read_facts, read_size])
def test_a_picture_that_is_not_there_is_missing(tmp_path: Path, reader: Any, name: str) -> None:
    (tmp_path / "folder").mkdir()
    stored(tmp_path, encoded("JPEG"))
    assert reader(f"{tmp_path}/{name}").fault == "missing_image"


@pytest.mark.parametrize("reader", [read_facts, read_size])
def test_a_picture_that_may_not_be_opened_is_unreadable(
    monkeypatch: pytest.MonkeyPatch, reader: Any
) -> None:
    def refuse(path: str) -> Any:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(files, "store", refuse)
    assert reader("/data/a.jpg") == Facts(fault="unreadable_image", detail="Permission denied")


def test_a_file_larger_than_a_column_can_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 9)
    assert read_facts(stored(tmp_path, bytes(10))) == Facts(
        fault="oversized_image", detail="10 bytes"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_size_is_read_from_the_head(tmp_path: Path, kind: str) -> None:
    assert read_size(stored(tmp_path, encoded(kind, 31, 17))) == Facts(31, 17)


def test_a_missing_end_is_no_matter_where_only_the_size_is_asked(tmp_path: Path) -> None:
    assert read_size(stored(tmp_path, encoded("PNG", 31, 17)[:-9])) == Facts(31, 17)


@pytest.mark.parametrize(
    "name", ["TIFF with its directory behind the pixels", "WebP without loss", "JPEG with Exif"]
)
def test_the_size_is_found_behind_the_head_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    kind, options = VARIANTS[name]
    monkeypatch.setattr(images, "_HEADER_BYTES", 64)
    assert read_size(stored(tmp_path, encoded(kind, 31, 17, **options))) == Facts(31, 17)


def test_pictures_are_read_in_the_order_given(tmp_path: Path) -> None:
    paths = [stored(tmp_path, encoded("PNG", side, 5), f"{side}.png") for side in range(1, 20)]
    assert [facts.width for facts in read_all(paths, sizes_only=True)] == list(range(1, 20))


# Decoding


def scrambled() -> bytes:
    """A PNG with header and end in place and pixels that do not decode."""
    data = bytearray(encoded("PNG", 40, 30))
    data[60:90] = bytes(30)
    return bytes(data)


def test_the_quick_look_does_not_see_broken_pixels() -> None:
    assert check(scrambled()) == (40, 30)


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

"""Bytes of pictures and text, written under their native names."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image, TiffImagePlugin


def put(path: Path, data: bytes) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def put_text(path: Path, text: str) -> None:
    """Write text as it stands: line ends are the caller's, since CRLF is part of some layouts."""
    put(path, text.encode())


def put_json(
    path: Path, value: Any, *, indent: int | None = None, separators: tuple[str, str] | None = None
) -> None:
    """Write JSON in the key order given, without a line end at the end, as the sources do."""
    put_text(path, json.dumps(value, indent=indent, separators=separators))


def jpeg(image: Image.Image) -> bytes:
    """Baseline JPEG."""
    return _encoded(image, "JPEG", quality=80)


def png(image: Image.Image) -> bytes:
    """PNG, quickly written."""
    return _encoded(image, "PNG", compress_level=4)


def tiff(image: Image.Image, compression: str | None = None) -> bytes:
    """TIFF, uncompressed unless told otherwise."""
    data = _encoded(image, "TIFF", compression=compression)
    return data if compression is None else _zero_gap(data)


def _zero_gap(data: bytes) -> bytes:
    """Zero the bytes between a TIFF's pixels and its directory.

    libtiff aligns the directory to two bytes and leaves whatever was in memory in the gap, so that
    equal pictures would differ.
    """
    tags = TiffImagePlugin.TiffImageFile(io.BytesIO(data)).tag_v2
    end = max(
        map(
            sum,
            zip(
                tags[TiffImagePlugin.STRIPOFFSETS],
                tags[TiffImagePlugin.STRIPBYTECOUNTS],
                strict=True,
            ),
        )
    )
    directory = int.from_bytes(data[4:8], "little" if data.startswith(b"II") else "big")
    return data[:end] + bytes(directory - end) + data[directory:]


def _encoded(image: Image.Image, picture_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, picture_format, **options)
    return buffer.getvalue()

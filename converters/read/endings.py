"""Endings of picture files."""

from __future__ import annotations

# Endings of pictures; of files that differ by them alone, the first one's is taken.
PICTURE_ENDINGS = (
    *(".png", ".tif", ".tiff", ".bmp", ".ppm", ".jp2"),
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif"),
)


def picture_ending(name: str) -> str:
    """A file name's ending in small letters where it is a picture's, else empty."""
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    return ending if ending in PICTURE_ENDINGS else ""


def picture_stem(name: str) -> str:
    """A file name without its ending, if that is a picture's."""
    return name[: len(name) - len(picture_ending(name))]


def rank(name: str) -> tuple[int, str]:
    """The place of a picture's file among those that differ by their ending alone."""
    return PICTURE_ENDINGS.index(picture_ending(name)), name

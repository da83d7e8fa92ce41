"""What the page is told of a row: plain values, harmless to look at and bounded in length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from converters.read.images import PictureError
from pipelines.preview import outlines, rejects, thumbnails
from pipelines.preview.from_text import regions_in
from pipelines.preview.outlines import Size
from pipelines.preview.text import visible

_MOST_TURNS = 40
_MOST_TEXT = 4000  # characters of a turn
_MOST_WORDS = 300  # of any other text
_MOST_REGIONS = 300  # of a row, from its numbers or from its text
_MOST_POINTS = 2400  # corners of a row's regions, shared out among them
_LEAST_POINTS = 8  # of them for each region
_MOST_PICTURES = 24

Json = dict[str, Any]

_UNSEEN: Json = {"thumbnail": None, "width": 0, "height": 0}


class Thumbnails:
    """The thumbnails of a page, each picture once however many rows show it."""

    def __init__(self) -> None:
        self.jpegs: list[bytes] = []
        self._made: dict[str, Json] = {}

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Makes what the pictures of some rows need, all at once."""
        fresh: dict[str, bytes] = {}
        for row in rows:
            for name, picture in zip(_names(row), row["images"][:_MOST_PICTURES], strict=True):
                if picture["bytes"] is None:
                    self._made[name] = _UNSEEN | {
                        "why": "The mix holds no pictures, only their paths."
                    }
                elif name not in self._made:
                    fresh[name] = picture["bytes"]
        for name, made in zip(fresh, thumbnails.make_all(list(fresh.values())), strict=True):
            if isinstance(made, PictureError):
                why = f"It cannot be shown: {_word(made.args[1])}"
                self._made[name] = _UNSEEN | {"why": why}
            else:
                size = {"width": made.width, "height": made.height}
                self._made[name] = {"thumbnail": len(self.jpegs), **size}
                self.jpegs.append(made.jpeg)

    def of(self, name: str) -> Json:
        """What the page needs of a picture: {thumbnail, width, height}, and why.

        thumbnail: its number, or None; then why says why there is none. A size of 0 is unknown.
        """
        return self._made[name]


def _names(row: Mapping[str, Any]) -> list[str]:
    """What tells a row's pictures from others: their hashes, or their paths."""
    hashes = row["image_sha256"] or []
    images = row["images"][:_MOST_PICTURES]
    return [_at(hashes, i) or image["path"] for i, image in enumerate(images)]


def pictures(row: Mapping[str, Any], made: Thumbnails) -> list[Json]:
    """The row's pictures, the first 24 of them. Their thumbnails have been added before."""
    found = []
    for i, name in enumerate(_names(row)):
        size, time = _size(_at(row["sizes"] or [], i)), _at(row["times"] or [], i)
        # The row's own size is the frame of its regions.
        frame = dict(zip(("width", "height"), size, strict=True)) if size else {}
        told = {"path": _word(row["images"][i]["path"]), **made.of(name), **frame}
        found.append(told | ({"time": _word(time)} if time else {}))
    return found


def told(row: Mapping[str, Any], made: Thumbnails) -> Json:
    """A row as the page knows it."""
    shown = pictures(row, made)
    sizes = [(p["width"], p["height"]) if p["width"] and p["height"] else None for p in shown]
    regions, hidden = _regions(row["regions"] or [], sizes)
    turns = [_turn(turn) for turn in row["conversations"][:_MOST_TURNS]]
    found = {
        "id": _word(row["id"]),
        "dataset": _word(row["dataset"]),
        "task": _word(row["task"]),
        "split": _word(row["split"] or ""),
        "turns": turns,
        "pictures": shown,
        "regions": regions,
        "read": _read(row["dialect"], turns, regions, sizes),
        "facts": _facts(row),
    }
    counts = {
        "hiddenRegions": hidden,
        "hiddenTurns": max(0, len(row["conversations"]) - _MOST_TURNS),
        "hiddenPictures": max(0, len(row["images"]) - _MOST_PICTURES),
    }
    scene = row.get("scene")
    if scene and sizes and sizes[0] and scene["width"] and scene["height"]:
        found["scene"] = scene | {"path": _word(scene["path"] or "")}
    return found | {name: n for name, n in counts.items() if n}


def told_reject(
    reject: Mapping[str, Any], meaning: str, row: Mapping[str, Any] | None, made: Thumbnails
) -> Json:
    """A reject as the page knows it. row: one that shows its picture."""
    names = ("dataset", "split", "reason", "kind", "level", "file", "key", "detail")
    found: Json = {name: _word(reject[name] or "") for name in names}
    found |= {"meaning": meaning, "items": reject["items"], "rings": rejects.fault(reject)}
    for name in ("id", "survivor"):
        if reject[name]:
            found[name] = _word(reject[name])
    return found | {"pictures": pictures(row, made) if row else []}


def _regions(rows: Sequence[Mapping[str, Any]], sizes: Sequence[Size | None]) -> tuple[Any, int]:
    """Regions with their rings, and how many are not drawn."""
    found = []
    shown = rows[:_MOST_REGIONS]
    most = max(_LEAST_POINTS, min(outlines.MOST_POINTS, _MOST_POINTS // max(1, len(shown))))
    for region in shown:
        rings = outlines.of_region(region, _at(sizes, region["image"]), most)
        if rings:
            words = {"label": _word(region["label"] or "")}
            if region["phrase"]:
                words["phrase"] = _word(region["phrase"])
            found.append({"image": region["image"], **words, "rings": rings})
    return found, len(rows) - len(found)


def _read(
    dialect: str | None, turns: Sequence[Json], regions: Sequence[Json], sizes: Sequence[Any]
) -> list[Json]:
    """Regions as the text tells them. A text does not say which picture it is about: the only one
    that the row's regions lie in, else the first."""
    named = {region["image"] for region in regions}
    image = named.pop() if len(named) == 1 else 0
    size = _at(sizes, image)
    found: list[Json] = []
    for number, turn in enumerate(turns if size else ()):
        for rings, start, end in regions_in(dialect, turn["value"], size):
            place = {"turn": number, "start": start, "end": end}
            found.append({"image": image, "rings": rings, **place})
    return [region for region in found if region["rings"]][:_MOST_REGIONS]


def _turn(turn: Mapping[str, str]) -> Json:
    text = visible(turn["value"] or "", lines=True)
    cut = {"more": len(text) - _MOST_TEXT} if len(text) > _MOST_TEXT else {}
    return {"from": _word(turn["from"] or ""), "value": text[:_MOST_TEXT], **cut}


def _facts(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What else is known of a row, in words: (name, value)."""
    licences = (row["license_annotations"], row["license_images"])
    values = {
        "Text by": row["text_origin"],
        "Box format (dialect)": row["dialect"],
        "Template": row["template"],
        "Ground sampling distance": f"{row['gsd']:g} m" if row["gsd"] else None,
        "Longitude, latitude": _degrees(row["lon"], row["lat"]),
        "Sensor": row["sensor"],
        "Licence of annotations": licences[0],
        "Licence of pictures": licences[1],
        "File": row["origin"]["file"],
        "Record": row["origin"]["key"],
    }
    return [(name, _word(value)) for name, value in values.items() if value]


def _degrees(lon: float | None, lat: float | None) -> str | None:
    return None if lon is None or lat is None else f"{lon:.5f}, {lat:.5f}"


def _word(text: str) -> str:
    """A text on one line, cut where it is too long."""
    plain = visible(text)
    return plain if len(plain) <= _MOST_WORDS else plain[:_MOST_WORDS] + "…"


def _size(size: Mapping[str, Any] | None) -> Size | None:
    return (size["width"], size["height"]) if size and size["width"] and size["height"] else None


def _at(values: Sequence[Any], index: int) -> Any:
    return values[index] if 0 <= index < len(values) else None

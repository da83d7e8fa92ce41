"""Lines of text gathered by picture: one file for each picture, for a video, or for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from converters.read.box_fields import (
    BadLine,
    fields_of,
    fitted,
    is_heading,
    is_marked,
    is_yolo,
    number,
    shown,
)
from converters.read.folder import DEEPER, picture_stem
from converters.read.records import text_lines
from schemas.sample import Reject


class LineRules(NamedTuple):
    """How lines are read: see `converters.read.box_fields`. every: frames 0, n, 2n, ... are."""

    columns: Sequence[str]
    delimiter: str | None = None
    every: int = 1


class Scene(Struct):
    """The lines of one picture: (place, fields by column).

    values: what its path is made of. damaged: a line of it cannot be taken apart, so nobody knows
    how many objects of any class it has.
    """

    key: str
    values: dict[str, str]
    lines: list[tuple[str, dict[str, str]]] = []
    damaged: bool = False


def scenes_of(
    rules: LineRules, text: str, file: str, values: Mapping[str, str]
) -> tuple[list[Scene], list[Reject]]:
    """The pictures that a file's lines are of, in order, and Rejects of the lines left out.

    values: `stem` and `split` of the file, and what the names in its pattern stand for. Without a
    column `image` or `frame` there is one picture, whatever the file holds. A line of a table that
    has a picture and nothing else is a picture without objects. A first line of column names is
    passed over.
    """
    named = [value for key, value in values.items() if key not in ("stem", "split", DEEPER)]
    whole = Scene("/".join([*named, values["stem"]]), dict(values))
    scenes: dict[str, Scene] = {}
    if not {"image", "frame"} & {*rules.columns}:
        scenes[whole.key] = whole
    rejects = [*_collect(rules, text, file, whole, scenes)]
    return [*scenes.values()], rejects


def _collect(
    rules: LineRules, text: str, file: str, whole: Scene, scenes: dict[str, Scene]
) -> Iterator[Reject]:
    """Fills in the scenes of one file; yields what is wrong with lines, or not read of them."""
    split = whole.values["split"]
    passed: Counter[str] = Counter()
    for place, line in text_lines(text):
        key = f"line {place}"
        if place == 1 and _is_heading(rules, line):
            continue
        try:
            fields = _fields(rules, line)
            scene = _scene(fields, whole, scenes, rules.every)
        except BadLine as bad:
            reason, detail = bad.args
            if whole.key in scenes:
                key, whole.damaged = f"{whole.key}#{key}", True
            yield Reject(file, key, split, reason, f"{detail}: {shown(line)}")
            continue
        if scene is None:
            passed["unselected"] += 1
        elif is_marked(fields.get("lost", "")):
            passed["inactive"] += 1
        elif fields.keys() - {"image"}:
            scene.lines.append((key, fields))
    for reason, count in sorted(passed.items()):
        why = "out of the picture" if reason == "inactive" else "of frames that are not read"
        yield Reject(file, whole.key, split, reason, f"{count} lines {why}", count)


def _is_heading(rules: LineRules, line: str) -> bool:
    try:
        return is_heading(fields_of(line, rules.delimiter), rules.columns)
    except BadLine:
        return False


def _fields(rules: LineRules, line: str) -> dict[str, str]:
    fields = fields_of(line, rules.delimiter)
    if len(fields) == 1 and rules.columns[0] == "image" and number(fields[0]) is None:
        return {"image": fields[0]}  # a picture without objects
    try:
        joint = rules.delimiter if rules.delimiter and rules.delimiter in line else " "
        return fitted(fields, rules.columns, joint)
    except BadLine as bad:
        reason, detail = bad.args
        yolo = ", as YOLO writes lines" if is_yolo(line) else ""
        raise BadLine(reason, f"{detail}{yolo}") from None


def _scene(
    fields: dict[str, str], whole: Scene, scenes: dict[str, Scene], every: int
) -> Scene | None:
    """The scene that a line is of, or None where its frame is not to be read. Raises BadLine."""
    if "frame" in fields:
        frame = fields["frame"]
        if not frame.isdecimal():
            raise BadLine("bad_value", f"frame {frame[:40]!r}")
        if int(frame) % every:
            return None
        more = {"frame": frame}
        key = f"{whole.key}/{frame}"
    elif "image" in fields:
        key = fields["image"].replace("\\", "/").removeprefix("./")
        if key in scenes:
            return scenes[key]
        base = key.rpartition("/")[2]
        more = {"image": key, "name": base, "stem": picture_stem(base)}
        if not key:
            raise BadLine("missing_field", "no picture")
    else:
        return whole
    return scenes.setdefault(key, Scene(key, {**whole.values, **more}))

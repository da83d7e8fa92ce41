"""Damage that knows what a file holds, so that it gets past the parser: see `mutations.py`."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

# Gives None for a file that it cannot read: a fixture may be damaged as it is.
Knowing = Callable[[random.Random, bytes], bytes | None]

NUMBERS = (
    *("-1", "0", "-0.0", "1.5", "1e400", "-1e308", "1e-320", "NaN", "Infinity", "2147483648"),
    *("9223372036854775808", "-9223372036854775809", "9" * 400, "9" * 5000, "01", "0x10", "1_0"),
)
TEXTS = (
    *("", " ", "a", "yes", "é", "e\u0301", "\u202e", "\u2028", "\x1f", "\x85", "\ufeff", "<image>"),
    *("../../../etc/passwd", "/etc/passwd", "..\\x", "C:\\x.png", ".", "..", "x/", "a!b", "!"),
    *("{label}", "{a|b}", "{<1><2><3><4>|<5>}", "[1, 2, 3, 4]", "s3://a/b", "*", "%s", "\\n", "|"),
    *("x" * 300 + ".png", "w " * 5000, "1,5", "nan", "-1", "9" * 30, "<p>a</p>", "</p>", ";", "٣"),
)
_VALUES = (
    *("null", "true", "false", "[]", "{}", "[null]", "[[]]", "[1, 2]", '["x"]', '{"a": 1}'),
    *("[" * 30 + "]" * 30, "[" * 3000 + "]" * 3000, '{"a":' * 2000 + "1" + "}" * 2000, "[1, null]"),
    *('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', "nul", "[1, 2, 3, NaN]", '"1e400"', "", "'a'"),
)
_MARK = "\ue000here"  # stands for text that no JSON library would write


def _json(draw: random.Random, data: bytes) -> bytes | None:
    """One value of a JSON document, or of one line of them: replaced, removed, doubled, nested."""
    try:
        return _json_value(draw, data)
    except (ValueError, RecursionError):
        lines = data.splitlines(keepends=True)
    if len(lines) < 2:
        return None
    at = draw.randrange(len(lines))
    try:
        lines[at] = _json_value(draw, lines[at]) + b"\n"
    except (ValueError, RecursionError):
        return None
    return b"".join(lines)


def _json_value(draw: random.Random, data: bytes) -> bytes:
    document = {"": json.loads(data)}
    holder, key = draw.choice(list(_places(document)))
    value = json.dumps(holder[key])
    odd = draw.choice((*_VALUES, *NUMBERS, *map(json.dumps, TEXTS)))
    raw = draw.choice((odd, odd, odd, f"[{value}]", f"[[[{value}]]]", value[:-1], f"{value} {odd}"))
    if isinstance(holder, list):
        raw = draw.choice((raw, raw, f"{value}, {odd}", f"null, {value}", f"{value}, {value}"))
    elif key:
        twice = f"{value}, {json.dumps(key)}: {draw.choice((odd, value))}"
        raw = draw.choice((raw, raw, raw, twice))
    holder[key] = _MARK
    if key != "" and draw.random() < 0.2:
        if isinstance(holder, dict) and draw.random() < 0.3:
            holder[draw.choice((key.upper(), f" {key}", f"{key}s"))] = json.loads(value)
        del holder[key]
    style: Any = draw.choice(({}, {"indent": 1}, {"separators": (",", ":")}))
    text = json.dumps(document[""], ensure_ascii=True, **style)
    return text.replace(json.dumps(_MARK), raw).encode("utf-8", "surrogatepass")


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """The holder and key of every value of a document."""
    waiting = [document]
    while waiting:
        holder = waiting.pop()
        for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
            yield holder, key
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])


def _tags(draw: random.Random, data: bytes) -> bytes | None:
    """One tag or text of an XML file."""
    leaves = list(re.finditer(rb"<([^<>/!?\s]+)[^<>]*>([^<]*)</\1>", data))
    tags = list(re.finditer(rb"</?[^<>]+>", data))
    if not leaves or not tags:
        return None
    leaf, tag = draw.choice(leaves), draw.choice(tags)
    odd = draw.choice((*NUMBERS, *TEXTS)).encode("utf-8", "surrogatepass")
    heads = (b'<!DOCTYPE a [<!ENTITY x "y">]>', b'<?xml version="1.0" encoding="rot13"?>', b"<!--")
    return draw.choice(
        (
            data[: leaf.start(2)] + odd + data[leaf.end(2) :],
            data[: leaf.start(2)] + odd + data[leaf.end(2) :],
            data[: leaf.start()] + data[leaf.end() :],
            data[: leaf.end()] + leaf[0] * draw.choice((1, 2, 50)) + data[leaf.end() :],
            data[: tag.start()] + data[tag.end() :],
            data[: tag.end()] + b"<a>" * draw.choice((1, 3000)) + data[tag.end() :],
            data[: leaf.start(1)] + b"x" + data[leaf.end(1) :],
            draw.choice(heads) + data,
        )
    )


def _field(draw: random.Random, data: bytes) -> bytes | None:
    """One field of one line of a text table."""
    lines = data.split(b"\n")
    at = draw.randrange(len(lines))
    separator = draw.choice([mark for mark in (b"\t", b",", b";", b" ") if mark in data] or [b","])
    fields = lines[at].split(separator)
    spot = draw.randrange(len(fields))
    odd = draw.choice((*NUMBERS, *TEXTS, '"', '"a', "'")).encode("utf-8", "surrogatepass")
    fields[spot : spot + 1] = draw.choice(([odd], [odd], [], [fields[spot]] * 2, [odd, odd]))
    lines[at : at + 1] = [separator.join(fields)] * draw.choice((1, 1, 1, 2))
    return b"\n".join(lines)


def _table(draw: random.Random, data: bytes) -> bytes | None:
    """One column of a Parquet or Arrow file."""
    is_parquet = data.startswith(b"PAR1")
    try:
        read = pq.read_table if is_parquet else lambda file: pa.ipc.open_stream(file).read_all()
        table = read(io.BytesIO(data))
    except (pa.ArrowException, OSError):
        return None
    at = draw.randrange(table.num_columns)
    name, column = table.column_names[at], table.column(at)
    rows = table.num_rows
    odd: Any = draw.choice(
        (
            pa.nulls(rows, column.type),
            pa.nulls(rows),
            pa.array([draw.choice(TEXTS) for _ in range(rows)]),
            pa.array([draw.choice((-1, 0, 1 << 31, 1 << 62)) for _ in range(rows)], pa.int64()),
            pa.array([draw.choice((-1.5, float("nan"), 1e308)) for _ in range(rows)]),
            pa.array([[]] * rows, pa.list_(pa.string())),
            pa.array([b"\xff"] * rows, pa.binary()),
            pa.chunked_array([pa.nulls(min(1, rows), column.type), *column.slice(1).chunks]),
        )
    )
    table = draw.choice(
        (
            table.set_column(at, name, odd),
            table.set_column(at, name, odd),
            table.set_column(at, name, odd),
            table.drop_columns([name]) if draw.random() < 0.5 else table.slice(0, 0),
            table.append_column(name, odd),
            table.set_column(at, draw.choice((name.upper(), "x", "")), column),
            pa.concat_tables([table, table]),
        )
    )
    out = io.BytesIO()
    if is_parquet:
        pq.write_table(table, out)
    else:
        with pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
    return out.getvalue()


def _odd_array(draw: random.Random, values: Any) -> Any:
    """An array changed in shape, kind or values."""
    values = np.asarray(values)
    if values.dtype.kind not in "biuf":
        return draw.choice((values[:0], np.zeros(values.shape), np.array("x")))
    odd = values.astype(draw.choice(("<f8", ">f4", "<i8", "u1", "<u8", "?", "<c16")))
    filled = values.astype("<f8")
    if filled.size:
        filled.flat[draw.randrange(filled.size)] = draw.choice((np.nan, np.inf, -1e308, -1, 1e18))
    return draw.choice(
        (odd, filled, values[:0], values.T, values.ravel(), values[None], values[:1])
    )


def _array(draw: random.Random, data: bytes) -> bytes | None:
    """The array of a .npy file."""
    try:
        values = np.load(io.BytesIO(data), allow_pickle=False)
    except ValueError:
        return None
    out = io.BytesIO()
    np.save(out, _odd_array(draw, values))
    return out.getvalue()


def _hdf5(draw: random.Random, data: bytes) -> bytes | None:
    """One array or attribute of an HDF5 file."""
    out = io.BytesIO(data)
    with h5py.File(out, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        name = draw.choice(names)
        node = file[name]
        if isinstance(node, h5py.Dataset) and draw.random() < 0.8:
            values = _odd_array(draw, node[()])
            del file[name]
            file[name] = values
        elif len(node.attrs) and draw.random() < 0.8:
            odd = draw.choice((-1, 1e308, "x", b"\xff", "", [1, 2]))
            node.attrs[draw.choice(sorted(node.attrs))] = odd
        elif draw.random() < 0.5:
            file.move(name, draw.choice((b"\xff", "x", "e\u0301", "a!b")))
        else:
            del file[name]
    return out.getvalue()


def _picture(draw: random.Random, data: bytes) -> bytes | None:
    """A picture of another mode, size or content, in the same kind of file."""
    mode = draw.choice(("L", "RGB", "P", "1", "RGBA"))
    try:
        with Image.open(io.BytesIO(data)) as file:
            kind, found = str(file.format), file.convert(mode)
        size = draw.choice((found.size, found.size, (1, 1), (found.height + 3, found.width)))
        if draw.random() < 0.5:
            noise = draw.randbytes(size[0] * size[1] * 3)
            found = Image.frombytes("RGB", size, noise).convert(mode)
        out = io.BytesIO()
        found.resize(size).save(out, kind)
    except (OSError, ValueError, SyntaxError):
        return None
    return out.getvalue()


KNOWING: dict[str, Knowing] = {
    r"json[^.]*$": _json,
    r"\.xml$": _tags,
    r"\.(csv|tsv|txt)$": _field,
    r"\.(parquet|arrow)$": _table,
    r"\.npy$": _array,
    r"\.(h5|hdf5)$": _hdf5,
    r"\.(png|jpe?g|tiff?|bmp)$": _picture,
}

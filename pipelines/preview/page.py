"""The preview of a mix: one page, all in one file, that opens without a network.

The data are untrusted. They stand in the page as JSON without any `<`, `>` or `&`, are shown only
as text (the scripts set `textContent`, never HTML), and the page's content security policy lets
nothing run but its own script, by its hash, and nothing be fetched at all.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from typing import Any, NamedTuple

import jinja2
import msgspec
from markupsafe import Markup

from pipelines.preview import rejects, rows, sample, thumbnails
from pipelines.preview.shards import Group, Place, read, scan
from pipelines.preview.text import visible
from pipelines.storage import work_files
from schemas.sample import REASONS

INDEX = "preview/index.html"
MOST_BYTES = 10_000_000
_SCRIPTS = ("draw.js", "viewer.js", "page.js")
_SIDES = (720, 560, 448, 352, 256, 160)  # of smaller thumbnails, tried in turn
_DANGEROUS = "<>&\u2028\u2029"  # in JSON that stands in HTML


class _Content(NamedTuple):
    """All that a page could show, the most important rows first. jpegs: by thumbnail number."""

    head: dict[str, Any]
    rows: list[dict[str, Any]]
    rejects: list[dict[str, Any]]
    jpegs: list[bytes]


def write_preview(mix: str, target: str, name: str, most_bytes: int = MOST_BYTES) -> None:
    """Writes the page of a mix: the same bytes for the same mix.

    mix: the folder that holds its `data` and `rejects`, finished or not yet put into place. target:
    the folder to write `preview/index.html` into. name: of the mix. most_bytes: what the page may
    hold; it shows smaller pictures, and then fewer rows, until it fits.
    """
    page = _fitted(_content(mix, name), most_bytes)
    work_files.make_folder(f"{target}/preview")
    work_files.write_bytes(f"{target}/{INDEX}", page)


def _content(mix: str, name: str) -> _Content:
    dropped = rejects.choose(f"{mix}/rejects")
    sampler, finder = sample.Sampler(), rejects.Finder(dropped.rejects)
    for group, reader in scan(f"{mix}/data"):
        sampler.look(group, reader)
        finder.look(group, reader)
    chosen, found = sampler.chosen(), finder.found
    made = rows.Thumbnails()
    shown: dict[Place, dict[str, Any]] = {}
    beside: dict[int, dict[str, Any]] = {}
    wanted = set(chosen.places)
    for group, places in _by_group([*chosen.places, *found.values()]).items():
        raw = _read_rows(group, places)
        made.add(raw.values())
        for place in places:
            if place in wanted:
                shown[place] = rows.told(raw[place], made)
        for number, place in found.items():
            if place.group == group:
                beside[number] = _told_reject(dropped.rejects[number], raw[place], made)
    told = [
        beside.get(number) or _told_reject(reject, None, made)
        for number, reject in enumerate(dropped.rejects)
    ]
    head = {
        "name": visible(name),
        "rows": [{"kind": kind, "rows": n} for kind, n in chosen.counts.items()],
        "dropped": [{"kind": kind, "items": n} for kind, n in dropped.counts.items()],
    }
    return _Content(head, [shown[place] for place in chosen.places], told, made.jpegs)


def _told_reject(
    reject: dict[str, Any], row: dict[str, Any] | None, made: rows.Thumbnails
) -> dict[str, Any]:
    return rows.told_reject(reject, REASONS.get(reject["reason"], ""), row, made)


def _by_group(places: Sequence[Place]) -> dict[Group, list[Place]]:
    """Places by their row group, each once, so that a group is read once."""
    found: dict[Group, list[Place]] = {}
    for place in sorted(set(places)):
        found.setdefault(place.group, []).append(place)
    return found


def _read_rows(group: Group, places: Sequence[Place]) -> dict[Place, dict[str, Any]]:
    table = read(group)
    return {place: table.slice(place.row, 1).to_pylist()[0] for place in places}


def _fitted(content: _Content, most_bytes: int) -> bytes:
    """The page with the largest thumbnails that it has room for; with fewer rows where even the
    smallest are too many. Without any row it is written whatever its size."""
    page, jpegs, side = _page(content), content.jpegs, thumbnails.SIDE
    for smaller in _SIDES:
        if len(page) <= most_bytes:
            return page
        held = _encoded_bytes(jpegs)
        room = most_bytes - (len(page) - held)
        # A pixel of a smaller picture takes no fewer bytes, so what is surely too much need not
        # be made; it saves seconds.
        if held * (smaller / side) ** 2 > room and smaller != _SIDES[-1]:
            continue
        side, jpegs = smaller, thumbnails.smaller(content.jpegs, smaller)
        page = _page(content._replace(jpegs=jpegs))
    content = content._replace(jpegs=jpegs)
    while len(page) > most_bytes and (content.rows or content.rejects):
        content = content._replace(
            rows=content.rows[: len(content.rows) * 3 // 4],
            rejects=content.rejects[: len(content.rejects) * 3 // 4],
        )
        page = _page(content)
    return page


def _encoded_bytes(jpegs: Sequence[bytes]) -> int:
    """What thumbnails take of a page: four characters for three bytes."""
    return sum(len(jpeg) for jpeg in jpegs) * 4 // 3


def _page(content: _Content) -> bytes:
    """The file's bytes. Only the thumbnails that some row or reject shows are in it."""
    used = sorted(
        {
            picture["thumbnail"]
            for item in (*content.rows, *content.rejects)
            for picture in item["pictures"]
            if picture["thumbnail"] is not None
        }
    )
    data = {
        **content.head,
        "sample": content.rows,
        "rejects": content.rejects,
        "thumbnails": {str(n): thumbnails.data_uri(content.jpegs[n]) for n in used},
    }
    style, script = _part("style.css"), "\n".join(_part(name) for name in _SCRIPTS)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    text = environment.from_string(_part("page.html.j2")).render(
        name=content.head["name"],
        style=Markup(style),  # ours, as is the script; what the data say is escaped
        script=Markup(script),
        style_hash=_source_hash(style),
        script_hash=_source_hash(script),
        data=Markup(_json(data)),
    )
    return text.encode()


def _json(data: dict[str, Any]) -> str:
    """JSON that ends no element of HTML and no line of a script."""
    text = msgspec.json.encode(data).decode()
    for sign in _DANGEROUS:
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _part(name: str) -> str:
    return resources.files("pipelines.preview").joinpath(name).read_text(encoding="utf-8")


def _source_hash(text: str) -> str:
    """What a content security policy calls a piece of the page by."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"

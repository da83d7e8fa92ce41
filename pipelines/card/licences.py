"""What the licences of a mix's sources allow, judged by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pipelines.card import hub
from pipelines.card.markdown import cell, link, table
from pipelines.card.summary import DatasetSummary, LicenceSummary, Summary

UNSTATED = "unstated"
ASK = "unknown: ask the authors"
SEVERAL = "licences-of-the-sources"

_CREATIVE_COMMONS = re.compile(r"cc-by(?P<nc>-nc)?(?P<sa>-sa)?(?P<nd>-nd)?-\d\.\d")
_FREE = {"cc0-1.0", "pddl-1.0", "public domain", "unlicense"}
_NOTICE = {
    "mit",
    "apache-2.0",
    "bsd-2-clause",
    "bsd-3-clause",
    "cdla-permissive-1.0",
    "cdla-permissive-2.0",
    "odc-by-1.0",
    "etalab-2.0",
}
_COPYLEFT = re.compile(r"(a|l)?gpl-[23]\.[01](-only|-or-later)?|odbl-1\.0|cdla-sharing-1\.0")
_RESTRICTED = re.compile(r"academic|research|non-?commercial")

# What the Hugging Face hub calls licences that have another name elsewhere.
_HUB_NAMES = {"odbl-1.0": "odbl", "odc-by-1.0": "odc-by", "pddl-1.0": "pddl"}


class Terms(NamedTuple):
    """Answers to what users ask of one licence."""

    named: str
    commercial: str
    redistribution: str


def terms(licence: str) -> Terms:
    """What a licence's name tells. What it does not tell is unknown, and never a yes.

    licence: an SPDX identifier, the authors' own words, or `unstated`.
    """
    name = licence.strip().lower()
    if name == UNSTATED:
        return Terms(ASK, ASK, ASK)
    if match := _CREATIVE_COMMONS.fullmatch(name):
        unchanged = "only unchanged" if match["nd"] else "yes"
        purpose = ", for non-commercial purposes" if match["nc"] else ""
        same = ", under the same licence" if match["sa"] else ""
        return Terms(
            "yes", "no" if match["nc"] else "yes", f"{unchanged}, with attribution{purpose}{same}"
        )
    if name in _FREE:
        return Terms("yes", "yes", "yes")
    if name in _NOTICE:
        return Terms("yes", "yes", "yes, with the licence's notice")
    if _COPYLEFT.fullmatch(name):
        return Terms("yes", "yes", "yes, under the same licence")
    return Terms("no: the authors' own words", "no" if _RESTRICTED.search(name) else ASK, ASK)


def front_matter(datasets: Mapping[str, DatasetSummary]) -> dict[str, str]:
    """The card's licence keys.

    One known licence where all parts of all sources have it, else `other`; never a merged one.
    """
    licences = [dataset["licence"] for dataset in datasets.values()]
    parts = {
        part.strip().lower()
        for licence in licences
        for part in (licence["annotations"], licence["images"])
    }
    if len(parts) != 1:
        return {"license": "other", "license_name": SEVERAL}
    (only,) = parts
    if only == UNSTATED:
        return {"license": "unknown"}
    known = _HUB_NAMES.get(only, re.sub(r"-(only|or-later)$", "", only))
    if known in hub.terms()["licences"]:
        return {"license": known}
    keys = {"license": "other", "license_name": re.sub(r"[^a-z0-9.]+", "-", only).strip("-")}
    addresses = {licence["url"] for licence in licences}
    return (
        {**keys, "license_link": min(addresses)}
        if len(addresses) == 1 and addresses != {""}
        else keys
    )


def section(summary: Summary) -> str:
    """The licences of every source, and what binds the mix."""
    head = (
        "Dataset",
        "Annotations",
        "Pictures",
        "Named licence?",
        "Commercial use?",
        "Redistribution?",
        "Do annotations and pictures differ?",
        "Note",
    )
    rows = [_row(slug, dataset["licence"]) for slug, dataset in sorted(summary["datasets"].items())]
    return "\n\n".join(
        [
            "## Licences",
            "**This mix is bound by all of the licences below at once: as a whole it "
            "cannot be more permissive than the strictest of them.** "
            "No merged licence is offered, and where a source states nothing, nothing is granted.",
            _PICTURES[summary["images"]],
            table(head, rows),
            "The answers say in short what the named licence says; the source's own terms decide. "
            "Each row carries its source's licences in `license_annotations` and "
            "`license_images`, so a mix can be cut down to those you may use.",
        ]
    )


_PICTURES = {
    "embed": "The rows hold the pictures themselves: passing this copy on is redistribution of "
    "pictures and annotations.",
    "reencode": "The rows hold the pictures, encoded anew: passing this copy on is redistribution "
    "of pictures and annotations, and of changed pictures.",
    "path": "The rows hold no picture, only paths: passing this copy on is redistribution of "
    "annotations alone.",
}


def _row(slug: str, licence: LicenceSummary) -> list[str]:
    annotations, images = terms(licence["annotations"]), terms(licence["images"])
    answers: list[Callable[[Terms], str]] = [
        lambda t: t.named,
        lambda t: t.commercial,
        lambda t: t.redistribution,
    ]
    note = remarks(licence["source"], licence["conflict"], licence["note"], licence["url"])
    parts = [cell(licence["annotations"]), cell(licence["images"])]
    return [
        f"`{slug}`",
        *parts,
        *(_both(answer(annotations), answer(images)) for answer in answers),
        _differ(licence),
        note,
    ]


def remarks(source: str, conflict: str, note: str, url: str) -> str:
    """What stands beside a licence: who states it, what others state, a note, a link to its terms.

    What is empty is left out.
    """
    return "; ".join(
        [f"source: {cell(source)}"] * bool(source)
        + [f"conflict: {cell(conflict)}"] * bool(conflict)
        + [cell(note)] * bool(note)
        + [link("terms", url)] * bool(url)
    )


def _both(annotations: str, images: str) -> str:
    return (
        annotations if annotations == images else f"annotations: {annotations}; pictures: {images}"
    )


def _differ(licence: LicenceSummary) -> str:
    parts = {licence["annotations"].strip().lower(), licence["images"].strip().lower()}
    if UNSTATED in parts:
        return ASK
    return "yes" if len(parts) > 1 else "no"

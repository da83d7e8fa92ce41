"""The data card of a mix: README.md with Hugging Face front matter, and the check of card.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import yaml

from converters.ledger import LedgerError, check_balance, dropped_by_reason
from converters.tasks import TASKS
from pipelines.card import hub, licences, overlaps, sections, spreads
from pipelines.card.dropped import closing_lines, dropped
from pipelines.card.summary import Summary
from schemas.sample import REASONS
from schemas.toml import schema_faults

__all__ = ["Summary", "card_faults", "closing_lines", "front_matter", "render"]

_CREATORS = {"human": "found", "template": "machine-generated", "model": "machine-generated"}
_TAGS = [
    "earth-observation",
    "earthmix",
    "instruction-tuning",
    "llava",
    "remote-sensing",
    "vision-language",
]


def render(summary: Summary, plots: Sequence[str] = ()) -> str:
    """README.md of a mix; the same text for the same content, whatever the order of its keys.

    plots: names of the pictures in `plots/` beside it.
    """
    parts = [
        sections.about(summary),
        sections.loading(summary),
        sections.contents(summary),
        sections.texts(summary),
        licences.section(summary),
        dropped(summary),
        overlaps.section(summary),
        spreads.section(summary, plots),
        sections.notes(summary),
        sections.rebuilding(summary),
        sections.citing(summary),
    ]
    head = yaml.safe_dump(front_matter(summary), sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{head}---\n\n" + "\n\n".join(part for part in parts if part) + "\n"


def front_matter(summary: Summary) -> dict[str, Any]:
    """What the Hugging Face hub and `datasets.load_dataset` read of a card."""
    tasks = {hub for task, number in summary["tasks"].items() if number for hub in TASKS[task].hub}
    creators = {
        _CREATORS[origin]
        for origin, n in summary["text_origin"].items()
        if n and origin in _CREATORS
    }
    chinese = bool(summary.get("spread", {}).get("chinese"))
    return {
        **licences.front_matter(summary["datasets"]),
        "language": ["en", *(["zh"] if chinese else [])],
        "pretty_name": summary["name"],
        "size_categories": [hub.terms()["sizes"][_thousands(summary["rows"])]],
        "task_categories": ["image-text-to-text", *sorted(tasks)],
        "tags": list(_TAGS),
        "annotations_creators": sorted(creators),
        "source_datasets": sorted(summary["datasets"]),
        "configs": [_config(summary)],
    }


def _config(summary: Summary) -> dict[str, Any]:
    """The one configuration.

    `datasets` caches a local folder by its name and this configuration, not by its files. The
    description keeps two mixes of one name apart.
    """
    config: dict[str, Any] = {
        "config_name": "default",
        "data_files": [
            {"split": split, "path": f"data/{split}-*.parquet"}
            for split in sections.splits(summary)
        ],
    }
    return (
        config | {"description": f"content {summary['content']}"}
        if "content" in summary
        else config
    )


def _thousands(rows: int) -> int:
    """Index of the size class: each holds ten times the one before."""
    return min(max(len(str(rows)) - 3, 0), len(hub.terms()["sizes"]) - 1)


def card_faults(summary: Any) -> list[str]:
    """What is wrong with the content of a card.json, one line for each fault.

    Sums are checked only where the shape is right.
    """
    return schema_faults("card", summary, "card.json") or _sum_faults(summary)


def _sum_faults(summary: Summary) -> list[str]:
    lines = []
    try:
        check_balance(summary["ledger"])
    except LedgerError as error:
        lines.append(f"card.json [ledger] {error}")
    for slug, splits in sorted(summary["ledger"].items()):
        taken = {
            reason
            for page in splits.values()
            for bucket in ("rejected", "filtered")
            for reason in dropped_by_reason(page, bucket)
        }
        lines += [
            f'card.json [ledger.{slug}] unknown reason "{reason}"'
            for reason in sorted(taken - REASONS.keys())
        ]
    lines += [
        f'card.json [tasks] unknown task "{task}"' for task in summary["tasks"] if task not in TASKS
    ]
    lines += _overlap_faults(summary)
    held = {slug: dataset["rows"] for slug, dataset in summary["datasets"].items()}
    booked = {
        slug: sum(page["rows"]["written"] + page["rows"]["repeated"] for page in splits.values())
        for slug, splits in summary["ledger"].items()
    }
    for slug in sorted(held.keys() | booked.keys()):
        if held.get(slug, 0) != booked.get(slug, 0):
            lines.append(
                f"card.json [datasets.{slug}] rows: {held.get(slug, 0)}, but the ledger "
                f"says {booked.get(slug, 0)}"
            )
    for name, total in (
        ("datasets", sum(held.values())),
        ("tasks", sum(summary["tasks"].values())),
        ("text_origin", sum(summary["text_origin"].values())),
    ):
        if total != summary["rows"]:
            lines.append(f"card.json [{name}] adds up to {total} rows, not {summary['rows']}")
    return lines


def _overlap_faults(summary: Summary) -> list[str]:
    """A line for each split whose duplicates are not those of its pairs."""
    if "overlaps" not in summary:
        return []
    told: Counter[tuple[str, str]] = Counter()
    for one in summary["overlaps"]["rows"]:
        told[one["dataset"], one["split"]] += one["count"]
    booked = {
        (slug, split): page["rows"]["duplicate"]
        for slug, splits in summary["ledger"].items()
        for split, page in splits.items()
    }
    return [
        f"card.json [overlaps.rows] {slug} {split}: {told[slug, split]} duplicates, but the "
        f"ledger says {booked.get((slug, split), 0)}"
        for slug, split in sorted(booked.keys() | told.keys())
        if told[slug, split] != booked.get((slug, split), 0)
    ]

"""Small summaries of mixes, for the tests of the card."""

from __future__ import annotations

from pipelines.card.render import Summary, render
from pipelines.card.summary import DatasetSummary, LicenceSummary, Page
from schemas.sample import Kind


def licence(
    annotations: str,
    images: str,
    note: str = "",
    url: str = "",
    source: str = "",
    conflict: str = "",
) -> LicenceSummary:
    return {
        "annotations": annotations,
        "images": images,
        "source": source,
        "conflict": conflict,
        "note": note,
        "url": url,
    }


def floods() -> DatasetSummary:
    return {
        "name": "FloodNet-VQA",
        "home": "https://flood.example",
        "paper": "https://flood.example/paper",
        "format": "vqa_json",
        "evidence": "real",
        "licence": licence(
            "CDLA-Permissive-1.0", "CDLA-Permissive-1.0", url="https://cdla.dev/permissive-1-0/"
        ),
        "rows": 1200,
        "pictures": 1200,
        "turns": 2400,
        "regions": 0,
        "tasks": {"vqa": 1200},
        "splits": {"train": 1200},
        "repairs": {},
    }


def ships() -> DatasetSummary:
    return {
        "name": "Ships",
        "home": "https://ships.example",
        "paper": "",
        "format": "dota",
        "evidence": "documented",
        "licence": licence("academic use only", "unstated"),
        "rows": 30,
        "pictures": 30,
        "turns": 60,
        "regions": 45,
        "tasks": {"refer": 20, "identify": 10},
        "splits": {"val": 12, "train": 18},
        "repairs": {"clipped": 1500},
    }


def page(kind: Kind, read: int, written: int, **ended: dict[str, int]) -> Page:
    """A ledger page whose rows are its used items. ended: rejected, filtered (items)."""
    rejected, filtered = ended.get("rejected", {}), ended.get("filtered", {})
    used = read - sum(rejected.values()) - sum(filtered.values())
    return {
        "items": {
            kind: {"read": read, "used": used, "rejected": rejected, "filtered": filtered},
        },
        "rows": {
            "built": used,
            "written": written,
            "repeated": 0,
            "duplicate": used - written,
            "sampled_out": 0,
            "rejected": {},
            "filtered": {},
        },
        "pictures": {"read": read, "without_items": 0, "rejected": {}},
    }


def small() -> Summary:
    """One dataset with one licence."""
    return {
        "name": "floods",
        "version": "0.1.0",
        "description": "Questions about floods.",
        "left_out": [],
        "mix": {"name": "floods", "seed": 3},
        "images": "embed",
        "rows": 1200,
        "tasks": {"vqa": 1200},
        "text_origin": {"human": 1200},
        "dialects": {},
        "datasets": {"floodnet_vqa": floods()},
        "ledger": {
            "floodnet_vqa": {"train": page("question", 4000, 1200, filtered={"no_answer": 2750})}
        },
        "notes": [],
        "versions": {"pyarrow": "25.0.1", "apache-beam": "2.77.0"},
        "rebuild": "earthmix mix floods --data-root data --out out",
    }


def two() -> Summary:
    """Two datasets, boxes, and every kind of loss."""
    ledger = {
        "ships": {
            "train": page("region", 28, 18, rejected={"zero_area": 2, "missing_image": 7}),
            "val": page("region", 15, 12, filtered={"too_small": 3}),
        },
        "floodnet_vqa": {"train": page("question", 4000, 1200, filtered={"no_answer": 2750})},
    }
    return small() | {
        "name": "both",
        "left_out": ["questions by a language model"],
        "rows": 1230,
        "shards": 2,
        "tasks": {"vqa": 1200, "refer": 20, "identify": 10},
        "text_origin": {"human": 1200, "template": 30},
        "dialects": {"geochat": 30},
        "datasets": {"ships": ships(), "floodnet_vqa": floods()},
        "ledger": ledger,
    }


def licensed(*pairs: LicenceSummary) -> Summary:
    return small() | {
        "datasets": {f"set{i}": floods() | {"licence": pair} for i, pair in enumerate(pairs)}
    }


def section(summary: Summary, title: str) -> str:
    """The text under one heading."""
    return render(summary).split(f"\n## {title}\n")[1].split("\n## ")[0]

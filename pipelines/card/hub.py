"""What the Hugging Face hub accepts in a card's front matter (`hub_terms.toml`)."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

from schemas.toml import load_toml

_LISTS = {
    "license": "licences",
    "task_categories": "tasks",
    "size_categories": "sizes",
    "annotations_creators": "creators",
}


@functools.cache
def terms() -> dict[str, list[str]]:
    """The hub's words: licences, tasks, sizes and creators."""
    return load_toml(str(resources.files("pipelines.card").joinpath("hub_terms.toml")))


def faults(head: dict[str, Any]) -> list[str]:
    """What of a front matter the hub does not know, one line for each word."""
    lines = []
    for key, kind in _LISTS.items():
        value = head.get(key, [])
        for word in [value] if isinstance(value, str) else value:
            if word not in terms()[kind]:
                lines.append(f'README.md {key}: the hub knows no "{word}"')
    return lines

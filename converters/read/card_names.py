"""Class names in a repository's card: the front matter of `README.md`, as the hub's cards have it.

One card::

    ---
    dataset_info:
      features:
      - name: label
        dtype:
          class_label:
            names:
              '0': annual crop
              '1': forest
    ---

A repository of several configurations has a list of such, each with its `config_name`; the names of
a column are taken where all that have the column agree. Columns of lists have the names below
`sequence` or `list`.
Source: https://huggingface.co/docs/hub/datasets-cards
"""

from __future__ import annotations

from typing import Any

import yaml

from converters.read import files
from converters.read.encodings import text_of
from converters.read.files import SourceError
from converters.read.folder import Folder

_MOST_BYTES = 1 << 20
_MOST_CLASSES = 100_000


def card_names(folder: Folder, name: str) -> dict[str, list[str]]:
    """The class names of each column of numbers, in the order of the numbers, which begin at 0.

    name: of a table below `folder.base`; the card is the one nearest above it. Empty where there
    is no card, or none that can be read.
    """
    above = name.split("/")[:-1]
    for depth in range(len(above), -1, -1):
        place = "/".join([*above[:depth], "README.md"])
        if files.exists(files.join(folder.base, place)):
            return _of_card(folder, place)
    return {}


def _of_card(folder: Folder, place: str) -> dict[str, list[str]]:
    try:
        text = text_of(files.read_annotation(folder.base, place)[:_MOST_BYTES])
        _, _, rest = text.partition("---")
        card = yaml.safe_load(rest.partition("\n---")[0])
    except (SourceError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError):
        return {}  # a card is for people: one that cannot be read names no class
    info = card.get("dataset_info") if isinstance(card, dict) else None
    found: dict[str, list[str]] = {}
    apart: set[str] = set()
    for one in info if isinstance(info, list) else [info]:
        features = one.get("features") if isinstance(one, dict) else None
        for feature in features if isinstance(features, list) else []:
            names = _names(feature)
            column = feature.get("name") if isinstance(feature, dict) else None
            if names and isinstance(column, str) and found.setdefault(column, names) != names:
                apart.add(column)
    return {column: names for column, names in found.items() if column not in apart}


def _names(feature: Any) -> list[str]:
    """The names of a feature's class label, below its `dtype`, `sequence` or `list`."""
    for key in ("dtype", "sequence", "list", "class_label"):
        inner = feature.get(key) if isinstance(feature, dict) else None
        if isinstance(inner, dict) and (names := _names(inner)):
            return names
    listed = feature.get("names") if isinstance(feature, dict) else None
    if isinstance(listed, dict) and len(listed) <= _MOST_CLASSES:
        numbers = [str(number) for number in range(len(listed))]
        by_number = {str(number): one for number, one in listed.items()}
        ordered = [by_number.get(number) for number in numbers]
        if all(isinstance(one, str | int) for one in ordered):
            return [str(one) for one in ordered]
    return []

"""What the numbers in YOLO's label files mean, by the file that training programs read.

One file in a dataset's folder, `data.yaml` or of another name (numbers may also be keys)::

    train: images/train
    names:
    - car
    - bus

Whoever keeps some classes of a dataset numbers them anew: the labels then look like those of the
whole dataset, and only this file tells.
Source: https://docs.ultralytics.com/datasets/detect/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import yaml

from converters.read import files
from converters.read.encodings import text_of
from converters.read.files import SourceError
from converters.read.folder import Folder

_MOST_BYTES = 1 << 16  # of such a file; a larger one is something else


def numbered_otherwise(folder: Folder, names: Mapping[str, str]) -> str:
    """What such a file says against these classes by their number; empty where none does.

    A class that it calls by a word of its own says nothing; one that has another's number does,
    unless a second file has it as here.
    """
    number_of = {_letters(name): number for number, name in names.items()}
    against = ""
    for file, told in _files(folder):
        wrong = ""
        agrees = False
        for number, name in told.items():
            own = number_of.get(_letters(name), number)
            agrees = agrees or _letters(names.get(number, "")) == _letters(name)
            if own != number and not wrong:
                wrong = f"{file} gives {name!r} the number {number}, which is {own} here"
        if agrees and not wrong:
            return ""
        against = against or wrong
    return against


def _files(folder: Folder) -> Iterator[tuple[str, dict[str, str]]]:
    """The files that name classes, each with the names by number; others are passed over."""
    for place in dict.fromkeys((folder.root, folder.base)):
        for entry in files.listing(place):
            is_small = not entry.is_dir and entry.size <= _MOST_BYTES
            if not is_small or not entry.name.lower().endswith((".yaml", ".yml")):
                continue
            try:
                text = text_of(files.read_annotation(place, entry.name))
                document = yaml.safe_load(text) if not _has_aliases(text) else None
            except (SourceError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError):
                continue
            names = document.get("names") if isinstance(document, dict) else None
            if isinstance(names, list):
                names = dict(enumerate(names))
            if isinstance(names, dict) and names:
                told = {str(n): name for n, name in names.items() if isinstance(name, str)}
                yield folder.relative(entry.name) if place == folder.base else entry.name, told


def _has_aliases(text: str) -> bool:
    """True where parts stand for others: a few lines of these may unfold to more than memory holds.

    Raises yaml.YAMLError for a text that is none.
    """
    return any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader))


def _letters(name: str) -> str:
    """A class without what is spelled in several ways: case, blanks, hyphens."""
    return re.sub(r"[\W_]", "", name.lower())

"""Entries of split lists, and the files that they name by their stems.

Tools write the entries of a list in several ways::

    00001                              a stem
    JPEGImages-trainval/00001.jpg      a path, with either slash and any ending
    "D:\\DIOR\\JPEGImages\\00001.jpg"  in quotes
    00001 -1                           a class list of VOC, which says whether the class is there
    # written by split.py              a remark, which names nothing
    1                                  a spreadsheet left the leading zeros out
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from converters.read import files
from converters.read.encodings import text_of
from converters.read.files import Damaged, Found
from converters.read.folder import Folder, stem
from converters.read.listings import plain_stem

_ENDING = re.compile(r"\.(jpe?g|png|tiff?|bmp|xml|txt)$", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;]+")
_QUOTES = " \t\"'"
_MARKS = ("1", "-1", "0")  # behind a stem, in a class list of VOC
_REMARK = "#"


def list_text(folder: Folder, path: str) -> str:
    """The text of a list, which may be empty. path: relative to the dataset's folder.

    Raises SourceError where it is missing or no text.
    """
    place = folder.absolute(path)
    with files.wanted(place):
        data = files.store(place).read(place)
    files.check_fetched(place, data)
    try:
        return text_of(data)
    except UnicodeDecodeError as error:
        raise Damaged(f"{folder.slug}: {path} cannot be read: {error}") from None


class Stems:
    """Files by their stems. found: annotation files, of which each has a stem of its own."""

    def __init__(self, found: Iterable[Found]) -> None:
        self._files = {stem(file.path): (file.path,) for file in found}
        self._likely: dict[str, list[str]] = {}
        for name in self._files:
            self._likely.setdefault(loose_stem(name), []).append(name)

    @property
    def paths(self) -> list[str]:
        """All files, in the order in which they were found."""
        return [path for [path] in self._files.values()]

    def named(self, entry: str) -> Sequence[str]:
        """The file of that stem; nothing where there is none."""
        return self._files.get(entry, ())

    def entries_of(self, text: str) -> list[str]:
        """The stems that a list names, whether their files are there or not."""
        return [entry for line in text.splitlines() for entry in self._of_line(line)]

    def spelt_here(self, entries: Sequence[str]) -> tuple[list[str], str]:
        """The entries as the files spell them, and an example of what they stood for.

        Where all of a list's entries are files but for leading zeros, the case of letters or the
        form of accents, they are these files; else they stay as they are, without an example.
        """
        if all(map(self.named, entries)):
            return [*entries], ""
        candidates = [
            [entry] if self.named(entry) else self._likely.get(loose_stem(entry), [])
            for entry in entries
        ]
        if any(len(names) != 1 for names in candidates):
            return [*entries], ""
        names = [name for [name] in candidates]
        written = next((a, b) for a, b in zip(entries, names, strict=True) if a != b)
        return names, " for ".join(written)

    def _of_line(self, line: str) -> list[str]:
        whole = stem_of(line)
        if self.named(whole):  # a stem may hold blanks
            return [whole]
        if line.lstrip().startswith(_REMARK):
            return []
        words = [word for word in map(stem_of, _BETWEEN.split(line)) if word]
        if len(words) == 2 and words[1] in _MARKS and not self.named(words[1]):
            words.pop()
        return words


def stem_of(entry: str) -> str:
    """The stem that an entry names, with or without folder, quotes and ending."""
    name = entry.strip(_QUOTES).replace("\\", "/").rpartition("/")[2]
    return _ENDING.sub("", name)


def loose_stem(name: str) -> str:
    """A stem without what spreadsheets and file systems change in it."""
    plain = plain_stem(name)
    return plain.lstrip("0") or "0" if plain.isdecimal() else plain

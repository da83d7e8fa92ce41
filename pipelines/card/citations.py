"""Citations of a mix's sources as BibTeX, made from the catalogue."""

from __future__ import annotations

import re

from schemas.entry import Citation, Entry

_ARXIV = re.compile(r"(?<=arxiv\.org/abs/)(\d{2})\d{2}\.\d{4,5}")
_SPECIAL = re.compile(r"([&%$#_{}])")


def bibtex(entry: Entry) -> str:
    """A BibTeX entry of a dataset, as far as the catalogue knows its paper, else "".

    Where the paper's own title is not known, the dataset is cited under its name (`misc`), not the
    paper. Where its year is not, that of its number on arXiv stands.
    """
    if entry.citation is None and not entry.paper:
        return ""
    cited, arxiv = entry.citation or Citation(), _ARXIV.search(entry.paper)
    fields = {
        "title": _escaped(cited.title or entry.name),
        "author": _escaped(cited.authors or ""),
        "journal" if cited.title else "howpublished": _escaped(cited.venue or ""),
        "year": str(cited.year or (f"20{arxiv[1]}" if arxiv else "")),
        "eprint": arxiv[0] if arxiv else "",
        "archiveprefix": "arXiv" if arxiv else "",
        "url": entry.paper,
    }
    kind = "article" if fields.get("journal") else "misc"
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@{kind}{{{entry.slug},\n" + ",\n".join(lines) + "\n}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)

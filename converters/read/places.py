"""Where a folder is that a pattern names: as it is written there, else nearly so, or packed.

Downloads of one dataset differ in small things: `images` stands for `Images`,
`Oriented_Bounding_Boxes` for `Oriented Bounding Boxes`, `training` for `train`, and
`JPEGImages.zip` was not unpacked::

    Annotations/{stem}.xml    annotations/1.xml
                              Annotations.zip!1.xml
                              Annotations.zip!Annotations/1.xml

What is there as written comes first, then a folder, then an archive. A compressed tar can only be
read from its beginning, so one beyond `MAX_COMPRESSED` counts only where a pattern names it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from converters.read.archives import is_archive, packed_name, split_member
from converters.read.captions import split_name
from converters.read.entries import Entry

MAX_COMPRESSED = 1 << 30  # bytes
_ENDING = re.compile(r"\.(zip|tar|tar\.gz|tgz|tar\.bz2|tbz2?)$", re.IGNORECASE)
_SECOND = re.compile(r" ?\(\d+\)$")
_INDEXED = (".zip", ".tar")
_SEPARATORS = str.maketrans("", "", " _-")
Listing = Callable[[str], Sequence[Entry]]  # the entries of a folder, which ends in "/" or "!"


def alike(name: str) -> str:
    """A name without what is written in several ways: its case, blanks, hyphens and underscores,
    and whether an accent is part of its letter. A split's usual name stands for its others
    (`validation` for `val`)."""
    return split_name(unicodedata.normalize("NFC", name).casefold().translate(_SEPARATORS))


def other_place(listing: Listing, at: str, name: str) -> str | None:
    """The folder that stands for `name` in the folder `at`; None where there is none, or several.

    at: empty, or it ends in "/" or "!", as does what is returned.
    """
    wanted = alike(name)
    entries = listing(at)
    folders = [entry.name for entry in entries if entry.is_dir and alike(entry.name) == wanted]
    if folders:
        return f"{at}{folders[0]}/" if len(folders) == 1 else None
    if "!" in at:  # an archive in an archive is not served
        return None
    packed = [entry.name for entry in entries if _may_hold(entry)]
    for archive in packed:
        if alike(_ENDING.sub("", archive)) == wanted:
            return _in_archive(listing, f"{at}{archive}!", wanted)
    # A download beside an earlier one of its name, which is gone.
    folders = [entry.name for entry in entries if entry.is_dir and stands_for(entry.name, name)]
    packed = [archive for archive in packed if stands_for(_ENDING.sub("", archive), name)]
    if len(folders) + len(packed) != 1:
        return None
    return f"{at}{folders[0]}/" if folders else _in_archive(listing, f"{at}{packed[0]}!", wanted)


def _in_archive(listing: Listing, top: str, wanted: str) -> str:
    """The folder of its name in an archive, else its top."""
    own = [one.name for one in listing(top) if one.is_dir and alike(one.name) == wanted]
    return f"{top}{own[0]}/" if len(own) == 1 else top


def stands_for(name: str, wanted: str) -> bool:
    """True for a folder's name that is nearly another, also as a second download is called
    (`images (1)`)."""
    return alike(_SECOND.sub("", name)) == alike(wanted)


def _may_hold(entry: Entry) -> bool:
    if entry.is_dir or not is_archive(entry.name) or packed_name(entry.name) is not None:
        return False
    return entry.name.lower().endswith(_INDEXED) or entry.size <= MAX_COMPRESSED


def unpacked(path: str) -> str:
    """The path that a member would have if its archive were unpacked into a folder of its name."""
    parts = split_member(path)
    if parts is None:
        return path
    archive, member = parts
    if packed_name(archive) is not None:
        return archive[: -len(".gz")]
    folder = _ENDING.sub("", archive)
    first, slash, rest = member.partition("/")
    if slash and alike(first) == alike(folder.rpartition("/")[2]):
        member = rest
    return f"{folder}/{member}"


def nearly_named(listing: Listing, slug: str, root: str) -> str:
    """A hint at a folder beside one that is not there, whose name is nearly its own; or nothing."""
    above, slash, name = root.rstrip("/").rpartition("/")
    others = [entry.name for entry in listing(above or slash or ".") if entry.is_dir]
    like = (other for other in others if other != name and alike(other) == alike(name))
    found = next((f"{above}{slash}{other}" for other in like), "")
    return f"; if {found} is it: --path {slug}={found}" if found else ""

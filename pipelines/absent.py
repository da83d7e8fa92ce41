"""Rows that name a picture that is not on disk: in path mode nothing else would notice."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from converters.read import files
from converters.read.archives import split_member
from converters.read.cells import split_cell
from converters.read.files import SourceError
from pipelines.storage import work_files


def count_absent(rows: pa.Table, roots: Mapping[str, str]) -> Counter[str]:
    """How many rows of each dataset name a picture that is not there.

    rows: in the row schema; roots: the folder of each dataset, by slug. Only local folders are
    looked at: an object store would be asked once for each picture.
    """
    found: Counter[str] = Counter()
    slugs = rows["dataset"].unique().to_pylist()
    for slug in slugs:
        root = roots[slug]
        if not work_files.is_local(root):
            continue
        images = rows["images"].combine_chunks()
        if len(slugs) > 1:
            mine = pc.equal(rows["dataset"].cast(pa.string()), slug)
            images = images.filter(mine.combine_chunks())
        paths = images.flatten().field("path")
        if not pa.types.is_dictionary(paths.type):
            paths = paths.dictionary_encode()
        used = paths.indices.unique()  # a shard's share of the paths in the dictionary
        gone = [
            not _is_there(files.join(root, path.partition("/")[2]))
            for path in paths.dictionary.take(used).to_pylist()
        ]
        missing = pa.array(gone, pa.bool_()).take(pc.index_in(paths.indices, used))
        # A row with several pictures counts once.
        n = len(pc.unique(pc.list_parent_indices(images).filter(missing)))
        if n:
            found[slug] = n
    return found


def _is_there(path: str) -> bool:
    """True where a picture stands at a path, as a file or in one: an archive, a table, an array."""
    if os.path.exists(path):
        return True
    file = path.partition("!")[0]
    if file == path or not os.path.exists(file):
        return False
    if split_member(path) is None or split_cell(path):
        return True  # no reader names a cell that its table lacks
    try:
        return files.exists(path)
    except (OSError, SourceError):  # damaged, and so not absent
        return True

"""From native files to rows, without Beam: readers, regions, dialects, tasks.

`converters.read_dataset(entry, root)` gives all that a dataset's reader finds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converters.dataset import read_dataset

__all__ = ["read_dataset"]


def __getattr__(name: str) -> Any:
    # Imported at its first use: a module of this package alone is asked for far more often.
    if name == "read_dataset":
        from converters.dataset import read_dataset

        return read_dataset
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

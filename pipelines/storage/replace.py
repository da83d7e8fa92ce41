"""Replaces the mix in a folder of this machine's disk by a new one.

The earlier mix is put aside by renaming and comes back unless the new one is whole. Every step is
one rename, and what is left after any of them tells how far it came:

    WORK/leaving    the earlier mix is being put aside, or put back: nothing in OUT is new
    WORK/earlier    the earlier mix is aside whole: nothing in OUT is old

`data` goes first and comes last, so that data without a manifest is never seen. No file system
swaps several names at once: a reader who looks between two steps finds a mix without data.

An object store has no rename. There the older manifest is removed first, files are copied one by
one and the new manifest comes last (see `place.put_into_place`): the older mix is lost where that
fails, but no manifest ever speaks of files that are not there.
"""

from __future__ import annotations

import os
import uuid

from pipelines.errors import RunError

# In the order in which they go; they come in the reverse order.
_ENTRIES = (
    *("data", "manifest.json", "rejects", "preview", "plots"),
    *("croissant.json", "card.json", "README.md"),
)


def replace(new: str, out: str, work: str) -> None:
    """Moves the entries of a mix from the folder `new` to `out`; the earlier ones go to `work`.

    Raises OSError where that fails, after the earlier mix was put back; RunError where it could not
    be put back either.
    """
    leaving, earlier = _aside(work)
    try:
        os.mkdir(leaving)
        for name in _ENTRIES:
            _move(out, name, leaving)
        os.rename(leaving, earlier)
        for name in reversed(_ENTRIES):
            _move(new, name, out)
    except BaseException as error:
        try:
            restore(out, work)
        except OSError as second:
            raise RunError(
                f"{out}: the new mix could not be put into place ({error}), nor the earlier one "
                f"put back ({second}). It lies in {work}; the next run into {out} puts it back"
            ) from error
        raise


def restore(out: str, work: str) -> None:
    """Puts back an earlier mix that a run put aside without finishing the new one.

    Does nothing where there is none, and may itself be broken off and repeated. Raises OSError.
    """
    leaving, earlier = _aside(work)
    if not unfinished(out, work):
        return
    if os.path.isdir(earlier):
        half = f"{work}/half.{uuid.uuid4().hex[:8]}"
        os.mkdir(half)
        for name in _ENTRIES:
            _move(out, name, half)
        os.rename(earlier, leaving)
    for name in reversed(_ENTRIES):
        _move(leaving, name, out)
    os.rmdir(leaving)


def unfinished(out: str, work: str) -> bool:
    """Whether an earlier mix was put aside, and no new one stands whole in its place."""
    leaving, earlier = _aside(work)
    return os.path.isdir(leaving) or (
        os.path.isdir(earlier) and not os.path.lexists(f"{out}/{_ENTRIES[0]}")
    )


def _aside(work: str) -> tuple[str, str]:
    return f"{work}/leaving", f"{work}/earlier"


def _move(source: str, name: str, target: str) -> None:
    if os.path.lexists(f"{source}/{name}"):
        os.rename(f"{source}/{name}", f"{target}/{name}")

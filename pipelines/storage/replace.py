"""Replaces the mix in a folder of this machine's disk by a new one.

On Linux the new mix is laid into a folder beside OUT, which then changes places with OUT in one
step of the file system (renameat2(2) with RENAME_EXCHANGE; ext4, xfs, btrfs and tmpfs have it): at
any moment OUT holds the earlier mix whole or the new one::

    PARENT/OUT              the earlier mix  ->  the new mix
    PARENT/.OUT.work/out    the new mix      ->  the earlier mix, and the working folder

Where that cannot be done (another system or file system; OUT is a mount point, belongs to another
user, holds files of others, or is the working directory; nothing can be written beside it) each
entry is renamed. The earlier mix is put aside and comes back unless the new one is whole. What is
left after any of these steps tells how far they came:

    WORK/leaving    the earlier mix is being put aside, or put back: nothing in OUT is new
    WORK/earlier    the earlier mix is aside whole: nothing in OUT is old

`data` goes first and comes last, so that data without a manifest is never seen. A reader who looks
between two of these steps finds a mix without data, and the next run puts back what a kill left
aside.

An object store has no rename. There the older manifest is removed first, files are copied one by
one and the new manifest comes last (see `place.put_into_place`): the older mix is lost where that
fails, but no manifest ever speaks of files that are not there.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import uuid

from pipelines.errors import RunError

LOCK = "lock"  # the file by which a working folder is known and held
# In the order in which they go; they come in the reverse order.
_ENTRIES = (
    *("data", "manifest.json", "rejects", "preview", "plots"),
    *("croissant.json", "card.json", "README.md"),
)
_AT_FDCWD = -100  # of linux/fcntl.h: paths are those of the process
_RENAME_EXCHANGE = 2  # of linux/fs.h


def replace(new: str, out: str, work: str) -> None:
    """Puts the mix in the folder `new` into the place of that in `out`.

    The earlier mix, and maybe `work` with it, lies in `beside(out)` after that, or in `work`.

    Raises OSError where that fails, after the earlier mix was put back; RunError where it could not
    be put back either.
    """
    if not _swap(new, out, work):
        _rename_each(new, out, work)


def beside(out: str) -> str:
    """The folder beside OUT that changes places with it. It is there for moments, or after a kill.

    A link is followed: what stands in its place is what the link names.
    """
    parent, name = os.path.split(os.path.realpath(out))
    return f"{parent}/.{name}.work"


def _swap(new: str, out: str, work: str) -> bool:
    """Lets `new` and `out` change places in one step; False, and all is as it was, if it cannot."""
    aside = beside(out)
    staged = f"{aside}/out"
    try:
        if not _may_move(out, new, work):
            return False
        os.mkdir(aside, 0o700)
    except OSError:
        return False
    try:
        # One file under two names: the lock that is held of one is held of the other.
        os.link(f"{work}/{LOCK}", f"{aside}/{LOCK}")
        os.rename(new, staged)
        shutil.copystat(out, staged)
        os.utime(staged)
        _exchange(os.path.realpath(out), staged)
    except OSError:
        if os.path.isdir(staged):
            os.rename(staged, new)
        shutil.rmtree(aside, ignore_errors=True)
        return False
    return True


def _may_move(out: str, new: str, work: str) -> bool:
    """Whether OUT as a whole may be another folder: it holds a mix alone, and nobody stands in it.

    Who has it open elsewhere, as a shell or a container with a mount of it, keeps the earlier one.
    """
    ours = {*_ENTRIES, os.path.basename(work), f"{os.path.basename(work)}.gone"}
    if not ours.issuperset(os.listdir(out)):
        return False
    before, now = os.stat(out), os.stat(new)
    if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
        return False
    try:
        here = os.getcwd()
    except FileNotFoundError:  # it was removed
        return True
    whole = os.path.realpath(out)
    return os.path.commonpath([here, whole]) != whole


def _exchange(one: str, other: str) -> None:
    """Lets two names of one file system change places in one step.

    Raises OSError where the system or the file system cannot.
    """
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from None
    paths = os.fsencode(one), os.fsencode(other)
    if renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), other)


def _rename_each(new: str, out: str, work: str) -> None:
    """Moves the entries of a mix from the folder `new` to `out`; the earlier ones go to `work`."""
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

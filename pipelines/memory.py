"""How this process asks the machine for memory."""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8  # glibc's malloc.h
_ARENAS = 2


def share_arenas() -> None:
    """Has all threads take their memory from two arenas; nothing where libc is not glibc.

    By default each thread gets one of its own and keeps what it once held, so that pictures that
    pass through a dozen threads are counted a dozen times: cutting tiles took 2.3 GB in place of
    1.2, in the same time. To be called before threads are started.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)

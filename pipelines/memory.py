"""How this process asks the machine for memory."""

from __future__ import annotations

import ctypes
import os
import resource
import threading

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8  # glibc's malloc.h
_ARENAS = 2
_KEPT_BYTES = 1 << 29
_KEPT_BLOCKS = "8"
_TRIED = 4  # twice as many threads as Arrow is left with


def share_arenas() -> None:
    """Has all threads take their memory from two arenas; nothing where libc is not glibc.

    By default each thread gets one of its own and keeps what it once held, so that pictures that
    pass through a dozen threads are counted a dozen times: cutting tiles took 2.3 GB in place of
    1.2, in the same time. To be called before threads are started.
    """
    _mallopt(_M_ARENA_MAX, _ARENAS)


def keep_freed() -> None:
    """Has large pieces of memory come from what was freed; nothing where libc is not glibc.

    By default each is asked of the system and given back, which hands fresh ones out page by page:
    a tenth of a mix of scenes. All threads share one arena then, as only the first one keeps what
    is freed. For a launcher that does the work itself: worker processes would keep as much each.
    To be called before threads are started.
    """
    _mallopt(_M_MMAP_MAX, 0)
    _mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
    _mallopt(_M_ARENA_MAX, 1)


def _mallopt(parameter: int, value: int) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(parameter, value)


def set_allocators() -> None:
    """Sets where Pillow and Arrow take their memory from; what the user set stays.

    Pillow keeps a few of the blocks that hold pixels (16 MB each) for the next picture. By default
    it gives them back, and the system hands fresh ones out page by page, which took a fifteenth of
    a mix of scenes. Arrow shares the memory that Python and NumPy have freed. Its own allocator
    takes fresh pages beside it: a tenth of the time and a fifth of the memory of two million
    questions. To be called before Pillow and Arrow are imported.
    """
    os.environ.setdefault("PILLOW_BLOCKS_MAX", _KEPT_BLOCKS)
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def is_limited() -> bool:
    """Whether this process may not take all memory that it asks for (`ulimit -v`)."""
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def start_threads() -> None:
    """Has Arrow start its threads now, one of each kind, where memory is limited (`ulimit -v`).

    Arrow starts a thread when it first has work for one. Where there is no room for its stack by
    then, the process is aborted without a word. Raises RuntimeError where there is none now.
    """
    if not is_limited():
        return
    # Imported here: it is not needed otherwise, and takes a tenth of a second.
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import ipc

    _try_threads(_TRIED)
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    table = pa.table({"a": [0], "b": [0]})
    sink, file = pa.BufferOutputStream(), pa.BufferOutputStream()
    with ipc.new_stream(sink, table.schema, options=ipc.IpcWriteOptions(compression="lz4")) as out:
        out.write_table(table)  # compressed by the one kind of thread
    pq.write_table(table, file)
    pq.read_table(pa.BufferReader(file.getvalue()))  # read by the other


def _try_threads(number: int) -> None:
    """Starts so many threads at once and ends them. Raises RuntimeError where that fails."""
    end = threading.Event()
    started = [threading.Thread(target=end.wait) for _ in range(number)]
    try:
        for thread in started:
            thread.start()
    finally:
        end.set()

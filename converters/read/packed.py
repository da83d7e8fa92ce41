"""Single files packed by bzip2 or gzip, as some lists come (`list.txt.bz2`)."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib

from converters.read.archives import MAX_MEMBER


def unpacked(name: str, data: bytes) -> bytes:
    """The bytes of a file, unpacked where its ending says `.bz2` or `.gz`.

    Raises ValueError where they are damaged, or more than MAX_MEMBER.
    """
    ending = name.lower().rpartition(".")[2]
    if ending not in ("bz2", "gz"):
        return data
    source = io.BytesIO(data)
    file = bz2.BZ2File(source) if ending == "bz2" else gzip.GzipFile(fileobj=source)
    try:
        with file:
            out: bytes = file.read(MAX_MEMBER + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"it cannot be unpacked: {error}") from None
    if len(out) > MAX_MEMBER:
        raise ValueError(f"it unpacks to more than {MAX_MEMBER:,} bytes")
    return out

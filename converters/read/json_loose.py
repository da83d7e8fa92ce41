"""A file with one JSON object, also where it is only nearly JSON.

Programs that ask a language model for JSON and store what it says leave commas at the end of lists,
single quotes and comments: JSON5 knows these.
"""

from __future__ import annotations

from typing import Any

import json5
import msgspec

from converters.read import files
from converters.read.encodings import utf8_of
from converters.read.files import SourceError
from converters.read.folder import Folder
from converters.read.json_elements import UNREADABLE, BadRecord, decode_record

_LONGEST = 1 << 20  # bytes of a file that is read as JSON5, whose parser is slow
_OBJECT = msgspec.json.Decoder(dict[str, Any])


def document(folder: Folder, name: str) -> dict[str, Any]:
    """The object in a file. Raises BadRecord where there is none."""
    path = files.join(folder.base, name)
    try:
        data = utf8_of(folder.bytes_of(name))
        files.check_fetched(path, data)
    except (SourceError, files.MemberError, UnicodeDecodeError) as error:
        raise BadRecord("unreadable_file", str(error)) from None
    try:
        return decode_record(data, _OBJECT)
    except BadRecord as bad:
        if len(data) > _LONGEST:
            raise BadRecord("unreadable_file", str(bad.args[1])) from None
    try:
        found = json5.loads(data.decode("utf-8"), allow_duplicate_keys=False)
    except (*UNREADABLE, ValueError) as error:
        raise BadRecord("unreadable_file", str(error)[:200]) from None
    if not isinstance(found, dict):
        raise BadRecord("unreadable_file", f"a {type(found).__name__} where an object should be")
    return found

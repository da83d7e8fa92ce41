"""Lengths in tokens of a tokenizer that the user names: a `tokenizer.json` (extra `tokens`)."""

from __future__ import annotations

import functools
import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from converters.read import files
from converters.read.files import SourceError
from schemas.toml import ConfigError

_AT_ONCE = 10_000  # texts


@functools.lru_cache(maxsize=1)
def load(path: str) -> Any:
    """The tokenizer of a file as the library `tokenizers` writes it; may be s3:// or gs://.

    Raises ConfigError where the library or the file is not there, or the file is none of its kind.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError:
        need = "pip install 'earthmix[tokens]'"
        raise ConfigError(f"--tokenizer needs the library tokenizers: {need}") from None
    try:
        with files.opened(path) as file:
            data = file.read()
    except (OSError, SourceError) as error:
        raise ConfigError(f"--tokenizer {path}: cannot be read: {error}") from None
    try:
        return Tokenizer.from_buffer(data)
    except Exception as error:  # the library raises nothing narrower
        raise ConfigError(f"--tokenizer {path}: no tokenizer.json: {error}") from None


def facts(path: str) -> dict[str, str]:
    """A tokenizer's name and the sha256 of its file, for the card."""
    with files.opened(path) as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    return {"name": path.rstrip("/").rpartition("/")[2], "sha256": digest}


def lengths(path: str, texts: pa.Array) -> npt.NDArray[np.int64]:
    """How many tokens each text has, without those that a chat template adds; 0 for a null."""
    tokenizer = load(path)
    found = [
        len(one.ids)
        for start in range(0, len(texts), _AT_ONCE)
        for one in tokenizer.encode_batch_fast(
            [text or "" for text in texts.slice(start, _AT_ONCE).to_pylist()],
            add_special_tokens=False,
        )
    ]
    return np.array(found, np.int64)

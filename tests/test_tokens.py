"""Lengths in tokens of a named tokenizer: on the card, and refused in one line where it is none."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
import runs
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from pipelines import tokens


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """A tokenizer whose tokens are words and single marks."""
    tokenizer = Tokenizer(WordLevel({"?": 0}, unk_token="?"))
    tokenizer.pre_tokenizer = Whitespace()
    path = tmp_path / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def test_lengths_are_the_tokenizers(words: Path) -> None:
    texts = pa.array(["Is there a pond?", "", None, "yes"])
    assert tokens.lengths(str(words), texts).tolist() == [5, 0, 0, 1]


def test_the_card_gives_lengths_in_tokens(sample: Path, words: Path, tmp_path: Path) -> None:
    ended = runs.convert(
        sample, tmp_path / "out", "--images", "path", "--tokenizer", words, "--workers", "1"
    )
    assert ended.code == 0, ended.err
    card = msgspec.json.decode((tmp_path / "out" / "card.json").read_bytes())
    digest = hashlib.sha256(words.read_bytes()).hexdigest()
    assert card["tokenizer"] == {"name": "tokenizer.json", "sha256": digest}
    measures = ("request_tokens", "answer_tokens", "row_tokens")
    assert [sum(card["spread"][name]["caption"].values()) for name in measures] == [18, 18, 18]
    text = (tmp_path / "out" / "README.md").read_text()
    assert f"The same in tokens of `tokenizer.json` (sha256 `{digest[:16]}`)." in text
    assert "| caption |" in text.split("| Task | Request | Answer | Whole row |")[1]
    assert "--tokenizer TOKENIZER" in card["rebuild"]


@pytest.mark.parametrize(
    "text, said", [(None, "cannot be read: "), ("{}", "no tokenizer.json: "), ("\0", "no tokeni")]
)
def test_what_is_no_tokenizer_is_refused_in_a_line(
    sample: Path, tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / "t.json"
    if text is not None:
        path.write_text(text)
    ended = runs.convert(sample, tmp_path / "out", "--tokenizer", path)
    assert (ended.code, len(ended.err.splitlines())) == (2, 1), ended.err
    assert ended.err.startswith(f"earthmix: --tokenizer {path}: {said}")
    assert not (tmp_path / "out").exists()


def test_without_the_library_the_extra_is_named(
    sample: Path, words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    tokens.load.cache_clear()
    ended = runs.convert(sample, tmp_path / "out", "--tokenizer", words)
    assert (ended.code, ended.err) == (
        2,
        "earthmix: --tokenizer needs the library tokenizers: pip install 'earthmix[tokens]'\n",
    )

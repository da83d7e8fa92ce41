"""The options of a multiple choice, in the encodings that authors use, and the answer among them.

::

    ["(A) ship", "(B) dam"]          a list; letters before the options go (MME-RealWorld, XLRS)
    {"A": "ship", "B": "dam"}        an object
    "A. ship; B. dam."               one text (LHRS-Bench, GEOBench-VLM)
    "['ship', 'dam']"                a list written as text (UrBench)
    "What is it?\\nA.ship\\nB.dam"     behind the question, in its text (CHOICE)

The answer is an option's text, its letter ("B", "(B)", "B. dam", "B."), or its index. Several
answers are a list, or letters side by side ("AC", "A, C").
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from converters.read.json_elements import BadRecord

Answers = Literal["text", "letter", "index", "index_from_1"]
Choices = dict[str, str]  # the options by their letters, in native order; "" where one is absent

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MARK = r"[(\[]?{letter}\s?[).\]:]\s*"
_LONGEST = 1 << 16  # characters of a list written as text
_JOINED = re.compile(r"[A-Z](?:(?:\s*[,;/&]\s*|\s+and\s+|\s+)?[A-Z])*")
_SCALARS = (str, int, float, type(None))
_AROUND = "(). :[]"


def text_of(value: str | int | float | None) -> str:
    """A scalar of JSON as text; null is empty."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def is_scalar(value: object) -> bool:
    """True for a text, a number or null; a boolean is neither."""
    # Fast way: `str | int | float | None` here would make the union anew for each value.
    return isinstance(value, _SCALARS) and not isinstance(value, bool)


def choices_of(value: Any, name: str) -> Choices:
    """The options that a field holds. name: what it is called. Raises BadRecord."""
    if isinstance(value, str):
        value = _from_text(value, name)
    if isinstance(value, Sequence) and not isinstance(value, str):
        _check(value)
        value = dict(
            zip(_LETTERS, _unlettered([text_of(one).strip() for one in value]), strict=False)
        )
    if not isinstance(value, Mapping):
        raise BadRecord("bad_choices", f"{name} is {type(value).__name__}")
    _check(list(value.values()))
    found = {str(letter).strip().upper(): text_of(one).strip() for letter, one in value.items()}
    if len(found) < len(value):
        raise BadRecord("bad_choices", f"two choices of one letter: {', '.join(value)}")
    return found


def split_question(text: str) -> tuple[str, Choices]:
    """A question and the options that its text ends with; none where it has none."""
    for before in (r"(?:^|\n)[ \t]*", r"(?<![A-Za-z0-9])"):
        marks = _marks(text, before)
        if len(marks) > 1:
            return text[: marks[0].start()].strip(), dict(
                zip(_LETTERS, _between(text, marks), strict=False)
            )
    return text, {}


def chosen(answer: Any, choices: Choices, answers: Answers) -> tuple[str, ...]:
    """The texts of the options that an answer names. Raises BadRecord where one is none of them."""
    several = answer if isinstance(answer, list) else [answer]
    found: list[str] = []
    for one in several:
        if not is_scalar(one):
            raise BadRecord("bad_value", f"the answer is {type(one).__name__}")
        text = text_of(one).strip()
        named = _named(text, choices, answers)
        if not named or not all(named):
            some = [option for option in choices.values() if option]
            raise BadRecord("bad_choices", f"{text[:80]!r} is none of {some}"[:200])
        found += named
    return tuple(dict.fromkeys(found))


def _named(answer: str, choices: Choices, answers: Answers) -> list[str]:
    options = list(choices.values())
    if answers == "text":
        return _by_text(answer, options)
    if answers == "letter":
        return _by_letter(answer, choices) or _by_text(answer, options)
    if not (answer.isascii() and answer.isdigit() and len(answer) < 4):
        return []
    at = int(answer) - (answers == "index_from_1")
    return [options[at]] if 0 <= at < len(options) else []


def _by_text(answer: str, options: Sequence[str]) -> list[str]:
    """The option of an answer's words; without case and last stop where that names one alone."""
    if answer in options:
        return [answer]
    alike = [option for option in options if _folded(option) == _folded(answer)]
    return alike if len(alike) == 1 and answer else []


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")


def _by_letter(answer: str, choices: Choices) -> list[str]:
    bare = answer.strip(_AROUND).upper()
    if bare in choices:
        return [choices[bare]]
    if _JOINED.fullmatch(bare):
        letters = [sign for sign in bare.replace("AND", " ") if sign.isalpha()]
        if len(set(letters)) == len(letters) and choices.keys() >= set(letters):
            return [choices[letter] for letter in letters]
    for letter, option in choices.items():  # "B. dam"
        mark = re.match(_MARK.format(letter=re.escape(letter)), answer)
        if mark and _folded(answer[mark.end() :]) == _folded(option):
            return [option]
    return []


def _from_text(text: str, name: str) -> Any:
    """The options in a text: a list or dict as Python or JSON writes it, or lettered ones."""
    if text.lstrip().startswith(("[", "{")) and len(text) <= _LONGEST:
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            pass
    marks = _marks(text, r"(?<![A-Za-z0-9])")
    if len(marks) < 2:
        raise BadRecord("bad_choices", f"no options in {name}: {text[:80]!r}")
    return _between(text, marks)


def _marks(text: str, before: str) -> list[re.Match[str]]:
    """The marks of options in turn (A, B, C, ...), from the last A that a B follows."""
    best: list[re.Match[str]] = []
    patterns = [re.compile(before + _MARK.format(letter=letter)) for letter in _LETTERS]
    for first in patterns[0].finditer(text):
        marks = [first]
        for pattern in patterns[1:]:
            following = pattern.search(text, marks[-1].end())
            if following is None:
                break
            marks.append(following)
        if len(marks) > 1:
            best = marks
    return best


def _between(text: str, marks: Sequence[re.Match[str]]) -> list[str]:
    """The options between marks; of a list that is held apart by `;` the full stop at its end."""
    ends = [mark.start() for mark in marks[1:]]
    pieces = [
        text[mark.end() : end].strip() for mark, end in zip(marks, [*ends, len(text)], strict=True)
    ]
    if all(piece.endswith(";") for piece in pieces[:-1]):
        pieces[-1] = pieces[-1].removesuffix(".")
    return [piece.rstrip(";,").rstrip() for piece in pieces]


def _unlettered(options: list[str]) -> list[str]:
    """Options without the letters that stand before each of them in turn."""
    marks = [
        re.match(_MARK.format(letter=letter), option)
        for letter, option in zip(_LETTERS, options, strict=False)
        if option
    ]
    if not marks or None in marks or len(options) > len(_LETTERS):
        return options
    return [re.sub(r"^[(\[]?[A-Z]\s?[).\]:]\s*", "", option) for option in options]


def _check(values: Sequence[Any]) -> None:
    for value in values:
        if not is_scalar(value):
            raise BadRecord("bad_choices", f"a choice is {type(value).__name__}")
    if len(values) > len(_LETTERS):
        raise BadRecord("bad_choices", f"{len(values)} choices")

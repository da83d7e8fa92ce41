"""Prompt templates: pools of wordings, one TOML file each, chosen by (seed, row id)."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from converters.tasks.kit import Task
from schemas.toml import ConfigError, load_toml, unknown_key

Pools = dict[str, dict[str, list[str]]]  # wordings by task and kind (`any`, or a question type)
ONE_OF_SEVERAL = "picture"  # the wordings that say which picture of several is meant
_ADDITIONS = ("_long", "_pair", "_series", "_text")  # to the name of a kind
_SLOT = re.compile(r"\{([a-z_]+)\}")


@functools.cache
def pools(name: str) -> Pools:
    """The wordings of a template file. Raises ConfigError naming every fault of its shape."""
    folder = resources.files("converters.tasks").joinpath("prompts")
    path = folder.joinpath(f"{name}.toml")
    if not path.is_file():
        known = sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".toml"))
        raise ConfigError(f'unknown templates "{name}"; known: {", ".join(known)}')
    table = load_toml(str(path))
    faults = [line for task, pool in table.items() for line in _shape_faults(name, task, pool)]
    if faults:
        raise ConfigError("\n".join(faults))
    return table


def _shape_faults(name: str, task: str, pool: Any) -> list[str]:
    where = f"{name}.toml [{task}]"
    if not isinstance(pool, dict) or "any" not in pool:
        return [f'{where} key "any" is missing: a list of wordings']
    return [
        f"{where} {kind}: not a list of wordings"
        for kind, texts in pool.items()
        if not isinstance(texts, list)
        or not texts
        or not all(isinstance(text, str) for text in texts)
    ]


def slot_faults(name: str, pool: Pools, tasks: Mapping[str, Task]) -> list[str]:
    """What is wrong with wordings whose shape is right: unknown tasks, slots missing or unknown."""
    lines = []
    for task, by_kind in pool.items():
        where = f"{name}.toml [{task}]"
        if task not in tasks:
            lines.append(f"{where} {unknown_key(task, tasks, 'converters/tasks')}")
            continue
        if tasks[task].pictured and ONE_OF_SEVERAL not in by_kind:
            lines.append(f'{where} key "{ONE_OF_SEVERAL}" is missing: wordings that hold {{image}}')
        for kind, texts in by_kind.items():
            must = _must_hold(tasks[task], kind)
            may = must | tasks[task].may_hold
            for text in texts:
                held = _SLOT.findall(text)
                lines += [
                    f'{where} {kind}: "{text}" does not hold {{{slot}}} once'
                    for slot in sorted(must)
                    if held.count(slot) != 1
                ]
                lines += [
                    f'{where} {kind}: "{text}" holds the unknown {{{slot}}}'
                    for slot in held
                    if slot not in may
                ]
    return lines


def _must_hold(task: Task, kind: str) -> set[str]:
    """The slots that a wording of one kind must hold."""
    must = set(task.slots)
    # Later rounds (`count`, `where`) ask about one label.
    if task.name == "rounds" and kind.endswith(("count", "where")):
        must = {"label"}
    if task.pictured and kind.startswith(ONE_OF_SEVERAL):
        must.add("image")
    return must


def filled(wording: str, slots: Mapping[str, str]) -> str:
    """A wording with its slots filled at once, so that braces in the data fill nothing."""
    # Fast way: a wording is cut at its slots once, and its pieces are joined for each row. The
    # plain way is _SLOT.sub(lambda slot: slots[slot[1]], wording).
    pieces = _pieces(wording)
    if len(pieces) == 1:
        return wording
    return "".join([slots[one] if i % 2 else one for i, one in enumerate(pieces)])


@functools.cache
def _pieces(wording: str) -> list[str]:
    """Its words and the names of its slots in turn, words first and last."""
    return _SLOT.split(wording)


@functools.cache
def known(templates: str, task: str, kind: str) -> str:
    """The kind of wordings that stands for another where the templates lack it: "" for `any`.

    Without wordings for long answers, a pair or a series, those without that are taken.
    """
    pool = pools(templates).get(task, {})
    if kind in pool:
        return kind
    if kind.startswith(ONE_OF_SEVERAL) and ONE_OF_SEVERAL in pool:
        return ONE_OF_SEVERAL
    for addition in _ADDITIONS:
        if kind.endswith(addition):
            return known(templates, task, kind.removesuffix(addition))
    return ""


def wordings(templates: str, task: str, kind: str | None = None) -> list[str]:
    """The pool for a task and, where the templates tell kinds apart, a question type.

    Raises ConfigError where the templates lack the task.
    """
    pool = pools(templates).get(task)
    if pool is None:
        raise ConfigError(f'templates "{templates}" have no wording for task "{task}"')
    return pool.get(kind or "any", pool["any"])

"""Prompt templates: pools of wordings, one TOML file each, chosen by (seed, row id)."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

from schemas.toml import ConfigError, load_toml, unknown_key

# What a wording of each task may hold between braces.
SLOTS: dict[str, set[str]] = {
    "caption": set(),
    "change_caption": set(),
    "vqa": {"question"},
    "classification": {"classes"},
    "grounding": set(),
    "identify": {"box"},
    "refer": {"phrase"},
    "description": set(),
    "conversation": set(),
}


@functools.cache
def pools(name: str) -> dict[str, dict[str, list[str]]]:
    """Wordings of a template file by task and kind (`any`, or a question type).

    Raises ConfigError naming every fault of the file.
    """
    folder = resources.files("converters.tasks").joinpath("prompts")
    path = folder.joinpath(f"{name}.toml")
    if not path.is_file():
        known = sorted(
            p.name.removesuffix(".toml") for p in folder.iterdir() if p.name.endswith(".toml")
        )
        raise ConfigError(f'unknown templates "{name}"; known: {", ".join(known)}')
    table = load_toml(str(path))
    faults = [
        line
        for task, pool in table.items()
        for line in _faults(f"{name}.toml [{task}]", task, pool)
    ]
    if faults:
        raise ConfigError("\n".join(faults))
    return table


def _faults(where: str, task: str, pool: Any) -> list[str]:
    if task not in SLOTS:
        return [f"{where} {unknown_key(task, SLOTS)}"]
    if not isinstance(pool, dict) or "any" not in pool:
        return [f'{where} key "any" is missing: a list of wordings']
    lines = []
    for kind, texts in pool.items():
        if (
            not isinstance(texts, list)
            or not texts
            or not all(isinstance(text, str) for text in texts)
        ):
            lines.append(f"{where} {kind}: not a list of wordings")
            continue
        for text in texts:
            missing = [
                slot
                for slot in sorted(SLOTS[task])
                if text.count("{" + slot + "}") != 1 and slot != "classes"
            ]
            lines += [f'{where} {kind}: "{text}" does not hold {{{slot}}} once' for slot in missing]
    return lines


def wordings(templates: str, task: str, kind: str | None = None) -> list[str]:
    """The pool for a task and, where the templates tell kinds apart, a question type. Raises ConfigError where the templates lack the task."""
    pool = pools(templates).get(task)
    if pool is None:
        raise ConfigError(f'templates "{templates}" have no wording for task "{task}"')
    return pool.get(kind or "any", pool["any"])

"""Several forms in which one dataset is published: the first that is there is read.

An entry lists a pattern for each form, as in `["{split}/part_{n}.csv", "{split}.parquet"]`.
"""

from __future__ import annotations

from converters.read import files
from converters.read.files import NotThere, SourceError
from converters.read.folder import BySplit, Folder, annotation_files, bound


def first_form(folder: Folder, annotations: BySplit | list[str]) -> tuple[BySplit, list[str]]:
    """The pattern of the first form that has files, and notes of the forms that are left out.

    Raises SourceError where no form has any; it names all of them.
    """
    if not isinstance(annotations, list):
        return annotations, []
    chosen: str | None = None
    notes: list[str] = []
    faults: list[str] = []
    for pattern in annotations:
        try:
            found = annotation_files(folder, pattern)
        except SourceError as error:
            faults.append(str(error))
            continue
        if chosen is None:
            chosen = pattern
            taken = {file.path for _, file in found}
        elif left := [file.path for _, file in found if file.path not in taken]:
            notes.append(
                f"{len(left)} file(s) are another form of the same records and are not read, such "
                f"as {folder.relative(left[0])}"
            )
    if chosen is None:
        places = " or ".join(files.join(folder.base, pattern) for pattern in annotations)
        hint = next((fault.rpartition("; ")[2] for fault in faults if "; there" in fault), "")
        raise NotThere(f"annotations not found: {places}" + (f"; {hint}" if hint else ""))
    return chosen, notes


def bound_in(annotations: BySplit | list[str], name: str) -> dict[str, str]:
    """What the names in one of the patterns stand for in the path of a file that it matched."""
    patterns = annotations if isinstance(annotations, list) else [annotations]
    return next(filter(None, (bound(pattern, name) for pattern in patterns)), {})

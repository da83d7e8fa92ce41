"""The kit for masks: each mask of a span with its pictures (`converters.read.mask_files` plans)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, Span, deeper
from converters.read.images import read_all
from converters.read.mask_files import Key, any_ending, key_of, listed_pictures
from converters.read.picture_paths import PicturePaths
from converters.read.picture_patterns import picture_patterns
from schemas.sample import Picture, Reject


class Paired(NamedTuple):
    """A mask with the pictures that it is of.

    name: its path below `base`; file: relative to the dataset's folder. values: what the names of
    the pattern stand for. paths: the pictures'; sizes: of those that are there and can be read.
    """

    name: str
    file: str
    split: str
    values: Mapping[str, str]
    paths: tuple[str, ...]
    sizes: Mapping[str, tuple[int, int]] = {}

    def beside(self, folder: Folder, others: PicturePaths) -> str:
        """The path below `base` of another mask of the same pictures.

        Raises SourceError where its pattern has a name that this mask's pattern has not.
        """
        return others.path(self.values).removeprefix(folder.relative(""))

    def pictures(self, width: int, height: int) -> tuple[Picture, ...] | Reject:
        """The pictures, which are as large as their mask, or a Reject where one is not."""
        for path in self.paths:
            size = self.sizes.get(path, (width, height))
            if size != (width, height):
                detail = f"mask of {width} x {height}, {path} of {size[0]} x {size[1]}"
                return Reject(self.file, self.name, self.split, "size_conflict", detail)
        return tuple(Picture(path, width, height) for path in self.paths)


def with_pictures(
    folder: Folder, span: Span, masks: BySplit, images: Sequence[BySplit]
) -> Iterator[Paired | Reject]:
    """The masks of a span with their pictures, or a Reject of one whose picture nobody can tell.

    masks: their pattern. images: a pattern for each picture that a mask is shown with.
    """
    finders = [_MaskPictures(folder, pattern) for pattern in images]
    found: list[Paired | Reject] = []
    for name in span.names:
        values = _values(masks, name, span.split)
        file, fault = folder.relative(name), "bad_value"
        try:
            paths = [finder.path(values) for finder in finders]
            detail = "no picture has the names of this mask"
        except SourceError as error:
            paths, detail = [None], str(error)
        else:
            fault = "missing_image"
        whole = tuple(path for path in paths if path is not None)
        if len(whole) < len(paths):
            found.append(Reject(file, name, span.split, fault, detail))
        else:
            found.append(Paired(name, file, span.split, values, whole))
    paired = [one for one in found if isinstance(one, Paired)]
    sizes = sizes_of(folder, [path for one in paired for path in one.paths])
    for one in found:
        yield one._replace(sizes=sizes) if isinstance(one, Paired) else one


def sizes_of(folder: Folder, paths: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Width and height, from their heads, of the pictures that are there and can be read.

    paths: relative to the dataset's folder, as the keys of what is returned.
    """
    known = [*dict.fromkeys(paths)]
    facts = read_all([folder.absolute(path) for path in known], sizes_only=True)
    return {
        path: (fact.width, fact.height)
        for path, fact in zip(known, facts, strict=True)
        if not fact.fault
    }


def _names(pattern: BySplit, split: str) -> frozenset[str]:
    """Names that a pattern of pictures needs. With one pattern a split, the split is known."""
    if isinstance(pattern, str):
        return files.variables(pattern)
    return files.variables(pattern[split]) if split in pattern else frozenset({"split"})


def _values(masks: BySplit, name: str, split: str) -> dict[str, str]:
    """What the names in the pattern of masks stand for in the path of one, and its split."""
    for pattern in picture_patterns(masks):
        other = any_ending(pattern)
        for reading in (pattern, other, deeper(pattern), deeper(other)):
            if (values := files.bind(reading, name)) is not None:
                return {**values, "split": split}
    return {"split": split}


class _MaskPictures:
    """The pictures of masks, from a pattern with the names of the masks' pattern.

    Where the pattern of pictures has names of its own, their folders are listed once.
    """

    def __init__(self, folder: Folder, images: BySplit) -> None:
        self._folder = folder
        self._images = images
        self._paths = PicturePaths(folder, images)
        self._listed: dict[frozenset[str], dict[Key, str]] = {}

    def path(self, values: Mapping[str, str]) -> str | None:
        """Where the picture of a mask is or should be; None where only a listing could tell.

        Raises SourceError where the path would leave the folder.
        """
        asked = _names(self._images, values["split"])
        if asked <= values.keys():
            return self._paths.path(values)
        shared = frozenset(asked & values.keys())
        if shared not in self._listed:
            there = listed_pictures(self._folder, self._images)
            self._listed[shared] = {key_of(found, shared): found.path for found in there}
        path = self._listed[shared].get(tuple(sorted((name, values[name]) for name in shared)))
        return None if path is None else self._folder.relative(path)

"""The pictures that records name, where many records name the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converters.read.files import SourceError
from converters.read.folder import BySplit, Folder, stem
from converters.read.json_elements import BadRecord
from converters.read.picture_paths import PicturePaths
from schemas.sample import Picture


class NamedPictures:
    """Pictures by the names that records give them; a name is looked up once.

    templates: of the picture's path, or several in time order where a name stands for several
    pictures. fixed: what fills them besides `{image}` and `{stem}`.
    """

    def __init__(
        self, folder: Folder, templates: BySplit | list[str], fixed: Mapping[str, str]
    ) -> None:
        several = templates if isinstance(templates, list) else [templates]
        self._paths = [PicturePaths(folder, template) for template in several]
        self._fixed = fixed
        self._known: dict[str, tuple[Picture, ...] | str] = {}

    def of(self, names: Sequence[str]) -> tuple[Picture, ...]:
        """The pictures of a record. Raises BadRecord where a path leads out of the folder."""
        found: list[Picture] = []
        for name in names:
            if name not in self._known:
                self._known[name] = self._look_up(name)
            known = self._known[name]
            if isinstance(known, str):
                raise BadRecord("bad_value", known)
            found += known
        return tuple(found)

    def _look_up(self, name: str) -> tuple[Picture, ...] | str:
        values = {**self._fixed, "image": name, "stem": stem(name)}
        try:
            return tuple(Picture(path.path(values)) for path in self._paths)
        except SourceError as error:
            return str(error)

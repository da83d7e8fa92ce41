"""What a source of a mix sees of a batch of scenes: the regions its filter left, and their texts.

What is numeric (the filter, the texts of boxes) is worked out once for the whole batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct

from converters.dialects import dialect
from converters.ledger import Strings
from converters.regions import attributes
from converters.regions.geometry import Bools, Floats
from converters.regions.scenes import Scenes, Shown
from converters.rows.assemble import Job
from converters.rows.pictures import Pictures
from converters.tasks.kit import SceneItems
from converters.tasks.scene_words import SceneWords
from schemas.sample import Sample


class View(Struct, frozen=True):
    """What a source sees of a batch of scenes.

    words: for all its regions. reasons: why no row may use a region, or ""; the drafts add to them.
    dialects: how each scene's boxes are written, None where they cannot be. texts: of the chosen
    regions, where the task writes boxes; repairs: what had to be changed to write them.
    """

    scenes: Scenes
    words: SceneWords
    reasons: Strings
    dialects: list[str | None]
    texts: list[str]
    repairs: Mapping[str, int]

    def pictures(self) -> Iterator[tuple[Shown, list[int]]]:
        """Each picture of each scene that has regions which may be used, with these."""
        usable = np.flatnonzero(self.reasons == "")
        ends = np.searchsorted(usable, self.scenes.starts).tolist()
        images = self.scenes.native.images[usable].tolist()
        items = usable.tolist()
        for scene, sample in enumerate(self.scenes.samples):
            inside = slice(ends[scene], ends[scene + 1])
            if inside.start == inside.stop or not sample.pictures:
                continue
            if len(sample.pictures) == 1:
                yield Shown(scene, 0), items[inside]
                continue
            for image in range(len(sample.pictures)):
                here = zip(items[inside], images[inside], strict=True)
                if some := [item for item, of in here if of == image]:
                    yield Shown(scene, image), some

    def called(self, shown: Shown) -> str:
        """What words call a picture: "image", or "second image" in a pair or series."""
        if shown.image is None or not self.scenes.is_one_of_several(shown):
            return "image"
        return f"{attributes.ordinal(shown.image)} image"


def look(job: Job, batch: SceneItems, *, sized: bool, boxed: bool) -> View:
    """Applies the source's filter, and writes the boxes of what is left."""
    scenes = batch.scenes
    reasons = _filtered(job, scenes)
    unsized = scenes.owner[np.isnan(scenes.sizes).any(axis=1)]
    needs_size = dialect(job.dialect).needs_size
    dialects: list[str | None] = [job.dialect] * len(scenes.samples)
    for scene in np.unique(unsized).tolist():
        dialects[scene] = job.fallback_dialect if needs_size else job.dialect
        if sized or dialects[scene] is None:
            items = slice(scenes.starts[scene], scenes.starts[scene + 1])
            fault = "missing_image" if _absent(scenes.samples[scene], batch.pictures) else "no_size"
            reasons[items] = np.where(reasons[items] == "", fault, reasons[items])
    if not boxed:
        return View(scenes, batch.words, reasons, dialects, [], {})
    texts, repairs = _write(job, batch.words, dialects, reasons)
    return View(scenes, batch.words, reasons, dialects, texts, repairs)


def _absent(sample: Sample, pictures: Pictures) -> bool:
    return any(picture.path in pictures.absent for picture in sample.pictures)


def _filtered(job: Job, scenes: Scenes) -> Strings:
    """Reasons by region, those of the source's filter added."""
    rule = job.spec.filter
    sides = (scenes.boxes[:, 2:] - scenes.boxes[:, :2]) / scenes.sizes
    share: Floats = 100 * np.nan_to_num(sides.min(axis=1), nan=np.inf)
    reasons: Strings = scenes.reasons.copy()
    reasons[(reasons == "") & _unselected(scenes, rule.labels)] = "unselected"
    if not rule.ignored:
        reasons[(reasons == "") & scenes.native.ignored] = "ignored"
    reasons[(reasons == "") & (share < rule.min_side)] = "too_small"
    if rule.max_regions is not None:
        images = scenes.native.images
        shown = scenes.owner * (images.max(initial=0) + 1) + images
        numbers = np.bincount(shown[reasons == ""], minlength=shown.max(initial=0) + 1)
        reasons[(reasons == "") & (numbers > rule.max_regions)[shown]] = "too_many"
    return reasons


def _unselected(scenes: Scenes, labels: Sequence[str] | None) -> Bools:
    """Which regions are of a class that the source does not ask for."""
    if labels is None:
        return np.zeros(len(scenes.native), bool)
    outside = (label not in labels for label in scenes.native.labels)
    return np.fromiter(outside, bool, len(scenes.native))


def _write(
    job: Job, words: SceneWords, dialects: list[str | None], reasons: Strings
) -> tuple[list[str], Counter[str]]:
    """The texts of all regions that are left, and what was changed to write them.

    reasons: those of regions that cannot be written are added.
    """
    texts = np.full(len(reasons), "", object)
    repairs: Counter[str] = Counter()
    names = np.array(dialects, object)[words.scenes.owner]
    for name in sorted({name for name in dialects if name is not None}):
        items = np.flatnonzero((reasons == "") & (names == name))
        if not len(items):
            continue
        written = words.written(name, job.unsayable, items)
        texts[items], reasons[items] = written.texts, written.reasons
        repairs.update(written.counts)
    return texts.tolist(), repairs

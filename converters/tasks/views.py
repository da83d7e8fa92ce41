"""What a source of a mix sees of a batch of scenes: the regions its filter left, and their texts.

What is numeric (the filter, the texts of boxes) is worked out once for the whole batch.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct

from converters.dialects import dialect, render
from converters.ledger import Strings
from converters.regions import attributes
from converters.regions.geometry import Bools, Floats
from converters.regions.scenes import Scenes, Shown, flat
from converters.rows.assemble import Job
from converters.rows.identity import FIELD, ITEM
from converters.rows.pictures import Pictures
from converters.tasks.kit import SceneItems
from schemas.sample import Region, Sample


class View(Struct, frozen=True):
    """What a source sees of a batch of scenes.

    reasons: why no row may use a region, or ""; the drafts add to them. dialects: how each scene's
    boxes are written, None where they cannot be. texts: of the chosen regions, where the task
    writes boxes; repairs: what had to be changed to write them.
    """

    scenes: Scenes
    reasons: Strings
    dialects: list[str | None]
    texts: Strings
    repairs: Mapping[str, int]

    def pictures(self) -> Iterator[tuple[Shown, list[int]]]:
        """Each picture of each scene that has regions which may be used, with these."""
        for scene, sample in enumerate(self.scenes.samples):
            for image in range(len(sample.pictures)):
                shown = Shown(scene, image)
                items = [item for item in self.scenes.on(shown) if not self.reasons[item]]
                if items:
                    yield shown, items

    def called(self, shown: Shown) -> str:
        """What words call a picture: "image", or "second image" in a pair or series."""
        if shown.image is None or not self.scenes.is_one_of_several(shown):
            return "image"
        return f"{attributes.ordinal(shown.image)} image"

    def region_key(self, item: int) -> str:
        """The key of one region's record."""
        sample = self.scenes.samples[self.scenes.owner[item]]
        return f"{sample.key}#{self.scenes.native[item].key}"

    def native_text(self, items: Sequence[int]) -> str:
        """Regions as read, for a row's identity: the same whatever the mode made of them."""
        return ITEM.join(_native(self.scenes.native[item]) for item in items)

    def whole(self, shown: Shown) -> str:
        """All regions of a picture as read, and which one of several it is."""
        said = self.native_text(self.scenes.on(shown))
        return f"{shown.image}{FIELD}{said}" if self.scenes.is_one_of_several(shown) else said


def _native(region: Region) -> str:
    numbers = flat(region.shape)
    # Fast way: one format for all numbers. One for each of them takes twice as long.
    return f"{region.label}:{_format(len(numbers)) % numbers}"


@functools.cache
def _format(count: int) -> str:
    return ",".join(["%.12g"] * count)


def look(job: Job, batch: SceneItems, *, sized: bool, boxed: bool) -> View:
    """Applies the source's filter, and writes the boxes of what is left."""
    scenes = batch.scenes
    reasons = _filtered(job, scenes)
    unsized: Bools = np.asarray(np.isnan(scenes.sizes).any(axis=1))
    needs_size = dialect(job.dialect).needs_size
    dialects: list[str | None] = []
    for scene in range(len(scenes.samples)):
        items = slice(scenes.starts[scene], scenes.starts[scene + 1])
        known = not unsized[items].any()
        dialects.append(job.dialect if known or not needs_size else job.fallback_dialect)
        if not known and (sized or dialects[scene] is None):
            fault = "missing_image" if _absent(scenes.samples[scene], batch.pictures) else "no_size"
            reasons[items] = np.where(reasons[items] == "", fault, reasons[items])
    texts = np.full(len(reasons), "", object)
    repairs = _write(job, scenes, dialects, reasons, texts) if boxed else Counter()
    return View(scenes, reasons, dialects, texts, repairs)


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
        ignored = np.fromiter((region.ignored for region in scenes.regions), bool, len(reasons))
        reasons[(reasons == "") & ignored] = "ignored"
    reasons[(reasons == "") & (share < rule.min_side)] = "too_small"
    if rule.max_regions is not None:
        images = np.fromiter((region.image for region in scenes.regions), np.int64, len(reasons))
        shown = scenes.owner * (images.max(initial=0) + 1) + images
        numbers = np.bincount(shown[reasons == ""], minlength=shown.max(initial=0) + 1)
        reasons[(reasons == "") & (numbers > rule.max_regions)[shown]] = "too_many"
    return reasons


def _unselected(scenes: Scenes, labels: Sequence[str] | None) -> Bools:
    """Which regions are of a class that the source does not ask for."""
    if labels is None:
        return np.zeros(len(scenes.regions), bool)
    outside = (region.label not in labels for region in scenes.regions)
    return np.fromiter(outside, bool, len(scenes.regions))


def _write(
    job: Job, scenes: Scenes, dialects: list[str | None], reasons: Strings, texts: Strings
) -> Counter[str]:
    """Fills in the texts of all regions that are left, one dialect at a time."""
    repairs: Counter[str] = Counter()
    names = np.array(dialects, object)[scenes.owner]
    for name in sorted({name for name in dialects if name is not None}):
        items = np.flatnonzero((reasons == "") & (names == name))
        if not len(items):
            continue
        written, reasons[items], changed = render(
            dialect(name),
            [scenes.regions[item].shape for item in items.tolist()],
            np.nan_to_num(scenes.sizes[items], nan=np.inf),
            job.unsayable,
        )
        texts[items] = np.array(written, object)
        repairs.update(changed)
    return repairs

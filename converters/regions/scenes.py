"""Regions of a batch of samples made fit for rows: clipped, ordered, without repeats. Vectorised over the batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

from converters.regions.attributes import spoken
from converters.regions.geometry import Clipped, Floats, clip_boxes, clip_quads, envelopes
from converters.tasks.objects import Scene
from schemas.sample import Region, Reject, Sample

Size = tuple[int, int] | None


def clean(
    samples: Sequence[Sample], size_of: Callable[[Sample], Size], names: Mapping[str, str]
) -> tuple[list[Scene], list[Reject], Counter[str]]:
    """Scenes of samples, a Reject for each region that cannot stay, and how many regions were repaired (clipped, swapped).

    names: what the catalogue calls some of the classes.
    """
    sizes = [size_of(sample) for sample in samples]
    flat = [(s, i) for s, sample in enumerate(samples) for i in range(len(sample.regions))]
    limits = np.array([sizes[s] or (np.inf, np.inf) for s, _ in flat], float).reshape(-1, 2)
    regions = [samples[s].regions[i] for s, i in flat]
    reasons, fresh, boxes, areas, mended = _clip(regions, limits)
    _mark_repeats(samples, flat, reasons)
    repairs = Counter(
        name for names, reason in zip(mended, reasons, strict=True) for name in names if not reason
    )
    scenes, rejects = [], []
    at = 0
    for s, sample in enumerate(samples):
        mine = range(at, at + len(sample.regions))
        at += len(sample.regions)
        kept = [k for k in mine if not reasons[k]]
        said = [spoken(regions[k].label, names) for k in kept]
        scenes.append(
            Scene(
                sample,
                [flat[k][1] for k in kept],
                [fresh[k] for k in kept],
                sizes[s],
                boxes[kept],
                areas[kept],
                said,
            )
        )
        rejects += [
            Reject(
                sample.file,
                _key(sample, regions[k]),
                sample.split,
                reasons[k],
                _words(regions[k], sizes[s]),
            )
            for k in mine
            if reasons[k]
        ]
    return scenes, rejects, repairs


def _key(sample: Sample, region: Region) -> str:
    return f"{sample.key}#{region.key}"


def _words(region: Region, size: Size) -> str:
    frame = f" in {size[0]} x {size[1]}" if size else ""
    return f"{region.label} {' '.join(f'{p:g}' for p in region.points)}{frame}"


def _clip(
    regions: Sequence[Region], limits: Floats
) -> tuple[list[str], list[Region], Floats, Floats, list[list[str]]]:
    """Reasons, clipped regions, upright boxes, areas and repairs of a batch."""
    reasons = [""] * len(regions)
    fresh = list(regions)
    boxes, areas = np.zeros((len(regions), 4)), np.zeros(len(regions))
    mended: list[list[str]] = [[] for _ in regions]
    for shape, clip in (("hbb", clip_boxes), ("obb", clip_quads)):
        mine = np.array([k for k, region in enumerate(regions) if region.shape == shape], int)
        if not mine.size:
            continue
        result: Clipped = clip(np.array([regions[k].points for k in mine], float), limits[mine])
        for name, mask in (("clipped", result.changed), ("swapped", result.swapped)):
            for k in mine[mask]:
                mended[k].append(name)
        upright = result.points if shape == "hbb" else envelopes(result.points, limits[mine])
        boxes[mine] = upright
        areas[mine] = (
            np.prod(upright[:, 2:] - upright[:, :2], axis=1)
            if shape == "hbb"
            else _quad_areas(result.points)
        )
        for k, points, zero, outside in zip(
            mine, result.points.tolist(), result.zero, result.outside, strict=True
        ):
            reasons[k] = "zero_area" if zero else "outside_image" if outside else ""
            fresh[k] = msgspec.structs.replace(regions[k], points=tuple(points))
    return reasons, fresh, boxes, areas, mended


def _quad_areas(quads: Floats) -> Floats:
    x, y = quads[:, ::2], quads[:, 1::2]
    areas: Floats = (
        np.abs((x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)) / 2
    )
    return areas


def _mark_repeats(
    samples: Sequence[Sample], flat: Sequence[tuple[int, int]], reasons: list[str]
) -> None:
    seen: set[tuple[object, ...]] = set()
    for k, (s, i) in enumerate(flat):
        region = samples[s].regions[i]
        key = (s, region.image, region.label, region.shape, region.points)
        if not reasons[k] and key in seen:
            reasons[k] = "duplicate_region"
        seen.add(key)

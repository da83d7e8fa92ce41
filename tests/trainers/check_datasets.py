"""`datasets` of any version: the mix loads, pictures decode, every value is the file's."""

from __future__ import annotations

import shared


def main() -> None:
    """Compares every row, loaded and streamed."""
    import datasets

    mix, _, work = shared.places()
    rows = shared.wanted(mix)
    cache = str(work / f"datasets-{datasets.__version__}")
    for streaming in (False, True):
        found = datasets.load_dataset(str(mix), split="train", cache_dir=cache, streaming=streaming)
        for row, want in zip(found, rows, strict=True):
            said = [turn["value"] for turn in row["conversations"]]
            assert (row["id"], said[1::2], said[::2]) == (want.id, want.answers, want.questions)
            assert [region["bbox"] for region in row["regions"]] == want.regions
            assert len([image.size for image in row["images"]]) == want.pictures
    print(f"datasets {datasets.__version__}: {len(rows)} rows, loaded and streamed")


if __name__ == "__main__":
    main()

"""WebDataset: every row of the shards, its pictures decoded and in order."""

from __future__ import annotations

import shared


def main() -> None:
    """Compares every row."""
    import webdataset

    mix, export, _ = shared.places()
    rows = shared.wanted(mix)
    shards = sorted(map(str, export.glob("train-*.tar")))
    found = webdataset.WebDataset(shards, shardshuffle=False).decode("pil")
    for row, want in zip(found, rows, strict=True):
        said = [turn["value"] for turn in row["json"]["conversations"]]
        assert (row["__key__"], said[1::2], said[::2]) == (want.id, want.answers, want.questions)
        shown = sorted(key for key in row if key[0].isdigit())
        assert [key.partition(".")[0] for key in shown] == [str(n) for n in range(want.pictures)]
        assert all(row[key].size for key in shown)
    print(f"WebDataset {webdataset.__version__}: {len(rows)} rows in {len(shards)} shards")


if __name__ == "__main__":
    main()

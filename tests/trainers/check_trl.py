"""TRL: its collator makes batches of every row; the pictures are there, and no placeholder is."""

from __future__ import annotations

import shared


def main() -> None:
    """Collates every row."""
    import datasets
    import trl
    from transformers import AutoProcessor
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    mix, export, work = shared.places()
    rows = shared.wanted(mix)
    loaded = datasets.load_dataset(str(export), split="train", cache_dir=str(work / "datasets"))
    processor = AutoProcessor.from_pretrained(shared.processor(work / "processor"))
    collate = DataCollatorForVisionLanguageModeling(processor)
    assert len(loaded) == len(rows)
    for row, want in zip(loaded, rows, strict=True):
        batch = collate([row])
        text = processor.tokenizer.decode(batch["input_ids"][0])
        assert "<image>" not in text, text
        assert len(batch["image_grid_thw"]) == want.pictures
        assert [text.count(answer) > 0 for answer in want.answers] == [True] * len(want.answers)
    print(f"TRL {trl.__version__}: {len(rows)} rows collated")


if __name__ == "__main__":
    main()

"""ms-swift: a Qwen2.5-VL template encodes every row, and writes the boxes that the regions say."""

from __future__ import annotations

import os
import re

import shared

GEOCHAT = re.compile(r"\{(?:<-?\d+>){4}\|<\d+>\}")
SWIFT = re.compile(r"<\|box_start\|>\((-?\d+),(-?\d+)\),\((-?\d+),(-?\d+)\)<\|box_end\|>")


def main() -> None:
    """Encodes every row, loaded and streamed."""
    mix, export, work = shared.places()
    os.environ.update(ROOT_IMAGE_DIR=str(export), MODELSCOPE_CACHE=str(work / "cache"))
    import swift
    from swift.dataset import load_dataset
    from swift.model import get_processor
    from swift.template import get_template

    rows = shared.wanted(mix)
    processor = get_processor(str(shared.processor(work / "processor")), model_type="qwen2_5_vl")
    template = get_template(processor, template_type="qwen2_5_vl", max_length=1 << 16)
    template.set_mode("train")
    [path] = export.glob("*.jsonl")
    boxes = 0
    for streaming in (False, True):
        loaded, _ = load_dataset(
            [str(path)], streaming=streaming, strict=True, use_hf=True, load_from_cache_file=False
        )
        for row, want in zip(loaded, rows, strict=True):
            encoded = template.encode(row)
            text = template.tokenizer.decode(encoded["input_ids"])
            assert len(encoded["image_grid_thw"]) == want.pictures
            assert "<bbox>" not in text and "<ref-object>" not in text, text
            written = len(GEOCHAT.findall("".join(want.answers + want.questions)))
            assert len(SWIFT.findall(text)) == written, (want, text)
            boxes += written
            if not written:
                labels = [n for n in encoded["labels"] if n != -100]
                assert shared.supervised(template.tokenizer, labels) == want.answers
    print(f"ms-swift {swift.__version__}: {len(rows)} rows and {boxes // 2} boxes encoded")


if __name__ == "__main__":
    main()

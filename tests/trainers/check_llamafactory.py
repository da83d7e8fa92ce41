"""LLaMA-Factory: it finds the export by dataset_info.json, and trains on the answers alone.

Where no `dataset_info.json` is in the export, the mix itself is named, without copying.
"""

from __future__ import annotations

import json

import shared

UNCOPIED = {
    "formatting": "sharegpt",
    "columns": {"messages": "conversations", "images": "images"},
}


def main() -> None:
    """Loads, tokenises and collates every row, of the export and of the mix itself."""
    from llamafactory.data import (
        SFTDataCollatorWith4DAttentionMask,
        get_dataset,
        get_template_and_fix_tokenizer,
    )
    from llamafactory.extras.env import VERSION
    from llamafactory.hparams import get_train_args
    from llamafactory.model import load_tokenizer

    mix, export, work = shared.places()
    rows = shared.wanted(mix)
    itself = work / "itself"
    itself.mkdir(exist_ok=True)
    entry = {"mix": {"hf_hub_url": str(mix), **UNCOPIED}}
    (itself / "dataset_info.json").write_text(json.dumps(entry))
    for folder in (export, itself):
        [name] = json.loads((folder / "dataset_info.json").read_text())
        model, data, training, _, _ = get_train_args(
            {
                "model_name_or_path": str(shared.processor(work / "processor")),
                "dataset": name,
                "dataset_dir": str(folder),
                "stage": "sft",
                "do_train": True,
                "finetuning_type": "full",
                "template": "qwen2_vl",
                "cutoff_len": 1 << 16,
                "output_dir": str(work / "out"),
                "overwrite_cache": True,
                "report_to": "none",
                "use_cpu": True,
                "bf16": False,
            }
        )
        module = load_tokenizer(model)
        template = get_template_and_fix_tokenizer(module["tokenizer"], data)
        loaded = get_dataset(template, model, data, training, stage="sft", **module)
        collate = SFTDataCollatorWith4DAttentionMask(template=template, model=None, **module)
        for row, want in zip(loaded["train_dataset"], rows, strict=True):
            assert shared.supervised(module["tokenizer"], row["labels"]) == want.answers
            assert len(row["images"]) == want.pictures
            assert len(collate([row])["image_grid_thw"]) == want.pictures
    print(f"LLaMA-Factory {VERSION}: {len(rows)} rows tokenised, of the export and of the mix")


if __name__ == "__main__":
    main()

"""What the checks share: the rows that a program must give back, and a tiny Qwen2.5-VL processor.

The checks run in the programs' own environments: nothing of this project can be imported there.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

# Before the programs are imported: no hub, no graphics card, no pool of threads that outlives us.
os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", CUDA_VISIBLE_DEVICES="")

# Where Qwen's special tokens begin: programs have their numbers in their code.
FIRST_SPECIAL = 151643
_NAMES = [
    "endoftext",
    "im_start",
    "im_end",
    "object_ref_start",
    "object_ref_end",
    "box_start",
    "box_end",
    "quad_start",
    "quad_end",
    "vision_start",
    "vision_end",
    "vision_pad",
    "image_pad",
    "video_pad",
]
SPECIAL = [f"<|{name}|>" for name in _NAMES]
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class Wanted(NamedTuple):
    """A row of a mix. answers: what the gpt turns say; regions: their boxes in pixels."""

    id: str
    answers: list[str]
    questions: list[str]
    pictures: int
    regions: list[list[float]]


def wanted(mix: Path) -> list[Wanted]:
    """The rows of a mix, by pyarrow alone."""
    import pyarrow.parquet as pq

    columns = ["id", "images", "conversations", "regions"]
    rows: list[Wanted] = []
    for shard in sorted((mix / "data").glob("*.parquet")):
        for row in pq.read_table(shard, columns=columns).to_pylist():
            said = [turn["value"] for turn in row["conversations"]]
            boxes = [region["bbox"] for region in row["regions"] or []]
            rows.append(Wanted(row["id"], said[1::2], said[::2], len(row["images"]), boxes))
    return rows


def places() -> tuple[Path, Path, Path]:
    """The command line of a check: a mix, its export, and a folder for the program's own files."""
    mix, export, work = map(Path, sys.argv[1:])
    work.mkdir(parents=True, exist_ok=True)
    return mix, export, work


def tokenizer() -> Any:
    """Every byte a token, and Qwen's special tokens at Qwen's numbers."""
    import transformers
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = letters + [f"<unused {n}>" for n in range(FIRST_SPECIAL - len(letters))]
    made = Tokenizer(models.BPE(vocab={word: n for n, word in enumerate(words)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(word, special=True, normalized=False) for word in SPECIAL])
    kind = (
        transformers.Qwen2TokenizerFast
        if transformers.__version__.startswith("4.")
        else transformers.PreTrainedTokenizerFast
    )
    return kind(
        tokenizer_object=made,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        model_max_length=1 << 20,
        chat_template=TEMPLATE,
    )


def processor(folder: Path) -> Path:
    """A folder with a Qwen2.5-VL processor and the config of a model that nobody builds."""
    import transformers

    if (folder / "config.json").exists():
        return folder
    words = tokenizer()
    words.save_pretrained(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings.update(tokenizer_class=type(words).__name__, chat_template=TEMPLATE)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    transformers.Qwen2_5_VLProcessor(
        image_processor=transformers.Qwen2VLImageProcessor(),
        tokenizer=words,
        video_processor=transformers.Qwen2VLVideoProcessor(),
        chat_template=TEMPLATE,
    ).save_pretrained(folder)
    small = {"hidden_size": 8, "intermediate_size": 8, "num_heads": 2, "depth": 1}
    config = {
        "model_type": "qwen2_5_vl",
        "architectures": ["Qwen2_5_VLForConditionalGeneration"],
        "vocab_size": 151936,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "image_token_id": 151655,
        "video_token_id": 151656,
        "vision_start_token_id": 151652,
        "vision_end_token_id": 151653,
        "rope_scaling": {"type": "mrope", "mrope_section": [1, 1, 0], "rope_type": "default"},
        "vision_config": {**small, "out_hidden_size": 8},
        **{key: small[key] for key in ("hidden_size", "intermediate_size")},
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def supervised(words: Any, labels: Any) -> list[str]:
    """The answers that a program trains on, as text."""
    text = words.decode([int(label) for label in labels if label != -100])
    return [part.strip("\n") for part in text.split("<|im_end|>")][:-1]

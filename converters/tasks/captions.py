"""Tasks made of captions: one row a sentence."""

from __future__ import annotations

from converters.rows.assemble import Job
from converters.tasks.kit import Built, Task, Texts
from converters.tasks.texts import build_texts


def build(job: Job, batch: Texts) -> Built:
    """One row a caption; its authors wrote the answer."""
    return build_texts(job, batch, job.entry.text_origin)


TASKS = (
    Task(
        name="caption",
        takes=("caption",),
        asks="describe the picture in a sentence, or in detail where its caption is long",
        hub=("image-to-text",),
        family="Captions",
        build=build,
    ),
    Task(
        name="change_caption",
        takes=("caption",),
        asks="describe what changed between pictures of one place",
        hub=("image-to-text",),
        family="Change captions",
        build=build,
    ),
)

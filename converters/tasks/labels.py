"""Tasks made of labels: the class of a scene, or all classes that a picture shows."""

from __future__ import annotations

from converters.rows.assemble import TEMPLATE, Job
from converters.tasks.kit import Built, Task, Texts
from converters.tasks.texts import build_texts


def build(job: Job, batch: Texts) -> Built:
    """One row a picture; a class name in a sentence of ours is a template's."""
    return build_texts(job, batch, TEMPLATE)


TASKS = (
    Task(
        name="classification",
        takes=("label",),
        asks="name the class of the scene, or all classes that the picture shows",
        hub=("image-classification",),
        family="Scene classification",
        may_hold=frozenset({"classes"}),
        build=build,
    ),
)

"""The one error that a user sees from here: something outside the pipeline is missing, wrong or silent, and the message is one line that says what to do."""

from pipelines.errors import EngineError

__all__ = ["EngineError"]

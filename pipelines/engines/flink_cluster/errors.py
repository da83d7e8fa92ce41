"""The one error that a user sees from here.

Something outside the pipeline is missing, wrong or silent. The message is one line that says what
to do.
"""

from pipelines.errors import EngineError

__all__ = ["EngineError"]

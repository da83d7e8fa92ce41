"""Settings of the whole suite.

Property tests draw the same examples on each run, so that a failure is a change's and no accident; look further with
`pytest --hypothesis-profile=thorough`. No test is timed.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("earthmix", deadline=None, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile("earthmix")

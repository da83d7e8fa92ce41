"""Beam's own options, as the command line gives them after `--`."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stderr

from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.errors import UsageError


def beam_options(flags: Sequence[str]) -> PipelineOptions:
    """Beam's options from its own command-line words.

    Raises UsageError for an option that Beam does not know, which it would drop silently, and for a
    value that it does not accept, for which it would end the process.
    """
    printed = io.StringIO()
    try:
        with redirect_stderr(printed):
            options = PipelineOptions(flags)
            unknown = (
                options.get_all_options(retain_unknown_options=True).keys()
                - options.get_all_options().keys()
            )
    except SystemExit:
        raise UsageError(
            f"Beam option: {printed.getvalue().rpartition('error: ')[2].strip()}"
        ) from None
    if unknown:
        raise UsageError(
            f"unknown Beam option: {', '.join(f'--{name}' for name in sorted(unknown))}"
        )
    return options

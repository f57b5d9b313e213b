"""Exit codes, and every error as one line.

0 done, 1 the analysis could not be done, 2 wrong usage or spec, 3 data missing or a download
failed, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from tcga_corr.cli.texts import printable
from tcga_corr.errors import DataMissingError, TcgaCorrError, UsageError

FAILED, WRONG_USAGE, DATA_MISSING, INTERRUPTED = 1, 2, 3, 130


def exit_code_of(error: TcgaCorrError) -> int:
    """The exit code of an error."""
    if isinstance(error, UsageError):
        return WRONG_USAGE
    if isinstance(error, DataMissingError):
        return DATA_MISSING
    return FAILED


def report(error: TcgaCorrError) -> None:
    """Print each line of an error on standard error."""
    for line in error.lines():
        print_error(line)


def exit_on_errors(errors: Sequence[TcgaCorrError]) -> None:
    """Report errors, and exit with the code of the first; do nothing if there are none."""
    for error in errors:
        report(error)
    if errors:
        raise typer.Exit(exit_code_of(errors[0]))


def print_error(text: str) -> None:
    """Print an error as one line on standard error."""
    print(f"tcga-corr: error: {printable(text)}", file=sys.stderr)

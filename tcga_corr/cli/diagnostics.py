"""Exit codes, and every error as one line.

0 done, 1 the analysis could not be done, 2 wrong usage or spec, 3 data missing or a download
failed, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from tcga_corr.errors import DataMissingError, TcgaCorrError, UsageError

_BEFORE_THE_COMMAND = ("--cache", "-q", "--quiet", "-v", "--verbose", "--debug")
_SEE_HELP = "See `tcga-corr --help` and `tcga-corr COMMAND --help`"

FAILED, WRONG_USAGE, DATA_MISSING, INTERRUPTED = 1, 2, 3, 130


def exit_code_of(error: TcgaCorrError) -> int:
    """The exit code of an error."""
    if isinstance(error, UsageError):
        return WRONG_USAGE
    if isinstance(error, DataMissingError):
        return DATA_MISSING
    return FAILED


def report(error: TcgaCorrError) -> None:
    """Print an error as one line on standard error."""
    _say(str(error))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_run(arguments))


def _run(arguments: list[str]) -> int:
    from tcga_corr.cli.app import app

    if "--debug" in arguments:
        return int(app(arguments, prog_name="tcga-corr", standalone_mode=False) or 0)
    try:
        code = app(arguments, prog_name="tcga-corr", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except TcgaCorrError as error:
        report(error)
        return exit_code_of(error)
    except typer.TyperException as error:
        said = error.format_message().rstrip(".")
        early = said.rpartition(" ")[2] in _BEFORE_THE_COMMAND
        _say(f"{said}. {'Put it before the command' if early else _SEE_HELP}.")
        return WRONG_USAGE
    except (KeyboardInterrupt, typer.Abort):
        _say("interrupted. Run the same command to go on.")
        return INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has what they wanted; keep the interpreter from saying more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        _say("not enough memory. Ask for fewer tumor types at a time with -t.")
        return FAILED
    except Exception as error:  # noqa: BLE001 - the last line of defence; --debug shows it all
        _say(
            f"unexpected {type(error).__name__}: {error}. "
            "Run again with --debug before the command, and report what it prints."
        )
        return FAILED


def _say(text: str) -> None:
    print(f"tcga-corr: error: {' '.join(text.split())}", file=sys.stderr)

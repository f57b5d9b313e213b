"""From arguments to an exit code; an error is one line."""

from __future__ import annotations

import errno
import itertools
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from types import FrameType

import typer

from tcga_corr.cli.app import app
from tcga_corr.cli.diagnostics import (
    FAILED,
    INTERRUPTED,
    WRONG_USAGE,
    exit_code_of,
    print_error,
    report,
)
from tcga_corr.cli.streams import forget_output, open_streams, output_failed
from tcga_corr.cli.texts import printable
from tcga_corr.errors import TcgaCorrError, UsageError, near_names
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

_SHARED = re.compile(r"-[qv]+|--quiet|--verbose|--debug|--cache=.*")
_INTERRUPTED = "interrupted. Run the same command to go on."
_STOPPING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_NEEDED = 3 * 2**30  # bytes of address space, of which little is ever used
_UNHEARD = 2.0  # seconds; longer than it takes to leave


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    # threads take a tumor type each; more for one matrix product would only wait, and the last bits
    # of the product would depend on their number
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    open_streams()
    signal.signal(signal.SIGINT, _interrupt)
    for number in _STOPPING:
        if signal.getsignal(number) != signal.SIG_IGN:  # as of nohup
            signal.signal(number, _stop)
    code = _too_little_memory(arguments) or run(arguments)
    if code >= INTERRUPTED - 1:  # by a signal
        # the interpreter's own way out may wait for threads that still wait for a hub
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _too_little_memory(arguments: Sequence[str]) -> int:
    """Say so where the libraries could not even start in the address space; 0 where they can.

    They map memory in native code, where a failure is a crash.
    """
    if sys.platform == "win32" or not {"-h", "--help", "--version", "--cite"}.isdisjoint(arguments):
        return 0
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY or limit >= _NEEDED:
        return 0
    print_error(
        f"this process may use {limit / 2**30:.1f} GB of address space, and needs "
        f"{_NEEDED / 2**30:.0f} GB. Raise the limit: ulimit -v {_NEEDED // 2**10}, or --mem of a "
        "batch system."
    )
    return FAILED


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """As Python's own handler; but one that gets lost, as in an import, is raised again."""
    again = threading.Timer(_UNHEARD, os.kill, (os.getpid(), signal.SIGINT))
    again.daemon = True
    again.start()
    raise KeyboardInterrupt


def shared_first(arguments: Sequence[str]) -> list[str]:
    """Arguments with the options that all commands share first, where typer wants them.

    >>> shared_first(["status", "-q", "--cache", "here"])
    ['-q', '--cache', 'here', 'status']
    """
    first: list[str] = []
    others: list[str] = []
    left = iter(arguments)
    for one in left:
        if one == "--":
            others += [one, *left]
        elif one == "--cache":
            first += [one, *itertools.islice(left, 1)]
        else:
            (first if _SHARED.fullmatch(one) else others).append(one)
    return [*first, *others]


def _remedy(error: typer.TyperException) -> str:
    """What to do about arguments that are wrong."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "tcga-corr"
    see_help = f"See `{command} --help`"
    extra = re.search(r"unexpected extra argument\S* \((.*)\)", error.format_message())
    if extra and all(name.upper() in TUMOR_TYPES for name in extra[1].split()):
        return "Several tumor types go with commas: -t LIHC,ACC"
    return see_help


_CHOICE = re.compile(r"Invalid value for '?(.+?)'?: (?:Value error, )?'(.*)' is not one of (.+)")

_WRONG_KIND = re.compile(r"Invalid value for '?(.+?)'?: Input should be (.+)")


def _in_plain_words(error: typer.TyperException) -> UsageError:
    """An error of arguments, without the words of the libraries that found it."""
    message = error.format_message().rstrip(".")
    found, wrong = _CHOICE.fullmatch(message), _WRONG_KIND.fullmatch(message)
    if wrong is not None:
        kind = "a whole number" if wrong[2].startswith("a valid integer") else wrong[2]
        kind = kind.partition(", unable to")[0].replace("a valid number", "a number")
        return UsageError(f"{wrong[1]} should be {kind}", _remedy(error))
    if found is None:
        return UsageError(message.replace(": Value error, ", ": "), _remedy(error))
    option, value, choices = found[1], found[2], re.findall(r"'([^']*)'", found[3])
    return UsageError(
        f"{option} is '{value}'", near_names(value, choices) or f"Give one of {', '.join(choices)}"
    )


class _StoppedError(BaseException):
    """The process was told to end; no handler of errors may take it for one."""


def _stop(number: int, _frame: FrameType | None) -> None:
    raise _StoppedError(number)


def run(arguments: list[str]) -> int:
    """Run the command line; the exit code."""
    arguments = shared_first(arguments)
    if "--debug" in arguments:
        return _run_openly(arguments)
    try:
        code = app(arguments, prog_name="tcga-corr", standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # typer's word for a KeyboardInterrupt
            print_error(_INTERRUPTED)
        return int(code or 0)
    except TcgaCorrError as error:
        report(error)
        return exit_code_of(error)
    except typer.TyperException as error:
        report(_in_plain_words(error))
        return WRONG_USAGE
    except (KeyboardInterrupt, typer.Abort):
        print_error(_INTERRUPTED)
        return INTERRUPTED
    except _StoppedError as stopped:
        number = signal.Signals(stopped.args[0])
        print_error(f"ended by {number.name}. Run the same command to go on.")
        return 128 + number
    except BrokenPipeError:
        forget_output()  # whoever read it has what they wanted
        return 0
    except PermissionError as error:
        print_error(f"'{error.filename}': {error.strerror}. Mend its permissions.")
        return FAILED
    except OSError as error:
        if error.errno == errno.ENOMEM:
            return _out_of_memory()
        if not output_failed(error):
            return _unexpected(error)
        forget_output()
        print_error(f"standard output: cannot be written ({error.strerror}).")
        return FAILED
    except MemoryError:
        return _out_of_memory()
    except Exception as error:  # noqa: BLE001 - the last line of defence; --debug shows it all
        return _unexpected(error)


def _out_of_memory() -> int:
    print_error("not enough memory. Ask for fewer tumor types at a time with -t.")
    return FAILED


def _unexpected(error: Exception) -> int:
    print_error(
        f"unexpected {type(error).__name__}: {error!s}. "
        "Run again with --debug, and report what it prints."
    )
    return FAILED


def _run_openly(arguments: list[str]) -> int:
    """Run the command line; of an error, show where in the code it comes from."""
    try:
        return int(app(arguments, prog_name="tcga-corr", standalone_mode=False) or 0)
    except Exception:  # noqa: BLE001 - all of it is shown
        for line in traceback.format_exc().splitlines():
            indent = len(line) - len(line.lstrip())
            print(" " * indent + printable(line), file=sys.stderr)
        return FAILED

"""Manual pages, and completion for bash, zsh and fish, made of the commands and their help texts.

tools/build_docs.py writes them to share/, and the wheel installs them (pyproject.toml,
``shared-data``). Completion knows the words by itself: it does not start the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import typer

import tcga_corr
from tcga_corr.cli.app import app
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

PROGRAM = "tcga-corr"
NOTE = "Written by python tools/build_docs.py; not to be edited by hand."
EXIT_STATUS = {
    "0": "Done.",
    "1": "The analysis could not be done.",
    "2": "Wrong usage, or an extra that is not installed.",
    "3": "Data missing, or a download failed.",
    "129, 130, 143": "Ended by a signal.",
}


@dataclass(frozen=True)
class Option:
    """An option, or an argument where it has no names."""

    names: tuple[str, ...]
    usage: str  # as --method <pearson|spearman>
    help: str
    takes_value: bool
    values: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The first sentence of its help."""
        return _first_sentence(self.help)


@dataclass(frozen=True)
class Command:
    """A command as it is called, with what it takes; the program itself is the first."""

    words: tuple[str, ...]
    _context: Any

    @property
    def usage(self) -> str:
        """How to call it, on one line."""
        text = self._context.command.get_usage(self._context)
        return " ".join(text.removeprefix("Usage:").split())

    @property
    def help(self) -> str:
        """Its help text."""
        return str(self._context.command.help)

    @property
    def summary(self) -> str:
        """The first sentence of its help."""
        return _first_sentence(self.help)

    @cached_property
    def parameters(self) -> list[Option]:
        """Its arguments and options, in the order of the help text."""
        found = []
        for one in self._context.command.get_params(self._context):
            usage, text = one.get_help_record(self._context)
            is_option = one.param_type_name == "option"
            values = re.search(r"<([^<>\s]+\|[^<>\s]+)>", usage)
            known = tuple(values[1].split("|")) if values else ()
            if one.opts[-1] == "--tumor-type":
                known = tuple(TUMOR_TYPES)
            takes_value = is_option and " " in usage.rpartition(one.opts[-1])[2]
            # the names of --help come in any order
            names = sorted((*one.opts, *one.secondary_opts), key=len) if is_option else ()
            found.append(Option(tuple(names), usage, text, takes_value, known))
        return found

    @property
    def options(self) -> list[Option]:
        """Its options alone."""
        return [one for one in self.parameters if one.names]


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.partition("\n\n")[0].split())
    return re.split(r"(?<=[.?])\s+(?=[A-Z\[]|$)|\s+\[", paragraph)[0].rstrip(".")


def all_commands() -> list[Command]:
    """The program, its commands, and the commands of these, in the order of the help text."""
    root = typer.main.get_command(app)
    return list(_below(root, (), None))


def _below(command: Any, words: tuple[str, ...], parent: Any) -> Iterator[Command]:
    # without its parameters' values, of which some are required
    context = command.make_context(
        " ".join((PROGRAM, *words)) if parent is None else words[-1],
        [],
        parent=parent,
        resilient_parsing=True,
    )
    yield Command(words, context)
    for name, part in getattr(command, "commands", {}).items():
        yield from _below(part, (*words, name), context)


def parts_of(command: Command, commands: list[Command]) -> list[Command]:
    """The commands directly below one."""
    return [one for one in commands if one.words[:-1] == command.words and one.words]


# --- manual pages


def man_pages() -> dict[str, str]:
    """The text of each manual page by its name."""
    commands = all_commands()
    return {f"{_title(one)}.1": _man_page(one, commands) for one in commands}


def _title(command: Command) -> str:
    return "-".join((PROGRAM, *command.words))


def _man_page(command: Command, commands: list[Command]) -> str:
    version = f"{PROGRAM} {tcga_corr.__version__}"
    lines = [
        f'.\\" {NOTE}',
        f'.TH "{_roff(_title(command).upper())}" "1" "" "{_roff(version)}" "User commands"',
        ".SH NAME",
        f"{_roff(_title(command))} \\- {_roff(command.summary)}",
        ".SH SYNOPSIS",
        _roff(command.usage),
        ".SH DESCRIPTION",
        *_paragraphs(command.help),
        *_listed(
            "ARGUMENTS", [(one.usage, one.help) for one in command.parameters if not one.names]
        ),
        *_listed("OPTIONS", [(one.usage, one.help) for one in command.options]),
    ]
    parts = parts_of(command, commands)
    lines += _listed("COMMANDS", [(one.words[-1], f"{one.summary}.") for one in parts])
    if not command.words:
        lines += _listed("EXIT STATUS", list(EXIT_STATUS.items()))
    above = [one for one in commands if command.words and one.words == command.words[:-1]]
    see = ", ".join(f"\\fB{_roff(_title(one))}\\fR(1)" for one in (*above, *parts))
    return "\n".join((*lines, ".SH SEE ALSO", see, ""))


def _listed(title: str, entries: list[tuple[str, str]]) -> list[str]:
    if not entries:
        return []
    lines = [f".SH {title}"]
    for name, text in entries:
        lines += [".TP", f"\\fB{_roff(name)}\\fR", _roff(text)]
    return lines


def _paragraphs(text: str) -> list[str]:
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        lines += [".PP", _roff(" ".join(paragraph.split()))]
    return lines[1:]


def _roff(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", text)
    return f"\\&{text}" if text[:1] in {".", "'"} else text


# --- completion


def completions() -> dict[str, str]:
    """The script of each shell by its name."""
    commands = all_commands()
    return {
        "tcga-corr.bash": _bash(commands),
        "tcga-corr.zsh": _zsh(commands),
        "tcga-corr.fish": _fish(commands),
    }


_BASH = """\
# Completion of tcga-corr in bash. {note}
_tcga_corr() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} key="" words="" i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$key ${{COMP_WORDS[i]}}" in
            *" --cache") ((i++)) ;;
            {keys}) key="$key ${{COMP_WORDS[i]}}" ;;
        esac
    done
    case "$key $before" in
{values}
        *)
            case "$key" in
{words}
            esac
            ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _tcga_corr tcga-corr
"""


def _bash(commands: list[Command]) -> str:
    keys = ["".join(f" {word}" for word in one.words) for one in commands]
    values, words = [], []
    for key, command in zip(keys, commands, strict=True):
        for option in command.options:
            if option.values:
                names = "|".join(f'"{key} {name}"' for name in option.names)
                values.append(f'        {names}) words="{" ".join(option.values)}" ;;')
        below = [one.words[-1] for one in parts_of(command, commands)]
        known = [*below, *(name for one in command.options for name in one.names)]
        words.append(f'                "{key}") words="{" ".join(known)}" ;;')
    return _BASH.format(
        note=NOTE,
        keys=" | ".join(f'"{key}"' for key in keys[1:]),
        values="\n".join(values),
        words="\n".join(words),
    )


def _zsh(commands: list[Command]) -> str:
    lines = ["#compdef tcga-corr", f"# Completion of tcga-corr in zsh. {NOTE}", ""]
    for command in commands:
        parts = parts_of(command, commands)
        lines += [f"{_function(command)}() {{", *(_zsh_parts(parts) if parts else ())]
        arguments = [_zsh_option(one) for one in command.options]
        tail = (
            ["'1:command:->command'", "'*::argument:->argument'"] if parts else ["'*:name:_files'"]
        )
        lines += ["  _arguments -C \\" if parts else "  _arguments \\"]
        lines += [f"    {text} \\" for text in [*arguments, *tail][:-1]]
        lines.append(f"    {tail[-1]}")
        if parts:
            lines += ["  case $state in", "    command) _describe command commands ;;"]
            lines += ["    argument)", "      case $words[1] in"]
            lines += [f"        {one.words[-1]}) {_function(one)} ;;" for one in parts]
            lines += ["      esac", "      ;;", "  esac"]
        lines += ["}", ""]
    return "\n".join((*lines, '_tcga_corr "$@"', ""))


def _function(command: Command) -> str:
    return "_".join(("_tcga_corr", *command.words))


def _zsh_parts(parts: list[Command]) -> list[str]:
    known = [f"    {_quoted(f'{one.words[-1]}:{one.summary}')}" for one in parts]
    return ["  local -a commands", "  local state line", "  commands=(", *known, "  )"]


def _zsh_option(option: Option) -> str:
    text = option.summary.replace("[", "\\[").replace("]", "\\]")
    value = ""
    if option.takes_value:
        value = f":value:({' '.join(option.values)})" if option.values else ":value:_files"
    names = option.names[0] if len(option.names) == 1 else f"{{{','.join(option.names)}}}"
    return f"'*'{names}{_quoted(f'[{text}]{value}')}"


def _fish(commands: list[Command]) -> str:
    lines = [f"# Completion of tcga-corr in fish. {NOTE}"]
    for command in commands:
        parts = parts_of(command, commands)
        here = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in command.words)
        names = " ".join(one.words[-1] for one in parts)
        none_yet = f"not __fish_seen_subcommand_from {names}"
        at_parts = f"{here}; and {none_yet}" if here else none_yet
        for one in parts:
            words = f"-f -a {one.words[-1]} -d {_quoted(one.summary)}"
            lines.append(f"complete -c {PROGRAM} -n {_quoted(at_parts)} {words}")
        for option in command.options:
            where = f" -n {_quoted(here)}" if here else ""
            lines.append(f"complete -c {PROGRAM}{where} {_fish_option(option)}")
    return "\n".join((*lines, ""))


def _fish_option(option: Option) -> str:
    words = [
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
    ]
    if option.values:
        words.append(f"-x -a {_quoted(' '.join(option.values))}")
    elif option.takes_value:
        words.append("-r")
    return " ".join((*words, "-d", _quoted(option.summary)))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"

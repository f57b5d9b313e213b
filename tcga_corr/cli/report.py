"""``tcga-corr report``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tcga_corr.cli import options
from tcga_corr.cli.output import check_page
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import DataMissingError, UsageError, near_names

if TYPE_CHECKING:
    from tcga_corr.page.parts import Page

_ANSWERS = (".json", ".parquet")
_NO_RUNS = (
    "note: no batch was run here, so the page has the store's tables alone. To have questions in a "
    "page, ask them with --add-to-report FILE.html, or with -o FILE.json and give these files to "
    "report"
)


def report(
    context: typer.Context,
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN|STORE|ANSWER.json...]",
            help="A run of the store by name; a store's folder; or answers that questions wrote "
            "with -o, as JSON or Parquet. Default: the store of --cache.",
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FILE.html", help="The page."),
    ] = Path("report.html"),
    title: Annotated[
        str | None,
        typer.Option("--title", metavar="TEXT", help="Of answers: the title of the page."),
    ] = None,
    simulated: Annotated[
        bool,
        typer.Option(
            "--simulated",
            help="Of a store with real tables: show what is simulated too, each marked.",
        ),
    ] = False,
    force: options.Force = False,
) -> None:
    """One HTML file of a run, a store or of answers, to read, to send and to keep.

    It has questions and answers in words, the pan-cancer figure of each pair (sort it, filter it,
    press a tumor type for its samples), tables to sort and to download, the methods ready to paste,
    what was left out and why, and where everything is from. It needs no network and no other file.

    Of answers each is a section, in the order given, with its figures. Asking with --add-to-report
    FILE.html makes such a page too, question by question, and has more figures, as it has the
    samples at hand.

    Examples: `tcga-corr report paper-1a2b3c4d -o paper.html`, `tcga-corr report -o store.html`,
    `tcga-corr report pair.json screen.json de.parquet -o answers.html`,
    `tcga-corr correlate ferroptosis nfkb --add-to-report answers.html`.
    """
    settings: Settings = context.obj
    check_page(output, force)  # before the page's libraries are loaded
    names = what or []
    text = _of_answers(names, title) if _are_answers(names) else None
    if text is None:
        if title is not None:
            raise UsageError("--title is of answers", "Leave it out; a run has that of its spec")
        text = _of_store_or_run(settings, names, simulated=simulated)

    from tcga_corr.files import replacing

    with replacing(output) as partial:
        partial.write_text(text, encoding="utf-8")
    settings.note(f"{output}: {output.stat().st_size / 1e6:.1f} MB")


def _are_answers(names: Sequence[str]) -> bool:
    return len(names) > 1 or any(name.lower().endswith(_ANSWERS) for name in names)


def _of_answers(names: Sequence[str], title: str | None) -> str:
    from tcga_corr.cli.saved import UNLIKE_AN_ANSWER, no_answer, read_answer
    from tcga_corr.cli.section_figures import section_with_figures
    from tcga_corr.page.collected import collected, page_of_sections

    paths = [_file(name) for name in dict.fromkeys(names)]
    answers = {path: read_answer(path) for path in paths}  # all, before anything is drawn
    sections = []
    for path, answer in answers.items():
        try:
            sections.append(section_with_figures(answer))
        except UNLIKE_AN_ANSWER as error:  # by hand, its rows can be anything
            raise no_answer(path, error) from error
    return collected(page_of_sections(sections, title or ""))


def _file(name: str) -> Path:
    path = Path(name)
    if not name.lower().endswith(_ANSWERS):
        raise UsageError(
            f"'{name}' is no answer", f"Give files that end in {' or '.join(_ANSWERS)}, or one run"
        )
    try:
        there = path.exists()
    except (OSError, ValueError):  # no name of a file can be so long, or hold such a letter
        there = False
    if not there:
        raise DataMissingError(f"no file '{name}'", "Check the path")
    return path


def _of_store_or_run(settings: Settings, names: Sequence[str], *, simulated: bool) -> str:
    from tcga_corr.page.render import report as rendered

    return rendered(_page(settings, names[0] if names else "", simulated=simulated))


def _page(settings: Settings, what: str, *, simulated: bool) -> Page:
    from tcga_corr.batch.folder import run_names
    from tcga_corr.engine import open_store
    from tcga_corr.page.runs import page_of_run
    from tcga_corr.page.stores import page_of_store

    engine = settings.engine()
    known = run_names(engine.store)
    if what in known:
        return page_of_run(engine, what)
    if what and not _is_folder(what):
        raise DataMissingError(
            f"'{what}' is no run of this store, and no folder",
            near_names(what, known) or "See its runs with `tcga-corr batch status`",
        )
    if what:
        engine = open_store(what)
        known = run_names(engine.store)
    page = page_of_store(engine, with_simulated=simulated)
    if not known:
        settings.note(_NO_RUNS)
    return page


def _is_folder(text: str) -> bool:
    try:
        return Path(text).is_dir()
    except (OSError, ValueError):  # no name of a file can be so long, or hold such a letter
        return False

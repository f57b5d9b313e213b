"""``--add-to-report``: a page that grows by what is asked."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcga_corr.cli.output import check_is_page
from tcga_corr.errors import UsageError

if TYPE_CHECKING:
    from tcga_corr.analysis.answer import Answer

_WAIT = 60  # seconds for another process that adds to the same page


@dataclass(frozen=True)
class GrowingPage:
    """A page to which a question is added; it is made if it is not there.

    Raises
    ------
    UsageError
        If there is no place for it, or a file of its name is no such page; before any work is done.
    TableError
        If it cannot be read.
    """

    path: Path

    def __post_init__(self) -> None:
        check_is_page(self.path, "--add-to-report")
        if self.path.exists():
            from tcga_corr.page.collected import read_page

            read_page(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def add(self, answer: Answer, **beside: Any) -> None:
        """Add a question to the page, or put its new answer where it was.

        Parameters
        ----------
        answer
            Its answer.
        beside
            What its figures need, as :class:`tcga_corr.cli.section_figures.Beside` has it.
        """
        from filelock import FileLock, Timeout

        from tcga_corr.cli.section_figures import Beside, section_with_figures
        from tcga_corr.files import replacing
        from tcga_corr.page.collected import collected, read_page, with_section

        section = section_with_figures(answer, Beside(**beside))
        try:
            with FileLock(self._lock, timeout=_WAIT):
                page = read_page(self.path) if self.path.exists() else None
                text = collected(with_section(page, section))
                with replacing(self.path) as partial:
                    partial.write_text(text, encoding="utf-8")
        except Timeout as error:
            raise UsageError(
                f"'{self.path}': another process adds to it for over {_WAIT} seconds", "Ask again"
            ) from error

    @property
    def _lock(self) -> Path:
        """A lock that is not left beside the page."""
        name = hashlib.sha256(str(self.path.resolve()).encode(errors="replace")).hexdigest()[:24]
        return Path(tempfile.gettempdir()) / f"tcga-corr-page-{name}.lock"

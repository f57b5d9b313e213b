"""The spec of a batch: a TOML file of what is to be asked, read and checked as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tcga_corr.asking import Selection
from tcga_corr.batch.spec_problems import Problem, SpecError
from tcga_corr.nulls import Null
from tcga_corr.scoring.ssgsea import Ties
from tcga_corr.stats.correlation import Method

__all__ = ["Analysis", "Claim", "Problem", "Spec", "SpecError", "filled_in", "read_spec"]

Kind = Literal["pairs", "crosses", "dominance"]
Output = Literal["parquet", "tsv"]
Statistic = Literal["r", "n", "highest"]


@dataclass(frozen=True)
class Analysis:
    """One block of a spec, with every setting filled in.

    Attributes
    ----------
    name
        Of the block, or ``pairs-1`` and so on; no other block has it, in any case.
    kind, line
        What it is, and where it starts.
    source
        None for the only one of the store.
    tumor_types
        Abbreviations; empty for all that the source has.
    methods, adjust, null
        Empty of dominance, to which they do not apply.
    pairs
        Of pairs alone.
    x, y
        Of crosses alone; ``y`` is None for ``x`` with itself. ``hallmark``, ``reference`` and
        ``FILE.gmt`` stand as they are, the file's path as it opens from the working directory.
    sets
        Of dominance alone; as ``x``.
    """

    name: str
    kind: Kind
    line: int
    source: str | None
    tumor_types: tuple[str, ...]
    samples: Selection
    methods: tuple[Method, ...]
    ties: Ties
    min_genes: int
    adjust: tuple[str, ...]
    null: tuple[Null, ...]
    draws: int
    pairs: tuple[tuple[str, str], ...] = ()
    x: tuple[str, ...] = ()
    y: tuple[str, ...] | None = None
    sets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """What a publication says, to be held beside a result.

    Attributes
    ----------
    line
        Where it starts.
    analysis
        The name of a block of the spec.
    x, y
        The pair; that of the block where it has one alone, and None of dominance.
    value
        A number for ``r`` and ``n``, a set's name for ``highest``.
    n
        Samples in the publication, where it says.
    """

    line: int
    text: str
    analysis: str
    tumor_type: str
    x: str | None
    y: str | None
    statistic: Statistic
    value: float | str
    n: int | None
    unit: str
    source: str


@dataclass(frozen=True)
class Spec:
    """A spec without problems.

    Attributes
    ----------
    path, text
        The file, and its text as it stands.
    outputs
        Formats of the results; ``parquet`` always, and first.
    analyses
        In order of the file.
    """

    path: Path
    name: str
    title: str
    outputs: tuple[Output, ...]
    analyses: tuple[Analysis, ...]
    claims: tuple[Claim, ...]
    text: str


def read_spec(path: Path, known_elsewhere: Callable[[str], bool] = lambda name: False) -> Spec:
    """Read a spec and check all of it.

    Parameters
    ----------
    path
        The TOML file; paths of GMT files in it are relative to its folder.
    known_elsewhere
        Whether the user's own tables know a name that the vocabulary does not, as it is written:
        ``purity``, ``gene:MYROW``, ``covariate:purity``.

    Raises
    ------
    SpecError
        With all that is wrong with it.
    UsageError
        If the file cannot be read.
    """
    raise NotImplementedError


def filled_in(spec: Spec) -> str:
    """The spec as TOML with every default written out; to be kept in the folder of the spec."""
    raise NotImplementedError

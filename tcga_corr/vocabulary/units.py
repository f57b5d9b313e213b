"""Units of expression: which quantity a unit names, and what values of it must be.

A unit is free text of a source, such as ``log2(tpm+1)``; the quantity and the logarithm are read
from it. What is not said here of a quantity, its values may be.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

MILLION = 1e6


@dataclass(frozen=True)
class Quantity:
    """What a unit measures, on the linear scale.

    Attributes
    ----------
    name
        For people.
    words
        Regular expression of the words that name it in a unit.
    same_depth
        Whether it is adjusted for the sequencing depth of each sample.
    may_be_negative
        Whether a table adjusted for batches, with values down to -1, is still said to be of it.
    may_be_whole
        Whether all values may be whole numbers, of samples with different sums.
    column_sum
        What the genes of a sample add up to, where all are there; None where to no fixed sum.
    most_of_a_sum
        The most that they can add up to, whatever genes are there; None where there is no limit.
    """

    name: str
    words: str
    same_depth: bool = True
    may_be_negative: bool = False
    may_be_whole: bool = True
    column_sum: float | None = None
    most_of_a_sum: float | None = None


QUANTITIES: tuple[Quantity, ...] = (
    Quantity(
        "normalised counts",
        r"norm(ali[sz]ed)?[ _-]?counts?|(deseq2?|tmm)[ _-]counts?",
        may_be_negative=True,
    ),
    Quantity("expected counts", r"(expected|est(imated)?)[ _-]?counts?", same_depth=False),
    Quantity(
        "TPM",
        r"tpms?|transcripts[ _-]per[ _-]million",
        may_be_whole=False,
        column_sum=MILLION,
        most_of_a_sum=1.05 * MILLION,
    ),
    Quantity("FPKM", r"[fr]pkms?([_-]uq)?|(reads|fragments) per kilobase", may_be_whole=False),
    # of TMM, the sum of a sample is a million divided by a factor about 1
    Quantity(
        "CPM",
        r"cpm|rpm|((counts?|reads)[ _-])?per[ _-]million",
        may_be_whole=False,
        most_of_a_sum=10 * MILLION,
    ),
    Quantity("counts", r"[a-z]*counts?|reads|umis?|htseq", same_depth=False),
    Quantity("normalised expression", r"rsem|deseq2?|tmm", may_be_negative=True),
)
"""In the order in which they are looked for: the first whose words a unit has is its quantity."""

_WORDS = [
    (re.compile(rf"(?<![a-z])(log|ln)?({q.words})(?![a-z])", re.IGNORECASE), q) for q in QUANTITIES
]
_LOG = re.compile(r"log|ln\(|vst|rlog|z.?score", re.IGNORECASE)
_NO_QUANTITY = re.compile(r"vst|rlog|z.?score", re.IGNORECASE)
_BASES = {r"log10": 10.0, r"ln\(|log1p|\bln\b": math.e}
_INTENSITY = re.compile("intensit|lfq|ibaq|abundance", re.IGNORECASE)
_PLUS_ONE = re.compile(r"log2 ?\([^()]*\+ ?1(\.0*)?\)|log2[ _-]?.*\+ ?1(\.0*)?", re.IGNORECASE)

HIGHEST_LOG2 = 50.0
"""No logarithm of any quantity is higher."""

_HIGHEST_LOG2_OF_READS = 30.0  # a thousand million reads, more than are ever sequenced of a sample
_HIGHEST_LOG2_PER_MILLION = 20.0  # the logarithm of a million


def quantity_of(unit: str) -> Quantity | None:
    """The quantity that a unit names, also one of its logarithm; None where it names none.

    Variance-stabilised values and z-scores are no longer those of the quantity they were made of.
    """
    if _NO_QUANTITY.search(unit):
        return None
    return next((quantity for words, quantity in _WORDS if words.search(unit)), None)


def is_logarithm(unit: str) -> bool:
    """Whether a unit is one of a logarithm, or of another scale that is no longer linear."""
    return _LOG.search(unit) is not None


def is_linear_unit(unit: str) -> bool:
    """Whether a unit says that values are linear."""
    says_linear = quantity_of(unit) is not None or "linear" in unit.lower()
    return says_linear and not is_logarithm(unit)


def is_log2_plus_one(unit: str) -> bool:
    """Whether a unit is ``log2(x + 1)`` of something, so that its values can be taken back."""
    return _PLUS_ONE.fullmatch(unit.strip()) is not None


def highest_logarithm(unit: str) -> float:
    """The highest value that a unit of a logarithm can have."""
    if not is_logarithm(unit) or _INTENSITY.search(unit):
        return HIGHEST_LOG2
    base = next((base for words, base in _BASES.items() if re.search(words, unit, re.I)), 2.0)
    return _HIGHEST_LOG2_OF_READS * math.log(2, base)


def highest_log2(quantity: Quantity) -> float:
    """The highest log2 of a value of a quantity."""
    if quantity.most_of_a_sum is None:
        return _HIGHEST_LOG2_OF_READS
    return _HIGHEST_LOG2_PER_MILLION


def same_depth(unit: str) -> bool:
    """Whether values of a unit are adjusted for sequencing depth, as far as the unit tells."""
    quantity = quantity_of(unit)
    return quantity is None or quantity.same_depth

"""GTEx: its samples, and the tissues that stand for the normal tissue of tumor types.

Organs are matched as GEPIA2 matches them (Tang et al. 2019, doi:10.1093/nar/gkz430), except that a
cell line is no tissue; of an organ of several regions, those nearest to the tumor are taken. Names
are those of the table of TCGA, TARGET and GTEx of the Toil recompute (Vivian et al. 2017,
doi:10.1038/nbt.3772).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

_SAMPLE = re.compile(r"(?P<donor>GTEX-[A-Z0-9]{4,5})(-[A-Za-z0-9]+)+")


@dataclass(frozen=True)
class NormalTissue:
    """The tissues of GTEx that are compared with a tumor type.

    Attributes
    ----------
    tumor_type
        Its abbreviation.
    tissues
        Their names in GTEx, preferred first: of a donor who gave several, one sample is used. None
        where no tissue of GTEx matches.
    doubt
        What a reader has to know of the match, or why there is none; empty where the tissue is
        that of the tumor.
    """

    tumor_type: str
    tissues: tuple[str, ...] = ()
    doubt: str = ""


_CORTEX = ("Brain - Cortex", "Brain - Frontal Cortex (BA9)")
_OF_CORTEX = "cortex has many neurons, and gliomas arise from glia, often in white matter"
_COLON = ("Colon - Transverse", "Colon - Sigmoid")
_OF_COLON = "samples of the sigmoid colon are mostly muscle"
_KIDNEY = ("Kidney - Cortex",)
_OF_UTERUS = "samples of the uterus are mostly muscle, not endometrium"
_OF_BLOOD = "blood is neither {}"

NORMAL_TISSUES: dict[str, NormalTissue] = {
    match.tumor_type: match
    for match in (
        NormalTissue("ACC", ("Adrenal Gland",)),
        NormalTissue("BLCA", ("Bladder",)),
        NormalTissue(
            "BRCA", ("Breast - Mammary Tissue",), "much of it is fat, and some donors are men"
        ),
        NormalTissue("CESC", ("Cervix - Ectocervix", "Cervix - Endocervix")),
        NormalTissue("CHOL", doubt="no bile duct"),
        NormalTissue("COAD", _COLON, _OF_COLON),
        NormalTissue("DLBC", ("Whole Blood",), _OF_BLOOD.format("lymph node nor B cells alone")),
        NormalTissue("ESCA", ("Esophagus - Mucosa",), "squamous, and half of the tumours are not"),
        NormalTissue("GBM", _CORTEX, _OF_CORTEX),
        NormalTissue("HNSC", doubt="no mucosa of mouth, throat or larynx"),
        NormalTissue("KICH", _KIDNEY),
        NormalTissue("KIRC", _KIDNEY),
        NormalTissue("KIRP", _KIDNEY),
        NormalTissue(
            "LAML",
            doubt="no bone marrow: what the hub's table lists there, and GEPIA2 takes, is the "
            "leukaemia cell line K-562",
        ),
        NormalTissue("LGG", _CORTEX, _OF_CORTEX),
        NormalTissue("LIHC", ("Liver",)),
        NormalTissue("LUAD", ("Lung",)),
        NormalTissue("LUSC", ("Lung",), "mostly alveoli, and the tumours arise in bronchi"),
        NormalTissue("MESO", doubt="no pleura"),
        NormalTissue("OV", ("Ovary",), "many of the tumours arise from the fallopian tube"),
        NormalTissue("PAAD", ("Pancreas",), "mostly acinar cells, and the tumours are ductal"),
        NormalTissue("PCPG", doubt="no adrenal medulla apart from the cortex"),
        NormalTissue("PRAD", ("Prostate",)),
        NormalTissue("READ", _COLON, "colon, not rectum; " + _OF_COLON),
        NormalTissue("SARC", doubt="sarcomas arise in many tissues"),
        NormalTissue(
            "SKCM",
            ("Skin - Not Sun Exposed (Suprapubic)", "Skin - Sun Exposed (Lower leg)"),
            "few cells of skin are melanocytes, and most of the tumour samples are metastases",
        ),
        NormalTissue("STAD", ("Stomach",)),
        NormalTissue("TGCT", ("Testis",), "mostly sperm in the making, unlike the tumours"),
        NormalTissue("THCA", ("Thyroid",)),
        NormalTissue("THYM", ("Whole Blood",), _OF_BLOOD.format("thymus nor epithelium")),
        NormalTissue("UCEC", ("Uterus",), _OF_UTERUS),
        NormalTissue("UCS", ("Uterus",), _OF_UTERUS),
        NormalTissue("UVM", doubt="no eye"),
    )
}


def _types_of_tissues() -> dict[str, tuple[str, ...]]:
    types: dict[str, list[str]] = defaultdict(list)
    for match in NORMAL_TISSUES.values():
        for tissue in match.tissues:
            types[tissue].append(match.tumor_type)
    return {tissue: tuple(names) for tissue, names in types.items()}


TUMOR_TYPES_OF_TISSUE: Mapping[str, tuple[str, ...]] = MappingProxyType(_types_of_tissues())
"""The tumor types that each tissue is matched with."""

_NAMES = {tissue.casefold(): tissue for tissue in TUMOR_TYPES_OF_TISSUE}


def matched_tissue(text: str) -> str | None:
    """A matched tissue by its name, in any case; None where no tumor type has it.

    >>> matched_tissue("Brain - Frontal Cortex (Ba9)")
    'Brain - Frontal Cortex (BA9)'
    """
    return _NAMES.get(text.strip().casefold())


def donor_of(sample: str) -> str | None:
    """The donor of a sample of GTEx; None where the name is of another origin.

    >>> donor_of("GTEX-1117F-0226-SM-5GZZ7")
    'GTEX-1117F'
    """
    found = _SAMPLE.fullmatch(sample)
    return found["donor"] if found else None


def select_gtex(
    samples: Sequence[str],
    tissues: Mapping[str, str],
    tumor_type: str,
    left_out: Mapping[int, str] = MappingProxyType({}),
) -> dict[int, str]:
    """Apply the rule that one sample of each donor is used: the preferred tissue, sorted order.

    Parameters
    ----------
    samples
        The samples of GTEx in a tumor type's table.
    tissues
        The tissue of each.
    tumor_type
        Its abbreviation.
    left_out
        Positions that may not be used, and why.

    Returns
    -------
    The positions that are not used, and why.
    """
    preferred = NORMAL_TISSUES[tumor_type].tissues
    rivals: dict[str | None, list[int]] = defaultdict(list)
    for position, name in enumerate(samples):
        if position not in left_out:
            rivals[donor_of(name)].append(position)
    reasons = dict(left_out)
    for positions in rivals.values():
        best, *others = sorted(
            positions, key=lambda one: (preferred.index(tissues[samples[one]]), samples[one])
        )
        for other in others:
            a, b = tissues[samples[best]], tissues[samples[other]]
            rule = f"{a} before {b}" if a != b else "first in sorted order"
            reasons[other] = f"{samples[best]} taken instead: {rule}"
    return reasons

"""The 33 TCGA tumor types, and which sample types are their tumour.

Abbreviations and names: NCI Genomic Data Commons, TCGA study abbreviations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tcga_corr.errors import UsageError, near_names


@dataclass(frozen=True)
class TumorType:
    """One TCGA study.

    ``tumor_codes`` are the sample type codes that count as its tumour, preferred first.
    """

    abbreviation: str
    name: str
    tumor_codes: tuple[str, ...] = ("01",)


TUMOR_TYPES: dict[str, TumorType] = {
    tumor_type.abbreviation: tumor_type
    for tumor_type in (
        TumorType("ACC", "Adrenocortical carcinoma"),
        TumorType("BLCA", "Bladder urothelial carcinoma"),
        TumorType("BRCA", "Breast invasive carcinoma"),
        TumorType("CESC", "Cervical squamous cell carcinoma and endocervical adenocarcinoma"),
        TumorType("CHOL", "Cholangiocarcinoma"),
        TumorType("COAD", "Colon adenocarcinoma"),
        TumorType("DLBC", "Lymphoid neoplasm diffuse large B-cell lymphoma"),
        TumorType("ESCA", "Esophageal carcinoma"),
        TumorType("GBM", "Glioblastoma multiforme"),
        TumorType("HNSC", "Head and neck squamous cell carcinoma"),
        TumorType("KICH", "Kidney chromophobe"),
        TumorType("KIRC", "Kidney renal clear cell carcinoma"),
        TumorType("KIRP", "Kidney renal papillary cell carcinoma"),
        TumorType("LAML", "Acute myeloid leukemia", ("03",)),
        TumorType("LGG", "Brain lower grade glioma"),
        TumorType("LIHC", "Liver hepatocellular carcinoma"),
        TumorType("LUAD", "Lung adenocarcinoma"),
        TumorType("LUSC", "Lung squamous cell carcinoma"),
        TumorType("MESO", "Mesothelioma"),
        TumorType("OV", "Ovarian serous cystadenocarcinoma"),
        TumorType("PAAD", "Pancreatic adenocarcinoma"),
        TumorType("PCPG", "Pheochromocytoma and paraganglioma"),
        TumorType("PRAD", "Prostate adenocarcinoma"),
        TumorType("READ", "Rectum adenocarcinoma"),
        TumorType("SARC", "Sarcoma"),
        TumorType("SKCM", "Skin cutaneous melanoma", ("01", "06")),
        TumorType("STAD", "Stomach adenocarcinoma"),
        TumorType("TGCT", "Testicular germ cell tumors"),
        TumorType("THCA", "Thyroid carcinoma"),
        TumorType("THYM", "Thymoma"),
        TumorType("UCEC", "Uterine corpus endometrial carcinoma"),
        TumorType("UCS", "Uterine carcinosarcoma"),
        TumorType("UVM", "Uveal melanoma"),
    )
}

OTHER = TumorType("OTHER", "Own cohort of none of the 33", ())
"""The tumor type of a user's own cohort that is none of the 33."""

UNIONS: dict[str, tuple[str, ...]] = {
    "COADREAD": ("COAD", "READ"),
    "GBMLGG": ("GBM", "LGG"),
    "LUNG": ("LUAD", "LUSC"),
    "KIPAN": ("KICH", "KIRC", "KIRP"),
    "STES": ("ESCA", "STAD"),
}


def unions_among(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Those of some names, in any case, that are unions of tumor types: their studies.

    >>> unions_among(["lihc", "coadread"])
    {'COADREAD': ('COAD', 'READ')}
    """
    plain = (name.strip().upper().removeprefix("TCGA-") for name in names)
    return {name: UNIONS[name] for name in plain if name in UNIONS}


# words of organs and diseases that the names of the tumor types do not have
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "adrenal": ("ACC", "PCPG"),
    "aml": ("LAML",),
    "bile": ("CHOL",),
    "brain": ("GBM", "LGG"),
    "colorectal": ("COAD", "READ"),
    "eye": ("UVM",),
    "gastric": ("STAD",),
    "glioma": ("GBM", "LGG"),
    "hcc": ("LIHC",),
    "head": ("HNSC",),
    "hepatocellular": ("LIHC",),
    "melanoma": ("SKCM", "UVM"),
    "neck": ("HNSC",),
    "oesophagus": ("ESCA",),
    "renal": ("KICH", "KIRC", "KIRP"),
    "testis": ("TGCT",),
    "uterus": ("UCEC", "UCS"),
    "womb": ("UCEC", "UCS"),
}
# of a word, its first letters that its other forms have too: ovary and ovarian, cervix and cervical
_STEM = 4
_NO_ORGAN = frozenset(
    [
        "and",
        "cancer",
        "carcinoma",
        "adenocarcinoma",
        "tumor",
        "tumour",
        "tumors",
        "cell",
        "invasive",
    ]
)


def types_of_words(text: str) -> list[TumorType]:
    """The tumor types of an organ or a disease, such as ``liver`` or ``ovarian cancer``."""
    wanted = [word for word in _words(text) if word not in _NO_ORGAN]
    by_name = [
        one for one in TUMOR_TYPES.values() if one.name.casefold() == text.casefold().strip()
    ]
    if by_name or not wanted:
        return by_name
    return [one for one in TUMOR_TYPES.values() if all(_is_of(one, word) for word in wanted)]


def order_as_given(names: Iterable[str]) -> tuple[str, ...]:
    """What names of tumor types and unions stand for, each once, in the same order.

    Raises
    ------
    UsageError
        If a name is neither.
    """
    return tuple(
        dict.fromkeys(
            next(iter(unions_among([name])), None) or parse_tumor_type(name).abbreviation
            for name in names
        )
    )


def _is_of(tumor_type: TumorType, word: str) -> bool:
    if word in _SYNONYMS:
        return tumor_type.abbreviation in _SYNONYMS[word]
    words = [known for known in _words(tumor_type.name) if known not in _NO_ORGAN]
    return any(
        known == word or (len(word) > _STEM and known[:_STEM] == word[:_STEM]) for known in words
    )


def _words(text: str) -> list[str]:
    plain = text.casefold().replace("oesoph", "esoph").replace("leukaemia", "leukemia")
    return re.findall("[a-z]+", plain)


def parse_tumor_type(text: str) -> TumorType:
    """The tumor type of an abbreviation, in any case, with or without a leading ``TCGA-``.

    ``OTHER`` stands for own cohorts that are none of the 33. An organ or a disease that is that of
    one tumor type, such as ``liver``, is understood too.

    Raises
    ------
    UsageError
        If it is a union of tumor types, or not a tumor type.
    """
    abbreviation = text.strip().upper().removeprefix("TCGA-")
    if abbreviation == OTHER.abbreviation:
        return OTHER
    if abbreviation in UNIONS:
        parts = " and ".join(UNIONS[abbreviation])
        raise UsageError(
            f"{abbreviation} is a union of {parts}, not a tumor type", "Name these one by one"
        )
    if abbreviation not in TUMOR_TYPES:
        of_words = types_of_words(text)
        if len(of_words) == 1:
            return of_words[0]
        named = " or ".join(f"{one.abbreviation} ({one.name})" for one in of_words)
        raise UsageError(
            f"unknown tumor type '{text}'",
            (f"Say {named}" if named else "")
            or near_names(abbreviation, TUMOR_TYPES)
            or f"The 33 are {', '.join(TUMOR_TYPES)}",
        )
    return TUMOR_TYPES[abbreviation]

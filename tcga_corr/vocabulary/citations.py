"""What to cite for the methods: reference and DOI, by the keys that records of methods use."""

from __future__ import annotations

SOFTWARE = "The tcga_corr developers 2026, tcga_corr: a TCGA pan-cancer correlation engine"
REFERENCES = {
    "tcga": "Hoadley et al. 2018, Cell 173:291, doi:10.1016/j.cell.2018.03.022",
    "ssgsea": "Barbie et al. 2009, Nature 462:108, doi:10.1038/nature08460",
    "gseapy": "Fang et al. 2023, Bioinformatics 39:btac757, doi:10.1093/bioinformatics/btac757",
    "gsva": "Haenzelmann et al. 2013, BMC Bioinformatics 14:7, doi:10.1186/1471-2105-14-7",
    "spearman": "Bonett & Wright 2000, Psychometrika 65:23, doi:10.1007/BF02294183",
    "kendall": "Fieller, Hartley & Pearson 1957, Biometrika 44:470, doi:10.1093/biomet/44.3-4.470",
    "q": "Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57:289, "
    "doi:10.1111/j.2517-6161.1995.tb02031.x",
    "tau2": "DerSimonian & Laird 1986, Control. Clin. Trials 7:177, "
    "doi:10.1016/0197-2456(86)90046-2",
    "hartung-knapp": "Knapp & Hartung 2003, Stat. Med. 22:2693, doi:10.1002/sim.1482",
    "prediction": "Higgins, Thompson & Spiegelhalter 2009, J. R. Stat. Soc. A 172:137, "
    "doi:10.1111/j.1467-985X.2008.00552.x",
    "besag-clifford": "Besag & Clifford 1991, Biometrika 78:301, doi:10.1093/biomet/78.2.301",
    "friedman": "Friedman 1937, J. Am. Stat. Assoc. 32:675, doi:10.1080/01621459.1937.10503522",
}

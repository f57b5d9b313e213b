"""What to cite for the methods: reference and DOI, by the keys that records of methods use."""

from __future__ import annotations

SOFTWARE = "The tcga_corr developers 2026, tcga_corr: a TCGA pan-cancer correlation engine"
REFERENCES = {
    "tcga": "Hoadley et al. 2018, Cell 173:291, doi:10.1016/j.cell.2018.03.022",
    "gtex": "GTEx Consortium 2013, Nat. Genet. 45:580, doi:10.1038/ng.2653",
    "gepia2": "Tang et al. 2019, Nucleic Acids Res. 47:W556, doi:10.1093/nar/gkz430",
    "ssgsea": "Barbie et al. 2009, Nature 462:108, doi:10.1038/nature08460",
    "closed-form": "Korotkevich et al. 2021, bioRxiv 060012, doi:10.1101/060012",
    "gseapy": "Fang et al. 2023, Bioinformatics 39:btac757, doi:10.1093/bioinformatics/btac757",
    "gsva": "Haenzelmann et al. 2013, BMC Bioinformatics 14:7, doi:10.1186/1471-2105-14-7",
    "spearman": "Bonett & Wright 2000, Psychometrika 65:23, doi:10.1007/BF02294183",
    "kendall": "Fieller, Hartley & Pearson 1957, Biometrika 44:470, doi:10.1093/biomet/44.3-4.470",
    "q": "Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57:289, "
    "doi:10.1111/j.2517-6161.1995.tb02031.x",
    "tau2": "DerSimonian & Laird 1986, Control. Clin. Trials 7:177, "
    "doi:10.1016/0197-2456(86)90046-2",
    "hartung-knapp": "Knapp & Hartung 2003, Stat. Med. 22:2693, doi:10.1002/sim.1482",
    "prediction": "Nagashima, Noma & Furukawa 2019, Stat. Methods Med. Res. 28:1689, "
    "doi:10.1177/0962280218773520",
    "phipson-smyth": "Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39, "
    "doi:10.2202/1544-6115.1585",
    "cochran": "Cochran 1954, Biometrics 10:101, doi:10.2307/3001666",
    "cox": "Cox 1972, J. R. Stat. Soc. B 34:187, doi:10.1111/j.2517-6161.1972.tb00899.x",
    "efron": "Efron 1977, J. Am. Stat. Assoc. 72:557, doi:10.1080/01621459.1977.10480613",
    "proportional": "Grambsch & Therneau 1994, Biometrika 81:515, doi:10.1093/biomet/81.3.515",
    "random-signatures": "Venet, Dumont & Detours 2011, PLoS Comput. Biol. 7:e1002240, "
    "doi:10.1371/journal.pcbi.1002240",
    "deseq2": "Love, Huber & Anders 2014, Genome Biol. 15:550, doi:10.1186/s13059-014-0550-8",
    "pydeseq2": "Muzellec et al. 2023, Bioinformatics 39:btad547, "
    "doi:10.1093/bioinformatics/btad547",
    "apeglm": "Zhu et al. 2019, Bioinformatics 35:2084, doi:10.1093/bioinformatics/bty895",
    "large-groups": "Li et al. 2022, Genome Biol. 23:79, doi:10.1186/s13059-022-02648-4",
    "gsea": "Subramanian et al. 2005, Proc. Natl. Acad. Sci. USA 102:15545, "
    "doi:10.1073/pnas.0506580102",
    "friedman": "Friedman 1937, J. Am. Stat. Assoc. 32:675, doi:10.1080/01621459.1937.10503522",
}

"""PanCanAtlas: one table for all 33 tumor types, adjusted for batch."""

from tcga_corr.sources.source import RemoteFile, Source

SURVIVAL = RemoteFile(
    hub="tcga-pancan-atlas-hub", dataset="Survival_SupplementalTable_S1_20171025_xena_sp"
)
"""Has the tumor type of every TCGA sample; the Toil table is split by it too."""

SOURCE = Source(
    name="pancanatlas",
    title="PanCanAtlas batch-adjusted RSEM (EB++), UCSC Xena pan-cancer atlas hub",
    unit="log2(norm_count+1), batch-adjusted",
    gene_id="symbol of 2015",
    file_name=r"EB\+\+AdjustPANCAN_IlluminaHiSeq_RNASeqV2\.geneExp\.xena(\.gz)?",
    citation="Hoadley et al. 2018, Cell 173:291, doi:10.1016/j.cell.2018.03.022",
    formats=("xena",),
    fetched_from="hub",
    table=RemoteFile(
        hub="tcga-pancan-atlas-hub",
        dataset="EB++AdjustPANCAN_IlluminaHiSeq_RNASeqV2.geneExp.xena.gz",
        size=331_000_000,
    ),
    beside=(SURVIVAL,),
    page="https://xenabrowser.net/datapages/?hub=https://pancanatlas.xenahubs.net",
    quirks=(
        "20,531 rows x 11,069 columns, nine sample columns twice",
        "1.75 % NA in 4,196 genes, blocked by batch: not measured there",
        "29 rows named by a bare Entrez id, SLC35E2 on two rows",
        "values can be negative, three significant digits",
    ),
    pan_cancer=True,
    may_be_negative=True,
)

"""PanCanAtlas: one table for all 33 tumor types, adjusted for batch."""

from tcga_corr.sources.source import Source

SOURCE = Source(
    name="pancanatlas",
    title="PanCanAtlas batch-adjusted RSEM (EB++), UCSC Xena pan-cancer atlas hub",
    unit="log2(norm_count+1), batch-adjusted",
    file_name=r"EB\+\+AdjustPANCAN_IlluminaHiSeq_RNASeqV2\.geneExp\.xena(\.gz)?",
    citation="Hoadley et al. 2018, Cell 173:291, doi:10.1016/j.cell.2018.03.022",
    formats=("xena",),
    pan_cancer=True,
    may_be_negative=True,
)

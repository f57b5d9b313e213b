"""GDC hub, former HTSeq pipeline: counts per tumor type by Ensembl gene of GENCODE v22."""

from tcga_corr.sources.source import CountsTable, Source

SOURCE = Source(
    name="gdc-htseq",
    title="GDC HTSeq counts, UCSC Xena GDC hub (until 2024)",
    unit="log2(count+1)",
    gene_id="Ensembl, GENCODE v22",
    file_name=r"TCGA-[A-Z]+\.htseq_counts\.tsv(\.gz)?",
    citation="Goldman et al. 2020, Nat. Biotechnol. 38:675, doi:10.1038/s41587-020-0546-8",
    formats=("gdc-hub",),
    same_depth=False,
    counts=CountsTable(unit="log2(count+1)", file_name=r"TCGA-[A-Z]+\.htseq_counts\.tsv(\.gz)?"),
)

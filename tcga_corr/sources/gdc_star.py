"""GDC hub, STAR pipeline: TPM per tumor type by Ensembl gene of GENCODE v36."""

from tcga_corr.sources.source import Source

SOURCE = Source(
    name="gdc-star",
    title="GDC STAR TPM, UCSC Xena GDC hub",
    unit="log2(tpm+1)",
    file_name=r"TCGA-[A-Z]+\.star_tpm\.tsv(\.gz)?",
    citation="Heath et al. 2021, Nat. Genet. 53:257, doi:10.1038/s41588-021-00791-5",
    formats=("gdc-hub",),
)

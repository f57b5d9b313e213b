"""The Genomic Data Commons itself: STAR counts and TPM, one file a sample."""

from tcga_corr.sources.source import CountsTable, Source

SOURCE = Source(
    name="gdc-api",
    title="GDC STAR counts of each sample, TPM, from the GDC itself",
    unit="log2(tpm+1)",
    gene_id="Ensembl, GENCODE v36",
    file_name=r"gdc_sample_sheet.*\.tsv",
    citation="Heath et al. 2021, Nat. Genet. 53:257, doi:10.1038/s41588-021-00791-5",
    formats=("gdc-star-files",),
    fetched_from="gdc",
    page="https://portal.gdc.cancer.gov",
    quirks=(
        "one table of about 4 MB a sample: 33 tumor types are about 11,000 files",
        "a # line, a header, four N_ rows, 60,660 genes, 44 of them _PAR_Y copies",
        "a file that the GDC has withdrawn answers 451; it is left out, with a note",
    ),
    counts=CountsTable(unit="counts", file_name=r"gdc_sample_sheet.*\.tsv"),
)

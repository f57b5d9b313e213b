"""GDC hub, STAR pipeline: TPM per tumor type by Ensembl gene of GENCODE v36."""

from tcga_corr.sources.source import CountsTable, RemoteFile, Source

SOURCE = Source(
    name="gdc-star",
    title="GDC STAR TPM, UCSC Xena GDC hub",
    unit="log2(tpm+1)",
    gene_id="Ensembl, GENCODE v36",
    file_name=r"TCGA-[A-Z]+\.star_tpm\.tsv(\.gz)?",
    citation="Heath et al. 2021, Nat. Genet. 53:257, doi:10.1038/s41588-021-00791-5",
    formats=("gdc-hub",),
    fetched_from="hub",
    table=RemoteFile(hub="gdc-hub", dataset="TCGA-{tumor_type}.star_tpm.tsv.gz"),
    beside=(RemoteFile(hub="gdc-hub", dataset="gencode.v36.annotation.gtf.gene.probemap"),),
    page="https://xenabrowser.net/datapages/?hub=https://gdc.xenahubs.net",
    quirks=(
        "60,660 rows by Ensembl id with version, 44 of them _PAR_Y copies",
        "samples of 16 characters; several aliquots of one are averaged already",
    ),
    counts=CountsTable(
        unit="log2(count+1)",
        file_name=r"TCGA-[A-Z]+\.star_counts\.tsv(\.gz)?",
        table=RemoteFile(hub="gdc-hub", dataset="TCGA-{tumor_type}.star_counts.tsv.gz"),
    ),
)

"""Toil recompute: TPM of all TCGA samples in one table, by Ensembl gene of GENCODE v23.

Another table of the hub has the samples of GTEx and TARGET too, made in the same way.
"""

from tcga_corr.sources.pancanatlas import SURVIVAL
from tcga_corr.sources.source import CountsTable, RemoteFile, Source

SOURCE = Source(
    name="toil",
    title="Toil recompute RSEM TPM, UCSC Xena Toil hub",
    unit="log2(tpm+0.001)",
    gene_id="Ensembl, GENCODE v23",
    file_name=r"(tcga_RSEM|TcgaTargetGtex_rsem)_gene_tpm(\.gz)?",
    citation="Vivian et al. 2017, Nat. Biotechnol. 35:314, doi:10.1038/nbt.3772",
    formats=("gdc-hub",),
    fetched_from="hub",
    table=RemoteFile(hub="toil-xena-hub", dataset="tcga_RSEM_gene_tpm.gz"),
    beside=(
        RemoteFile(
            hub="toil-xena-hub",
            dataset="probeMap/gencode.v23.annotation.gene.probemap",
            name="gencode.v23.annotation.gene.probemap",
        ),
        SURVIVAL,
    ),
    with_gtex=RemoteFile(hub="toil-xena-hub", dataset="TcgaTargetGtex_rsem_gene_tpm.gz"),
    beside_gtex=(RemoteFile(hub="toil-xena-hub", dataset="TcgaTargetGTEX_phenotype.txt.gz"),),
    page="https://xenabrowser.net/datapages/?hub=https://toil.xenahubs.net",
    quirks=(
        "60,498 rows by Ensembl id with version; samples of 15 characters",
        "log2(tpm + 0.001), so that zero stands as -9.9658",
        "fetch --gtex takes the table with GTEx and TARGET, 19,131 columns, 7 GB of text",
    ),
    pan_cancer=True,
    may_be_negative=True,
    counts=CountsTable(
        unit="log2(expected_count+1)",
        file_name=r"tcga_gene_expected_count(\.gz)?",
        table=RemoteFile(hub="toil-xena-hub", dataset="tcga_gene_expected_count.gz"),
    ),
)

"""Broad Firehose: RSEM per tumor type, linear as downloaded."""

from tcga_corr.sources.source import CountsTable, Source

SOURCE = Source(
    name="firehose",
    title="TCGA IlluminaHiSeq RNASeqV2 RSEM, Broad GDAC Firehose",
    unit="log2(norm_count+1)",
    gene_id="symbol of 2015 with Entrez id",
    file_name=r"[A-Z]+\.rnaseqv2__.*RSEM_genes_normalized__data\.data\.txt(\.gz)?",
    citation="Broad Institute TCGA GDAC 2016, Firehose, doi:10.7908/C11G0KM9",
    formats=("firehose",),
    counts=CountsTable(
        unit="expected counts",
        file_name=r"[A-Z]+\.rnaseqv2__.*RSEM_genes__data\.data\.txt(\.gz)?",
    ),
)

"""The legacy TCGA hub: one RSEM table per tumor type."""

from tcga_corr.sources.source import RemoteFile, Source

SOURCE = Source(
    name="tcga-hiseqv2",
    title="TCGA IlluminaHiSeq RNASeqV2 RSEM, UCSC Xena TCGA hub",
    unit="log2(norm_count+1)",
    gene_id="symbol of 2015",
    file_name=r"(TCGA\.[A-Z]+\.sampleMap[/_])?HiSeqV2(\.gz)?",
    citation="Goldman et al. 2020, Nat. Biotechnol. 38:675, doi:10.1038/s41587-020-0546-8",
    formats=("xena",),
    fetched_from="hub",
    table=RemoteFile(hub="tcga-xena-hub", dataset="TCGA.{tumor_type}.sampleMap/HiSeqV2.gz"),
    page="https://xenabrowser.net/datapages/?hub=https://tcga.xenahubs.net",
    quirks=("20,530 rows, 29 of them as ?|ENTREZ; samples of 15 characters",),
)

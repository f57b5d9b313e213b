"""cBioPortal: RSEM per study, linear as downloaded; PanCanAtlas studies are adjusted for batch."""

from tcga_corr.sources.source import Source

SOURCE = Source(
    name="cbioportal",
    title="TCGA RNASeqV2 RSEM of a study, cBioPortal",
    unit="log2(norm_count+1)",
    gene_id="Hugo symbol with Entrez id",
    file_name=r"data_mrna_seq_v2_rsem\.txt(\.gz)?",
    citation="Cerami et al. 2012, Cancer Discov. 2:401, doi:10.1158/2159-8290.CD-12-0095",
    formats=("cbioportal",),
    page="https://www.cbioportal.org/datasets",
    quirks=(
        "the PanCanAtlas studies have values between -1 and 0, as batch adjustment makes them",
        "rows without a symbol have an Entrez id; some symbols are on several rows",
    ),
    may_be_negative=True,
)

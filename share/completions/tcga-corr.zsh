#compdef tcga-corr
# Completion of tcga-corr in zsh. Written by python tools/build_docs.py; not to be edited by hand.

_tcga_corr() {
  local -a commands
  local state line
  commands=(
    'demo:Try everything on simulated data: works offline on a fresh machine'
    'fetch:Download expression tables of any of the 33 tumor types, and load them'
    'load:Load tables that are on disk: expression, raw counts, or covariates of samples'
    'status:List the tables of the store: tumor types, samples, genes, unit, size, age'
    'covariates:List the covariates: how many tumour samples have each, its range or its levels'
    'use:Choose the source that answers where the store has several; without SOURCE, print it'
    'sets:List the shipped gene sets, or the genes of one, with origin and licence'
    'score:Score gene sets in each sample by ssGSEA, or give the values of genes'
    'correlate:The association of X and Y in each tumor type, and pooled over them'
    'robustness:One association over the choices that an analyst could have made'
    'screen:One variable against every gene, or many genes or gene sets; or a list by itself'
    'compare:Whether variables differ between groups of samples, in each tumor type'
    'de:Which genes'\'' raw counts differ between groups of samples, in each tumor type'
    'dominance:Which of several gene sets scores highest in the samples of a tumor type'
    'survival:Whether X goes with survival: hazard ratios in each tumor type, and pooled over them'
    'enrich:Which gene sets gather at the ends of a ranking, or in a list of genes'
    'pca:Principal components of each tumor type'\''s samples'
    'report:One HTML file of a run, a store or of answers, to read, to send and to keep'
    'sql:Query the store with DuckDB: the views expression, tables and samples'
    'serve:Serve a live page: ask how genes and pathways vary together in each tumor type'
    'verify:Check that everything in the store is as it was written, and list what is not, with repairs'
    'remove:Remove tables, with all that is made of them, from the store'
    'batch:Many associations from one reviewed file, stopped and resumed at will'
  )
  _arguments -C \
    '*'--cache'[The store: the folder that holds everything loaded]:value:_files' \
    '*'{-q,--quiet}'[No progress and no notes, only errors]' \
    '*'{-v,--verbose}'[Print each step]' \
    '*'--debug'[Show where an error comes from in the code]' \
    '*'--version'[Print the version]' \
    '*'--cite'[Print what to cite]' \
    '*'--environment'[Print versions and platform, for a bug report]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '1:command:->command' \
    '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
        demo) _tcga_corr_demo ;;
        fetch) _tcga_corr_fetch ;;
        load) _tcga_corr_load ;;
        status) _tcga_corr_status ;;
        covariates) _tcga_corr_covariates ;;
        use) _tcga_corr_use ;;
        sets) _tcga_corr_sets ;;
        score) _tcga_corr_score ;;
        correlate) _tcga_corr_correlate ;;
        robustness) _tcga_corr_robustness ;;
        screen) _tcga_corr_screen ;;
        compare) _tcga_corr_compare ;;
        de) _tcga_corr_de ;;
        dominance) _tcga_corr_dominance ;;
        survival) _tcga_corr_survival ;;
        enrich) _tcga_corr_enrich ;;
        pca) _tcga_corr_pca ;;
        report) _tcga_corr_report ;;
        sql) _tcga_corr_sql ;;
        serve) _tcga_corr_serve ;;
        verify) _tcga_corr_verify ;;
        remove) _tcga_corr_remove ;;
        batch) _tcga_corr_batch ;;
      esac
      ;;
  esac
}

_tcga_corr_demo() {
  _arguments \
    '*'--n-genes'[Genes in each table]:value:_files' \
    '*'--treatment'[Write simulated counts of treated cells there instead, in four groups of three, with the groups, the true changes and a batch spec]:value:_files' \
    '*'--seed'[Of the random numbers]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_fetch() {
  _arguments \
    '*'{-t,--tumor-type}'[The same, as in other commands]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[pancanatlas, gdc-star, tcga-hiseqv2, toil or gdc-api]:value:_files' \
    '*'--genes'[Which genes to keep, and so to rank]:value:(protein-coding all)' \
    '*'--gtex'[Of toil: the table that has normal tissue of GTEx too, 7 GB of text]' \
    '*'--counts'[Raw counts too, for de: gdc-star, gdc-api or toil]' \
    '*'--check'[Ask the hub whether downloaded files have changed]' \
    '*'{--no-load,--download-only}'[Download, and load nothing]' \
    '*'--jobs'[Connections at a time]:value:_files' \
    '*'--dry-run'[Print the requests, and make none; with --check, ask only for the sizes of the hub'\''s files]' \
    '*'--base-url'[A mirror laid out as URL/<hub>/download/<file>]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_load() {
  _arguments \
    '*'{-t,--tumor-type}'[If the file'\''s path does not name it; of a pan-cancer table, those to load, with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[A known source, or a name of your own]:value:_files' \
    '*'--unit'[Unit of a source of your own: tpm, '\''log2(tpm+1)'\'', …]:value:_files' \
    '*'--linear'[The values of your own source are linear: store log2(x + 1)]' \
    '*'--normalize'[Take counts of your own source per million of each sample'\''s: store log2(CPM + 1)]:value:_files' \
    '*'--counts'[The tables are raw counts, for de: store them as such; with --normalize cpm as expression too]' \
    '*'--rows'[What the rows of a plain table are]:value:(genes samples)' \
    '*'--genes'[Which genes to keep, and so to rank]:value:(protein-coding all)' \
    '*'--probe-map'[Gene symbols of GDC tables]:value:_files' \
    '*'--phenotype'[Tumor type of each sample of a pan-cancer table]:value:_files' \
    '*'--covariates'[Load a table of numbers and categories per sample, such as age and stage, in place of PATHs]:value:_files' \
    '*'--key'[What a row of the covariates describes]:value:(sample patient)' \
    '*'--name'[Name of the covariates]:value:_files' \
    '*'--columns'[A column to load, and the name of its covariate; several by repeating]:value:_files' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_status() {
  _arguments \
    '*'--samples'[List every sample, and what it is used as or why it is not]' \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[The source of the tables, where the store has several]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_covariates() {
  _arguments \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[The source of the tables, where the store has several]:value:_files' \
    '*'--each'[A row for each tumor type that has it]' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_use() {
  _arguments \
    '*'--none'[Forget the choice]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_sets() {
  _arguments \
    '*'--genes'[Show the genes of the set named WORD]' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_score() {
  _arguments \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[The source of the tables, where the store has several]:value:_files' \
    '*'--samples'[tumor: one tumour sample per patient. normal: solid tissue normal. all-tumor: every tumour sample, so a patient may count twice. gtex: the tissue of donors of GTEx, one sample each, where fetch --gtex loaded it]:value:(tumor normal all-tumor gtex)' \
    '*'--ties'[How ssGSEA ranks equal values. average: independent of row order. gseapy, gsva: as these tools, to reproduce published scores]:value:(average gseapy gsva)' \
    '*'--min-genes'[Genes of a set that a table must have]:value:_files' \
    '*'--where'[Only samples that meet it: gender=FEMALE, '\''stage in I,II'\'', '\''age<60'\'', '\''purity>=0.7'\'', '\''race!=WHITE'\'', '\''grade is known'\''; by repeating, all of several]:value:_files' \
    '*'--engine'[gseapy: call gseapy'\''s own ssgsea, many times slower]:value:(closed-form gseapy)' \
    '*'--by'[Groups of samples: a table of samples (or patients) and their groups, tumour and normal tissue, or the levels of a category]:value:_files' \
    '*'--group'[The column of FILE with the groups]:value:_files' \
    '*'--reference'[The group that stands first, with which the figure compares every other]:value:_files' \
    '*'--null'[What else to compare effects with: random genes of the same mean and spread (p_genes), or nothing]:value:_files' \
    '*'--draws'[Random pairs or sets at most, for p_genes]:value:_files' \
    '*'--plot'[Draw it too]:value:_files' \
    '*'--size'[Width and height of the figure: 7x5 inches, 18x12cm or 180x120mm]:value:_files' \
    '*'--order'[Tumor types of the figure: value, by what is drawn, such as r; name; n; given, as by -t]:value:(value name n given cluster)' \
    '*'--title'[Title of the figure; '\'''\'' for none]:value:_files' \
    '*'--dpi'[Dots per inch of a PNG]:value:_files' \
    '*'--dark'[Draw on a dark ground, for slides]' \
    '*'--add-to-report'[Add the question to a page, with its answer, figures, tables and methods; a new page if there is none]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_correlate() {
  _arguments \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[The source of the tables, where the store has several]:value:_files' \
    '*'--samples'[tumor: one tumour sample per patient. normal: solid tissue normal. all-tumor: every tumour sample, so a patient may count twice. gtex: the tissue of donors of GTEx, one sample each, where fetch --gtex loaded it]:value:(tumor normal all-tumor gtex)' \
    '*'--ties'[How ssGSEA ranks equal values. average: independent of row order. gseapy, gsva: as these tools, to reproduce published scores]:value:(average gseapy gsva)' \
    '*'--min-genes'[Genes of a set that a table must have]:value:_files' \
    '*'--where'[Only samples that meet it: gender=FEMALE, '\''stage in I,II'\'', '\''age<60'\'', '\''purity>=0.7'\'', '\''race!=WHITE'\'', '\''grade is known'\''; by repeating, all of several]:value:_files' \
    '*'--method'[How to correlate]:value:(pearson spearman kendall all)' \
    '*'--adjust'[Adjust for Z: partial correlation. purity or another covariate, of categories their levels, a gene or a gene set such as proliferation, or pcs:5, the first components of expression; several with commas or by repeating]:value:_files' \
    '*'--null'[What else to compare r with: random genes of the same mean and spread (p_genes), other pathways of like size and spread (p_sets), or nothing; several with commas or by repeating]:value:_files' \
    '*'--draws'[Random pairs or sets at most, for p_genes]:value:_files' \
    '*'{--purity,--no-purity}'[Show r of gene sets adjusted for purity too, where it is known]:value:_files' \
    '*'--by'[r in each stratum, and whether they differ: by the levels of a category, thirds of a number, gene or score, or by sample-type, tumour and normal]:value:_files' \
    '*'--continuous'[With --by a number: how r changes with it, uncut]' \
    '*'--plot'[Draw it too]:value:_files' \
    '*'--size'[Width and height of the figure: 7x5 inches, 18x12cm or 180x120mm]:value:_files' \
    '*'--order'[Tumor types of the figure: value, by what is drawn, such as r; name; n; given, as by -t]:value:(value name n given cluster)' \
    '*'--title'[Title of the figure; '\'''\'' for none]:value:_files' \
    '*'--dpi'[Dots per inch of a PNG]:value:_files' \
    '*'--dark'[Draw on a dark ground, for slides]' \
    '*'--add-to-report'[Add the question to a page, with its answer, figures, tables and methods; a new page if there is none]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_robustness() {
  _arguments \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[The source of the tables, where the store has several]:value:_files' \
    '*'--samples'[tumor: one tumour sample per patient. normal: solid tissue normal. all-tumor: every tumour sample, so a patient may count twice. gtex: the tissue of donors of GTEx, one sample each, where fetch --gtex loaded it]:value:(tumor normal all-tumor gtex)' \
    '*'--ties'[How ssGSEA ranks equal values. average: independent of row order. gseapy, gsva: as these tools, to reproduce published scores]:value:(average gseapy gsva)' \
    '*'--min-genes'[Genes of a set that a table must have]:value:_files' \
    '*'--where'[Only samples that meet it: gender=FEMALE, '\''stage in I,II'\'', '\''age<60'\'', '\''purity>=0.7'\'', '\''race!=WHITE'\'', '\''grade is known'\''; by repeating, all of several]:value:_files' \
    '*'--x-also'[Another variable of the meaning of X, as FILE.gmt:NAME; several with commas]:value:_files' \
    '*'--y-also'[Another variable of the meaning of Y; several with commas]:value:_files' \
    '*'--adjust'[Adjust for Z: partial correlation. purity or another covariate, of categories their levels, a gene or a gene set such as proliferation, or pcs:5, the first components of expression; several with commas or by repeating]:value:_files' \
    '*'--null'[Compare with random genes (p_genes), or nothing]:value:_files' \
    '*'--draws'[Random pairs or sets at most, for p_genes]:value:_files' \
    '*'--plot'[Draw it too]:value:_files' \
    '*'--size'[Width and height of the figure: 7x5 inches, 18x12cm or 180x120mm]:value:_files' \
    '*'--order'[Tumor types of the figure: value, by what is drawn, such as r; name; n; given, as by -t]:value:(value name n given cluster)' \
    '*'--title'[Title of the figure; '\'''\'' for none]:value:_files' \
    '*'--dpi'[Dots per inch of a PNG]:value:_files' \
    '*'--dark'[Draw on a dark ground, for slides]' \
    '*'--add-to-report'[Add the question to a page, with its answer, figures, tables and methods; a new page if there is none]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_screen() {
  _arguments \
    '*'--against'[Every gene of the tables, the 50 Hallmarks, the reference collection of real pathways, the sets or the list of genes of a file, names such as CD8A,GZMB; or itself: every two of the list X]:value:_files' \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[The source of the tables, where the store has several]:value:_files' \
    '*'--samples'[tumor: one tumour sample per patient. normal: solid tissue normal. all-tumor: every tumour sample, so a patient may count twice. gtex: the tissue of donors of GTEx, one sample each, where fetch --gtex loaded it]:value:(tumor normal all-tumor gtex)' \
    '*'--ties'[How ssGSEA ranks equal values. average: independent of row order. gseapy, gsva: as these tools, to reproduce published scores]:value:(average gseapy gsva)' \
    '*'--min-genes'[Genes of a set that a table must have]:value:_files' \
    '*'--where'[Only samples that meet it: gender=FEMALE, '\''stage in I,II'\'', '\''age<60'\'', '\''purity>=0.7'\'', '\''race!=WHITE'\'', '\''grade is known'\''; by repeating, all of several]:value:_files' \
    '*'--method'[How to correlate]:value:(pearson spearman)' \
    '*'--adjust'[Adjust for Z: partial correlation. purity or another covariate, of categories their levels, a gene or a gene set such as proliferation, or pcs:5, the first components of expression; several with commas or by repeating]:value:_files' \
    '*'{--each,--by-type}'[A row per tumor type and Y, instead of one per Y pooled over them]' \
    '*'--top'[Rows to give; with --each of each tumor type]:value:_files' \
    '*'--null'[What else to compare r with, as in correlate]:value:_files' \
    '*'--draws'[Random pairs or sets at most, for p_genes]:value:_files' \
    '*'--plot'[Draw it too]:value:_files' \
    '*'--size'[Width and height of the figure: 7x5 inches, 18x12cm or 180x120mm]:value:_files' \
    '*'--order'[Tumor types of the figure: value, by what is drawn, such as r; name; n; given, as by -t]:value:(value name n given cluster)' \
    '*'--title'[Title of the figure; '\'''\'' for none]:value:_files' \
    '*'--dpi'[Dots per inch of a PNG]:value:_files' \
    '*'--dark'[Draw on a dark ground, for slides]' \
    '*'--kind'[The figure: a heat map, or r against q]:value:(heat volcano)' \
    '*'--add-to-report'[Add the question to a page, with its answer, figures, tables and methods; a new page if there is none]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_compare() {
  _arguments \
    '*'--by'[Tumour against solid tissue normal, or against the tissue of GTEx; the levels of a category such as stage; or a table of samples (or patients) and their groups]:value:_files' \
    '*'--group'[The column of FILE with the groups]:value:_files' \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[The source of the tables, where the store has several]:value:_files' \
    '*'--samples'[tumor: one tumour sample per patient. normal: solid tissue normal. all-tumor: every tumour sample, so a patient may count twice. gtex: the tissue of donors of GTEx, one sample each, where fetch --gtex loaded it]:value:(tumor normal all-tumor gtex)' \
    '*'--ties'[How ssGSEA ranks equal values. average: independent of row order. gseapy, gsva: as these tools, to reproduce published scores]:value:(average gseapy gsva)' \
    '*'--min-genes'[Genes of a set that a table must have]:value:_files' \
    '*'--where'[Only samples that meet it: gender=FEMALE, '\''stage in I,II'\'', '\''age<60'\'', '\''purity>=0.7'\'', '\''race!=WHITE'\'', '\''grade is known'\''; by repeating, all of several]:value:_files' \
    '*'--null'[What else to compare effects with: random genes of the same mean and spread (p_genes), or nothing]:value:_files' \
    '*'--draws'[Random pairs or sets at most, for p_genes]:value:_files' \
    '*'--plot'[Draw it too]:value:_files' \
    '*'--size'[Width and height of the figure: 7x5 inches, 18x12cm or 180x120mm]:value:_files' \
    '*'--order'[Tumor types of the figure: value, by what is drawn, such as r; name; n; given, as by -t]:value:(value name n given cluster)' \
    '*'--title'[Title of the figure; '\'''\'' for none]:value:_files' \
    '*'--dpi'[Dots per inch of a PNG]:value:_files' \
    '*'--dark'[Draw on a dark ground, for slides]' \
    '*'--kind'[The figure: box plots with every sample, or differences of means with their intervals]:value:(boxes differences)' \
    '*'--add-to-report'[Add the question to a page, with its answer, figures, tables and methods; a new page if there is none]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_de() {
  _arguments \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[The source of the tables, where the store has several]:value:_files' \
    '*'--samples'[tumor: one tumour sample per patient. normal: solid tissue normal. all-tumor: every tumour sample, so a patient may count twice. gtex: the tissue of donors of GTEx, one sample each, where fetch --gtex loaded it]:value:(tumor normal all-tumor gtex)' \
    '*'--where'[Only samples that meet it: gender=FEMALE, '\''stage in I,II'\'', '\''age<60'\'', '\''purity>=0.7'\'', '\''race!=WHITE'\'', '\''grade is known'\''; by repeating, all of several]:value:_files' \
    '*'--by'[Tumour against solid tissue normal, or against the tissue of GTEx where its counts are loaded; the levels of a category such as stage; or a table of samples (or patients) and their groups]:value:_files' \
    '*'--group'[The column of FILE with the groups]:value:_files' \
    '*'--contrast'[Fold changes of group A over group B; several by repeating]:value:_files' \
    '*'--reference'[Compare every other group with this one]:value:_files' \
    '*'--pair'[Compare within patients; those without both groups are left out]:value:_files' \
    '*'--adjust'[Hold covariates fixed, of categories their levels; several with commas or by repeating]:value:_files' \
    '*'--shrink'[Shrink fold changes too: log2fc_shrunk]' \
    '*'--min-count'[Reads that a gene needs in all samples together]:value:_files' \
    '*'--q'[Genes are called below this q]:value:_files' \
    '*'--lfc'[Genes are called with a fold change above L, in log2]:value:_files' \
    '*'--check'[Split a group at random, and count the calls where nothing differs]' \
    '*'--jobs'[Tumor types at a time]:value:_files' \
    '*'--kind'[What --plot draws: fold changes and q, fold changes and means, which contrasts call the same genes, or the first 50 genes in each sample]:value:(volcano ma overlap heat)' \
    '*'--label'[Name these genes in a volcano or MA plot]:value:_files' \
    '*'--plot'[Draw it too]:value:_files' \
    '*'--size'[Width and height of the figure: 7x5 inches, 18x12cm or 180x120mm]:value:_files' \
    '*'--order'[Tumor types of the figure: value, by what is drawn, such as r; name; n; given, as by -t]:value:(value name n given cluster)' \
    '*'--title'[Title of the figure; '\'''\'' for none]:value:_files' \
    '*'--dpi'[Dots per inch of a PNG]:value:_files' \
    '*'--dark'[Draw on a dark ground, for slides]' \
    '*'--add-to-report'[Add the question to a page, with its answer, figures, tables and methods; a new page if there is none]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_dominance() {
  _arguments \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[The source of the tables, where the store has several]:value:_files' \
    '*'--samples'[tumor: one tumour sample per patient. normal: solid tissue normal. all-tumor: every tumour sample, so a patient may count twice. gtex: the tissue of donors of GTEx, one sample each, where fetch --gtex loaded it]:value:(tumor normal all-tumor gtex)' \
    '*'--ties'[How ssGSEA ranks equal values. average: independent of row order. gseapy, gsva: as these tools, to reproduce published scores]:value:(average gseapy gsva)' \
    '*'--min-genes'[Genes of a set that a table must have]:value:_files' \
    '*'--where'[Only samples that meet it: gender=FEMALE, '\''stage in I,II'\'', '\''age<60'\'', '\''purity>=0.7'\'', '\''race!=WHITE'\'', '\''grade is known'\''; by repeating, all of several]:value:_files' \
    '*'--draws'[Random sets that each score is standardised against]:value:_files' \
    '*'--plot'[Draw it too]:value:_files' \
    '*'--size'[Width and height of the figure: 7x5 inches, 18x12cm or 180x120mm]:value:_files' \
    '*'--order'[Tumor types of the figure: value, by what is drawn, such as r; name; n; given, as by -t]:value:(value name n given cluster)' \
    '*'--title'[Title of the figure; '\'''\'' for none]:value:_files' \
    '*'--dpi'[Dots per inch of a PNG]:value:_files' \
    '*'--dark'[Draw on a dark ground, for slides]' \
    '*'--add-to-report'[Add the question to a page, with its answer, figures, tables and methods; a new page if there is none]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_survival() {
  _arguments \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[The source of the tables, where the store has several]:value:_files' \
    '*'--samples'[tumor: one tumour sample per patient. normal: solid tissue normal. all-tumor: every tumour sample, so a patient may count twice. gtex: the tissue of donors of GTEx, one sample each, where fetch --gtex loaded it]:value:(tumor normal all-tumor gtex)' \
    '*'--ties'[How ssGSEA ranks equal values. average: independent of row order. gseapy, gsva: as these tools, to reproduce published scores]:value:(average gseapy gsva)' \
    '*'--min-genes'[Genes of a set that a table must have]:value:_files' \
    '*'--where'[Only samples that meet it: gender=FEMALE, '\''stage in I,II'\'', '\''age<60'\'', '\''purity>=0.7'\'', '\''race!=WHITE'\'', '\''grade is known'\''; by repeating, all of several]:value:_files' \
    '*'--endpoint'[Overall, disease-specific, disease-free or progression-free survival; or NAME of your own covariates NAME (0 or 1) and NAME.time]:value:_files' \
    '*'--adjust'[Hold Z constant: a covariate, a gene or a gene set; several with commas or by repeating]:value:_files' \
    '*'--null'[Compare with random genes (p_genes), or nothing]:value:_files' \
    '*'--draws'[Random genes or sets, for p_genes]:value:_files' \
    '*'--cut'[With --plot: draw Kaplan-Meier curves of the samples above and below the median of X, or of its thirds]:value:(median tertiles)' \
    '*'--plot'[Draw it too]:value:_files' \
    '*'--size'[Width and height of the figure: 7x5 inches, 18x12cm or 180x120mm]:value:_files' \
    '*'--order'[Tumor types of the figure: value, by what is drawn, such as r; name; n; given, as by -t]:value:(value name n given cluster)' \
    '*'--title'[Title of the figure; '\'''\'' for none]:value:_files' \
    '*'--dpi'[Dots per inch of a PNG]:value:_files' \
    '*'--dark'[Draw on a dark ground, for slides]' \
    '*'--add-to-report'[Add the question to a page, with its answer, figures, tables and methods; a new page if there is none]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_enrich() {
  _arguments \
    '*'--against'[The gene sets: the 50 Hallmarks, the reference collection of real pathways, those of a file, or names of sets]:value:_files' \
    '*'--method'[gsea: the whole ranking. ora: a list of genes]:value:(gsea ora)' \
    '*'--rank'[What ranks the genes]:value:_files' \
    '*'--permutations'[Of gsea]:value:_files' \
    '*'--engine'[gseapy: its own permutations, many times slower]:value:(numpy gseapy)' \
    '*'--min-size'[Genes that a set must have here]:value:_files' \
    '*'--max-size'[Genes that a set may have here]:value:_files' \
    '*'--q'[ora: list genes of an answer with q below]:value:_files' \
    '*'--lfc'[ora: and, of de, a log2 fold change above]:value:_files' \
    '*'--genes'[ora: list so many genes of the ranking'\''s ends instead]:value:_files' \
    '*'--direction'[ora: which genes of an answer are listed]:value:(both up down)' \
    '*'--universe'[ora: the genes that could have been listed: a list of them, those of the store'\''s tables, or how many]:value:_files' \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[The source of the tables, where the store has several]:value:_files' \
    '*'--top'[Sets to give, of each tumor type and contrast]:value:_files' \
    '*'--plot'[Draw it too]:value:_files' \
    '*'--size'[Width and height of the figure: 7x5 inches, 18x12cm or 180x120mm]:value:_files' \
    '*'--order'[Tumor types of the figure: value, by what is drawn, such as r; name; n; given, as by -t]:value:(value name n given cluster)' \
    '*'--title'[Title of the figure; '\'''\'' for none]:value:_files' \
    '*'--dpi'[Dots per inch of a PNG]:value:_files' \
    '*'--dark'[Draw on a dark ground, for slides]' \
    '*'--set'[The sets whose running sums are drawn; several by repeating]:value:_files' \
    '*'--add-to-report'[Add the question to a page, with its answer, figures, tables and methods; a new page if there is none]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_pca() {
  _arguments \
    '*'--by'[What samples are coloured by: groups of a table of samples (or patients), tumour and normal tissue, the levels of a category, or a number]:value:_files' \
    '*'--group'[The column of FILE with the groups]:value:_files' \
    '*'--genes'[Genes, those that vary most]:value:_files' \
    '*'--components'[Components to give]:value:_files' \
    '*'--table'[samples: the coordinates of each sample. covariates: which covariate goes with which component]:value:(samples covariates)' \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[The source of the tables, where the store has several]:value:_files' \
    '*'--samples'[tumor: one tumour sample per patient. normal: solid tissue normal. all-tumor: every tumour sample, so a patient may count twice. gtex: the tissue of donors of GTEx, one sample each, where fetch --gtex loaded it]:value:(tumor normal all-tumor gtex)' \
    '*'--ties'[How ssGSEA ranks equal values. average: independent of row order. gseapy, gsva: as these tools, to reproduce published scores]:value:(average gseapy gsva)' \
    '*'--min-genes'[Genes of a set that a table must have]:value:_files' \
    '*'--where'[Only samples that meet it: gender=FEMALE, '\''stage in I,II'\'', '\''age<60'\'', '\''purity>=0.7'\'', '\''race!=WHITE'\'', '\''grade is known'\''; by repeating, all of several]:value:_files' \
    '*'--plot'[Draw it too]:value:_files' \
    '*'--size'[Width and height of the figure: 7x5 inches, 18x12cm or 180x120mm]:value:_files' \
    '*'--order'[Tumor types of the figure: value, by what is drawn, such as r; name; n; given, as by -t]:value:(value name n given cluster)' \
    '*'--title'[Title of the figure; '\'''\'' for none]:value:_files' \
    '*'--dpi'[Dots per inch of a PNG]:value:_files' \
    '*'--dark'[Draw on a dark ground, for slides]' \
    '*'--add-to-report'[Add the question to a page, with its answer, figures, tables and methods; a new page if there is none]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_report() {
  _arguments \
    '*'{-o,--output}'[The page]:value:_files' \
    '*'--title'[Of answers: the title of the page]:value:_files' \
    '*'--simulated'[Of a store with real tables: show what is simulated too, each marked]' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_sql() {
  _arguments \
    '*'{-f,--file}'[Read the SQL from a file]:value:_files' \
    '*'--named'[Run a named query]:value:_files' \
    '*'--list'[List the named queries]' \
    '*'--unsafe'[Let the query read and write any file, or load extensions]' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_serve() {
  _arguments \
    '*'--host'[Where to listen]:value:_files' \
    '*'--port'[0 for any that is free]:value:_files' \
    '*'--token'[What a visitor must bring]:value:_files' \
    '*'--sets'[Gene sets that visitors may name; several by repeating]:value:_files' \
    '*'--open'[Open the page in the browser]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_verify() {
  _arguments \
    '*'--repair'[Make derived data again: indexes from tables, and tables from downloads]' \
    '*'--all'[List intact files too]' \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--source'[The source of the tables, where the store has several]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_remove() {
  _arguments \
    '*'--source'[The source whose tables to remove]:value:_files' \
    '*'{-t,--tumor-type}'[A tumor type, such as LIHC or liver; several with commas or by repeating]:value:(ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM)' \
    '*'--downloads'[Remove the downloaded files too]' \
    '*'--counts'[Remove raw counts alone]' \
    '*'--covariates'[A table of covariates to remove]:value:_files' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_batch() {
  local -a commands
  local state line
  commands=(
    'run:Run a spec, or resume it; then write the tables'
    'check:Check whether a spec is right, and list all its problems, by line'
    'show:Print a spec with every default filled in'
    'status:The progress of a run, by analysis; or all runs of the store'
    'verify:Compute some tasks of a run again, chosen at random, and compare them with its tables'
    'merge:Write the tables of a run in parts, by --shard, once all parts are done'
    'plot:Draw a run: a heat map of pairs by tumor types, both clustered'
  )
  _arguments -C \
    '*'{-h,--help}'[Show this message and exit]' \
    '1:command:->command' \
    '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
        run) _tcga_corr_batch_run ;;
        check) _tcga_corr_batch_check ;;
        show) _tcga_corr_batch_show ;;
        status) _tcga_corr_batch_status ;;
        verify) _tcga_corr_batch_verify ;;
        merge) _tcga_corr_batch_merge ;;
        plot) _tcga_corr_batch_plot ;;
      esac
      ;;
  esac
}

_tcga_corr_batch_run() {
  _arguments \
    '*'--paper'[The spec that ships with the tool: the founding paper'\''s analyses, and its claims]' \
    '*'--source'[The source of the analyses that name none]:value:_files' \
    '*'--workers'[Processes to share the work]:value:_files' \
    '*'--dask'[Use a Dask cluster: one of this machine, jobs of SLURM, or the scheduler at an address]:value:_files' \
    '*'--shard'[Run only the I-th of N parts, as in an array of jobs; `batch merge` puts them together]:value:_files' \
    '*'--memory'[Memory for the tasks that run at the same time; as many as fit, at least one]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_batch_check() {
  _arguments \
    '*'--paper'[The spec that ships with the tool: the founding paper'\''s analyses, and its claims]' \
    '*'--source'[The source of the analyses that name none]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_batch_show() {
  _arguments \
    '*'--paper'[The spec that ships with the tool: the founding paper'\''s analyses, and its claims]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_batch_status() {
  _arguments \
    '*'--source'[The source of the analyses that name none]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_batch_verify() {
  _arguments \
    '*'--source'[The source of the analyses that name none]:value:_files' \
    '*'--tasks'[Tasks to compute again]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_batch_merge() {
  _arguments \
    '*'--source'[The source of the analyses that name none]:value:_files' \
    '*'--format'[Default: that of the output file'\''s ending, else a table]:value:(table tsv csv json parquet xlsx)' \
    '*'{-o,--output}'[Write to a file instead of stdout; compressed, if it ends in .gz]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--wide'[All columns of the table, whatever fits in the terminal]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr_batch_plot() {
  _arguments \
    '*'--source'[The source of the analyses that name none]:value:_files' \
    '*'--analysis'[Of a run with several]:value:_files' \
    '*'--method'[Of an analysis with several]:value:_files' \
    '*'--force'[Overwrite the output file, or the figure]' \
    '*'--size'[Width and height of the figure: 7x5 inches, 18x12cm or 180x120mm]:value:_files' \
    '*'--order'[Tumor types of the figure: value, by what is drawn, such as r; name; n; given, as by -t]:value:(value name n given cluster)' \
    '*'--title'[Title of the figure; '\'''\'' for none]:value:_files' \
    '*'--dpi'[Dots per inch of a PNG]:value:_files' \
    '*'--dark'[Draw on a dark ground, for slides]' \
    '*'{-h,--help}'[Show this message and exit]' \
    '*:name:_files'
}

_tcga_corr "$@"

# Completion of tcga-corr in bash. Written by python tools/build_docs.py; not to be edited by hand.
_tcga_corr() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} key="" words="" i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$key ${COMP_WORDS[i]}" in
            *" --cache") ((i++)) ;;
            " demo" | " fetch" | " load" | " status" | " covariates" | " use" | " sets" | " score" | " correlate" | " robustness" | " screen" | " compare" | " de" | " dominance" | " survival" | " enrich" | " pca" | " report" | " sql" | " serve" | " verify" | " remove" | " batch" | " batch run" | " batch check" | " batch show" | " batch status" | " batch verify" | " batch merge" | " batch plot") key="$key ${COMP_WORDS[i]}" ;;
        esac
    done
    case "$key $before" in
        " demo --format") words="table tsv csv json parquet xlsx" ;;
        " fetch -t"|" fetch --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " fetch --genes") words="protein-coding all" ;;
        " fetch --format") words="table tsv csv json parquet xlsx" ;;
        " load -t"|" load --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " load --rows") words="genes samples" ;;
        " load --genes") words="protein-coding all" ;;
        " load --key") words="sample patient" ;;
        " status -t"|" status --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " status --format") words="table tsv csv json parquet xlsx" ;;
        " covariates -t"|" covariates --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " covariates --format") words="table tsv csv json parquet xlsx" ;;
        " sets --format") words="table tsv csv json parquet xlsx" ;;
        " score -t"|" score --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " score --samples") words="tumor normal all-tumor gtex" ;;
        " score --ties") words="average gseapy gsva" ;;
        " score --engine") words="closed-form gseapy" ;;
        " score --order") words="value name n given cluster" ;;
        " score --format") words="table tsv csv json parquet xlsx" ;;
        " correlate -t"|" correlate --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " correlate --samples") words="tumor normal all-tumor gtex" ;;
        " correlate --ties") words="average gseapy gsva" ;;
        " correlate --method") words="pearson spearman kendall all" ;;
        " correlate --order") words="value name n given cluster" ;;
        " correlate --format") words="table tsv csv json parquet xlsx" ;;
        " robustness -t"|" robustness --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " robustness --samples") words="tumor normal all-tumor gtex" ;;
        " robustness --ties") words="average gseapy gsva" ;;
        " robustness --order") words="value name n given cluster" ;;
        " robustness --format") words="table tsv csv json parquet xlsx" ;;
        " screen -t"|" screen --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " screen --samples") words="tumor normal all-tumor gtex" ;;
        " screen --ties") words="average gseapy gsva" ;;
        " screen --method") words="pearson spearman" ;;
        " screen --order") words="value name n given cluster" ;;
        " screen --kind") words="heat volcano" ;;
        " screen --format") words="table tsv csv json parquet xlsx" ;;
        " compare -t"|" compare --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " compare --samples") words="tumor normal all-tumor gtex" ;;
        " compare --ties") words="average gseapy gsva" ;;
        " compare --order") words="value name n given cluster" ;;
        " compare --kind") words="boxes differences" ;;
        " compare --format") words="table tsv csv json parquet xlsx" ;;
        " de -t"|" de --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " de --samples") words="tumor normal all-tumor gtex" ;;
        " de --kind") words="volcano ma overlap heat" ;;
        " de --order") words="value name n given cluster" ;;
        " de --format") words="table tsv csv json parquet xlsx" ;;
        " dominance -t"|" dominance --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " dominance --samples") words="tumor normal all-tumor gtex" ;;
        " dominance --ties") words="average gseapy gsva" ;;
        " dominance --order") words="value name n given cluster" ;;
        " dominance --format") words="table tsv csv json parquet xlsx" ;;
        " survival -t"|" survival --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " survival --samples") words="tumor normal all-tumor gtex" ;;
        " survival --ties") words="average gseapy gsva" ;;
        " survival --cut") words="median tertiles" ;;
        " survival --order") words="value name n given cluster" ;;
        " survival --format") words="table tsv csv json parquet xlsx" ;;
        " enrich --method") words="gsea ora" ;;
        " enrich --engine") words="numpy gseapy" ;;
        " enrich --direction") words="both up down" ;;
        " enrich -t"|" enrich --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " enrich --order") words="value name n given cluster" ;;
        " enrich --format") words="table tsv csv json parquet xlsx" ;;
        " pca --table") words="samples covariates" ;;
        " pca -t"|" pca --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " pca --samples") words="tumor normal all-tumor gtex" ;;
        " pca --ties") words="average gseapy gsva" ;;
        " pca --order") words="value name n given cluster" ;;
        " pca --format") words="table tsv csv json parquet xlsx" ;;
        " sql --format") words="table tsv csv json parquet xlsx" ;;
        " verify -t"|" verify --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " verify --format") words="table tsv csv json parquet xlsx" ;;
        " remove -t"|" remove --tumor-type") words="ACC BLCA BRCA CESC CHOL COAD DLBC ESCA GBM HNSC KICH KIRC KIRP LAML LGG LIHC LUAD LUSC MESO OV PAAD PCPG PRAD READ SARC SKCM STAD TGCT THCA THYM UCEC UCS UVM" ;;
        " batch run --format") words="table tsv csv json parquet xlsx" ;;
        " batch check --format") words="table tsv csv json parquet xlsx" ;;
        " batch status --format") words="table tsv csv json parquet xlsx" ;;
        " batch verify --format") words="table tsv csv json parquet xlsx" ;;
        " batch merge --format") words="table tsv csv json parquet xlsx" ;;
        " batch plot --order") words="value name n given cluster" ;;
        *)
            case "$key" in
                "") words="demo fetch load status covariates use sets score correlate robustness screen compare de dominance survival enrich pca report sql serve verify remove batch --cache -q --quiet -v --verbose --debug --version --cite --environment -h --help" ;;
                " demo") words="--n-genes --treatment --seed --format -o --output --force --wide -h --help" ;;
                " fetch") words="-t --tumor-type --source --genes --gtex --counts --check --no-load --download-only --jobs --dry-run --base-url --format -o --output --force --wide -h --help" ;;
                " load") words="-t --tumor-type --source --unit --linear --normalize --counts --rows --genes --probe-map --phenotype --covariates --key --name --columns -h --help" ;;
                " status") words="--samples -t --tumor-type --source --format -o --output --force --wide -h --help" ;;
                " covariates") words="-t --tumor-type --source --each --format -o --output --force --wide -h --help" ;;
                " use") words="--none -h --help" ;;
                " sets") words="--genes --format -o --output --force --wide -h --help" ;;
                " score") words="-t --tumor-type --source --samples --ties --min-genes --where --engine --by --group --reference --null --draws --plot --size --order --title --dpi --dark --add-to-report --format -o --output --force --wide -h --help" ;;
                " correlate") words="-t --tumor-type --source --samples --ties --min-genes --where --method --adjust --null --draws --purity --no-purity --by --continuous --plot --size --order --title --dpi --dark --add-to-report --format -o --output --force --wide -h --help" ;;
                " robustness") words="-t --tumor-type --source --samples --ties --min-genes --where --x-also --y-also --adjust --null --draws --plot --size --order --title --dpi --dark --add-to-report --format -o --output --force --wide -h --help" ;;
                " screen") words="--against -t --tumor-type --source --samples --ties --min-genes --where --method --adjust --each --by-type --top --null --draws --plot --size --order --title --dpi --dark --kind --add-to-report --format -o --output --force --wide -h --help" ;;
                " compare") words="--by --group -t --tumor-type --source --samples --ties --min-genes --where --null --draws --plot --size --order --title --dpi --dark --kind --add-to-report --format -o --output --force --wide -h --help" ;;
                " de") words="-t --tumor-type --source --samples --where --by --group --contrast --reference --pair --adjust --shrink --min-count --q --lfc --check --jobs --kind --label --plot --size --order --title --dpi --dark --add-to-report --format -o --output --force --wide -h --help" ;;
                " dominance") words="-t --tumor-type --source --samples --ties --min-genes --where --draws --plot --size --order --title --dpi --dark --add-to-report --format -o --output --force --wide -h --help" ;;
                " survival") words="-t --tumor-type --source --samples --ties --min-genes --where --endpoint --adjust --null --draws --cut --plot --size --order --title --dpi --dark --add-to-report --format -o --output --force --wide -h --help" ;;
                " enrich") words="--against --method --rank --permutations --engine --min-size --max-size --q --lfc --genes --direction --universe -t --tumor-type --source --top --plot --size --order --title --dpi --dark --set --add-to-report --format -o --output --force --wide -h --help" ;;
                " pca") words="--by --group --genes --components --table -t --tumor-type --source --samples --ties --min-genes --where --plot --size --order --title --dpi --dark --add-to-report --format -o --output --force --wide -h --help" ;;
                " report") words="-o --output --title --simulated --force -h --help" ;;
                " sql") words="-f --file --named --list --unsafe --format -o --output --force --wide -h --help" ;;
                " serve") words="--host --port --token --sets --open -h --help" ;;
                " verify") words="--repair --all -t --tumor-type --source --format -o --output --force --wide -h --help" ;;
                " remove") words="--source -t --tumor-type --downloads --counts --covariates -h --help" ;;
                " batch") words="run check show status verify merge plot -h --help" ;;
                " batch run") words="--paper --source --workers --dask --shard --memory --format -o --output --force --wide -h --help" ;;
                " batch check") words="--paper --source --format -o --output --force --wide -h --help" ;;
                " batch show") words="--paper -h --help" ;;
                " batch status") words="--source --format -o --output --force --wide -h --help" ;;
                " batch verify") words="--source --tasks --format -o --output --force --wide -h --help" ;;
                " batch merge") words="--source --format -o --output --force --wide -h --help" ;;
                " batch plot") words="--source --analysis --method --force --size --order --title --dpi --dark -h --help" ;;
            esac
            ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _tcga_corr tcga-corr

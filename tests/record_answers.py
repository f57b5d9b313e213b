"""Record what the program answers to many questions, to compare two versions of it byte by byte.

    python tests/record_answers.py BEFORE      # with the one version on the path
    python tests/record_answers.py AFTER       # with the other
    diff -r BEFORE AFTER

It makes a store of the simulated atlas, one of the real tables where ``../shared`` has them, and
asks every command in every format. Each question gives three files: what stood on standard output,
on standard error, and the exit code; files that it wrote stand beside them. Times and places that
differ between any two runs are masked. The record is not kept: what has to last is in the snapshots
of the tests.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SHARED = Path(os.environ.get("TCGA_CORR_SHARED", Path(__file__).parents[2] / "shared"))

FORMATS = ("table", "tsv", "csv", "json", "parquet")
FIGURES = ("png", "svg", "pdf")

SPEC = """
name = "record"
title = "Everything a spec can ask"
null = ["genes", "sets"]
draws = 100

[[dominance]]
name = "death"
sets = ["ferroptosis", "apoptosis", "autophagy", "necroptosis", "pyroptosis"]

[[pairs]]
name = "single"
pairs = [["ferroptosis", "nfkb"], ["RELA", "NFE2L2"], ["RELA", "nfkb"]]

[[pairs]]
name = "adjusted"
pairs = [["ferroptosis", "nfkb"]]
adjust = ["GPX4"]
methods = ["pearson", "spearman"]

[[crosses]]
name = "cross"
x = ["ferroptosis", "nfkb", "RELA"]
y = ["hallmark"]
methods = ["pearson", "spearman", "kendall"]
null = []

[[claims]]
text = "they rise together"
analysis = "single"
x = "ferroptosis"
y = "nfkb"
tumor_type = "LIHC"
statistic = "r"
value = 0.489
n = 371
source = "the founding paper"
"""

ASK = {
    "status": "status",
    "status_samples": "status --samples -t ACC,LAML,SKCM",
    "sets": "sets",
    "sets_word": "sets nfkb",
    "sets_genes": "sets ferroptosis --genes",
    "score": "score ferroptosis nfkb -t ACC,LIHC",
    "correlate": "correlate ferroptosis nfkb --draws 100",
    "correlate_genes": "correlate RELA NRF2 --null none",
    "robustness": "robustness ferroptosis nfkb -t LIHC --adjust GPX4",
    "screen": "screen ferroptosis --against hallmark",
    "screen_types": "screen RELA --against genes -t ACC,LIHC --by-type --top 30",
    "compare": "compare ferroptosis nfkb -t LIHC,BRCA",
    "dominance": "dominance -t LIHC,ACC",
    "sql": "sql 'SELECT source, tumor_type, unit, count(*) AS n FROM samples GROUP BY ALL "
    "ORDER BY ALL'",
}

ONCE = {
    "version": "--version",
    "cite": "--cite",
    "help": "--help",
    "correlate_all": "correlate ferroptosis nfkb --method all --adjust GPX4 --format tsv",
    "correlate_kendall": "correlate RELA nfkb --method kendall --null none --format tsv",
    "correlate_spearman": "correlate RELA ferroptosis --method spearman --draws 50 --format json",
    "correlate_gsva": "correlate ferroptosis nfkb --ties gsva --null none --format csv",
    "correlate_normal": "correlate ferroptosis nfkb --samples normal --format tsv --draws 20",
    "correlate_all_tumor": "correlate RELA GPX4 --samples all-tumor --format tsv --draws 20",
    "correlate_covariate": "correlate age ferroptosis --format tsv --draws 50",
    "correlate_adjust_age": "correlate ferroptosis nfkb --adjust age --format json --draws 50",
    "correlate_same": "correlate RELA RELA --format tsv --null none",
    "correlate_alias": "correlate p65 NRF2 -t LIHC --format json --draws 20",
    "correlate_gmt": "correlate own.gmt:MINE GPX4 -t LIHC,ACC --format json --draws 20",
    "correlate_few": "correlate own.gmt:SMALL GPX4 -t LIHC,ACC --format tsv --draws 20",
    "correlate_shared": "correlate own.gmt:MINE own.gmt:SHARED -t LIHC,ACC --format tsv --draws 20",
    "robustness_source": "robustness RELA NFE2L2 -t LIHC --format tsv",
    "robustness_also": "robustness ferroptosis nfkb -t LIHC --x-also own.gmt:MINE --format json",
    "screen_reference": "screen nfkb --against reference -t LIHC --format tsv",
    "screen_adjust": "screen nfkb --against hallmark --adjust age --format json",
    "screen_spearman": "screen RELA --against own.gmt --method spearman --format tsv",
    "compare_by": "compare ferroptosis RELA --by groups.tsv -t LIHC --format tsv",
    "compare_json": "compare ferroptosis --by groups.tsv -t LIHC,ACC --format json",
    "dominance_sets": "dominance own.gmt:MINE apoptosis nfkb -t LIHC --format tsv",
    "score_gseapy": "score ferroptosis -t ACC --engine gseapy --format tsv",
    "score_hallmark": "score hallmark -t ACC --format csv",
    "sql_named": "sql --named rela_nfe2l2 --format tsv",
    "sql_samples": "sql --named samples_left_out --format tsv",
    "verify": "verify --format tsv",
    "fetch_plan": "fetch LIHC ACC --dry-run --format tsv",
    "fetch_plan_gdc": "fetch LIHC --source gdc-star --dry-run --format tsv",
    "fetch_plan_toil": "fetch --source toil --dry-run --format json",
    "no_gene": "correlate RELAA NFKB",
    "no_type": "correlate RELA NFE2L2 -t LIVER",
    "no_source": "correlate RELA NFE2L2 --source nowhere",
    "ambiguous": "correlate p40 RELA",
    "bad_method": "correlate RELA NFE2L2 --method pearsn",
    "bad_null": "correlate RELA NFE2L2 --null gene",
    "bad_sql": "sql 'SELECT nothing FROM nowhere'",
    "bad_draws": "correlate RELA NFE2L2 --draws 0",
    "bad_adjust": "correlate RELA NFE2L2 --adjust RELA",
    "no_collection": "screen RELA --against hallmarks",
    "score_gene": "score RELA",
    "no_set": "correlate own.gmt:NONE RELA",
    "no_table": "load nothing.tsv",
    "no_covariate": "correlate covariate:purity RELA",
    "remove_nothing": "remove --source nowhere",
    "bad_spec": "batch bad.toml",
}

DRAWN = {
    "correlate": "correlate ferroptosis nfkb --draws 50",
    "scatter": "correlate ferroptosis nfkb -t LIHC --draws 50",
    "score": "score ferroptosis nfkb",
    "robustness": "robustness ferroptosis nfkb -t LIHC",
    "screen": "screen ferroptosis --against hallmark",
    "compare": "compare ferroptosis RELA -t LIHC,BRCA",
    "dominance": "dominance",
}

REAL = {
    "real_status": "status --format json",
    "real_samples": "status --samples --format tsv",
    "real_correlate": "correlate ferroptosis nfkb --source tcga-hiseqv2 --format json --draws 100",
    "real_genes": "correlate RELA NFE2L2 --source tcga-hiseqv2 --format tsv --draws 100",
    "real_lihc": "correlate ferroptosis nfkb --source lihc156 --format json --draws 100",
    "real_purity": "correlate ferroptosis nfkb --source tcga-hiseqv2 --adjust covariate:CPE "
    "--format tsv --draws 50",
    "real_both": "correlate ferroptosis nfkb",
    "real_robustness": "robustness RELA NFE2L2 -t ACC --adjust covariate:CPE --format tsv",
    "real_compare": "compare ferroptosis RELA --source tcga-hiseqv2 --format tsv",
    "real_pancan": "correlate RELA NFE2L2 --source pancanatlas --format tsv --draws 20",
    "real_verify": "verify --format tsv",
}

_MASKS = [
    (re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?"), b"<TIME>"),
    (re.compile(rb"\b\d+(\.\d+)? (s|ms|seconds?|minutes?)\b"), b"<SECONDS>"),
    (re.compile(rb'"(seconds|process)": [0-9.]+'), rb'"\1": 0'),
    (re.compile(rb"[\d,]+ of [\d,]+ rows, .* left\n"), b""),
]


class Recorder:
    """Asks in one folder, and records into another."""

    def __init__(self, record: Path, work: Path) -> None:
        self.record, self.work = record, work
        record.mkdir(parents=True, exist_ok=True)
        work.mkdir(parents=True, exist_ok=True)

    def ask(self, name: str, line: str, *written: str) -> None:
        """Run one command line; ``written`` are files that it writes."""
        done = subprocess.run(
            [sys.executable, "-m", "tcga_corr", *shlex.split(line)],
            cwd=self.work, capture_output=True, check=False,
            env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        )  # fmt: skip
        self._keep(f"{name}.out", done.stdout)
        self._keep(f"{name}.err", done.stderr)
        self._keep(f"{name}.exit", f"{done.returncode}\n".encode())
        for file in written:
            path = self.work / file
            if path.exists():
                self._keep(f"{name}.{path.name}", path.read_bytes())

    def folder(self, name: str, path: Path) -> None:
        """Record the files below a folder."""
        for one in sorted(path.rglob("*")):
            if one.is_file() and one.suffix not in (".lock", ".html"):
                self._keep(f"{name}/{one.relative_to(path)}", one.read_bytes())

    def _keep(self, name: str, content: bytes) -> None:
        content = content.replace(str(self.work).encode(), b"<WORK>")
        if not name.endswith((".parquet", ".png", ".pdf", ".npy")):
            for pattern, word in _MASKS:
                content = pattern.sub(word, content)
        path = self.record / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _own_files(work: Path) -> None:
    genes = "GPX4 SLC7A11 ACSL4 TFRC FTH1 NCOA4 HMOX1 RELA NFKB1 NFKBIA TNF IL6"
    sets = {"MINE": slice(8), "SHARED": slice(4, None), "SMALL": slice(3)}
    lines = [[name, "na", *genes.split()[part]] for name, part in sets.items()]
    (work / "own.gmt").write_text("".join("\t".join(line) + "\n" for line in lines))
    (work / "record.toml").write_text(SPEC)
    (work / "bad.toml").write_text(
        'name = "bad"\n[[pairs]]\nname = "a"\npairs = [["RELA"]]\nx = 1\n'
    )


def _own_covariates(work: Path) -> None:
    """Ages and groups of the simulated patients, by their order."""
    import tcga_corr as tc

    samples = tc.open_store(work / "cache").samples()["sample"].to_list()
    ages = [f"{sample}\t{30 + number * 7 % 50}" for number, sample in enumerate(samples)]
    (work / "ages.tsv").write_text("\n".join(["sample\tage", *ages[::2], ""]))
    groups = [f"{sample}\t{'abc'[number % 3]}" for number, sample in enumerate(samples)]
    (work / "groups.tsv").write_text("\n".join(["sample\tgroup", *groups, ""]))


def _questions() -> Iterator[tuple[str, str, list[str]]]:
    for name, line in ASK.items():
        for form in FORMATS:
            file = f"{name}.{form}" if form == "parquet" else ""
            written = f" -o {file}" if file else ""
            yield f"{name}_{form}", f"{line} --format {form}{written}", [file] if file else []
    for name, line in ONCE.items():
        yield name, line, []
    for name, line in DRAWN.items():
        for kind in FIGURES:
            file = f"figure_{name}.{kind}"
            yield f"figure_{name}_{kind}", f"{line} --format json --plot {file}", [file]


def main() -> None:
    """Record everything into the folder that is named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("record", type=Path)
    parser.add_argument("--work", type=Path, default=None, help="default: RECORD.work")
    options = parser.parse_args()
    record = options.record.resolve()
    work = (options.work or record.with_name(record.name + ".work")).resolve()
    recorder = Recorder(record, work)
    _own_files(work)
    recorder.ask("demo", "demo --n-genes 4000 --format json")
    _own_covariates(work)
    recorder.ask("load_covariates", "load --covariates ages.tsv")
    recorder.folder("store", work / "cache" / "expression")
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda one: recorder.ask(one[0], one[1], *one[2]), _questions()))
    recorder.ask("batch", "batch record.toml")
    recorder.ask("batch_paper", "batch --paper --format json")
    recorder.ask("batch_verify", "batch verify record.toml")
    recorder.ask("batch_status", "batch status record.toml")
    recorder.ask(
        "batch_plot",
        "batch plot record.toml cross.svg --analysis cross --method pearson",
        "cross.svg",
    )
    recorder.folder("results", work / "cache" / "results")
    run = next((work / "cache" / "results").glob("record-*")).name
    recorder.ask("report_run", f"report {run} -o run.html", "run.html")
    recorder.ask("report_store", "report -o store.html", "store.html")
    recorder.ask("remove", "remove --source simulated -t ACC")
    if (SHARED / "hub").is_dir():
        _record_real(recorder)


def _record_real(recorder: Recorder) -> None:
    hub, real = SHARED / "hub", "--cache real"
    files = " ".join(map(str, sorted(hub.glob("tcga-xena-hub/download/*/HiSeqV2.gz"))))
    recorder.ask("real_load", f"{real} load {files}")
    pancan = next(hub.glob("tcga-pancan-atlas-hub/download/EB++*"))
    recorder.ask("real_load_pancan", f"{real} load {pancan}")
    lihc = SHARED / "lihc_part" / "TCGA-LIHC.htseq_tpm.179_of_424.tsv.gz"
    probes = hub / "gdc-hub/download/gencode.v22.annotation.gene.probeMap"
    recorder.ask(
        "real_load_lihc",
        f"{real} load {lihc} -t LIHC --source lihc156 --unit 'log2(tpm+1)' --probe-map {probes}",
    )
    counts = hub / "gdc-hub/download/TCGA-GBM.htseq_counts.tsv.gz"
    recorder.ask("real_load_counts", f"{real} load {counts} --probe-map {probes}")
    purity = next((SHARED / "purity").glob("*.csv"), None) or next((SHARED / "purity").iterdir())
    recorder.ask("real_load_purity", f"{real} load --covariates {purity} --columns CPE=CPE")
    recorder.folder("real", recorder.work / "real" / "expression")
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda one: recorder.ask(one[0], f"{real} {one[1]}"), REAL.items()))


if __name__ == "__main__":
    main()

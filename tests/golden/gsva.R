# Raw ssGSEA scores by GSVA; called by make_golden.py as: Rscript --vanilla gsva.R DIR
# Matrices cross as little-endian doubles, column by column, so that no digit is lost.
suppressPackageStartupMessages(library(GSVA))

dir <- commandArgs(trailingOnly = TRUE)[1]
genes <- readLines(file.path(dir, "genes.txt"))
samples <- readLines(file.path(dir, "samples.txt"))
size <- length(genes) * length(samples)
values_file <- file.path(dir, "values.f64")
stopifnot(file.size(values_file) == 8 * size, !anyDuplicated(genes), !anyDuplicated(samples))
values <- readBin(values_file, "double", size, size = 8, endian = "little")
expr <- matrix(values, length(genes), dimnames = list(genes, samples))

fields <- strsplit(readLines(file.path(dir, "sets.tsv")), "\t", fixed = TRUE)
sets <- lapply(fields, function(x) x[-1])
names(sets) <- vapply(fields, function(x) x[1], "")

scores <- gsva(
  expr, sets, method = "ssgsea", tau = 0.25, ssgsea.norm = FALSE, min.sz = 5, max.sz = Inf,
  verbose = FALSE
)
stopifnot(identical(rownames(scores), names(sets)), identical(colnames(scores), samples))
writeBin(as.vector(scores), file.path(dir, "scores.f64"), size = 8, endian = "little")
cat(R.version.string, "; GSVA ", as.character(packageVersion("GSVA")), "\n", sep = "")

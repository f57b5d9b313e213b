# Golden values of differential expression, by R DESeq2 1.38.3 (Debian r-bioc-deseq2).
#   python tests/golden/make_deseq2.py tables FOLDER
#   Rscript tests/golden/deseq2.R FOLDER
#   python tests/golden/make_deseq2.py golden FOLDER
suppressMessages(library(DESeq2))
folder <- commandArgs(trailingOnly = TRUE)[1]
cat("DESeq2", as.character(packageVersion("DESeq2")), "\n")

fitted_by <- function(name, design) {
  counts <- as.matrix(read.delim(file.path(folder, paste0(name, ".counts.tsv")),
                                 row.names = 1, check.names = FALSE))
  groups <- read.delim(file.path(folder, paste0(name, ".groups.tsv")), row.names = 1)
  groups <- groups[colnames(counts), , drop = FALSE]
  for (column in c("group", "patient")) groups[[column]] <- factor(groups[[column]])
  groups$group <- relevel(groups$group, groups$reference[1])
  data <- DESeqDataSetFromMatrix(counts, groups, design)
  DESeq(data[rowSums(counts(data)) >= 10, ], quiet = TRUE)
}

written <- function(data, name, a, b) {
  found <- as.data.frame(results(data, contrast = c("group", a, b), alpha = 0.05))
  found <- cbind(gene = rownames(found), signif(found, 10))
  write.table(found, file.path(folder, paste(name, a, b, "tsv", sep = ".")), sep = "\t",
              quote = FALSE, row.names = FALSE)
  size <- data.frame(sample = colnames(data), size_factor = signif(sizeFactors(data), 15))
  write.table(size, file.path(folder, paste(name, "sizes.tsv", sep = ".")), sep = "\t",
              quote = FALSE, row.names = FALSE)
}

small <- fitted_by("simulated", ~group)
for (one in c("B", "C", "D")) written(small, "simulated", one, "A")
written(small, "simulated", "D", "B")
written(fitted_by("simulated", ~ z + group), "simulated_z", "B", "A")
written(fitted_by("simulated", ~ patient + group), "simulated_patient", "B", "A")
written(fitted_by("LIHC", ~group), "LIHC", "tumor", "normal")
written(fitted_by("BRCA", ~group), "BRCA", "tumor", "normal")

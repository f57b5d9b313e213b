# Golden shrunken fold changes: R DESeq2 1.38.3 (Debian r-bioc-deseq2) with apeglm 1.20.0.
#   Rscript tests/golden/apeglm.R tests/golden
# Of the simulated counts of four groups of three, fitted together: B, C and D over A, and D over B
# with B as the reference; every fifth gene, and the scale of the prior.
suppressMessages(library(DESeq2))
folder <- commandArgs(trailingOnly = TRUE)[1]
cat("DESeq2", as.character(packageVersion("DESeq2")), "apeglm", as.character(packageVersion("apeglm")), "\n")
counts <- as.matrix(read.delim(gzfile(file.path(folder, "deseq2_counts.tsv.gz")), row.names = 1))
groups <- data.frame(group = factor(substr(colnames(counts), 1, 1)), row.names = colnames(counts))

shrunken <- function(a, reference) {
  groups$group <- relevel(groups$group, reference)
  data <- DESeqDataSetFromMatrix(counts, groups, ~group)
  data <- DESeq(data[rowSums(counts(data)) >= 10, ], quiet = TRUE)
  found <- lfcShrink(data, coef = paste0("group_", a, "_vs_", reference), type = "apeglm", quiet = TRUE)
  scale <- priorInfo(found)$prior.control$prior.scale
  kept <- seq(1, nrow(found), by = 5)
  data.frame(contrast = paste0(a, ":", reference), gene = rownames(found)[kept],
             log2fc_shrunk = signif(found$log2FoldChange[kept], 10), scale = signif(scale, 8))
}

found <- rbind(shrunken("B", "A"), shrunken("C", "A"), shrunken("D", "A"), shrunken("D", "B"))
write.table(found, file.path(folder, "apeglm.tsv"), sep = "\t", quote = FALSE, row.names = FALSE)

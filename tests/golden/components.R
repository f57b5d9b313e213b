# Golden values of principal components and of over-representation, by R's package stats:
# Rscript --vanilla components.R components.json. Components are those of DESeq2's plotPCA: of the
# genes with the largest variance, prcomp of samples x genes, centred and not scaled.
library(jsonlite)

set.seed(20261129)
file <- commandArgs(trailingOnly = TRUE)[1]

n_genes <- 60
n_samples <- 10
n_top <- 25
values <- matrix(round(rgamma(n_genes * n_samples, 2, 0.4), 3), n_genes)
values <- values * runif(n_genes, 0.3, 2)
values <- round(values, 3)
variances <- apply(values, 1, var)
chosen <- order(variances, decreasing = TRUE)[seq_len(n_top)]
found <- prcomp(t(values[chosen, ]))

tables <- expand.grid(overlap = c(0, 1, 5, 12), set = c(15, 60), list = c(20, 300), universe = 2000)
tables$p <- phyper(tables$overlap - 1, tables$set, tables$universe - tables$set, tables$list,
                   lower.tail = FALSE)
tables$fisher <- apply(tables, 1, function(one) {
  a <- one["overlap"]
  b <- one["set"] - a
  c <- one["list"] - a
  counts <- matrix(c(a, b, c, one["universe"] - a - b - c), 2)
  fisher.test(counts, alternative = "greater")$p.value
})

write_json(
  list(
    r = R.version.string, values = values, chosen = chosen - 1, scores = found$x[, 1:5],
    shares = (found$sdev^2 / sum(found$sdev^2))[1:5], tables = tables
  ),
  file, digits = NA, auto_unbox = TRUE
)

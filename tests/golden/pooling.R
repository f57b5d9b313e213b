# Random-effects pooling by metafor; called by make_pooling.py as: Rscript --vanilla pooling.R DIR
# Numbers cross as little-endian doubles, so that no digit is lost. Results are Fisher's z.
suppressPackageStartupMessages(library(metafor))

dir <- commandArgs(trailingOnly = TRUE)[1]
input <- file(file.path(dir, "input.f64"), "rb")
output <- file(file.path(dir, "output.f64"), "wb")
read <- function(size) readBin(input, "double", size, size = 8, endian = "little")

while (length(head <- read(2)) == 2) {
  k <- head[1]
  level <- 100 * head[2]
  r <- read(k)
  n <- read(k)
  variance <- read(k)
  z <- escalc(measure = "ZCOR", ri = r, ni = n)
  fit <- rma(yi = z$yi, vi = variance, method = "DL", test = "knha", level = level)
  stopifnot(fit$k == k)
  adhoc <- rma(yi = z$yi, vi = variance, method = "DL", test = "adhoc", level = level)
  left <- if (k > 2) leave1out(fit)$estimate else rep(NA_real_, k)
  results <- c(
    fit$b, fit$ci.lb, fit$ci.ub, fit$pval, fit$tau2, fit$I2 / 100, fit$QE, fit$QEp,
    adhoc$ci.lb, adhoc$ci.ub, adhoc$pval, left, z$vi
  )
  stopifnot(length(results) == 11 + 2 * k)
  writeBin(as.double(results), output, size = 8, endian = "little")
}
close(output)
cat(R.version.string, "; metafor ", as.character(packageVersion("metafor")), "\n", sep = "")

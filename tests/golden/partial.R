# Golden values of partial correlations, by R's ppcor: Rscript --vanilla partial.R FILE writes
# partial.json, with the data and the versions in it. It needs ppcor and jsonlite. A case holds x, y
# and z, a list of what is held fixed, and by method what pcor.test says of x and y given z.
library(jsonlite)
suppressPackageStartupMessages(library(ppcor))

set.seed(20261205)
options(warn = 2) # a singular matrix would only be warned of
file <- commandArgs(trailingOnly = TRUE)[1]

# 15 digits, as toJSON writes them, must give back the same double
same_as_text <- function(x) stopifnot(all(as.numeric(sprintf("%.15g", x)) == x))

partial <- function(x, y, ...) {
  z <- list(...)
  same_as_text(c(x, y, unlist(z)))
  by_method <- lapply(c(pearson = "pearson", spearman = "spearman"), function(method) {
    found <- pcor.test(x, y, as.data.frame(z, col.names = seq_along(z)), method = method)
    stopifnot(found$n == length(x), found$gp == length(z))
    list(estimate = found$estimate, statistic = found$statistic, p = found$p.value)
  })
  c(list(x = x, y = y, z = z), by_method)
}

draw <- function(n, mean = 0, sd = 1, decimals = 4) round(rnorm(n, mean, sd), decimals)
along <- function(a, share, decimals = 4, sd = 1) {
  round(share * a + draw(length(a), 0, sd, 8), decimals)
}

purity <- round(rbeta(79, 5, 2), 2)
age <- draw(79, 60, 12, 0)
depth <- draw(40, 0, 1)
hidden <- draw(371)
many <- lapply(1:6, function(number) draw(30, number))

golden <- list(
  versions = list(
    R = R.version.string, ppcor = as.character(packageVersion("ppcor")),
    jsonlite = as.character(packageVersion("jsonlite"))
  ),
  cases = list(
    one = partial(along(purity, -4), along(purity, -3), purity),
    two = partial(along(purity, -2), along(age, 0.1), purity, age),
    one_explains_both = partial(along(depth, 3, 4, 0.1), along(depth, -2, 4, 0.1), depth),
    turns_the_sign = partial(along(depth, 2), along(-depth, -2, 4, 0.3), depth, along(depth, 1)),
    many = partial(draw(30), draw(30), many[[1]], many[[2]], many[[3]], many[[4]], many[[5]],
                   along(many[[6]], 1)),
    small = partial(draw(13), draw(13), draw(13), draw(13)),
    smallest = partial(draw(11), draw(11), draw(11)),
    tied = partial(along(age, 0.1, 0), along(purity, 3, 0), age, round(purity, 1)),
    two_groups = partial(draw(40), along(rep(0:1, 20), 1), rep(0:1, 20)),
    large = partial(along(hidden, 0.8), along(hidden, 0.8), draw(371), along(hidden, 0.2)),
    strong = partial(hidden, along(hidden, 1, 4, 0.3), draw(371)),
    offset = partial(draw(50, 1e5), draw(50, -1e4), draw(50, 3e4, 10))
  )
)
text <- toJSON(golden, digits = NA, auto_unbox = TRUE, always_decimal = TRUE)
writeLines(gsub("(\"[a-z_]+\":\\{\"x\")", "\n\\1", text), file)

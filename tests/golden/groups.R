# Golden values of tests of groups and pairs, by R's package stats: Rscript --vanilla groups.R FILE
# writes groups.json, with the data and the versions in it. P-values of rank tests of two groups or
# of pairs are exact, or normal with corrections for ties and continuity, as each case says.
library(jsonlite)

set.seed(20261122)
file <- commandArgs(trailingOnly = TRUE)[1]

# 15 digits, as toJSON writes them, must give back the same double
same_as_text <- function(x) stopifnot(all(as.numeric(sprintf("%.15g", x)) == x))

t_numbers <- function(...) {
  found <- t.test(...)
  wider <- t.test(..., conf.level = 0.99)
  list(
    statistic = found$statistic[[1]], df = found$parameter[[1]], p = found$p.value,
    ci = as.vector(found$conf.int), ci_99 = as.vector(wider$conf.int)
  )
}

f_numbers <- function(found) {
  list(statistic = found$statistic[[1]], df = as.vector(found$parameter), p = found$p.value)
}

two <- function(a, b, exact = FALSE) {
  same_as_text(c(a, b))
  n <- length(a) + length(b)
  pooled <- sqrt(((length(a) - 1) * var(a) + (length(b) - 1) * var(b)) / (n - 2))
  unbias <- sqrt(pi) / (beta((n - 3) / 2, 1 / 2) * sqrt((n - 2) / 2))
  ranked <- wilcox.test(a, b, exact = exact, correct = TRUE)
  list(
    a = a, b = b, exact = exact, welch = t_numbers(a, b), difference = mean(a) - mean(b),
    hedges_g = unbias * (mean(a) - mean(b)) / pooled, u = ranked$statistic[[1]],
    p = ranked$p.value, rank_biserial = mean(sign(outer(a, b, "-")))
  )
}

many <- function(...) {
  groups <- list(...)
  values <- unlist(groups)
  same_as_text(values)
  group <- factor(rep(seq_along(groups), lengths(groups)))
  squares <- summary(aov(values ~ group))[[1]][["Sum Sq"]]
  ranked <- kruskal.test(groups)
  n <- length(values)
  list(
    groups = groups, anova = f_numbers(oneway.test(values ~ group, var.equal = TRUE)),
    eta_squared = squares[1] / sum(squares), welch = f_numbers(oneway.test(values ~ group)),
    kruskal = f_numbers(ranked),
    epsilon_squared = ranked$statistic[[1]] / ((n^2 - 1) / (n + 1))
  )
}

pairs <- function(a, b, exact = FALSE) {
  same_as_text(c(a, b))
  ranked <- wilcox.test(a, b, paired = TRUE, exact = exact, correct = TRUE)
  d <- (a - b)[a != b]
  list(
    a = a, b = b, exact = exact, t = t_numbers(a, b, paired = TRUE), difference = mean(a - b),
    cohens_dz = mean(a - b) / sd(a - b), v = ranked$statistic[[1]], p = ranked$p.value,
    rank_biserial = sum(sign(d) * rank(abs(d))) / sum(rank(abs(d)))
  )
}

repeated <- function(scores, exact = FALSE) {
  same_as_text(scores)
  k <- ncol(scores)
  n <- nrow(scores)
  found <- friedman.test(scores)
  ranks <- t(apply(scores, 1, rank))
  ties <- sum(apply(ranks, 1, function(row) sum(table(row)^3 - table(row))))
  spread <- sum((colSums(ranks) - n * (k + 1) / 2)^2)
  column <- factor(rep(seq_len(k), each = n))
  p_of <- function(method) {
    found <- pairwise.wilcox.test(
      as.vector(scores), column, p.adjust.method = method, paired = TRUE, exact = exact
    )
    as.vector(found$p.value)[lower.tri(found$p.value, diag = TRUE)]
  }
  first <- combn(k, 2)[1, ]
  second <- combn(k, 2)[2, ]
  list(
    scores = scores, exact = exact, friedman = f_numbers(found),
    kendalls_w = 12 * spread / (n^2 * (k^3 - k) - n * ties), p = p_of("none"),
    p_holm = p_of("holm"), mean_rank_difference = colMeans(ranks)[first] - colMeans(ranks)[second]
  )
}

draw <- function(n, mean = 0, sd = 1, decimals = 4) round(rnorm(n, mean, sd), decimals)
eighths <- function(n, mean = 0, sd = 0.3) round(8 * rnorm(n, mean, sd)) / 8
holm_p <- c(0.04, NA, 0.01, 0.03, 0.03, 1e-8, NA, 0.8, 1)
base <- draw(200, 3, 2)

golden <- list(
  versions = list(R = R.version.string, jsonlite = as.character(packageVersion("jsonlite"))),
  two = list(
    unequal = two(draw(23, 0.4, 3), draw(41, -0.2, 0.5)),
    small = two(draw(5, 1), draw(7), exact = TRUE),
    smallest = two(draw(3, 1), draw(3), exact = TRUE),
    lopsided = two(draw(4, 1.5), draw(300, decimals = 6), exact = TRUE),
    tied = two(draw(31, 0.5, 1, 0), draw(18, 0, 2, 0)),
    tied_small = two(c(0, 0, 0, 1, 2), c(0, 1, 1, 3, 5, 5, 8)),
    one_constant = two(rep(2.5, 6), draw(12, 2)),
    apart = two(draw(150, 12), draw(90)),
    large = two(draw(1100, 0.1), draw(500)),
    offset = two(draw(40, 1e6 + 0.5), draw(30, 1e6))
  ),
  many = list(
    three = many(draw(12), draw(9, 0.5, 2), draw(30, 1, 0.3)),
    tied = many(draw(25, 0, 1, 0), draw(14, 1, 1, 0), draw(8, 0, 2, 0), draw(40, 0, 3, 0)),
    equal_means = many(draw(50), draw(60), draw(70), draw(80), draw(90)),
    apart = many(draw(20), draw(30, 10), draw(40, 20)),
    small = many(draw(3), draw(3, 1), draw(4, 2)),
    two = many(draw(15), draw(22, 0.7, 2))
  ),
  pairs = list(
    small = pairs(draw(9, 0.4), draw(9), exact = TRUE),
    three = pairs(draw(3, 2), draw(3), exact = TRUE),
    fifty = pairs(draw(50, 0.4, 1, 6), draw(50, 0, 1, 6), exact = TRUE),
    more = pairs(draw(51, 0.4, 1, 6), draw(51, 0, 1, 6)),
    tied = pairs(eighths(90, 0.1), eighths(90)),
    related = pairs(round(base + draw(200, 1, 0.2), 4), base),
    against = pairs(round(base - draw(200, 0.02, 0.2), 4), base)
  ),
  repeated = list(
    small = repeated(matrix(draw(24), 8), exact = TRUE),
    tied = repeated(matrix(eighths(450, rep(c(0, 0, 0.1, 0.2, 0.4), each = 90)), 90)),
    many = repeated(matrix(draw(1400, rep(0:6 / 5, each = 200)), 200))
  ),
  holm = list(p = holm_p, adjusted = p.adjust(holm_p, "holm"))
)
text <- toJSON(golden, digits = NA, auto_unbox = TRUE, na = "null", always_decimal = TRUE)
writeLines(gsub("(\"[a-z_]+\":\\{\"(a|groups|scores)\")", "\n\\1", text), file)

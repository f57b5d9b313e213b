# Golden values of Cox's regression and Kaplan and Meier's curves, by R's package survival:
# Rscript --vanilla survival.R FILE writes survival.json, with the data and the versions in it.
library(jsonlite)
library(survival)

set.seed(489)
file <- commandArgs(trailingOnly = TRUE)[1]
# as exact as it gets, far beyond the tolerance of the tests
control <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 50)

# of several variables, the score test of the first with the others held constant
score_z <- function(y, x, fitted) {
  others <- x[, -1, drop = FALSE]
  start <- if (ncol(others)) c(0, coef(coxph(y ~ others, control = control))) else 0
  at_null <- coxph(y ~ x, init = start, iter.max = 0)
  sqrt(at_null$score)
}

case <- function(name, time, event, x, group) {
  y <- Surv(time, event)
  fitted <- coxph(y ~ ., data.frame(x), control = control)
  curve <- survfit(y ~ 1, conf.type = "log-log")
  steps <- curve$n.event > 0
  difference <- survdiff(y ~ group)
  list(
    name = unbox(name), time = time, event = event, columns = unname(lapply(data.frame(x), c)),
    coefficients = unname(coef(fitted)), errors = unname(sqrt(diag(vcov(fitted)))),
    wald_p = unname(summary(fitted)$coefficients[, 5]),
    log_likelihood = unbox(fitted$loglik[2]), log_likelihood_of_none = unbox(fitted$loglik[1]),
    score_z = unbox(score_z(y, x, fitted)),
    proportional_p = unname(cox.zph(fitted, transform = "km", global = FALSE)$table[, 3]),
    curve = list(
      time = curve$time[steps], share = curve$surv[steps], low = curve$lower[steps],
      high = curve$upper[steps], median = unbox(unname(summary(curve)$table["median"]))
    ),
    group = group,
    log_rank_p = unbox(pchisq(difference$chisq, length(unique(group)) - 1, lower.tail = FALSE))
  )
}

simulated <- function(n, effects, rounded, censored) {
  x <- matrix(round(rnorm(n * length(effects)), 3), n)
  colnames(x) <- paste0("x", seq_along(effects))
  time <- rexp(n) * exp(-x %*% effects)[, 1] * 1000
  stop <- rexp(n) * 1000 * censored
  list(
    time = pmax(rounded, rounded * ceiling(pmin(time, stop) / rounded)),
    event = as.integer(time <= stop), x = x, group = as.integer(cut(x[, 1], c(-Inf, -0.5, 0.5, Inf)))
  )
}

of <- function(name, n, effects, rounded, censored) {
  one <- simulated(n, effects, rounded, censored)
  case(name, one$time, one$event, one$x, one$group)
}

changing <- function(n) {
  x <- matrix(round(rnorm(n), 3), dimnames = list(NULL, "x1"))
  # the hazard ratio is above one early and below one late
  time <- ifelse(runif(n) < 0.5, 500 * rexp(n) * exp(-x[, 1]), 1000 + 500 * rexp(n) * exp(x[, 1]))
  case("changing", ceiling(time), rep(1L, n), x, as.integer(x[, 1] > 0))
}

cases <- list(
  of("days", 150, c(0.4, -0.3), 1, 1.5),
  of("years", 120, c(0.5, 0, 0.8), 365, 1),
  of("three times", 40, c(0.5, 0.2), 700, 2),
  of("few events", 60, c(1.2), 1, 0.08),
  of("strong", 80, c(2.5, 1), 30, 3),
  changing(100)
)
versions <- list(R = unbox(R.version.string), survival = unbox(as.character(packageVersion("survival"))))
write(toJSON(list(versions = versions, cases = cases), digits = 15, na = "null"), file)

"""Write pooling.json: random-effects pooling of seeded r's by statsmodels and by R's metafor.

It does not import the project: the numbers must not depend on the code they test. It needs
statsmodels, and Rscript with metafor (Debian: r-cran-metafor). Tests read the file and never run
this script.

A case holds its input (r, n, method, variance of Fisher's z) and what the engines give, on the
scale of z but for p-values and i2:

- statsmodels: combine_effects(z, variance, method_re="dl"), random effects, WLS (HKSJ) interval.
  Its tau2 is not truncated: where it is negative, its fixed-effect numbers, which are those of
  tau2 = 0, are taken, and i2 is set to 0.
- metafor: rma(method="DL", test="knha"); leave1out, absent for two types; zcor_variance from
  escalc(measure="ZCOR").
  adhoc: the same with test="adhoc", the standard error of Knapp & Hartung 2003.
"""

import json
import math
import platform
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

HERE = Path(__file__).resolve().parent
SEED = 20261203
NAMES = ("z", "ci_low", "ci_high", "p", "tau2", "i2", "q", "q_p")
ADHOC_NAMES = ("ci_low", "ci_high", "p")

Case = dict[str, Any]


def make_case(
    name: str,
    rng: np.random.Generator,
    k: int,
    center: float,
    apart: float,
    method: str = "pearson",
    confidence: float = 0.95,
    most: int = 500,
    error: float = 1.0,
) -> Case:
    """k types of 36 to ``most`` samples; true z apart by a deviation, measured with its error."""
    n = rng.integers(36, most, size=k, endpoint=True)
    z = math.atanh(center) + apart * rng.normal(size=k) + error * rng.normal(size=k) / np.sqrt(n)
    r = np.tanh(z).round(6)
    if method == "spearman":
        variance = (1 + r**2 / 2) / (n - 3)
    elif method == "kendall":
        variance = 0.437 / (n - 4)
    else:
        variance = 1 / (n - 3)
    return {
        "name": name,
        "method": method,
        "confidence": confidence,
        "n": n.tolist(),
        "r": r.tolist(),
        "variance": variance.tolist(),
    }


def make_cases() -> list[Case]:
    """Few and many types, without and with differences between them."""
    rng = np.random.default_rng(SEED)
    cases = []
    for k in (2, 3, 5, 33):
        # an error below its size leaves less variation than chance: tau2 = 0
        cases.append(make_case(f"{k} alike", rng, k, 0.3, 0.0, error=0.2))
        cases.append(make_case(f"{k} by chance", rng, k, -0.1, 0.0))
        cases.append(make_case(f"{k} apart", rng, k, 0.2, 0.4))
    cases += [
        make_case("spearman", rng, 33, 0.5, 0.2, "spearman"),
        make_case("kendall", rng, 5, 0.4, 0.1, "kendall"),
        make_case("90 %", rng, 5, -0.3, 0.2, confidence=0.9),
        make_case("strong", rng, 33, 0.97, 0.5),
        make_case("around zero", rng, 33, 0.0, 0.2),
        make_case("uneven", rng, 33, -0.4, 0.15, most=20_000),
        make_case("2 far apart", rng, 2, 0.0, 1.0),
    ]
    return cases


def pool_statsmodels(case: Case) -> dict[str, float]:
    """The numbers of combine_effects, with tau2 truncated at 0."""
    z, variance = np.arctanh(case["r"]), np.array(case["variance"])
    with np.errstate(invalid="ignore"):  # roots of a negative tau2
        found = combine_effects(z, variance, method_re="dl", use_t=True)
        intervals = found.conf_int(alpha=1 - case["confidence"], use_t=True)
    if found.tau2 > 0:
        mean, error, interval = found.mean_effect_re, found.sd_eff_w_re_hksj, intervals[3]
    else:
        mean, error, interval = found.mean_effect_fe, found.sd_eff_w_fe_hksj, intervals[2]
    homogeneity = found.test_homogeneity()
    p = 2 * stats.t.sf(abs(mean / error), found.df_resid)
    heterogeneity = (max(found.tau2, 0.0), max(found.i2, 0.0), found.q, homogeneity.pvalue)
    numbers = (mean, *interval, p, *heterogeneity)
    return {name: float(value) for name, value in zip(NAMES, numbers, strict=True)}


def pool_metafor(cases: list[Case]) -> tuple[list[dict[str, Any]], str]:
    """The numbers of pooling.R for every case, and the versions it says."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "input.f64").open("wb") as file:
            for case in cases:
                head = [len(case["r"]), case["confidence"]]
                numbers = [*head, *case["r"], *case["n"], *case["variance"]]
                file.write(np.array(numbers, dtype="<f8").tobytes())
        command = ["Rscript", "--vanilla", str(HERE / "pooling.R"), name]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        output = np.fromfile(folder / "output.f64", dtype="<f8")
    rest = [None if math.isnan(value) else value for value in output.tolist()]
    found = []
    for case in cases:
        k, size = len(case["r"]), len(NAMES)
        numbers: dict[str, Any] = dict(zip(NAMES, rest[:size], strict=True))
        rest = rest[size:]
        size = len(ADHOC_NAMES)
        adhoc = dict(zip(ADHOC_NAMES, rest[:size], strict=True))
        left_out, zcor_variance = rest[size : size + k], rest[size + k : size + 2 * k]
        if k > 2:
            numbers["left_out"] = left_out
        numbers["adhoc"] = adhoc
        if case["method"] == "pearson":
            numbers["zcor_variance"] = zcor_variance
        found.append(numbers)
        rest = rest[size + 2 * k :]
    if rest:
        raise ValueError("pooling.R wrote more than asked")
    return found, done.stdout.strip()


def main() -> None:
    """Write the file beside this script."""
    cases = make_cases()
    for case in cases:
        case["statsmodels"] = pool_statsmodels(case)
    metafor, r_versions = pool_metafor(cases)
    for case, numbers in zip(cases, metafor, strict=True):
        case["metafor"] = numbers
    versions = {"python": platform.python_version(), "r": r_versions}
    versions |= {package: version(package) for package in ("statsmodels", "scipy", "numpy")}
    golden = {"made_by": Path(__file__).name, "seed": SEED, "versions": versions, "cases": cases}
    text = json.dumps(golden, indent=1, allow_nan=False) + "\n"
    (HERE / "pooling.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Draw the pictures of docs/p_values.md, from simulated patients; a few seconds.

python tools/draw_p_values.py

The simulation is smaller than that of the demo, and made to explain: 4,000 genes of 120 patients
follow four axes, as genes of a tumour follow its purity, immune cells, stroma and proliferation.
A pathway's genes follow its activity besides, and lean on the axes together. A score is the mean
of a set's genes. Only the formula of p is the program's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from tcga_corr.figures.frame import Frame, place
from tcga_corr.figures.style import BLUE, GREY, INK, PALE, PALE_BLUE, SKY, VERMILION, save, styled

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
N_PATIENTS, N_GENES, N_AXES, N_PATHWAYS, N_DRAWS = 120, 4_000, 4, 202, 1_000
SEED = 489
Numbers = NDArray[np.float64]


class Patients:
    """Simulated expression, and pathways: 0 and 1 have no link, 0 and 2 have one."""

    def __init__(self) -> None:
        self.rng = rng = np.random.default_rng(SEED)
        self.axes = rng.standard_normal((N_AXES, N_PATIENTS))
        loadings = rng.normal(0, 0.4, (N_GENES, N_AXES))
        loadings[:, 0] += 0.15  # more genes rise with purity than fall
        own = rng.standard_normal((N_PATHWAYS, N_PATIENTS))
        own[2] = 0.9 * own[0] + np.sqrt(1 - 0.9**2) * own[2]
        values = rng.standard_normal((N_GENES, N_PATIENTS))
        order = rng.permutation(N_GENES)
        sizes = np.array([40, 60, 60, *rng.integers(10, 25, N_PATHWAYS - 3)])
        self.pathways = np.split(order, np.cumsum(sizes))[:N_PATHWAYS]
        for genes, activity in zip(self.pathways, own, strict=True):
            values[genes] += 0.6 * activity
            loadings[genes] += rng.normal(0, 0.15, N_AXES)
        for genes, mean in zip(self.pathways[:3], (0.45, 0.75, 0.45), strict=True):
            loadings[genes, 0] += mean - loadings[genes, 0].mean()  # all three of tumour cells
        self.values = values + loadings @ self.axes

    def score(self, genes: NDArray[np.intp]) -> Numbers:
        """The score of a set in each patient."""
        return self.values[genes].mean(axis=0)

    def shuffled(self, x: int, y: int) -> Numbers:
        """The r where each patient has the y of another."""
        first, second = (self.score(self.pathways[number]) for number in (x, y))
        return np.array([_r(first, self.rng.permutation(second)) for _ in range(N_DRAWS)])

    def random_genes(self, x: int, y: int) -> Numbers:
        """The r of random genes, as many."""
        n_x, n_y = (len(self.pathways[number]) for number in (x, y))
        return np.array([_r(*map(self.score, self.draw(n_x, n_y))) for _ in range(N_DRAWS)])

    def draw(self, n_x: int, n_y: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Two sets of genes, none of them in both."""
        drawn = self.rng.choice(N_GENES, n_x + n_y, replace=False)
        return drawn[:n_x], drawn[n_x:]

    def other_pathways(self, x: int) -> Numbers:
        """The r of one pathway with others."""
        own = self.score(self.pathways[x])
        return np.array([_r(own, self.score(genes)) for genes in self.pathways[3:]])


def _r(x: Numbers, y: Numbers) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def p_of_rank(r: float, null: Numbers) -> float:
    """The two-sided p by rank, as docs/methods.md has it."""
    beyond = min(int((null >= r).sum()), int((null <= r).sum()))
    return min(1.0, 2 * (1 + beyond) / (len(null) + 1))


@styled()
def why(patients: Patients) -> Figure:
    """Two random sets of genes, which both follow the first axis; of 101 pairs the median."""
    drawn = [[patients.score(genes) for genes in patients.draw(40, 60)] for _ in range(101)]
    x, y = sorted(drawn, key=lambda pair: _r(*pair))[50]  # neither the weakest nor the strongest
    purity = patients.axes[0]
    less = purity < np.median(purity)
    groups = (
        (less, SKY, "less tumour in the sample"),
        (~less, BLUE, "more tumour in the sample"),
    )
    points = [
        Line2D(x[inside], y[inside], ls="", marker="o", ms=3.4, mew=0, color=colour, label=text)
        for inside, colour, text in groups
    ]
    frame = Frame(
        "Two sets of random genes go together",
        f"simulated; {N_PATIENTS} patients, 40 and 60 genes drawn at random; r = {_r(x, y):.2f}",
        handles=points,
        width=3.6,
        simulated=True,
    )
    figure = frame.figure(2.75)
    axes = place(figure, 0.55, 0.4 + frame.below, 0.15, frame.head)
    for one in points:
        axes.add_line(one)
    axes.autoscale_view()
    axes.set_xlabel("score of 40 random genes")
    axes.set_ylabel("score of 60 random genes")
    return figure


Panel = tuple[str, str, str, Numbers]


def _panels(patients: Patients, x: int, y: int) -> Iterator[Panel]:
    yield "p", "the same patients, shuffled", PALE, patients.shuffled(x, y)
    yield "p_genes", "random genes", PALE_BLUE, patients.random_genes(x, y)
    yield "p_sets", "other pathways", SKY, patients.other_pathways(x)


@styled()
def three(patients: Patients, x: int, y: int, title: str) -> Figure:
    """One r before what each of the three p-values compares it with."""
    r = _r(*(patients.score(patients.pathways[number]) for number in (x, y)))
    frame = Frame(title, f"simulated; {N_PATIENTS} patients; line: r = {r:.2f}", simulated=True)
    figure = frame.figure(3.1)
    for number, (name, text, colour, null) in enumerate(_panels(patients, x, y)):
        below = 0.42 + frame.below + (2 - number) * 0.92
        axes = place(figure, 0.25, below, 1.75, frame.head + number * 0.92 + 0.12)
        _draw_panel(axes, null, r, colour)
        axes.tick_params(labelbottom=number == 2)
        p = p_of_rank(r, null)
        said = f"{name} = {p:.2g}" if p > 2 / N_DRAWS else f"{name} < {2 / N_DRAWS}"
        colour = VERMILION if p < 0.05 else GREY
        axes.text(1.03, 0.62, said, transform=axes.transAxes, color=colour, weight="bold")
        axes.text(1.03, 0.36, f"r of {text}", transform=axes.transAxes)
        verdict = "unusual among them" if p < 0.05 else "as usual among them"
        axes.text(1.03, 0.1, verdict, transform=axes.transAxes, color=GREY)
    axes.set_xlabel("r")
    return figure


def _draw_panel(axes: Axes, null: Numbers, r: float, colour: str) -> None:
    axes.hist(null, bins=np.linspace(-1, 1, 81).tolist(), color=colour, edgecolor=GREY, lw=0.3)
    axes.axvline(r, color=INK, lw=1.2)
    axes.set_xlim(-1, 1)
    axes.set_xticks([-1, -0.5, 0, 0.5, 1])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def main() -> None:
    patients = Patients()
    save(why(patients), PICTURES / "p_why.png")
    save(three(patients, 0, 1, "Two pathways without a link"), PICTURES / "p_no_link.png")
    save(three(patients, 0, 2, "Two pathways with a link"), PICTURES / "p_link.png")


if __name__ == "__main__":
    main()

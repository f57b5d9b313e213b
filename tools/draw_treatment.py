"""Draw the pictures of docs/treatment.md from simulated counts of treated cells; two minutes.

python tools/draw_treatment.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

import tcga_corr
from tcga_corr.fetching.treatment import CONTROL, FILES, write_treatment
from tcga_corr.figures.boxes import boxes
from tcga_corr.figures.change import volcano
from tcga_corr.figures.enriched_dots import enriched_dots
from tcga_corr.figures.gene_heat import gene_heat
from tcga_corr.figures.look import FigureFile, Look
from tcga_corr.figures.overlap import overlap
from tcga_corr.figures.principal_axes import principal_axes
from tcga_corr.figures.running_sums import running_sums
from tcga_corr.figures.style import save
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.sources.simulated import CELLS
from tcga_corr.vocabulary.gene_sets.catalogue import DEATH_PROGRAMMES

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
N_COLOURS, DPI = 256, 140


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write_treatment(folder)
    counts, groups, _ = (folder / name for name in FILES)
    engine = tcga_corr.open_store(folder / "cache")
    options = LoadOptions(source=CELLS, counts=True, normalize="cpm")
    engine.load(counts, options).raise_errors()
    draw(principal_axes(engine.pca(groups, source=CELLS)), "pca")
    scores = engine.score(list(DEATH_PROGRAMMES), by=groups, source=CELLS)
    if scores.compared is None:
        raise ValueError("the scores are in groups")
    draw(boxes(scores.compared, CONTROL), "scores")
    answer = engine.de(groups, reference=CONTROL, source=CELLS, jobs=1)
    draw(overlap(answer), "overlap")
    draw(volcano(answer), "volcano")
    draw(gene_heat(answer), "heat")
    title = "de.parquet against hallmark"
    draw(enriched_dots(engine.enrich(answer, "hallmark", method="ora")), "dots", title)
    draw(running_sums(engine.enrich(answer, "hallmark")), "sums", title)


def draw(figure: Figure, name: str, title: str | None = None) -> None:
    """Write a picture, in few colours: half of the bytes."""
    path = PICTURES / f"treatment_{name}.png"
    save(figure, FigureFile(path, Look(dpi=DPI, title=title)))
    with Image.open(path) as drawn:
        drawn.convert("RGB").quantize(N_COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    main()

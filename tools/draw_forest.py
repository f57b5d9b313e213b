"""Draw the figure of the README from the atlas of the demo.

tcga-corr --cache FOLDER demo && python tools/draw_forest.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

import tcga_corr
from tcga_corr.figures.forest import forest
from tcga_corr.figures.style import save

PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "forest.png"
N_COLOURS = 256  # all that a figure of few colours needs, in half of the bytes


def main() -> None:
    engine = tcga_corr.open_store(sys.argv[1])
    save(forest(engine.correlate("ferroptosis", "nfkb", source="simulated")), PICTURE)
    with Image.open(PICTURE) as drawn:
        drawn.convert("RGB").quantize(N_COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()

"""``python -m tcga_corr``."""

from tcga_corr.cli import main

main()

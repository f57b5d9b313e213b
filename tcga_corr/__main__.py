"""``python -m tcga_corr``."""

from tcga_corr.cli.entry import main

main()

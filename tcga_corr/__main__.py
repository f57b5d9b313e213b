"""``python -m tcga_corr``."""

from tcga_corr.cli.main import main

main()

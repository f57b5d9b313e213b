"""The command line: one thin module a command."""

from tcga_corr.cli.diagnostics import main

__all__ = ["main"]

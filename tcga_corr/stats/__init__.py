"""Correlation and adjustment for many tests: pure numpy and scipy."""

"""Figures of answers and runs."""

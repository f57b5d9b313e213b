"""Differential expression: samples, design, fit and summary of a comparison of raw counts."""

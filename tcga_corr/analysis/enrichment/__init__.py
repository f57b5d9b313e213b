"""Enrichment: rankings and lists of genes, and the tests of gene sets in them."""

"""Batches: many analyses from one file, and the claims of publications compared with them."""

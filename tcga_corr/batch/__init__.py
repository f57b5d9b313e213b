"""Batches: many questions from one file, and what is published held beside the answers."""

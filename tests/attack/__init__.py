"""Attacks: bytes that flip, inputs that were mutated, processes that are killed.

They run at a tenth of their size; ``TCGA_CORR_ATTACK=full`` runs them whole.
"""

"""The page: what was asked and found, as one HTML file that needs nothing else."""

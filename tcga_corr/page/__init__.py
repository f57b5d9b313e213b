"""The page: questions, answers, figures and tables, as one HTML file that needs nothing else."""

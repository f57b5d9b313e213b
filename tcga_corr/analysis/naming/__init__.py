"""Names: what a user's text or Python object stands for."""

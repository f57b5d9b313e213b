"""From files on disk into the store: expression tables and covariates."""

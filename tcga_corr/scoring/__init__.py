"""Within-sample ranks and ssGSEA scores: pure numpy."""

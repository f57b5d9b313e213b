"""The live page over a store: routes, names, access, answers."""

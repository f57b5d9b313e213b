"""The live page over a store: routes, names, access, answers. It reads the store and no more."""

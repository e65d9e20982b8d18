"""How the lists of several channels become one. One file a way."""

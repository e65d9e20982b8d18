"""Towers that have read the catalogue, for a shop where nobody has searched yet, or few have."""

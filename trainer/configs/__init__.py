"""Training configurations: their shape, and the ones that ship."""

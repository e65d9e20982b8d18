"""How good a bundle is, measured through the bundle itself."""

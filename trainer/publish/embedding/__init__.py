"""Vectors of a whole catalogue, made before a build. READ FIRST: embed.py."""

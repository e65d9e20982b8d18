"""Vectors of items, searched as columns. Every kind of index is a class in specs.py; the planner chooses one."""

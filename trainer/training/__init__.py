"""Examples in, towers out. READ FIRST: `Loop.run` in loop.py."""

"""The kinds of index. The list of them is in specs.py, which is what everybody imports."""

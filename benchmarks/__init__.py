"""What `multigrain bench NAME` runs: one file a bench, listed in suite.py.

limits/ measures what the bare machine, or a bare server, can do: the figures are held against it.
"""

"""`multigrain ...`: the top floor, the only place that joins the programs.

One thin file a command, listed in main.py.
"""

"""Titles by their words, ranked by BM25, in NumPy columns: segments that never change, snapshots, one writer.

Read in this order: segment.py (what lies in memory), searching.py (how the best k are found), merging.py (how segments
stay few), ../channels/lexical_index.py (who writes, and what a search sees of it).
"""

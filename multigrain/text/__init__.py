"""Text -> grains -> ids. One analyzer for trainer, streaming and server, named and versioned in every bundle.

analyzer.py   what the towers read                  (uses cjk.py, latin.py, measures.py)
terms.py      what key terms are matched on         (uses no segmenter)
findable.py   what the lexical channel looks up     (both of the above)
"""

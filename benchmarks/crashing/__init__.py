"""The crash test: a history is sent to a real broker, a consumer is killed again and again, and what is then in the
stores must be what one undisturbed pass over the same records gives.

READ FIRST: `kills.py`. `history.py` says what is sent, `oracle.py` what must come of it, `comparison.py` what counts as
a difference, `points.py` where a consumer can be killed.
"""

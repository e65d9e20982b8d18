"""The relevance teacher: a model of query-item relevance, learnt from judgments.

READ FIRST: flow.py.
"""

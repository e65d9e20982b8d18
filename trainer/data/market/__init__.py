"""A simulated marketplace, honest enough to judge models on: what is wanted, shown and chosen, and the truth behind it.

READ FIRST: marketplace.py.
"""

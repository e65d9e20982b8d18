"""Catalogue and indexes held against each other, and what is wrong put right. READ FIRST: reconcile.py."""

"""Logs in: the layout, a simulated marketplace, and what training is fed with."""

"""Multigrain: embedding-based product retrieval for e-commerce search.

This package is the floor: the words and the stores that trainer, streaming and server share.
It knows no gRPC server, no Kafka and no training.
"""

__version__ = "0.1.0"

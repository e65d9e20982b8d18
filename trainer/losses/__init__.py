"""What training minimises: small pure functions, joined in their order in retrieval.py."""

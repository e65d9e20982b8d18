"""The cut-off of a bundle, fitted on training searches. READ FIRST: flow.py."""

"""Generated from protos/multigrain/v1 by `make protos`; a test regenerates and compares."""

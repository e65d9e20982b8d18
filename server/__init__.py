"""The gRPC door and the request path. Read pipeline.py first."""

"""The gRPC door and the request path, which lies flat here; what it rests on has folders. Read pipeline.py first."""

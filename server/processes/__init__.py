"""Several processes behind one port, which start, report and stop as one. READ FIRST: supervisor.py.

The supervisor loads neither gRPC nor TensorFlow; each process it starts runs the ordinary server.
"""

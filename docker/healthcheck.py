"""What the HEALTHCHECK of an image runs: exit code 0 if the program in this container does its work.

`grpc` asks the server by the standard health protocol; it says SERVING only once a generation is live. `metrics`
reads the page of a program that has no other door.
"""

import os
import sys
import urllib.request

SECONDS = 4
DEFAULT_SERVER_PORT = "50051"
DEFAULT_METRICS_PORT = "9464"


def grpc_fault(port: str) -> str | None:
    """What is wrong with the server on that port. None: it serves."""
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
        except grpc.RpcError as failure:
            return f"the server on port {port} gives no answer: {failure.code().name}"
    state = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
    return None if state == "SERVING" else f"the server on port {port} says {state}"


def metrics_fault(port: str) -> str | None:
    """What is wrong with the metrics page on that port. None: it is there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=SECONDS) as page:
            page.read()
    except OSError as failure:
        return f"the metrics page on port {port} gives no answer: {failure}"
    return None


def main(what: str) -> int:
    if what == "grpc":
        fault = grpc_fault(os.environ.get("MULTIGRAIN_SERVER_PORT", DEFAULT_SERVER_PORT))
    elif what == "metrics":
        fault = metrics_fault(os.environ.get("MULTIGRAIN_TELEMETRY_METRICS_PORT", DEFAULT_METRICS_PORT))
    else:
        fault = f"unknown check {what!r}: give grpc or metrics"
    if fault:
        sys.stderr.write(f"{fault}\n")
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))

"""`multigrain bench machine`: the limits by themselves, so that figures from two machines can be compared."""

from collections.abc import Callable, Sequence

from benchmarks.bench import Bench, Size
from benchmarks.limits import grpc_echo, machine
from multigrain.figures import Figure
from multigrain.settings import Settings


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    say("sgemm")
    gemm = machine.sgemm_gflops()
    say("memory")
    read = machine.read_gib_per_second()
    say("gRPC echo")
    small = grpc_echo.echo_seconds(request_bytes=64, reply_bytes=64, calls=300)
    large = grpc_echo.echo_seconds(request_bytes=64, reply_bytes=120_000, calls=300)
    return (
        Figure.of("sgemm 2048", gemm, "GFLOP/s"),
        Figure.of("memory read, one thread", read, "GiB/s"),
        Figure.of("gRPC echo, 64 B", [s * 1e3 for s in small], "ms"),
        Figure.of("gRPC echo, 120 kB reply", [s * 1e3 for s in large], "ms"),
    )


BENCH = Bench(name="machine", summary="sgemm, memory and gRPC rates of this machine", sizes=tuple(Size), run=_run)

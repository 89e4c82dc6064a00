# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Times calls on a GPU: graphs of them are replayed between two events, each call
on its own copy of what it reads, so that caches hold none of it.
"""

from kit_formats import make_operand, weight_bytes
from kit_peers import PEERS, Missing, Problem

# A graph has at least so many calls, so that starting it weighs little.
CALLS = 8
WARM_UPS = 2


class Clock:
    """Replays graphs on PyTorch's current device."""

    def __init__(self, torch, repetitions, rotated_bytes):
        self.torch, self.repetitions, self.rotated_bytes = torch, repetitions, rotated_bytes

    def replay(self, calls):
        """Returns the seconds of a call, the median of the repetitions."""
        cuda = self.torch.cuda
        stream = cuda.Stream()
        stream.wait_stream(cuda.current_stream())
        with cuda.stream(stream):
            for _ in range(WARM_UPS):
                for call in calls:
                    call()
        stream.synchronize()
        graph, times = cuda.CUDAGraph(), []
        with cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            for call in calls:
                call()
        graph.replay()
        for _ in range(self.repetitions):
            first, last = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
            first.record()
            graph.replay()
            last.record()
            last.synchronize()
            times.append(first.elapsed_time(last))
        return sorted(times)[len(times) // 2] / 1000 / len(calls)

    def rotate(self, tensors, prepare):
        """Returns calls on copies of the tensors."""
        size = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        copies = [tensors]
        while len(copies) * size < self.rotated_bytes:
            copies.append([tensor.clone() for tensor in tensors])
        calls = [prepare(*copy) for copy in copies]
        return calls * -(-CALLS // len(calls))

    def measure_limits(self):
        """Returns what copying and bf16 products of this machine do."""
        torch, size = self.torch, 8192
        source = torch.empty(1 << 30, dtype=torch.uint8, device="cuda").fill_(1)
        target = torch.empty_like(source)
        copy = 2 * source.numel() / self.replay([lambda: target.copy_(source)] * CALLS)
        a, b = (torch.randn(size, size, device="cuda").to(torch.bfloat16) for _ in range(2))
        return {"copy_bytes_per_s": copy, "matmul_flop_per_s": 2 * size**3 / self.replay([lambda: a @ b] * CALLS)}


def measure_error(torch, results, exact):
    """Returns the root of the squared error over that of the squared sums."""
    return float((torch.linalg.norm(results.double() - exact) / torch.linalg.norm(exact)).item())


def time_peer(clock, peer, problem, exact):
    """Returns seconds and error of a peer's fastest variant."""
    tensors, variants = peer(problem)
    best, reasons = None, []
    for prepare in variants:
        try:
            calls = clock.rotate(tensors, prepare)
            error = measure_error(clock.torch, calls[0](), exact)
            seconds = clock.replay(calls)
        except Exception as failure:  # A tile may need more than the GPU has.
            reasons.append(failure)
            continue
        if best is None or seconds < best["seconds"]:
            best = {"seconds": seconds, "error": error}
    if best is None:
        raise reasons[0]
    return best


def time_case(clock, machine, library, case, m, names):
    """Returns a result for each provider."""
    torch = clock.torch
    kinds = ((case["lhs"], m), (case["rhs"], case["n"]))
    sides = [make_operand(machine, kind, rows, case["k"], exact=False) for kind, rows in kinds]
    stored = [[machine.store(array, kind) for array, kind in side.parts] for side in sides]
    problem = Problem(torch, case, sides, stored, library)
    exact = sides[0].values @ sides[1].values.T
    results = []
    for name in names:
        result = {"case": case["name"], "provider": name, "lhs": case["lhs"], "rhs": case["rhs"]}
        result |= {"chip": case["chip"]} | ({"variant": case["variant"]} if case.get("variant") else {})
        result |= {"m": m, "n": case["n"], "k": case["k"], "bytes": weight_bytes(case["rhs"], case["n"], case["k"])}
        try:
            result |= time_peer(clock, PEERS[name], problem, exact)
        except Missing as reason:
            result["skipped"] = str(reason)
        except Exception as failure:  # Whatever a peer raises, the others go on.
            lines = str(failure).strip().splitlines()
            result["skipped"] = f"{type(failure).__name__}: {lines[0] if lines else ''}"
        results.append(result)
        torch.cuda.empty_cache()
    return results

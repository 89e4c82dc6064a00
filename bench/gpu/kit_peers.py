# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""What runs beside mx: products of PyTorch and Triton on the same numbers.

A peer is a function of a Problem that returns the tensors which a timed run takes
in turn (the weights, so that no cache holds them), and functions which make a
call of such tensors; the fastest of them counts. It raises Missing, with the
reason, where it cannot run. What is prepared once for weights is not timed.
"""

from kit_formats import BLOCKED


class Missing(Exception):
    """Why a peer does not run."""


class Problem:
    """One product: its sides by parts, and as bf16 numbers."""

    def __init__(self, torch, case, sides, stored, library):
        self.torch, self.case, self.library = torch, case, library
        self.m, self.n, self.k = sides[0].values.shape[0], case["n"], case["k"]
        self.lhs, self.rhs = stored
        self.activations = sides[0].values.to(torch.bfloat16)
        self.weights = sides[1].values.to(torch.bfloat16)

    def empty(self):
        return self.torch.empty((self.m, self.n), dtype=self.torch.bfloat16, device=self.weights.device)


def run_mx(problem):
    """The compiled library."""
    torch, shape = problem.torch, (problem.m, problem.n)
    types = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}

    def prepare(*weights):
        result = torch.empty(shape, dtype=types[problem.case["result"]], device=weights[0].device)
        parts = [*problem.lhs, *weights, result]
        call = problem.library.bind([(part.data_ptr(), tuple(part.shape)) for part in parts])

        def run():
            call(torch.cuda.current_stream().cuda_stream)
            return result

        return run

    return problem.rhs, [prepare]


def run_cublas(problem):
    """bf16 weights."""
    return [problem.weights], [lambda weights: lambda: problem.activations @ weights.T]


def run_tinygemm(problem):
    """Integer weights of 4 bits in groups of 32, which it makes by itself."""
    torch, group = problem.torch, 32
    if problem.n % 8 or problem.k % 128:
        raise Missing("expected columns in multiples of 8 and K of 128")
    blocks = problem.weights.float().reshape(problem.n, problem.k // group, group)
    low, high = blocks.amin(2, keepdim=True), blocks.amax(2, keepdim=True)
    scale = (high - low).clamp(min=1e-6) / 15
    codes = ((blocks - low) / scale).round().clamp(0, 15).to(torch.uint8).reshape(problem.n, problem.k)
    packed = torch.ops.aten._convert_weight_to_int4pack(codes[:, 0::2] << 4 | codes[:, 1::2], 8)
    zeros = low + scale * 8
    pairs = torch.cat((scale, zeros), 2).transpose(0, 1).contiguous().to(torch.bfloat16)
    product = torch.ops.aten._weight_int4pack_mm
    return [packed, pairs], [lambda packed, pairs: lambda: product(problem.activations, packed, group, pairs)]


def run_fp8(problem):
    """e4m3 numbers with a factor for each row."""
    torch = problem.torch
    if torch.cuda.get_device_capability() < (8, 9):
        raise Missing("expected a GPU with FP8 products")

    def quantize(numbers):
        factor = numbers.abs().amax(1, keepdim=True).float().clamp(min=1e-12) / 448
        return (numbers.float() / factor).to(torch.float8_e4m3fn), factor

    (left, left_factor), (right, right_factor) = quantize(problem.activations), quantize(problem.weights)

    def prepare(weights):
        return lambda: torch._scaled_mm(
            left, weights.T, scale_a=left_factor, scale_b=right_factor.T, out_dtype=torch.bfloat16
        )

    return [right], [prepare]


def import_triton():
    try:
        import kit_triton
    except ImportError as error:
        raise Missing(f"expected Triton, got {error}") from error
    return kit_triton


def need_fp4(problem):
    """Returns the format of the weights, the length of a block and its scale."""
    kind = problem.case["rhs"]
    if kind not in BLOCKED or BLOCKED[kind][0] != 4:
        raise Missing(f"expected FP4 weights, got {kind}")
    return kind, *BLOCKED[kind][3:]


def run_dot_scaled(problem):
    """Triton's own block-scaled product, in each of our tiles."""
    code = import_triton()
    kind, group, scale = need_fp4(problem)
    left = problem.case["lhs"]
    if left not in ("bf16", kind):
        raise Missing(f"expected activations of bf16 or {kind}, got {left}")
    if scale != "e8m0":
        raise Missing("expected scales of E8M0: tensor scales and UE4M3 scales are not compared")
    tiles = [tile for tile in code.TILES if problem.n % tile[1] == 0 and problem.k % tile[2] == 0]
    if not tiles:
        raise Missing("expected a size of which tiles are parts")
    a, a_scales = (problem.activations,) * 2 if left == "bf16" else problem.lhs

    def variant(rows, columns, depth, warps, stages):
        grid = (-(-problem.m // rows), problem.n // columns)

        def prepare(codes, scales):
            result = problem.empty()

            def run():
                code.scaled_product[grid](
                    a, a_scales, codes, scales, result, problem.m, problem.n, problem.k,
                    left, group, rows, columns, depth, num_warps=warps, num_stages=stages,
                )  # fmt: skip
                return result

            return run

        return prepare

    return problem.rhs, [variant(*tile) for tile in tiles]


def run_decoded(problem):
    """A kernel of Triton makes bf16 weights, at every call, then cuBLAS multiplies."""
    code = import_triton()
    kind, group, scale = need_fp4(problem)
    factor = problem.rhs[2].item() if len(problem.rhs) > 2 else 1.0
    count, pairs = problem.n * problem.k // 2, 1024

    def prepare(codes, scales):
        numbers = problem.torch.empty_like(problem.weights)

        def run():
            code.decode_numbers[(-(-count // pairs),)](codes, scales, numbers, count, group, scale == "e8m0", pairs)
            product = problem.activations @ numbers.T
            return product if factor == 1.0 else product * factor

        return run

    return problem.rhs[:2], [prepare]


PEERS = {
    "mx": run_mx,
    "cublas-bf16": run_cublas,
    "tinygemm-int4": run_tinygemm,
    "triton-dot-scaled": run_dot_scaled,
    "decode-then-cublas": run_decoded,
    "scaled-mm-fp8": run_fp8,
}

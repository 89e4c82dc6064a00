# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Whatever the entry points are given, they return or raise: the interpreter never dies of it.

Arguments are drawn from pools of sensible and senseless values, with seeds of their own for each entry point, in
another process, whose end is looked at.
"""

import subprocess
import sys

import pytest

PROGRAM = '''
import random, sys
import numpy as np
import mx

WORDS = ["mxfp4", "nvfp4", "amax", "even", "", "\\0", "é\\udcff", "x" * 5000, "float32", "bfloat16", "stochastic",
         "native",
         "func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {\\n return %x : tensor<?xf32>\\n}", "module {", "/dev", "."]
NUMBERS = [0, 1, -1, 2, 3, 7, 16, 32, 64, 256, 2**31, 2**62, 2**63, 2**64, -2**63, 0.5, float("nan"), float("inf"),
           True]
FORMAT = mx.Format("f6E3M2FN", "f8E4M3FN", 4, True)


def array(draw):
    shape = tuple(draw.choice([0, 1, 2, 3, 16, 17, 32, 64]) for _ in range(draw.randrange(4)))
    dtype = draw.choice(["f4", "f4", "f4", "f2", "f8", ">f4", "u1", "i1", "i4", "u8", "?", "c8", "S3", "U2", "O",
                         "M8[s]", "g", [("a", "f4")], "V2"])
    made = np.zeros(shape, dtype)
    if dtype in ("f4", "f2", "f8"):
        made[...] = np.array(draw.choice([0, 1, -3.5, np.nan, np.inf, 1e-40])).astype(dtype)
    if draw.random() < 0.2:
        made = np.broadcast_to(made, (draw.choice([1, 2, 5]),) + shape)
    if draw.random() < 0.2:
        made = made.T
    if draw.random() < 0.1:
        made = made[..., ::-1] if made.ndim else made
    return made


def value(draw):
    kind = draw.randrange(9)
    if kind < 3:
        return array(draw)
    if kind == 3:
        return draw.choice(WORDS)
    if kind == 4:
        return draw.choice(NUMBERS)
    if kind == 5:
        ragged = [[1.0], [2.0, 3.0]]
        return draw.choice([None, FORMAT, mx.Rotation(4), b"", b"\\xff" * 9, [], {}, object(), [1.5], ragged])
    if kind == 6:
        return tuple(draw.choice(NUMBERS[:11]) for _ in range(draw.randrange(4)))
    try:
        return mx.quantize(array(draw), draw.choice(["mxfp4", "nvfp4", FORMAT]), axis=draw.randrange(3))
    except (TypeError, ValueError):
        return None


PROGRAMS = [mx.compile("""
func.func @blocked(%x: !mx.tensor<?x?, mxfp4, axis = 1>) -> tensor<?x?xf32> {
  %0 = mx.dequantize %x : !mx.tensor<?x?, mxfp4, axis = 1> to tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
func.func @plain(%x: tensor<?x?xf32>, %y: i8) -> (tensor<?x?xf32>, i8) {
  return %x, %y : tensor<?x?xf32>, i8
}
func.func @buffer(%x: memref<?xi32>) {
  return
}""")]


def spoil(draw, *arguments):
    """The arguments, some of them replaced, one more or one less."""
    spoilt = [value(draw) if draw.random() < 0.15 else argument for argument in arguments]
    spoilt = spoilt[: len(spoilt) - (draw.random() < 0.1)]
    return spoilt + [value(draw)] * (draw.random() < 0.1)


def call(draw, entry):
    names = ["scale_rule", "rounding", "axis", "rotation", "seed", "random_bits", "satfinite", "tensor_scale"]
    options = {name: value(draw) for name in names if draw.random() < 0.15}
    format = draw.choice(["mxfp4", "nvfp4", FORMAT])
    blocks = mx.quantize(np.ones((draw.randrange(3), 64), np.float32), "mxfp4")
    if entry == "quantize":
        return mx.quantize(array(draw), *spoil(draw, format), **options)
    if entry == "tensor":
        tensor = mx.BlockTensor(*spoil(draw, blocks.payload, blocks.scales, blocks.shape, "mxfp4", 1, 1.0, None))
        return [tensor.dequantize(), repr(tensor), tensor.to_mlir(), tensor == blocks]
    if entry == "methods":
        tensor = mx.quantize(array(draw), format, axis=draw.randrange(-1, 2))
        name = draw.choice(["to_gpt_oss", "to_ggml", "to_scale_tiles", "to_mlir", "dequantize"])
        return getattr(tensor, name)(*spoil(draw))
    if entry == "statics":
        name = draw.choice(["from_gpt_oss", "from_ggml", "from_scale_tiles"])
        parts = {"from_gpt_oss": blocks.to_gpt_oss(), "from_ggml": (blocks.to_ggml(), "mxfp4"),
                 "from_scale_tiles": (blocks.payload, blocks.to_scale_tiles(), blocks.shape)}[name]
        return getattr(mx.BlockTensor, name)(*spoil(draw, *parts))
    if entry == "elements":
        function = draw.choice([mx.encode_elements, mx.decode_elements, mx.rotate, mx.dequantize])
        return function(*spoil(draw, array(draw), draw.choice(["f4E2M1FN", "f8E5M2", 4])))
    if entry == "formats":
        function, arguments = draw.choice([(mx.Format, ("f4E2M1FN", "f8E4M3FN", 4)), (mx.Rotation, (4, (1, -1, 1, 1))),
                                           (mx.Rotation.drawn, (8, 3)), (mx.Format.of, ("nvfp4",))])
        return function(*spoil(draw, *arguments))
    if entry == "weights":
        moments = mx.Moments(*spoil(draw, draw.choice([16, 32, 64])))
        for _ in range(draw.randrange(3)):
            rows = np.random.default_rng(draw.randrange(9)).standard_normal((draw.randrange(40), moments.columns))
            moments.add(*spoil(draw, rows if draw.random() < 0.8 else array(draw)))
        matrix = np.full((draw.randrange(4), moments.columns), draw.choice([1.5, 0, np.nan, np.inf, 1e38]), np.float32)
        names = ["scale_rule", "rotation", "seed", "act_order", "damping", "tensor_scale"]
        options = {name: value(draw) for name in names if draw.random() < 0.15}
        if draw.random() < 0.3:
            names = ["format", "scale_rule", "rotation", "seed", "method"]
            checked = mx.WeightOptions(**{name: value(draw) for name in names if draw.random() < 0.3})
            return [checked.quantize(matrix, moments), moments.rotated(*spoil(draw, 16)), repr(moments)]
        return mx.quantize_gptq(*spoil(draw, matrix, moments, format), **options)
    if entry == "call":
        name, arguments = draw.choice([("blocked", (blocks,)), ("plain", (np.ones((2, 3), np.float32), 5)),
                                       ("buffer", (np.zeros(4, np.int32),))])
        return PROGRAMS[0](*spoil(draw, *arguments), function=name if draw.random() < 0.9 else value(draw))
    if entry == "compile":
        names = ("target", "entry", "name", "rotation", "threads")
        named = {name: value(draw) for name in names if draw.random() < 0.2}
        return mx.compile(*spoil(draw, draw.choice(WORDS)), **named)
    return mx.load(value(draw))


entry, count = sys.argv[1], int(sys.argv[2])
returned = 0
for seed in range(count):
    draw = random.Random(f"{entry} {seed}")
    try:
        call(draw, entry)
        returned += 1
    except (TypeError, ValueError, OverflowError, OSError, MemoryError):
        pass
print(returned)
'''

COUNTS = {
    "quantize": 3000,
    "tensor": 3000,
    "methods": 3000,
    "statics": 3000,
    "elements": 3000,
    "weights": 1500,
    "formats": 3000,
    "call": 3000,
    "compile": 150,
    "load": 200,
}


@pytest.mark.parametrize("entry", COUNTS)
def test_an_exception_but_never_an_abort(entry):
    done = subprocess.run([sys.executable, "-c", PROGRAM, entry, str(COUNTS[entry])], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Exception ignored" not in done.stderr
    if entry != "load":
        assert int(done.stdout.split()[-1]) > 0


def test_programs_nested_too_deep_are_refused():
    code = "mx.compile('func.func @f() {' + 'scf.execute_region {' * 100000)"
    code = f"import mx\ntry:\n  {code}\nexcept mx.Error: print('refused')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and "refused" in done.stdout, done.stderr[-2000:]

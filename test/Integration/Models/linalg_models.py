#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Writes blocks of language models as plain `linalg`, with inputs and expected results.

  linalg_models.py llama_mlp -o block.mlir --inputs in --expected expected.npy

Inputs go to in0.npy, in1.npy, …; the expected result is computed in f64 from the same
numbers (references.py). Blocks of the sizes llama3-8b and gpt-oss-20b have no data:
their weights are splats or arguments.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import references
from linalg_builder import ZERO, Builder, Value, round_to, to_bytes
from references import SIZES, Sizes

EPSILON = "1.000000e-05"
ADD = "%r = arith.addf %a, %b : {f}"
MULTIPLY = "%r = arith.mulf %a, %b : {f}"
SUM = "%r = arith.addf %a, %out : {f}"
LARGEST = "%r = arith.maximumf %a, %out : {f}"
LOWEST = {"f32": "0xFF800000", "bf16": "0xFF80"}  # -inf

SILU = """%one = arith.constant 1.0 : {f}
%n = arith.negf %a : {f}
%e = math.exp %n : {f}
%d = arith.addf %e, %one : {f}
%s = arith.divf %one, %d : {f}
%r = arith.mulf %a, %s : {f}"""

# gpt-oss: (up + 1) · gate · sigmoid(1.702 · gate), where gate ≤ 7 and |up| ≤ 7.
CLAMPED_SWIGLU = """%one = arith.constant 1.0 : {f}
%limit = arith.constant 7.0 : {f}
%lowest = arith.constant -7.0 : {f}
%alpha = arith.constant 1.702 : {f}
%g = arith.minimumf %a, %limit : {f}
%v = arith.minimumf %b, %limit : {f}
%u = arith.maximumf %v, %lowest : {f}
%z = arith.mulf %g, %alpha : {f}
%n = arith.negf %z : {f}
%e = math.exp %n : {f}
%d = arith.addf %e, %one : {f}
%s = arith.divf %g, %d : {f}
%w = arith.addf %u, %one : {f}
%r = arith.mulf %w, %s : {f}"""


# --- parts of blocks ------------------------------------------------------------


def linear(b: Builder, x: Value, weight: Value, name: str) -> Value:
    """Computes x · wᵀ for x [1, rows, in] and a weight [out, in]."""
    rows = b.reshape(x, x.shape[1:], [[0, 1], [2]])
    y = b.linear(rows, weight, name)
    return b.reshape(y, (1, *y.shape), [[0, 1], [2]])


def rms_norm(b: Builder, x: Value, gain: Value) -> Value:
    """Normalises the last dimension, in f32."""
    dims = tuple(range(len(x.shape)))
    wide = b.cast(x, "f32")
    total = b.reduce(b.same("%r = arith.mulf %a, %a : f32", wide), ZERO, SUM)
    factor = b.same(
        f"""%n = arith.constant {x.shape[-1]}.0 : f32
        %eps = arith.constant {EPSILON} : f32
        %m = arith.divf %a, %n : f32
        %s = arith.addf %m, %eps : f32
        %r = math.rsqrt %s : f32""",
        total,
    )
    normal = b.elementwise([(wide, dims), (factor, dims[:-1])], x.shape, MULTIPLY)
    normal = b.cast(normal, x.element)
    return b.elementwise([(normal, dims), (gain, dims[-1:])], x.shape, MULTIPLY)


def softmax(b: Builder, x: Value) -> Value:
    """Normalised exponentials along the last dimension, in f32."""
    dims = tuple(range(len(x.shape)))
    wide = b.cast(x, "f32")
    top = b.reduce(wide, LOWEST["f32"], LARGEST)
    body = "%d = arith.subf %a, %b : f32\n%r = math.exp %d : f32"
    powers = b.elementwise([(wide, dims), (top, dims[:-1])], x.shape, body)
    total = b.reduce(powers, ZERO, SUM)
    body = "%r = arith.divf %a, %b : f32"
    result = b.elementwise([(powers, dims), (total, dims[:-1])], x.shape, body)
    return b.cast(result, x.element)


def rope(b: Builder, x: Value, cos: Value, sin: Value) -> Value:
    """Rotary positions: x · cos + rotate_half(x) · sin, for x [1, heads, rows, size]."""
    half = x.shape[-1] // 2
    low, high = b.slice(x, 0, half), b.slice(x, half, half)
    negative = b.same("%r = arith.negf %a : {f}", high)
    turned = b.concat([negative, low])
    body = """%p = arith.mulf %a, %b : {f}
    %s = arith.mulf %c, %d : {f}
    %r = arith.addf %p, %s : {f}"""
    dims, table = (0, 1, 2, 3), (2, 3)
    return b.elementwise([(x, dims), (cos, table), (turned, dims), (sin, table)], x.shape, body)


def split_heads(b: Builder, x: Value, heads: int) -> Value:
    """[1, rows, heads · size] to [1, heads, rows, size]."""
    _, rows, width = x.shape
    split = b.reshape(x, (1, rows, heads, width // heads), [[0], [1], [2, 3]])
    return b.transpose(split, (0, 2, 1, 3))


def repeat_heads(b: Builder, x: Value, times: int) -> Value:
    """[1, heads, rows, size] to [heads · times, rows, size]."""
    _, heads, rows, size = x.shape
    copies = b.elementwise([(x, (0, 1, 3, 4))], (1, heads, times, rows, size), "")
    return b.reshape(copies, (heads * times, rows, size), [[0, 1, 2], [3], [4]])


def causal_scores(b: Builder, scores: Value, size: int) -> Value:
    """Scales scores [heads, rows, rows] and hides what comes later."""
    body = f"""%row = linalg.index 1 : index
    %column = linalg.index 2 : index
    %hidden = arith.cmpi ugt, %column, %row : index
    %low = arith.constant {LOWEST[scores.element]} : {{f}}
    %f = arith.constant {size**-0.5!r} : {{f}}
    %s = arith.mulf %a, %f : {{f}}
    %r = arith.select %hidden, %low, %s : {{f}}"""
    return b.same(body, scores)


def top_experts(b: Builder, logits: Value, count: int) -> Value:
    """Routing weights [rows, experts]: softmax over the `count` largest logits."""
    low = LOWEST[logits.element]
    left, dims = logits, (0, 1)
    body = f"""%low = arith.constant {low} : {{f}}
    %taken = arith.cmpf oge, %a, %b : {{f}}
    %r = arith.select %taken, %low, %a : {{f}}"""
    for _ in range(count):
        last = b.reduce(left, low, LARGEST)
        left = b.elementwise([(left, dims), (last, (0,))], logits.shape, body)
    body = body.replace("%low, %a", "%a, %low")
    kept = b.elementwise([(logits, dims), (last, (0,))], logits.shape, body)
    return softmax(b, kept)


# --- blocks ---------------------------------------------------------------------


def llama_mlp(b: Builder, p: dict[str, Value], x: Value, sizes: Sizes) -> Value:
    """x + down(silu(gate(norm(x))) · up(norm(x)))."""
    h = rms_norm(b, x, p["mlp_norm"])
    gate = b.same(SILU, linear(b, h, p["gate_proj"], "gate_proj"))
    up = linear(b, h, p["up_proj"], "up_proj")
    y = linear(b, b.same(MULTIPLY, gate, up), p["down_proj"], "down_proj")
    return b.same(ADD, x, y)


def llama_attention(b: Builder, p: dict[str, Value], x: Value, sizes: Sizes) -> Value:
    """x + o(attention(rope(q), rope(k), v)), with groups of queries for each key."""
    h = rms_norm(b, x, p["attention_norm"])
    heads, groups = sizes.heads, sizes.kv_heads
    q = split_heads(b, linear(b, h, p["q_proj"], "q_proj"), heads)
    k = split_heads(b, linear(b, h, p["k_proj"], "k_proj"), groups)
    v = split_heads(b, linear(b, h, p["v_proj"], "v_proj"), groups)
    q, k = rope(b, q, p["cos"], p["sin"]), rope(b, k, p["cos"], p["sin"])
    q = b.reshape(q, q.shape[1:], [[0, 1], [2], [3]])
    k, v = repeat_heads(b, k, heads // groups), repeat_heads(b, v, heads // groups)
    rows = x.shape[1]
    square = (heads, rows, rows)
    scores = b.matmul("linalg.batch_matmul", q, b.transpose(k, (0, 2, 1)), square, "scores")
    weights = softmax(b, causal_scores(b, scores, sizes.head_dim))
    mixed = b.matmul("linalg.batch_matmul", weights, v, v.shape, "mixed")
    mixed = b.reshape(mixed, (1, *mixed.shape), [[0, 1], [2], [3]])
    merged = b.transpose(mixed, (0, 2, 1, 3))
    merged = b.reshape(merged, (1, rows, heads * sizes.head_dim), [[0], [1], [2, 3]])
    return b.same(ADD, x, linear(b, merged, p["o_proj"], "o_proj"))


def llama_network(b: Builder, p: dict[str, Value], tokens: Value, sizes: Sizes) -> Value:
    """Embedding, layers of attention and MLP, final norm and head."""
    empty = b.empty((1, sizes.rows, sizes.hidden), p["embedding"].element)
    body = f"""%i = arith.index_cast %a : i64 to index
    %column = linalg.index 2 : index
    %r = tensor.extract {p["embedding"].name}[%i, %column] : {p["embedding"].type}"""
    x = b.generic([(tokens, (0, 1))], 3, empty, (0, 1, 2), body)
    for i in range(sizes.layers):
        layer = {key.removeprefix(f"l{i}_"): value for key, value in p.items()}
        x = llama_attention(b, layer, x, sizes)
        x = llama_mlp(b, layer, x, sizes)
    return linear(b, rms_norm(b, x, p["final_norm"]), p["lm_head"], "lm_head")


def gpt_oss_moe(b: Builder, p: dict[str, Value], x: Value, sizes: Sizes) -> Value:
    """Every expert on every row, weighted by the router, as torch does in eager mode."""
    h = rms_norm(b, x, p["mlp_norm"])
    rows = b.reshape(h, h.shape[1:], [[0, 1], [2]])
    dims = (0, 1)
    logits = b.linear(rows, p["router"], "router")
    logits = b.elementwise([(logits, dims), (p["router_bias"], (1,))], logits.shape, ADD)
    routing = top_experts(b, logits, sizes.top)
    experts, inner = sizes.experts, sizes.intermediate
    every, dims = (experts, *rows.shape), (0, 1, 2)
    copies = b.elementwise([(rows, (1, 2))], every, "")
    both = (experts, rows.shape[0], 2 * inner)
    y = b.matmul("linalg.batch_matmul", copies, p["gate_up_proj"], both, "gate_up_proj")
    y = b.elementwise([(y, dims), (p["gate_up_bias"], (0, 2))], both, ADD)
    y = b.same(CLAMPED_SWIGLU, b.slice(y, 0, inner, 2), b.slice(y, 1, inner, 2))
    y = b.matmul("linalg.batch_matmul", y, p["down_proj"], every, "down_proj")
    body = f"%s = arith.addf %a, %b : {{f}}\n{MULTIPLY.replace('%a, %b', '%s, %c')}"
    y = b.elementwise([(y, dims), (p["down_bias"], (0, 2)), (routing, (1, 0))], every, body)
    total = b.fill(ZERO, rows.shape, x.element)
    total = b.generic([(y, dims)], 3, total, (1, 2), SUM)
    return b.same(ADD, x, b.reshape(total, x.shape, [[0, 1], [2]]))


def gpt_oss_experts(b: Builder, p: dict[str, Value], x: Value, sizes: Sizes) -> Value:
    """Rows sorted by expert, each through its own: mx.grouped_matmul on plain weights."""
    inner, ends = sizes.intermediate, p["group_ends"]
    y = b.grouped_matmul(x, p["gate_up_proj"], ends, "gate_up_proj")
    y = b.same(CLAMPED_SWIGLU, b.slice(y, 0, inner, 2), b.slice(y, 1, inner, 2))
    return b.grouped_matmul(y, p["down_proj"], ends, "down_proj")


BLOCKS: dict[str, Callable[[Builder, dict[str, Value], Value, Sizes], Value]] = {
    "llama_mlp": llama_mlp,
    "llama_attention": llama_attention,
    "llama_network": llama_network,
    "gpt_oss_moe": gpt_oss_moe,
    "gpt_oss_experts": gpt_oss_experts,
}


# --- modules --------------------------------------------------------------------


@dataclass(frozen=True)
class Module:
    """A block as text, what it is called with, and the result in f64 where there are data."""

    text: str
    inputs: list[np.ndarray]
    expected: np.ndarray | None


def write_block(
    name: str, sizes: Sizes, element: str, weights: str, linear_form: str = "transpose"
) -> Module:
    """Writes a block. Sizes without data take splat or argument weights only."""
    b = Builder(name, weights, linear_form)
    data = references.draw(name, sizes)
    numbers = {key: round_to(array, element) for key, array in data.items()}
    source = references.source(name, sizes)
    kind = "i64" if name == "llama_network" else element
    x = b.argument("x", source.shape, kind, source if kind == "i64" else round_to(source, element))
    values = {}
    for key, shape in references.shapes(name, sizes).items():
        if key == "group_ends":
            values[key] = b.argument(key, shape, "i64", references.group_ends(sizes))
        else:
            values[key] = b.weight(key, shape, element, numbers.get(key))
    result = BLOCKS[name](b, values, x, sizes)
    expected = None
    if sizes.has_data:
        expected = references.BLOCKS[name](numbers, b.inputs[0], sizes)
    return Module(b.module([result]), [array for array in b.inputs if array is not None], expected)


def save(path: Path, array: np.ndarray, element: str) -> None:
    """Writes an array as mx-run reads it: bf16 is `<u2`."""
    if element == "bf16" and array.dtype == np.float64:
        array = np.frombuffer(to_bytes(array, element), dtype="<u2").reshape(array.shape)
    elif array.dtype == np.float64:
        array = array.astype("<f4")
    np.save(path, array)


def main() -> None:
    """Writes what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("block", choices=BLOCKS)
    parser.add_argument("--size", choices=SIZES, default="tiny")
    parser.add_argument("--element", choices=("f32", "bf16"), default="f32")
    kinds = ("constant", "resource", "splat", "argument")
    parser.add_argument("--weights", choices=kinds, default="constant")
    parser.add_argument("--linear", choices=("transpose", "maps", "generic"), default="transpose")
    parser.add_argument("-o", dest="output", type=Path, required=True)
    parser.add_argument("--inputs", help="first part of the names of the inputs' files")
    parser.add_argument("--expected", type=Path, help="file of the expected result, in f64")
    options = parser.parse_args()
    sizes = SIZES[options.size]
    module = write_block(options.block, sizes, options.element, options.weights, options.linear)
    options.output.write_text(module.text)
    if options.inputs:
        for i, array in enumerate(module.inputs):
            save(Path(f"{options.inputs}{i}.npy"), array, options.element)
    if options.expected:
        np.save(options.expected, module.expected)


if __name__ == "__main__":
    main()

# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""The modules that generate.py runs: families of small variations, by name.

`malformed()` must be refused; `odd()` is valid, or its validity is a matter of
other dialects, but no pass may crash on it. Texts are bytes, because some are no
valid UTF-8.
"""

from __future__ import annotations

M = "!mx.tensor<4x64, mxfp4, axis = 1>"
N = "!mx.tensor<4x64, nvfp4, axis = 1>"
HUGE = 2**63 - 1
E8M0, FP4 = "scale = f8E8M0FNU", "element = f4E2M1FN"

Corpus = dict[str, bytes]


def func(arguments: str, body: str) -> str:
    """Returns a module with one function."""
    return f"func.func @f({arguments}) {{\n  {body}\n  return\n}}\n"


def types() -> dict[str, str]:
    """Wrong !mx.tensor types: shapes, axes, rotations, formats."""
    texts = {
        "square-overflow": "4294967296x4294967296, mxfp4, axis = 1",
        "largest-size": f"{HUGE}x2, mxfp4, axis = 1",
        "largest-vector": f"{HUGE}, mxfp4, axis = 0",
        "beyond-int64": f"{HUGE + 1}, mxfp4, axis = 0",
        "beyond-any-integer": f"{10**40}x4, mxfp4, axis = 0",
        "zero-hides-overflow": f"0x{HUGE}x{HUGE}, mxfp4, axis = 0",
        "dynamic-hides-overflow": f"?x{HUGE}x{HUGE}, mxfp4, axis = 0",
        "rank-9": "x".join(["1"] * 9) + ", mxfp4, axis = 0",
        "rank-10000": "x".join(["1"] * 10000) + ", mxfp4, axis = 0",
        "rank-0": "mxfp4, axis = 0",
        "negative-size": "-4x64, mxfp4, axis = 1",
        "negative-dynamic": f"{-(2**63)}x64, mxfp4, axis = 1",
        "fractional-size": "4.5x64, mxfp4, axis = 1",
        "trailing-x": "4x64x, mxfp4, axis = 1",
        "double-x": "4xx64, mxfp4, axis = 1",
        "scalable": "[4]x64, mxfp4, axis = 1",
        "unranked": "*x64, mxfp4, axis = 1",
        "axis-negative": "4x64, mxfp4, axis = -1",
        "axis-rank": "4x64, mxfp4, axis = 2",
        "axis-huge": f"4x64, mxfp4, axis = {HUGE}",
        "axis-overflow": f"4x64, mxfp4, axis = {2**64}",
        "axis-text": '4x64, mxfp4, axis = "1"',
        "axis-float": "4x64, mxfp4, axis = 1.0",
        "axis-missing": "4x64, mxfp4",
        "axis-twice": "4x64, mxfp4, axis = 1, axis = 1",
        "format-missing": "4x64, axis = 1",
        "format-unknown": "4x64, mxfp5, axis = 1",
        "format-case": "4x64, MXFP4, axis = 1",
        "format-attribute": "4x64, #mx.format<mxfp4>, axis = 1",
        "format-empty": "4x64, format<>, axis = 1",
        "format-nested": "4x64, format<format<mxfp4>>, axis = 1",
        "format-and-name": "4x64, format<mxfp4, block = 16>, axis = 1",
        "format-twice": "4x64, mxfp4, mxfp4, axis = 1",
        "element-builtin": "4x64xf4E2M1FN, axis = 1",
        "rotation-24": "4x48, mxfp4, axis = 1, rotation = hadamard<24>",
        "rotation-0": "4x64, mxfp4, axis = 1, rotation = hadamard<0>",
        "rotation-1": "4x64, mxfp4, axis = 1, rotation = hadamard<1>",
        "rotation-negative": "4x64, mxfp4, axis = 1, rotation = hadamard<-32>",
        "rotation-lowest": f"4x64, mxfp4, axis = 1, rotation = hadamard<{-(2**63)}>",
        "rotation-512": "4x512, mxfp4, axis = 1, rotation = hadamard<512>",
        "rotation-overflow": f"4x64, mxfp4, axis = 1, rotation = hadamard<{2**64}>",
        "rotation-ragged": "4x33, mxfp4, axis = 1, rotation = hadamard<32>",
        "rotation-unknown": "4x64, mxfp4, axis = 1, rotation = givens<32>",
        "rotation-attribute": "4x64, mxfp4, axis = 1, rotation = #mx.hadamard<32>",
        "rotation-twice": "4x64, mxfp4, axis = 1, rotation = hadamard<32>, rotation = hadamard<32>",
        "signs-short": "4x64, mxfp4, axis = 1, rotation = hadamard<4, signs = [1, 1]>",
        "signs-long": "4x64, mxfp4, axis = 1, rotation = hadamard<2, signs = [1, 1, 1]>",
        "signs-100000": "4x64, mxfp4, axis = 1, rotation = hadamard<2, signs = [" + "1, " * 100000 + "1]>",
        "signs-zero": "4x64, mxfp4, axis = 1, rotation = hadamard<2, signs = [1, 0]>",
        "signs-minus-128": "4x64, mxfp4, axis = 1, rotation = hadamard<2, signs = [1, -128]>",
        "signs-257": "4x64, mxfp4, axis = 1, rotation = hadamard<2, signs = [1, 257]>",
        "signs-float": "4x64, mxfp4, axis = 1, rotation = hadamard<2, signs = [1.0, 1.0]>",
        "signs-empty": "4x64, mxfp4, axis = 1, rotation = hadamard<2, signs = []>",
        "signs-open": "4x64, mxfp4, axis = 1, rotation = hadamard<2, signs = [1, 1",
        "empty": "",
        "bidirectional-name": "4x64, \u202emxfp4, axis = 1",
        "wide-digit": "\uff14x64, mxfp4, axis = 1",
        "control-character": "4x64, mx\x01fp4, axis = 1",
        "nul": "4x64, mxfp4\0, axis = 1",
    }
    return {f"type-{name}": f"func.func private @f(!mx.tensor<{text}>)\n" for name, text in texts.items()}


def attributes() -> dict[str, str]:
    """Wrong attributes: formats, rules, rotations, targets, constant data."""
    zeros = "dense<0> : tensor<16xi8>"
    texts = {
        "block-0": f"#mx.format<{FP4}, {E8M0}, block = 0>",
        "block-negative": f"#mx.format<{FP4}, {E8M0}, block = -32>",
        "block-3": f"#mx.format<{FP4}, {E8M0}, block = 3>",
        "block-65538": f"#mx.format<{FP4}, {E8M0}, block = 65538>",
        "block-huge": f"#mx.format<{FP4}, {E8M0}, block = {HUGE}>",
        "block-overflow": f"#mx.format<{FP4}, {E8M0}, block = {2**65}>",
        "block-text": f'#mx.format<{FP4}, {E8M0}, block = "32">',
        "block-twice": f"#mx.format<{FP4}, {E8M0}, block = 32, block = 32>",
        "element-i4": f"#mx.format<element = i4, {E8M0}, block = 32>",
        "element-value": f"#mx.format<element = 4, {E8M0}, block = 32>",
        "element-is-scale": f"#mx.format<element = f8E8M0FNU, {E8M0}, block = 32>",
        "element-nested": f"#mx.format<element = {M}, {E8M0}, block = 32>",
        "scale-e5m2": f"#mx.format<{FP4}, scale = f8E5M2, block = 32>",
        "scale-missing": f"#mx.format<{FP4}, block = 32>",
        "tensor-scale-value": f"#mx.format<{FP4}, {E8M0}, block = 32, tensor_scale = 1>",
        "tensor-scale-twice": f"#mx.format<{FP4}, {E8M0}, block = 32, tensor_scale, tensor_scale>",
        "trailing-comma": f"#mx.format<{FP4}, {E8M0}, block = 32,>",
        "unknown-field": f"#mx.format<{FP4}, {E8M0}, block = 32, bias = 1>",
        "unknown-attribute": "#mx.layout<rows>",
        "no-body": "#mx.format",
        "rule-unknown": "#mx.scale_rule<nearest>",
        "rule-number": "#mx.scale_rule<3>",
        "rule-empty": "#mx.scale_rule<>",
        "rule-control": "#mx.scale_rule<ev\x07en>",
        "rounding-unknown": "#mx.rounding<up>",
        "target-empty": "#mx.target<>",
        "target-gpu": "#mx.target<gpu>",
        "target-number": "#mx.target<1>",
        "target-chip-twice": '#mx.target<cpu, chip = "a", chip = "b">',
        "target-open-string": "#mx.target<cpu, chip = \"a>",
        "elements-empty": "#mx.elements<>",
        "elements-no-scales": f"#mx.elements<payload = {zeros}>",
        "elements-order": f"#mx.elements<scales = {zeros}, payload = {zeros}>",
        "elements-twice": f"#mx.elements<payload = {zeros}, payload = {zeros}>",
        "elements-number": f"#mx.elements<payload = 0, scales = {zeros}>",
        "elements-array": f"#mx.elements<payload = array<i8: 0>, scales = {zeros}>",
        "elements-sparse": f"#mx.elements<payload = sparse<0, 1> : tensor<16xi8>, scales = {zeros}>",
        "elements-no-type": f"#mx.elements<payload = dense<0>, scales = {zeros}>",
        "elements-scale-f64": f"#mx.elements<payload = {zeros}, scales = {zeros}, tensor_scale = 0x7FF8000000000000 : f64>",
        "elements-scale-integer": f"#mx.elements<payload = {zeros}, scales = {zeros}, tensor_scale = 1 : i32>",
        "elements-scale-twice": f"#mx.elements<payload = {zeros}, scales = {zeros}, tensor_scale = 1.0 : f32, tensor_scale = 1.0 : f32>",
        "elements-resource-of-i8": "#mx.elements<payload = dense_resource<>, scales = dense_resource<>>",
    }
    return {f"attribute-{name}": f"module attributes {{test.a = {text}}} {{}}\n" for name, text in texts.items()}


def constants() -> dict[str, str]:
    """mx.constant with parts that do not fit its type."""
    cases = {
        "payload-short": ("dense<0> : tensor<4x31xi8>", "dense<0> : tensor<4x2xi8>", M),
        "payload-rank": ("dense<0> : tensor<128xi8>", "dense<0> : tensor<4x2xi8>", M),
        "payload-i4": ("dense<0> : tensor<4x64xi4>", "dense<0> : tensor<4x2xi8>", M),
        "payload-unsigned": ("dense<0> : tensor<4x32xui8>", "dense<0> : tensor<4x2xi8>", M),
        "payload-strings": ('dense<"a"> : tensor<4x32x!llvm.ptr>', "dense<0> : tensor<4x2xi8>", M),
        "payload-vector": ("dense<0> : vector<4x32xi8>", "dense<0> : tensor<4x2xi8>", M),
        "payload-count": ("dense<[1, 2, 3]> : tensor<4x32xi8>", "dense<0> : tensor<4x2xi8>", M),
        "payload-hex-count": ('dense<"0x0102"> : tensor<4x32xi8>', "dense<0> : tensor<4x2xi8>", M),
        "payload-hex-garbage": ('dense<"0xGG"> : tensor<4x32xi8>', "dense<0> : tensor<4x2xi8>", M),
        "payload-dynamic": ("dense<0> : tensor<?x32xi8>", "dense<0> : tensor<4x2xi8>", M),
        "scales-elements": ("dense<0> : tensor<4x32xi8>", "dense<1.0> : tensor<4x2xf8E8M0FNU>", M),
        "scales-axis": ("dense<0> : tensor<4x32xi8>", "dense<0> : tensor<1x64xi8>", M),
        "scale-out-of-range": ("dense<0> : tensor<4x32xi8>", "dense<256> : tensor<4x2xi8>", M),
        "tensor-scale-missing": ("dense<0> : tensor<4x32xi8>", "dense<0> : tensor<4x4xi8>", N),
        "tensor-scale-needless": ("dense<0> : tensor<4x32xi8>", "dense<0> : tensor<4x2xi8>, tensor_scale = 0x7FC00000 : f32", M),
        "dynamic": ("dense<0> : tensor<4x32xi8>", "dense<0> : tensor<4x2xi8>", "!mx.tensor<?x64, mxfp4, axis = 1>"),
        "plain-result": ("dense<0> : tensor<4x32xi8>", "dense<0> : tensor<4x2xi8>", "tensor<4x64xf32>"),
        "resource-short": ("dense_resource<blob> : tensor<4x32xi8>", "dense<0> : tensor<4x2xi8>", M),
        "resource-for-scales": ("dense<0> : tensor<4x32xi8>", "dense_resource<blob> : tensor<4x2xi8>", M),
    }
    blob = '{-# dialect_resources: { builtin: { blob: "0x01000000010203" } } #-}\n'
    texts = {
        name: func("", f"%0 = mx.constant <payload = {payload}, scales = {scales}> : {result}") + blob
        for name, (payload, scales, result) in cases.items()
    }
    good = func("", f"%0 = mx.constant <payload = dense_resource<blob> : tensor<4x32xi8>, scales = dense<0> : tensor<4x2xi8>> : {M}")
    for name, entry in {
        "no-hex": 'blob: "garbage"',
        "odd-hex": 'blob: "0x0100000"',
        "no-alignment": 'blob: "0x01"',
        "alignment-3": 'blob: "0x03000000' + "00" * 128 + '"',
        "alignment-0": 'blob: "0x00000000"',
        "number": "blob: 3",
        "twice-open": 'blob: "0x01000000',
        "empty": 'blob: "0x01000000"',
    }.items():
        texts["blob-" + name] = good + "{-# dialect_resources: { builtin: { " + entry + " } } #-}\n"
    return {f"constant-{name}": text for name, text in texts.items()}


def parts() -> dict[str, str]:
    """mx.bundle and mx.unbundle with parts that do not fit."""
    texts = {}
    for name, (payload, scales, scale, result) in {
        "elements-of-another-format": ("tensor<4x64xf8E5M2>", "tensor<4x2xi8>", "", M),
        "bytes-for-elements": ("tensor<4x64xi8>", "tensor<4x2xi8>", "", M),
        "elements-for-bytes": ("tensor<4x32xf4E2M1FN>", "tensor<4x2xi8>", "", M),
        "scales-of-another-type": ("tensor<4x32xi8>", "tensor<4x2xf8E4M3FN>", "", M),
        "scales-of-another-block": ("tensor<4x32xi8>", "tensor<4x4xi8>", "", M),
        "scales-of-another-axis": ("tensor<4x32xi8>", "tensor<1x64xi8>", "", M),
        "scales-wide": ("tensor<4x32xi8>", "tensor<4x2xf32>", "", M),
        "scale-missing": ("tensor<4x32xi8>", "tensor<4x4xi8>", "", N),
        "scale-needless": ("tensor<4x32xi8>", "tensor<4x2xi8>", "tensor<f32>", M),
        "scale-rank-1": ("tensor<4x32xi8>", "tensor<4x4xi8>", "tensor<1xf32>", N),
        "scale-f64": ("tensor<4x32xi8>", "tensor<4x4xi8>", "tensor<f64>", N),
        "scale-float": ("tensor<4x32xi8>", "tensor<4x4xi8>", "f32", N),
        "unranked": ("tensor<*xi8>", "tensor<*xi8>", "", M),
        "memrefs": ("memref<4x32xi8>", "memref<4x2xi8>", "", M),
        "vectors": ("vector<4x32xi8>", "vector<4x2xi8>", "", M),
        "numbers": ("i8", "i8", "", M),
        "nested": (M, M, "", M),
        "too-large": (f"tensor<{HUGE}x{HUGE}xi8>", "tensor<?x?xi8>", "", "!mx.tensor<?x?, mxfp4, axis = 1>"),
    }.items():
        tail = f", {scale}" if scale else ""
        names = "%p, %s" + (", %t" if scale else "")
        args = f"%p: {payload}, %s: {scales}" + (f", %t: {scale}" if scale else "")
        texts[f"bundle-{name}"] = func(args, f'%0 = "mx.bundle"({names}) : ({payload}, {scales}{tail}) -> {result}')
        texts[f"unbundle-{name}"] = func(f"%x: {result}", f'%0:{2 + bool(scale)} = "mx.unbundle"(%x) : ({result}) -> ({payload}, {scales}{tail})')
    return texts


def generic() -> dict[str, str]:
    """Operations in generic form with properties, operands or results that are wrong."""
    x, rule = "tensor<4x64xf32>", "scale_rule = #mx.scale_rule<even>"
    one = "operandSegmentSizes = array<i32: 1, 0, 0>"
    texts = {
        "quantize-no-properties": f'%0 = "mx.quantize"(%x) : ({x}) -> {M}',
        "quantize-no-rule": f'%0 = "mx.quantize"(%x) <{{{one}}}> : ({x}) -> {M}',
        "quantize-rule-number": f'%0 = "mx.quantize"(%x) <{{scale_rule = 3 : i32, {one}}}> : ({x}) -> {M}',
        "quantize-rounding-text": f'%0 = "mx.quantize"(%x) <{{{rule}, rounding = "up", {one}}}> : ({x}) -> {M}',
        "quantize-random-bits-i64": f'%0 = "mx.quantize"(%x) <{{{rule}, random_bits = 16 : i64, {one}}}> : ({x}) -> {M}',
        "quantize-kernel-number": f'%0 = "mx.quantize"(%x) <{{{rule}, kernel = 1 : i32, {one}}}> : ({x}) -> {M}',
        "quantize-rotate-number": f'%0 = "mx.quantize"(%x) <{{{rule}, rotate = 1 : i32, {one}}}> : ({x}) -> {M}',
        "quantize-properties-array": f'%0 = "mx.quantize"(%x) <[1, 2]> : ({x}) -> {M}',
        "quantize-segments-negative": f'%0 = "mx.quantize"(%x) <{{{rule}, operandSegmentSizes = array<i32: 2, -1, 0>}}> : ({x}) -> {M}',
        "quantize-segments-sum": f'%0 = "mx.quantize"(%x) <{{{rule}, operandSegmentSizes = array<i32: 1, 1, 1>}}> : ({x}) -> {M}',
        "quantize-segments-long": f'%0 = "mx.quantize"(%x) <{{{rule}, operandSegmentSizes = array<i32: 1, 0, 0, 0>}}> : ({x}) -> {M}',
        "quantize-segments-i64": f'%0 = "mx.quantize"(%x) <{{{rule}, operandSegmentSizes = array<i64: 1, 0, 0>}}> : ({x}) -> {M}',
        "quantize-segments-two-sources": f'%0 = "mx.quantize"(%x, %x) <{{{rule}, operandSegmentSizes = array<i32: 2, 0, 0>}}> : ({x}, {x}) -> {M}',
        "quantize-seed-tensor": f'%0 = "mx.quantize"(%x, %x) <{{{rule}, operandSegmentSizes = array<i32: 1, 0, 1>}}> : ({x}, {x}) -> {M}',
        "quantize-no-operands": f'%0 = "mx.quantize"() <{{{rule}, operandSegmentSizes = array<i32: 0, 0, 0>}}> : () -> {M}',
        "quantize-no-result": f'"mx.quantize"(%x) <{{{rule}, {one}}}> : ({x}) -> ()',
        "quantize-two-results": f'%0:2 = "mx.quantize"(%x) <{{{rule}, {one}}}> : ({x}) -> ({M}, {M})',
        "quantize-region": f'%0 = "mx.quantize"(%x) <{{{rule}, {one}}}> ({{ ^bb0: }}) : ({x}) -> {M}',
        "quantize-successor": f'%0 = "mx.quantize"(%x) [^bb1] <{{{rule}, {one}}}> : ({x}) -> {M}\n ^bb1:',
        "constant-no-value": f'%0 = "mx.constant"() : () -> {M}',
        "constant-dense-value": f'%0 = "mx.constant"() <{{value = dense<0> : tensor<4x32xi8>}}> : () -> {M}',
        "rotate-no-axis": f'%0 = "mx.rotate"(%x) <{{rotation = #mx.hadamard<4>}}> : ({x}) -> {x}',
        "rotate-no-rotation": f'%0 = "mx.rotate"(%x) <{{axis = 1 : i64}}> : ({x}) -> {x}',
        "rotate-axis-i32": f'%0 = "mx.rotate"(%x) <{{axis = 1 : i32, rotation = #mx.hadamard<4>}}> : ({x}) -> {x}',
        "rotate-axis-lowest": f'%0 = "mx.rotate"(%x) <{{axis = {-(2**63)} : i64, rotation = #mx.hadamard<4>}}> : ({x}) -> {x}',
        "rotate-axis-highest": f'%0 = "mx.rotate"(%x) <{{axis = {HUGE} : i64, rotation = #mx.hadamard<4>}}> : ({x}) -> {x}',
        "transpose-no-permutation": f'%0 = "mx.transpose"(%m) : ({M}) -> {M}',
        "transpose-permutation-i32": f'%0 = "mx.transpose"(%m) <{{permutation = array<i32: 0, 1>}}> : ({M}) -> {M}',
        "matmul-two-operands": f'%0 = "mx.matmul"(%m, %m) : ({M}, {M}) -> {x}',
        "matmul-no-operands": '%0 = "mx.matmul"() : () -> tensor<4x4xf32>',
        "unknown-operation": f'%0 = "mx.dot"(%m, %m) : ({M}, {M}) -> {x}',
        "packed-matmul-no-k": '%0 = "mx.packed.matmul"(%x, %x, %x) <{operandSegmentSizes = array<i32: 0, 1, 1, 0, 1>}> : (tensor<4x64xf32>, tensor<4x64xf32>, tensor<4x64xf32>) -> tensor<4x64xf32>',
        "packed-matmul-no-destination": '%0 = "mx.packed.matmul"(%k, %x, %x) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}> : (index, tensor<4x64xf32>, tensor<4x64xf32>) -> tensor<4x64xf32>',
        "packed-matmul-two-destinations": '%0:2 = "mx.packed.matmul"(%k, %x, %x, %x, %x) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 2>}> : (index, tensor<4x64xf32>, tensor<4x64xf32>, tensor<4x64xf32>, tensor<4x64xf32>) -> (tensor<4x64xf32>, tensor<4x64xf32>)',
        "packed-quantize-no-source": '%0:2 = "mx.packed.quantize"(%x, %x) <{format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64, operandSegmentSizes = array<i32: 0, 0, 0, 2>}> : (tensor<4x64xf32>, tensor<4x64xf32>) -> (tensor<4x64xf32>, tensor<4x64xf32>)',
        "quantize-segments-no-source": f'%0 = "mx.quantize"(%t) <{{{rule}, operandSegmentSizes = array<i32: 0, 1, 0>}}> : (tensor<f32>) -> {M}',
        "undefined-value": f'%0 = "mx.dequantize"(%undefined) : ({M}) -> {x}',
        "value-of-another-type": f'%0 = "mx.dequantize"(%x) : ({M}) -> {x}',
    }
    return {f"generic-{name}": func(f"%x: {x}, %m: {M}, %t: tensor<f32>, %k: index", body) for name, body in texts.items()}


def moves() -> dict[str, str]:
    """Permutations and reshapes that are wrong."""
    source = "!mx.tensor<2x3x64, mxfp4, axis = 2>"
    texts = {}
    for name, permutation in {
        "short": "[0]", "long": "[0, 1, 2, 3]", "repeated": "[0, 0, 2]", "out-of-range": "[0, 1, 3]",
        "negative": "[0, 1, -1]", "lowest": f"[0, 1, {-(2**63)}]", "highest": f"[0, 1, {HUGE}]", "empty": "[]",
        "overflow": f"[0, 1, {2**64}]", "floats": "[0.0, 1.0, 2.0]", "long-1000": "[" + ", ".join(map(str, range(1000))) + "]",
    }.items():
        texts[f"transpose-{name}"] = func(f"%x: {source}", f"%0 = mx.transpose %x permutation = {permutation} : {source} to {source}")
    texts["transpose-result"] = func(f"%x: {source}", f"%0 = mx.transpose %x permutation = [2, 0, 1] : {source} to {source}")
    for name, result in {
        "rows": "5x64, mxfp4, axis = 1", "axis": "64x6, mxfp4, axis = 0", "blocked-size": "12x32, mxfp4, axis = 1",
        "format": "6x64, nvfp4, axis = 1", "rotation": "6x64, mxfp4, axis = 1, rotation = hadamard<32>",
        "dynamic": "?x64, mxfp4, axis = 1", "zero": "0x64, mxfp4, axis = 1",
    }.items():
        texts[f"reshape-{name}"] = func(f"%x: {source}", f"%0 = mx.reshape %x : {source} to !mx.tensor<{result}>")
    return texts


def products() -> dict[str, str]:
    """Products whose operands do not fit each other."""
    texts = {}
    a, b, c = "tensor<4x64xf32>", "!mx.tensor<8x64, mxfp4, axis = 1>", "tensor<4x8xf32>"
    for name, (lhs, rhs, init) in {
        "contracted": ("tensor<4x32xf32>", b, c), "rows": ("tensor<5x64xf32>", b, c),
        "columns": (a, "!mx.tensor<9x64, mxfp4, axis = 1>", c), "axis": (a, "!mx.tensor<8x64, mxfp4, axis = 0>", c),
        "rank-1": ("tensor<64xf32>", "!mx.tensor<64, mxfp4, axis = 0>", "tensor<f32>"), "rank": ("tensor<2x4x64xf32>", b, c),
        "batch": ("tensor<2x4x64xf32>", "!mx.tensor<3x8x64, mxfp4, axis = 2>", "tensor<2x4x8xf32>"),
        "integers": ("tensor<4x64xi8>", b, c), "memrefs": ("memref<4x64xf32>", b, "memref<4x8xf32>"),
        "into-blocks": (a, b, "!mx.tensor<4x8, mxfp4, axis = 1>"), "overflow": ("tensor<4294967296x4294967296xf32>", b, c),
        "rotations": ("!mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<2>>", "!mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<4>>", c),
    }.items():
        texts[f"matmul-{name}"] = func(f"%a: {lhs}, %b: {rhs}, %c: {init}", f"%0 = mx.matmul ins(%a, %b : {lhs}, {rhs}) outs(%c : {init})")
    a, b, e, c = "tensor<9x64xf32>", "!mx.tensor<2x8x64, mxfp4, axis = 2>", "tensor<2xi32>", "tensor<9x8xf32>"
    for name, (lhs, rhs, ends, init) in {
        "experts": (a, b, "tensor<3xi32>", c), "ends-rank": (a, b, "tensor<2x1xi32>", c), "ends-i8": (a, b, "tensor<2xi8>", c),
        "ends-float": (a, b, "tensor<2xf32>", c), "ends-memref": (a, b, "memref<2xi32>", c), "rank": (a, M, e, c),
        "contracted": ("tensor<9x32xf32>", b, e, c), "rows": (a, b, e, "tensor<8x8xf32>"), "columns": (a, b, e, "tensor<9x9xf32>"),
        "axis": (a, "!mx.tensor<2x8x64, mxfp4, axis = 1>", e, c),
    }.items():
        texts[f"grouped-{name}"] = func(
            f"%a: {lhs}, %b: {rhs}, %e: {ends}, %c: {init}",
            f"%0 = mx.grouped_matmul ins(%a, %b, %e : {lhs}, {rhs}, {ends}) outs(%c : {init})",
        )
    return texts


def packed() -> dict[str, str]:
    """Packed operations whose structure is wrong."""
    texts = {}
    x, p, s = "tensor<4x64xf32>", "tensor<4x32xi8>", "tensor<4x2xi8>"
    good = "format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64"
    for name, (source, inits, results, properties) in {
        "no-inits": (x, (), (), good), "one-init": (x, (p,), (p,), good), "three-inits": (x, (p, s, s), (p, s, s), good),
        "payload": (x, ("tensor<4x31xi8>", s), ("tensor<4x31xi8>", s), good), "scales": (x, (p, "tensor<4x3xi8>"), (p, "tensor<4x3xi8>"), good),
        "scalars": ("tensor<f32>", ("tensor<i8>", "tensor<i8>"), ("tensor<i8>", "tensor<i8>"), good),
        "unranked-source": ("tensor<*xf32>", (p, s), (p, s), good), "unranked-inits": (x, ("tensor<*xi8>",) * 2, ("tensor<*xi8>",) * 2, good),
        "unranked-memrefs": ("memref<*xf32>", ("memref<*xi8>",) * 2, (), good), "vectors": ("vector<4x64xf32>", (p, s), (p, s), good),
        "mixture": (x, (p, "memref<4x2xi8>"), (p,), good), "mixed-source": ("memref<4x64xf32>", (p, s), (p, s), good),
        "no-results": (x, (p, s), (), good), "result-type": (x, (p, s), (p, "tensor<?x2xi8>"), good),
        "results-on-buffers": ("memref<4x64xf32>", ("memref<4x32xi8>", "memref<4x2xi8>"), ("memref<4x32xi8>", "memref<4x2xi8>"), good),
        "huge-row": (f"tensor<4x{HUGE}xf32>", ("tensor<4x?xi8>",) * 2, ("tensor<4x?xi8>",) * 2, good),
        "axis": (x, (p, s), (p, s), good.replace("= 1", "= 2")), "axis-lowest": (x, (p, s), (p, s), good.replace("= 1", f"= {-(2**63)}")),
        "rule": (x, (p, s), (p, s), good.replace("even", "amax")), "no-format": (x, (p, s), (p, s), good.partition(", ")[2]),
        "random-bits": (x, (p, s), (p, s), good + ", random_bits = 0 : i32"), "bits-negative": (x, (p, s), (p, s), good + ", random_bits = -1 : i32"),
        "no-seed": (x, (p, s), (p, s), good.replace("even", "ceil") + ", rounding = #mx.rounding<stochastic>"),
        "no-scale": (x, (p, "tensor<4x4xi8>"), (p, "tensor<4x4xi8>"), good.replace("mxfp4", "nvfp4").replace("even", "amax")),
    }.items():
        arguments = ", ".join(f"%{i}: {type}" for i, type in enumerate((source, *inits), start=10))
        names = ", ".join(f"%{i}" for i in range(10, 11 + len(inits)))
        lead = f"%r:{len(results)} = " if results else ""
        texts[f"quantize-{name}"] = func(
            arguments,
            f'{lead}"mx.packed.quantize"({names}) <{{{properties}, operandSegmentSizes = array<i32: 1, 0, 0, {len(inits)}>}}> : '
            f"({', '.join((source, *inits))}) -> ({', '.join(results)})",
        )
    for name, (sides, formats, init) in {
        "no-sides": ("0, 0", "", "tensor<4x8xf32>"), "no-format": ("1, 2", "", "tensor<4x8xf32>"),
        "rhs-plain": ("1, 1", "rhs_format = #mx.format<mxfp4>, ", "tensor<4x8xf32>"), "no-scale": ("1, 2", "rhs_format = #mx.format<nvfp4>, ", "tensor<4x8xf32>"),
        "rank": ("1, 2", "rhs_format = #mx.format<mxfp4>, ", "tensor<4x8x1xf32>"), "rows": ("1, 2", "rhs_format = #mx.format<mxfp4>, ", "tensor<5x8xf32>"),
        "unranked": ("1, 2", "rhs_format = #mx.format<mxfp4>, ", "tensor<*xf32>"),
    }.items():
        operands = [("%a", "tensor<4x64xf32>"), ("%p", "tensor<8x32xi8>"), ("%s", "tensor<8x2xi8>")]
        left, right = (int(count) for count in sides.split(","))
        used = [("%k", "index"), *operands[:left], *operands[1 : 1 + right], ("%c", init)]
        texts[f"matmul-{name}"] = func(
            f"%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: {init}",
            f'%0 = "mx.packed.matmul"({", ".join(value for value, _ in used)}) <{{{formats}operandSegmentSizes = array<i32: 1, {sides}, 0, 1>}}> : '
            f"({', '.join(type for _, type in used)}) -> {init}",
        )
    for bits in (-8, 0, 1, 5, 7, 16, HUGE):
        texts[f"unpack-{bits}-bits"] = func(
            "%x: tensor<4xi8>, %y: tensor<8xi8>",
            f"%0 = mx.packed.unpack ins(%x : tensor<4xi8>) outs(%y : tensor<8xi8>) {{bits = {bits} : i64}} -> tensor<8xi8>",
        )
    return {f"packed-{name}": text for name, text in texts.items()}


def truncated() -> dict[str, str]:
    """A valid module, cut off at many places, and with one character replaced."""
    whole = func(
        "%x: tensor<4x64xf32>, %t: tensor<f32>",
        "%0 = mx.quantize %x tensor_scale(%t) rotate scale_rule(amax) satfinite : tensor<4x64xf32> "
        "to !mx.tensor<4x64, nvfp4, axis = 1, rotation = hadamard<2, signs = [1, -1]>>",
    )
    texts = {f"cut-{length}": whole[:length] for length in range(5, len(whole) - 12, 7)}
    for position in range(whole.index("mx.quantize"), whole.index(" satfinite"), 5):
        texts[f"replaced-{position}"] = whole[:position] + "\u0416" + whole[position + 1 :]
    return texts


def sites() -> dict[str, str]:
    """Attributes of products, on operations that are themselves wrong too."""
    texts = {}
    a, b, c = "tensor<4x64xf32>", "tensor<8x64xf32>", "tensor<4x8xf32>"
    for name, attribute in {
        "site-empty": 'mx.site = ""', "site-number": "mx.site = 1", "plan-text": 'mx.plan = "keep"', "rotated-number": "mx.rotated = 32",
        "rotated-longer": "mx.rotated = #mx.hadamard<128>", "plan-longer": "mx.plan = #mx.plan<keep, rotation = hadamard<256>>",
        "plan-none": "mx.plan = #mx.plan<>", "plan-both": "mx.plan = #mx.plan<keep, lhs = mxfp4 by even>",
        "plan-rule": "mx.plan = #mx.plan<rhs = mxfp4 by sweep>", "plan-method": "mx.plan = #mx.plan<keep, method = gptq>",
        "plan-open": "mx.plan = #mx.plan<rhs = mxfp4 by", "plan-half": "mx.plan = #mx.plan<rhs = mxfp4>",
    }.items():
        texts[name] = func(f"%a: {a}, %b: {b}, %c: {c}", f"%0 = mx.matmul ins(%a, %b : {a}, {b}) outs(%c : {c}) {{{attribute}}}")
    rotated = "{mx.rotated = #mx.hadamard<32>}"
    for name, (operands, kinds, result) in {
        "no-operands": ("", "", ""), "one-operand": ("%a", a, ""), "rank-0": ("%s, %s, %s", "tensor<f32>, tensor<f32>, tensor<f32>", "tensor<f32>"),
        "unranked": ("%u, %u, %u", "tensor<*xf32>, tensor<*xf32>, tensor<*xf32>", "tensor<*xf32>"),
        "numbers": ("%f, %f, %f", "f32, f32, f32", "f32"),
    }.items():
        texts[f"rotated-{name}"] = func(
            f"%a: {a}, %s: tensor<f32>, %u: tensor<*xf32>, %f: f32",
            ("%0 = " if result else "") + f'"mx.matmul"({operands}) {rotated} : ({kinds}) -> ({result})',
        )
    texts["site-elsewhere"] = 'module attributes {mx.site = "module"} {}\n'
    return texts


def malformed() -> Corpus:
    """Returns every module that must be refused."""
    texts: dict[str, str] = {}
    for family in (types, attributes, constants, parts, generic, moves, products, sites, packed, truncated):
        texts.update(family())
    corpus = {name: text.encode("utf-8") for name, text in texts.items()}
    corpus["not-utf8"] = b"func.func private @f(!mx.tensor<4x64, mx\xff\xfefp4, axis = 1>)\n"
    corpus["zero-bytes"] = b"module {\0\0\0\0"
    corpus["bytecode-magic"] = b"ML\xefR"
    corpus["bytecode-cut"] = b"ML\xefR\x0dMLIR22\x00\x01"
    return corpus


def odd_sites() -> dict[str, str]:
    """Products that passes have to decide on, of unpleasant operands."""
    texts = {}
    c = "tensor<4x8xf32>"
    plan = "{mx.plan = #mx.plan<lhs = mxfp4 by even, rhs = nvfp4 by amax>}"
    for name, (weight, kind) in {
        "resource-missing": ("dense_resource<none>", "tensor<8x64xf32>"), "resource-short": ("dense_resource<blob>", "tensor<8x64xf32>"),
        "nan": ("dense<0x7FC00000>", "tensor<8x64xf32>"), "subnormal": ("dense<0x00000001>", "tensor<8x64xf32>"),
        "largest": ("dense<0x7F7FFFFF>", "tensor<8x64xf32>"), "zero": ("dense<-0.0>", "tensor<8x64xf32>"),
        "splat-of-2-to-the-40": ("dense<1.0>", "tensor<8x137438953472xf32>"), "no-columns": ("dense<>", "tensor<8x0xf32>"),
    }.items():
        a = "tensor<4x" + kind.split("x")[1] + "xf32>"
        for decision in ("", plan):
            texts[f"site-{name}{'-planned' if decision else ''}"] = func(
                f"%a: {a}, %c: {c}", f"%w = arith.constant {weight} : {kind}\n  %0 = mx.matmul ins(%a, %w : {a}, {kind}) outs(%c : {c}) {decision}"
            ) + '{-# dialect_resources: { builtin: { blob: "0x0400000001020304" } } #-}\n'
    square = "tensor<64x64xf32>"
    texts["site-no-rows"] = func(
        "%a: tensor<0x64xf32>, %c: tensor<0x0xf32>",
        "%w = arith.constant dense<> : tensor<0x64xf32>\n"
        f"  %0 = mx.matmul ins(%a, %w : tensor<0x64xf32>, tensor<0x64xf32>) outs(%c : tensor<0x0xf32>) {plan}",
    )
    texts["site-of-itself"] = f"module {{\n  %0 = mx.matmul ins(%0, %0 : {square}, {square}) outs(%0 : {square}) {plan}\n}}\n"
    texts["site-in-a-cycle"] = (
        f"func.func @f() {{\n  return\n^bb1:\n  %0 = mx.rotate %1 by hadamard<32> along 1 : {square}\n"
        f"  %1 = mx.matmul ins(%0, %0 : {square}, {square}) outs(%1 : {square}) {plan}\n  cf.br ^bb1\n}}\n"
    )
    texts["site-without-end"] = func(
        f"%a: {square}",
        "\n".join(f"%{i} = mx.matmul ins(%a, %{i - 1} : {square}, {square}) outs(%a : {square})" if i else f"%0 = mx.matmul ins(%a, %a : {square}, {square}) outs(%a : {square})" for i in range(500)),
    )
    return texts


def odd() -> Corpus:
    """Returns modules that are valid in MLIR's eyes, and unpleasant."""
    texts = {
        "nan-tensor-scale": func("", f"%0 = mx.constant <payload = dense<0> : tensor<4x32xi8>, scales = dense<-1> : tensor<4x4xi8>, tensor_scale = 0x7F800001 : f32> : {N}\n  %1 = mx.dequantize %0 : {N} to tensor<4x64xf32>"),
        "resource-missing": f"func.func @f() -> tensor<4x64xf32> {{\n  %0 = mx.constant <payload = dense_resource<none> : tensor<4x32xi8>, scales = dense_resource<none> : tensor<4x2xi8>> : {M}\n  %1 = mx.dequantize %0 : {M} to tensor<4x64xf32>\n  return %1 : tensor<4x64xf32>\n}}\n",
        "resource-of-numbers-missing": f"func.func @f() -> {M} {{\n  %0 = arith.constant dense_resource<none> : tensor<4x64xf32>\n  %1 = mx.quantize %0 scale_rule(even) : tensor<4x64xf32> to {M}\n  return %1 : {M}\n}}\n",
        "resource-of-numbers-short": f"func.func @f() -> {M} {{\n  %0 = arith.constant dense_resource<blob> : tensor<4x64xf32>\n  %1 = mx.quantize %0 scale_rule(even) : tensor<4x64xf32> to {M}\n  return %1 : {M}\n}}\n" + '{-# dialect_resources: { builtin: { blob: "0x0400000001020304" } } #-}\n',
        "attributes-1000-deep": "module attributes {test.a = " + "[" * 1000 + "#mx.format<mxfp4>" + "]" * 1000 + "} {}\n",
        "types-200-deep": "func.func private @f(" + "tuple<" * 200 + M + ">" * 200 + ")\n",
        "regions-500-deep": "func.func @f() {\n" + "scf.execute_region {\n" * 500 + "scf.yield\n}\n" * 500 + "return\n}\n",
        "modules-500-deep": "module {\n" * 500 + func("", f"%0 = mx.constant <payload = dense<0> : tensor<4x32xi8>, scales = dense<0> : tensor<4x2xi8>> : {M}") + "}\n" * 500,
        "transposes-2000": func(f"%0: {M}", "".join(f"%{i + 1} = mx.transpose %{i} permutation = [0, 1] : {M} to {M}\n" for i in range(2000))),
        "largest-type": "func.func @f(%x: !mx.tensor<288230376151711744, mxfp8_e4m3, axis = 0>) -> tensor<288230376151711744xf32> {\n  %0 = mx.dequantize %x : !mx.tensor<288230376151711744, mxfp8_e4m3, axis = 0> to tensor<288230376151711744xf32>\n  return %0 : tensor<288230376151711744xf32>\n}\n",
        "empty-but-long": "func.func @f() -> !mx.tensor<536870912x536870912x0, mxfp4, axis = 0> {\n  %x = arith.constant dense<> : tensor<536870912x536870912x0xf32>\n  %0 = mx.quantize %x scale_rule(even) : tensor<536870912x536870912x0xf32> to !mx.tensor<536870912x536870912x0, mxfp4, axis = 0>\n  return %0 : !mx.tensor<536870912x536870912x0, mxfp4, axis = 0>\n}\n",
        "splat-of-2-to-the-40": "func.func @f() -> tensor<1048576x1048576xi8> {\n  %0 = mx.constant <payload = dense<1> : tensor<1048576x1048576xi8>, scales = dense<1> : tensor<1048576x32768xi8>> : !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 1>\n  %1, %2 = mx.unbundle %0 : !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 1> to tensor<1048576x1048576xi8>, tensor<1048576x32768xi8>\n  return %1 : tensor<1048576x1048576xi8>\n}\n",
        "cycle-of-reshapes": "module {\n  %0 = mx.reshape %1 : !mx.tensor<2x64, mxfp4, axis = 1> to !mx.tensor<2x1x64, mxfp4, axis = 2>\n  %1 = mx.reshape %0 : !mx.tensor<2x1x64, mxfp4, axis = 2> to !mx.tensor<2x64, mxfp4, axis = 1>\n}\n",
        "cycle-of-transposes": "module {\n  %0 = mx.transpose %0 permutation = [1, 0, 2] : !mx.tensor<2x2x64, mxfp4, axis = 2> to !mx.tensor<2x2x64, mxfp4, axis = 2>\n}\n",
        "cycle-of-parts": f"module {{\n  %p, %s = mx.unbundle %b : {M} to tensor<4x32xi8>, tensor<4x2xi8>\n  %b = mx.bundle %p, %s : tensor<4x32xi8>, tensor<4x2xi8> to {M}\n}}\n",
        "unreachable-cycle": "func.func @f() {\n  return\n^bb1:\n  %0 = mx.transpose %0 permutation = [1, 0, 2] : !mx.tensor<2x2x64, mxfp4, axis = 2> to !mx.tensor<2x2x64, mxfp4, axis = 2>\n  cf.br ^bb1\n}\n",
        "encoded-tensors": f'func.func @f(%x: tensor<4x64xf32, "csr">) -> {M} {{\n  %0 = mx.quantize %x scale_rule(even) : tensor<4x64xf32, "csr"> to {M}\n  return %0 : {M}\n}}\n',
        "strange-memrefs": "func.func @f(%x: memref<4x64xf32, affine_map<(a, b) -> (b, a)>, 7>, %y: memref<4x64xf32, strided<[-64, 0], offset: ?>>) {\n  mx.packed.rotate ins(%x : memref<4x64xf32, affine_map<(a, b) -> (b, a)>, 7>) outs(%y : memref<4x64xf32, strided<[-64, 0], offset: ?>>) {rotation = #mx.hadamard<2>}\n  return\n}\n",
        "block-argument": f"func.func @f(%c: i1, %x: {M}) -> {M} {{\n  cf.cond_br %c, ^bb1(%x : {M}), ^bb1(%x : {M})\n^bb1(%y: {M}):\n  return %y : {M}\n}}\n",
        "foreign-users": f"func.func @f(%c: i1, %x: {M}) -> {M} {{\n  %0 = arith.select %c, %x, %x : {M}\n  %1 = builtin.unrealized_conversion_cast %0 : {M} to {N}\n  %2 = builtin.unrealized_conversion_cast %1 : {N} to {M}\n  return %2 : {M}\n}}\n",
        "in-a-loop": f"func.func @f(%n: index, %x: {M}) -> {M} {{\n  %i = arith.constant 0 : index\n  %j = arith.constant 1 : index\n  %0 = scf.for %k = %i to %n step %j iter_args(%y = %x) -> ({M}) {{\n    scf.yield %y : {M}\n  }}\n  return %0 : {M}\n}}\n",
        "names": 'func.func @"\\00\\FF\\E2\\80\\AE"(%x: ' + M + ') -> tensor<4x64xf32> {\n  %0 = mx.dequantize %x {kernel = "\\00\\n%s%n"} : ' + M + ' to tensor<4x64xf32>\n  return %0 : tensor<4x64xf32>\n}\n',
        "unknown-kernel": f'func.func @f(%x: {M}) -> tensor<4x64xf32> {{\n  %0 = mx.dequantize %x {{kernel = "none"}} : {M} to tensor<4x64xf32>\n  return %0 : tensor<4x64xf32>\n}}\n',
        "target-of-another-kind": "module attributes {mx.target = 3} {}\n",
        "unknown-property": func(f"%m: {M}", f'%0 = "mx.dequantize"(%m) <{{colour = 1 : i32}}> : ({M}) -> tensor<4x64xf32>'),
        "types-in-attributes": f"module attributes {{test.t = {M}, test.f = ({M}) -> {N}}} {{}}\n",
        "external-functions": f"func.func private @f({M}, {N}) -> ({M}, {N})\n",
    }
    texts.update(odd_sites())
    return {name: text.encode("utf-8") for name, text in texts.items()}

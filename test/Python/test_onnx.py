# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""mx.from_onnx: quantised weights, open sizes, what it refuses, and models that mean harm."""

import itertools
import os

import mx
import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
importer = pytest.importorskip("mx._onnx.importer")
from mx import _models  # noqa: E402
from onnx import TensorProto as T  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402

F32 = T.FLOAT


def tensor(name, type_, shape, data):
    return onnx.TensorProto(name=name, data_type=type_, dims=shape, raw_data=data)


def build(nodes, inputs, outputs, initialisers=(), opset=25):
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
        list(initialisers),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def relu(**changes):
    """A model that is right, to be made wrong."""
    model = build([helper.make_node("Relu", ["x"], ["y"], name="act")], [("x", F32, [2, 3])], [("y", F32, [2, 3])])
    for name, value in changes.items():
        setattr(model.graph.node[0], name, value)
    return model


# --- quantised weights -------------------------------------------------------------


@pytest.mark.parametrize("format, element, bits", [("mxfp4", T.FLOAT4E2M1, 4), ("mxfp8_e4m3", T.FLOAT8E4M3FN, 8)])
def test_codes_with_e8m0_scales_are_multiplied_as_they_are(format, element, bits):
    generator = np.random.default_rng(0)
    blocks = mx.quantize(generator.integers(-6, 7, (64, 96)).astype(np.float32), format, axis=0, scale_rule="rceil")
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s"], ["d"], axis=0, block_size=32, output_dtype=F32),
        helper.make_node("MatMul", ["x", "d"], ["y"], name="up"),
    ]
    weights = [
        tensor("w", element, [64, 96], blocks.payload.tobytes()),
        tensor("s", T.FLOAT8E8M0, [2, 96], blocks.scales.tobytes()),
    ]
    model = build(nodes, [("x", F32, ["batch", "seq", 64])], [("y", F32, ["batch", "seq", 96])], weights)
    program = mx.from_onnx(model)
    assert f"!mx.tensor<96x64, {format}, axis = 1>" in program.ir("select")
    assert "mx.dequantize" not in program.ir("select")
    # Small whole numbers: every order of summation is exact (N7.3).
    for batch, seq in ((1, 1), (3, 5), (0, 2)):
        x = generator.integers(-8, 9, (batch, seq, 64)).astype(np.float32)
        assert np.array_equal(program(x), x @ blocks.dequantize())


def test_chained_scales_are_nvfp4():
    generator = np.random.default_rng(1)
    blocks = mx.quantize(generator.standard_normal((96, 64)).astype(np.float32), "nvfp4")
    nodes = [
        helper.make_node("DequantizeLinear", ["s", "t"], ["sd"]),
        helper.make_node("DequantizeLinear", ["w", "sd"], ["d"], axis=1, block_size=16),
        helper.make_node("Gemm", ["x", "d", "c"], ["y"], transB=1),
        helper.make_node("Identity", ["d"], ["decoded"]),
    ]
    weights = [
        tensor("w", T.FLOAT4E2M1, [96, 64], blocks.payload.tobytes()),
        tensor("s", T.FLOAT8E4M3FN, [96, 4], blocks.scales.tobytes()),
        numpy_helper.from_array(np.array(blocks.tensor_scale, np.float32), "t"),
        numpy_helper.from_array(np.ones(96, np.float32), "c"),
    ]
    outputs = [("y", F32, ["n", 96]), ("decoded", F32, [96, 64])]
    program = mx.from_onnx(build(nodes, [("x", F32, ["n", 64])], outputs, weights))
    assert "!mx.tensor<96x64, nvfp4, axis = 1>" in program.ir("select")
    x = generator.standard_normal((5, 64)).astype(np.float32)
    y, decoded = program(x)
    assert np.array_equal(decoded, blocks.dequantize())
    assert np.allclose(y, x @ blocks.dequantize().T + 1, rtol=1e-5, atol=1e-4)


def test_codes_that_are_inputs_and_their_quantisation():
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s"], ["d"], axis=1, block_size=32, output_dtype=F32),
        helper.make_node("QuantizeLinear", ["d", "one"], ["q"], output_dtype=T.FLOAT4E2M1),
    ]
    one = numpy_helper.from_array(np.array(1, np.float32), "one")
    inputs = [("w", T.FLOAT4E2M1, [4, 64]), ("s", T.FLOAT8E8M0, [4, 2])]
    program = mx.from_onnx(build(nodes, inputs, [("d", F32, [4, 64]), ("q", T.FLOAT4E2M1, [4, 64])], [one]))
    codes = np.arange(256, dtype=np.uint8).reshape(4, 64) % 16
    scales = np.array([[127, 127], [127, 126], [128, 255], [0, 1]], np.uint8)
    decoded, again = program(codes, scales)
    blocks = mx.BlockTensor(_models.pack(codes, 4), scales, (4, 64))
    assert np.array_equal(decoded, blocks.dequantize(), equal_nan=True)
    assert np.array_equal(np.asarray(again).view(np.uint8)[0], codes[0])


def test_other_scales_are_decoded_with_a_remark():
    codes = np.arange(64, dtype=np.uint8).reshape(2, 32) % 16
    scales = np.array([[0.3, 2.0], [-1.5, 1e-3]], np.float32)
    node = helper.make_node("DequantizeLinear", ["w", "s"], ["d"], axis=1, block_size=16, name="dq")
    weights = [
        tensor("w", T.FLOAT4E2M1, [2, 32], _models.pack(codes, 4).tobytes()),
        numpy_helper.from_array(scales, "s"),
    ]
    program = mx.from_onnx(build([node], [], [("d", F32, [2, 32])], weights))
    assert "'dq' (DequantizeLinear): remark: decoded element by element" in program.messages
    expected = mx.decode_elements(codes, "f4E2M1FN") * np.repeat(scales, 16, axis=1)
    assert np.array_equal(program(), expected)


def test_plain_weights_are_quantised_by_options():
    weights = np.random.default_rng(2).standard_normal((64, 32)).astype(np.float32)
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="/layers.0/up")
    model = build([node], [("x", F32, ["n", 64])], [("y", F32, ["n", 32])], [numpy_helper.from_array(weights, "w")])
    program = mx.from_onnx(model, quantize="nvidia", formats="nvfp4", rotation="off", remarks_filter="mx.*")
    assert "/layers.0/up" in program.messages
    x = np.random.default_rng(3).standard_normal((4, 64)).astype(np.float32)
    expected = x @ mx.quantize(weights.T, "nvfp4").dequantize().T
    assert np.allclose(program(x), expected, rtol=1e-5, atol=1e-4)


# --- a block of a transformer ------------------------------------------------------


def attention():
    """Self-attention with heads of 4, whose shapes are computed from that of the input as exporters do."""
    make = helper.make_node
    nodes = [
        make("LayerNormalization", ["x", "g", "b"], ["n"]),
        make("Shape", ["x"], ["shape"]),
        make("Gather", ["shape", "zero"], ["batch"]),
        make("Gather", ["shape", "first"], ["length"]),
        make("Unsqueeze", ["batch", "axis"], ["batch1"]),
        make("Unsqueeze", ["length", "axis"], ["length1"]),
        make("Concat", ["batch1", "length1", "heads"], ["split"], axis=0),
        make("Concat", ["batch1", "length1", "minus"], ["join"], axis=0),
    ]
    for name in "qkv":
        nodes += [
            make("MatMul", ["n", f"w{name}"], [name]),
            make("Reshape", [name, "split"], [f"{name}4"]),
            make("Transpose", [f"{name}4"], [f"{name}h"], perm=[0, 2, 3, 1] if name == "k" else [0, 2, 1, 3]),
        ]
    nodes += [
        make("MatMul", ["qh", "kh"], ["scores"]),
        make("Mul", ["scores", "half"], ["scaled"]),
        make("Softmax", ["scaled"], ["p"]),
        make("MatMul", ["p", "vh"], ["heads4"]),
        make("Transpose", ["heads4"], ["rows"], perm=[0, 2, 1, 3]),
        make("Reshape", ["rows", "join"], ["joined"]),
        make("Add", ["joined", "x"], ["y"]),
    ]
    generator = np.random.default_rng(4)
    arrays = {f"w{name}": generator.standard_normal((16, 16)).astype(np.float32) / 4 for name in "qkv"}
    arrays |= {"g": np.ones(16, np.float32), "b": np.zeros(16, np.float32), "half": np.array(0.5, np.float32)}
    arrays |= {"zero": np.array(0), "first": np.array(1), "axis": np.array([0])}
    arrays |= {"heads": np.array([4, 4]), "minus": np.array([-1])}
    initialisers = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    shape = ["batch", "seq", 16]
    return build(nodes, [("x", F32, shape)], [("y", F32, shape)], initialisers, opset=17), arrays


def test_one_program_serves_every_batch_and_length():
    model, arrays = attention()
    program = mx.from_onnx(model)
    assert program.inputs == ("x",) and program.outputs == ("y",)
    for batch, length in ((1, 1), (2, 7), (5, 3)):
        x = np.random.default_rng(batch).standard_normal((batch, length, 16)).astype(np.float32)
        n = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        q, k, v = ((n @ arrays[f"w{name}"]).reshape(batch, length, 4, 4).swapaxes(1, 2) for name in "qkv")
        p = np.exp(q @ k.swapaxes(2, 3) / 2)
        expected = (p / p.sum(-1, keepdims=True) @ v).swapaxes(1, 2).reshape(x.shape) + x
        assert np.allclose(program(x=x), expected, rtol=1e-4, atol=1e-5)
    fixed = mx.from_onnx(model, sizes={"batch": 2})
    assert fixed.functions["main"].arguments[0].shape == (2, None, 16)


def test_sizes_that_differ_stop_the_program():
    node = helper.make_node("Add", ["a", "b"], ["y"])
    model = build([node], [("a", F32, ["n"]), ("b", F32, ["n"])], [("y", F32, ["n"])])
    program = mx.from_onnx(model)
    assert program(np.ones(2, np.float32), np.ones(2, np.float32)).tolist() == [2, 2]
    with pytest.raises(mx.Error, match="expected equal sizes 'n' of all inputs, got others"):
        program(np.ones(2, np.float32), np.ones(3, np.float32))
    with pytest.raises(mx.Error, match="expected the input 'b', got none"):
        program(np.ones(2, np.float32))
    with pytest.raises(mx.Error, match="expected the inputs 'a', 'b', got 2 arrays and c"):
        program(np.ones(2, np.float32), np.ones(2, np.float32), c=1)


def test_indices_outside_stop_the_program():
    node = helper.make_node("Gather", ["x", "i"], ["y"])
    model = build([node], [("x", F32, [3, 2]), ("i", T.INT64, ["n"])], [("y", F32, ["n", 2])])
    program, x = mx.from_onnx(model), np.arange(6, dtype=np.float32).reshape(3, 2)
    assert np.array_equal(program(x, np.array([0, -1, 2])), x[[0, -1, 2]])
    for index in (3, -4, 2**62):
        with pytest.raises(mx.Error, match="expected indices inside, got others"):
            program(x, np.array([index]))


# --- what is refused ---------------------------------------------------------------


def test_unsupported_operators_are_listed_at_once():
    nodes = [
        helper.make_node("NonZero", ["x"], ["a"], name="first"),
        helper.make_node("Relu", ["x"], ["y"]),
        helper.make_node("FancyNorm", ["x"], ["b"], domain="com.example"),
        helper.make_node("NonZero", ["x"], ["c"], name="second"),
    ]
    model = build(nodes, [("x", F32, [2, 3])], [("y", F32, [2, 3])])
    model.opset_import.add(domain="com.example", version=1)
    with pytest.raises(mx.CompileError) as caught:
        mx.from_onnx(model)
    assert str(caught.value).splitlines() == [
        "<model>: expected operators that mx has, got others:",
        "  'NonZero': 2 times, at 'first', 'second'",
        "  'FancyNorm' of 'com.example': 1 times, at node 2",
    ]


def make(node, **inputs):
    """A model of one node whose inputs are initialisers or, where a shape is given, inputs."""
    given = {name: value for name, value in inputs.items() if isinstance(value, list)}
    known = [numpy_helper.from_array(value, name) for name, value in inputs.items() if not isinstance(value, list)]
    return build([node], [(name, F32, shape) for name, shape in given.items()], [("y", F32, None)], known)


def hostile_models():
    """Models that are wrong, by what is wrong with them, and a part of the message."""
    n, i64 = helper.make_node, lambda *values: np.array(values, np.int64)
    twice, cyclic, huge = relu(), relu(), relu()
    twice.graph.node.add().CopyFrom(twice.graph.node[0])
    cyclic.graph.node[0].input[0] = "y"
    huge.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2**60
    negative, no_shape, lost, no_type = relu(), relu(), relu(), relu()
    negative.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -1
    no_shape.graph.input[0].type.tensor_type.ClearField("shape")
    lost.graph.output[0].name = "z"
    no_type.graph.input[0].type.tensor_type.elem_type = 99
    wrong_type, no_output, old, sparse = relu(), relu(), relu(), relu()
    wrong_type.graph.output[0].type.tensor_type.elem_type = T.INT8
    del no_output.graph.output[:]
    old.opset_import[0].version = 3
    sparse.graph.sparse_initializer.add()
    yield "cyclic", cyclic, "'act' (Relu): expected inputs that come before it, got 'y'"
    yield "missing", make(n("Add", ["x", "w"], ["y"]), x=[2]), "expected inputs that come before it, got 'w'"
    yield "twice", twice, "expected names of values that differ, got 'y' again"
    yield "huge", huge, "input 'x': expected sizes from 0 to 2^48"
    yield "negative", negative, "input 'x': expected sizes from 0 to 2^48, got -1"
    yield "no shape", no_shape, "input 'x': expected a shape, got none"
    yield "lost output", lost, "output 'z': expected a value that a node computes, got none"
    yield "no output", no_output, "expected outputs, got none"
    yield "unknown type", no_type, "input 'x': expected a type that mx has, got 99"
    yield "other type", wrong_type, "output 'y': expected INT8, got FLOAT"
    yield "old", old, "expected operators of opset 7 to"
    yield "sparse", sparse, "expected no sparse initialisers, got 1"
    yield "rank", make(n("Add", ["x", "x"], ["y"]), x=[1] * 20), "expected at most 16 dimensions, got 20"
    yield "broadcast", make(n("Add", ["x", "w"], ["y"]), x=[2], w=[3]), "expected shapes that broadcast"
    yield (
        "contraction",
        make(n("MatMul", ["x", "w"], ["y"]), x=[2, 3], w=[4, 5]),
        "expected equal sizes of the contracted",
    )
    yield "reshape", make(n("Reshape", ["x", "s"], ["y"]), x=[2, 3], s=i64(7)), "expected a shape of 6 elements"
    yield "reshape -1", make(n("Reshape", ["x", "s"], ["y"]), x=[2, 3], s=i64(-1, -1)), "and -1 at most once"
    yield "reshape 0", make(n("Reshape", ["x", "s"], ["y"]), x=[2], s=i64(1, 0)), "expected a size for dimension 1"
    yield "reshape huge", make(n("Reshape", ["x", "s"], ["y"]), x=[0], s=i64(0, 2**62)), "expected a result of at most"
    yield "expand", make(n("Expand", ["x", "s"], ["y"]), x=[1], s=i64(2**40, 2**40)), "expected a result of at most"
    yield "tile", make(n("Tile", ["x", "s"], ["y"]), x=[2], s=i64(2**62)), "expected a result of at most"
    yield "fill", make(n("ConstantOfShape", ["s"], ["y"]), s=i64(2**50)), "expected a result of at most"
    yield "fill negative", make(n("ConstantOfShape", ["s"], ["y"]), s=i64(-4)), "expected a result of at most"
    yield "axis", make(n("Concat", ["x", "x"], ["y"], axis=9), x=[2]), "expected an axis from -1 to 0, got 9"
    yield "perm", make(n("Transpose", ["x"], ["y"], perm=[0, 0]), x=[2, 2]), "expected a permutation"
    yield "steps", make(n("Slice", ["x", "a", "b", "a", "z"], ["y"]), x=[2], a=i64(0), b=i64(1), z=i64(0)), "not 0"
    yield "indices", make(n("Gather", ["w", "i"], ["y"]), w=np.ones(3, np.float32), i=i64(7)), "expected indices from"
    yield "unknown", make(n("Reshape", ["x", "x"], ["y"]), x=[2]), "expected 'shape' to be known"
    yield "kind", make(n("Softmax", ["x"], ["y"], axis="first"), x=[2]), "expected another type of attribute 'axis'"
    yield "few inputs", make(n("MatMul", ["x"], ["y"]), x=[2]), "expected at least 2 inputs, got 1"
    yield "outputs", make(n("Relu", ["x"], ["y", "z"]), x=[2]), "expected at most 1 outputs, got 2"
    yield "count", make(n("Pad", ["x", "p"], ["y"]), x=[2], p=i64(1)), "two sizes for each axis"
    yield "cast", make(n("Cast", ["x"], ["y"], to=T.STRING), x=[2]), "expected a type that mx has, got STRING"
    yield "squeeze", make(n("Squeeze", ["x", "a"], ["y"]), x=[2], a=i64(0)), "expected dimension 0 to have the size 1"
    short = make(n("Add", ["x", "w"], ["y"]), x=[2], w=np.ones(2, np.float32))
    short.graph.initializer[0].raw_data = b"123"
    yield "short data", short, "initialiser 'w': expected 8 bytes for the shape [2], got 3"
    over = make(n("Add", ["x", "w"], ["y"]), x=[2], w=np.ones(2, np.float32))
    over.graph.initializer[0].dims[0] = 2**62
    yield "huge initialiser", over, "initialiser 'w': expected at most 68719476736 bytes"
    below = make(n("Add", ["x", "w"], ["y"]), x=[2], w=np.ones(2, np.float32))
    below.graph.initializer[0].dims[0] = -2
    yield "negative initialiser", below, "initialiser 'w': expected at most 16 sizes from 0 on"
    field = make(n("Add", ["x", "w"], ["y"]), x=[2], w=np.ones(2, np.float32))
    field.graph.initializer[0].ClearField("raw_data")
    yield "no data", field, "initialiser 'w': expected 2 numbers in 'float_data', got 0"
    scales = make(n("DequantizeLinear", ["w", "s"], ["y"], axis=0, block_size=32), w=np.ones(2, np.int8), s=[3])
    yield "scales", scales, "expected 1 scales for 2 elements in blocks of 32, got 3"
    zero = make(n("DequantizeLinear", ["w", "s"], ["y"], axis=0, block_size=-1), w=np.ones(2, np.int8), s=[1])
    yield "block", zero, "in blocks of at least 1"


@pytest.mark.parametrize(
    "name, model, text", hostile_models(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_hostile_models_are_refused_where_they_are_wrong(name, model, text):
    with pytest.raises(mx.CompileError) as caught:
        mx.from_onnx(model)
    assert text in str(caught.value)


def test_external_data_stays_in_its_folder(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"\0" * 8)
    (folder / "weights").write_bytes(np.array([1, 2], np.float32).tobytes())
    os.symlink(tmp_path / "secret", folder / "link")
    os.mkfifo(folder / "pipe")

    def write(location, **more):
        model = make(helper.make_node("Add", ["x", "w"], ["y"]), x=[2], w=np.ones(2, np.float32))
        given = model.graph.initializer[0]
        given.ClearField("raw_data")
        given.data_location = T.EXTERNAL
        for key, value in {"location": location, **more}.items():
            given.external_data.add(key=key, value=value)
        path = folder / "model.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    assert mx.from_onnx(write("weights"))(np.zeros(2, np.float32)).tolist() == [1, 2]
    for location, more in (
        ("../secret", {}), (str(tmp_path / "secret"), {}), ("link", {}), ("", {}), ("a\\b", {}), ("none", {}),
        ("pipe", {}), (".", {}), ("weights", {"offset": "4"}), ("weights", {"offset": "-4"}),
        ("weights", {"length": "9999999999999"}), ("weights", {"offset": "x"}),
    ):  # fmt: skip
        path = write(location, **more)
        with pytest.raises(mx.CompileError, match="initialiser 'w': expected"):
            mx.from_onnx(path)


def test_bytes_that_are_no_model(tmp_path):
    whole = attention()[0].SerializeToString()
    for data in (b"", b"\xff" * 100, b"\n" * 50, b"PK\3\4", whole[:100]):
        with pytest.raises(mx.CompileError, match="<bytes>: expected"):
            mx.from_onnx(data)
    for source in (tmp_path, tmp_path / "none.onnx", "a\0b"):
        with pytest.raises(mx.CompileError, match="expected a file that can be read"):
            mx.from_onnx(source)
    with pytest.raises(TypeError, match="expected a path, bytes or an onnx.ModelProto, got int"):
        mx.from_onnx(3)
    with pytest.raises(TypeError, match="expected names of dimensions with numbers"):
        mx.from_onnx(whole, sizes={"batch": "two"})


def test_changed_bytes_are_refused_or_read():
    """Whatever a byte becomes, there is a text or a message, never an end of the interpreter."""
    whole, generator = bytearray(attention()[0].SerializeToString()), np.random.default_rng(5)
    for _ in range(300):
        changed = bytearray(whole)
        for place in generator.integers(0, len(whole), generator.integers(1, 4)):
            changed[place] = generator.integers(0, 256)
        try:
            text = mx.onnx_to_mlir(bytes(changed))
        except mx.CompileError as error:
            assert "expected" in str(error)
        else:
            assert text.startswith("func.func @main")


def test_constants_that_do_not_fit_are_computed_as_others_are():
    make_node, i64 = helper.make_node, np.array([2**40 + 3, -1], np.int64)
    nodes = [
        make_node("Cast", ["w"], ["narrow"], to=T.INT32),
        make_node("Add", ["most", "most"], ["sum"]),
    ]
    weights = [numpy_helper.from_array(i64, "w"), numpy_helper.from_array(np.array([2**31 - 1], np.int32), "most")]
    model = build(nodes, [], [("narrow", T.INT32, [2]), ("sum", T.INT32, [1])], weights)
    narrow, total = mx.from_onnx(model)()
    assert narrow.tolist() == [3, -1] and total.tolist() == [-2]


def test_quotes_and_signs_in_names_do_not_reach_the_program():
    for name in ('a"b', "a\\", "a\nb", "\0", "ü", ") {"):
        assert mx.from_onnx(relu(name=name))(np.full((2, 3), -1, np.float32)).sum() == 0


def test_every_order_of_operands_broadcasts():
    for a, b in itertools.permutations([[2, 1, 3], [4, 1], [3], []], 2):
        program = mx.from_onnx(make(helper.make_node("Sub", ["p", "q"], ["y"]), p=a, q=b))
        x, y = (np.arange(np.prod(shape), dtype=np.float32).reshape(shape) for shape in (a, b))
        assert np.array_equal(program(x, y), x - y)

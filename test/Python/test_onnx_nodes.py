# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""ONNX's own tests of its operators (onnx.backend.test), within the tolerances that they state.

All cases of an operator become functions of one program. Inputs that say a shape, axes and the like are initialisers
here, since mx needs to know them before a program runs. Cases that mx refuses must be refused with the words that stand
in REFUSED; nothing else may be.
"""

import importlib
import re

import mx
import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
importer = pytest.importorskip("mx._onnx.importer")
models = importlib.import_module("mx._models")

# Modules of onnx.backend.test.case.node.
OPERATORS = """
abs acos acosh add asin asinh atan atanh bitwiseand bitwisenot bitwiseor bitwisexor and_ cast castlike ceil celu clip
concat constant constantofshape cos cosh cumsum dequantizelinear div dropout elu equal erf exp expand flatten floor
gather gatherelements gelu gemm greater greater_or_equal hardsigmoid hardswish identity isinf isnan layernormalization
leakyrelu less less_or_equal log logsoftmax matmul max mean min mish mod mul neg not_ or_ pad pow prelu quantizelinear
rangeop reciprocal reduce_log_sum reduce_log_sum_exp reducel1 reducel2 reducemax reducemean reducemin reduceprod
reducesum reducesumsquare relu reshape rmsnormalization rotaryembedding round selu shape sigmoid sign sin sinh size
slice softmax softplus softsign split sqrt squeeze sub sum swish tan tanh thresholdedrelu tile transpose trilu unsqueeze
where xor attention groupnormalization meanvariancenormalization
""".split()
# Attention is what ONNX defines it by; these are the f32 cases that differ in more than sizes.
ATTENTION = {
    f"test_attention_{each}"
    for each in ("4d", "4d_gqa", "4d_causal", "4d_attn_mask", "4d_softcap", "3d_gqa", "4d_scaled")
}
# The inputs of an operator that mx must know.
SHAPES = {
    "Reshape": (1,), "Expand": (1,), "Slice": (1, 2, 3, 4), "Tile": (1,), "Pad": (1, 3), "Squeeze": (1,),
    "Unsqueeze": (1,), "Split": (1,), "ConstantOfShape": (0,), "Range": (0, 1, 2), "CumSum": (1,), "Trilu": (1,),
    "Dropout": (2,),
}  # fmt: skip
REFUSED = re.compile(
    "expected (a type that mx has|a range that mx has|operators that mx has|saturate = 1|a conversion that mx has"
    "|types of at least 8 bits|a sum forwards|a dropout|the mode 'constant'|a constant of numbers"
    "|scales of floating-point numbers|a tensor, got)"
)


def load_cases(module):
    """The cases that a module of ONNX defines, made anew."""
    base = importlib.import_module("onnx.backend.test.case.node")
    base._NodeTestCases.clear()
    try:
        found = importlib.import_module(f"onnx.backend.test.case.node.{module}")
        if not base._NodeTestCases:
            importlib.reload(found)
    except ImportError:
        pytest.skip(f"this version of onnx has no cases for '{module}'")
    return list(base._NodeTestCases)


def to_array(value):
    return onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)


def prepare(case):
    """The model with its shapes inside, and the arrays that are left."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    version = model.opset_import[0].version
    if version < OLDEST and all(
        onnx.defs.get_schema(node.op_type, OLDEST).since_version <= version for node in model.graph.node
    ):
        model.opset_import[0].version = OLDEST  # The same operators.
    names = [each.name for each in model.graph.input]
    arrays = dict(zip(names, map(to_array, case.data_sets[0][0])))
    for node in model.graph.node:
        for index in SHAPES.get(node.op_type, (1,) if node.op_type.startswith("Reduce") else ()):
            if index < len(node.input) and node.input[index] in arrays:
                name = node.input[index]
                model.graph.initializer.append(onnx.numpy_helper.from_array(arrays.pop(name), name))
    return model, list(arrays.values())


def is_nan_of_fp4(case, inputs):
    """FP4 has no NaN. ONNX does not say what becomes of one; N2.4 does, and not what ONNX's cases have."""
    return "to_FLOAT4E2M1" in case.name and inputs[0].dtype.kind == "f" and np.isnan(inputs[0]).any()


def check(program, function, imported, arrays, case):
    inputs = [models.to_input(array, port) for array, port in zip(arrays, imported.inputs)]
    results = program(*inputs, function=function)
    results = results if isinstance(results, tuple) else (results,)
    for result, expected, port in zip(results, map(to_array, case.data_sets[0][1]), imported.outputs):
        found = models.from_output(result, port)
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        if is_nan_of_fp4(case, arrays):
            is_number = ~np.isnan(arrays[0])
            assert (found[~is_number].astype(np.float32) == 6).all()
            found, expected = found[is_number], expected[is_number]
        wide = [array.astype(np.complex128 if array.dtype.kind == "c" else np.float64) for array in (found, expected)]
        np.testing.assert_allclose(*wide, rtol=case.rtol, atol=case.atol)


OLDEST = 7
# Printed at the end (conftest.py).
COUNTS = {"passed": 0, "refused": 0}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("module", OPERATORS)
def test_operator(module):
    functions, texts, wrong = [], [], []
    for case in load_cases(module):
        if module == "attention" and case.name not in ATTENTION:
            continue
        try:
            model, arrays = prepare(case)
            imported = importer.import_model(model)
        except mx.Error as error:
            if REFUSED.search(str(error)):
                COUNTS["refused"] += 1
            else:
                wrong.append(f"{case.name}: {error}")
            continue
        name = f"case{len(functions)}"
        functions.append((name, imported, arrays, case))
        texts.append(imported.text.replace("@main(", f"@{name}("))
    if texts:
        program = mx.compile("".join(texts), target="native")
        for function in functions:
            try:
                check(program, *function)
            except Exception as error:  # One case does not hide the others.
                wrong.append(f"{function[3].name}: {error}")
    assert not wrong, "\n".join(wrong)
    COUNTS["passed"] += len(functions)
    assert functions or module == "sum", "no case was run"

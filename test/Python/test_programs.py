# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""mx.compile and what it gives."""

import subprocess
import sys
import threading
import time

import mx
import numpy as np
import pytest

LAYER = """
func.func @layer(%x: tensor<?x64xf32>, %w: !mx.tensor<8x64, mxfp4, axis = 1>,
                 %init: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = mx.matmul ins(%x, %w : tensor<?x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1>)
                 outs(%init : tensor<?x8xf32>)
  return %y : tensor<?x8xf32>
}"""

DOUBLE = """
func.func @double(%x: tensor<?x?xT>) -> tensor<?x?xT> {
  %0 = linalg.add ins(%x, %x : tensor<?x?xT>, tensor<?x?xT>) outs(%x : tensor<?x?xT>) -> tensor<?x?xT>
  return %0 : tensor<?x?xT>
}"""


def double(kind):
    return mx.compile(DOUBLE.replace("T", kind).replace("xxf", "xf"))


@pytest.fixture(scope="module")
def layer():
    return mx.compile(LAYER, target="native")


def test_products_are_those_of_the_decoded_numbers(layer):
    generator = np.random.default_rng(0)
    weights = mx.quantize(generator.integers(-6, 7, (8, 64)).astype(np.float32), scale_rule="rceil")
    # Small whole numbers: every order of summation is exact (N7.3).
    for rows in (1, 5, 0):
        x = generator.integers(-8, 9, (rows, 64)).astype(np.float32)
        y = layer(x, weights, np.ones((rows, 8), np.float32))
        assert y.dtype == np.float32
        assert np.array_equal(y, x @ weights.dequantize().T + 1)


def test_functions_are_described(layer):
    function = layer.functions["layer"]
    assert layer.entry == "layer"
    assert [value.type for value in function.arguments] == ["f32", "i8", "i8", "f32"] or [
        value.type for value in function.arguments
    ] == ["f32", "u8", "u8", "f32"]
    assert function.arguments[0].shape == (None, 64)
    assert function.arguments[2].description == "scales of '!mx.tensor<8x64, mxfp4, axis = 1>'"
    assert function.results[0].shape == (None, 8)


def test_any_phase_can_be_looked_at(layer):
    assert "mx.matmul" in layer.ir()
    assert 'kernel = "matmul_' in layer.ir("select")
    assert "llvm.func" in layer.ir("llvm")
    with pytest.raises(mx.CompileError, match="expected a phase"):
        layer.ir("late")


def test_libraries_are_saved_and_loaded(layer, tmp_path):
    layer.save(tmp_path / "layer.so")
    library = mx.load(tmp_path / "layer.so")
    weights = mx.quantize(np.ones((8, 64), np.float32))
    arguments = np.ones((2, 64), np.float32), weights, np.zeros((2, 8), np.float32)
    assert np.array_equal(library(*arguments), layer(*arguments))
    with pytest.raises(mx.Error, match="expected a program with its source, got a library"):
        library.ir()
    with pytest.raises(mx.CompileError, match="expected a path that ends in"):
        layer.save(tmp_path / "layer.txt")
    with pytest.raises(mx.Error, match="expected a shared library"):
        mx.load(tmp_path / "absent.so")


def test_files_and_bytecode_are_sources(layer, tmp_path):
    path = tmp_path / "double.mlir"
    path.write_text(DOUBLE.replace("T", "f32").replace("xxf", "xf"))
    array = np.ones((1, 2), np.float32)
    assert mx.compile(path)(array).tolist() == [[2, 2]]
    assert mx.compile(str(path))(array).tolist() == [[2, 2]]
    mx.compile(path).save(tmp_path / "double.mlirbc")
    assert b"ML" in (tmp_path / "double.mlirbc").read_bytes()[:4]


@pytest.mark.parametrize("kind", ["f16", "f32", "f64"])
def test_arrays_of_every_order_are_read(kind):
    program = double(kind)
    dtype = {"f16": np.float16, "f32": np.float32, "f64": np.float64}[kind]
    array = np.arange(48, dtype=dtype).reshape(6, 8)
    for view in (array, array.T, array[::2], array[:, 1:4], array[::-1, ::-1], array[:0]):
        assert np.array_equal(program(view), 2 * view)
    read_only = array.copy()
    read_only.flags.writeable = False
    assert np.array_equal(program(read_only), 2 * array)
    # An address that no vector is aligned to.
    shifted = np.frombuffer(b"\0" * dtype().itemsize + array.tobytes(), dtype, offset=dtype().itemsize).reshape(6, 8)
    assert np.array_equal(program(shifted), 2 * array)


def test_results_outlive_their_program():
    result = double("f32")(np.full((100, 100), 3, np.float32))
    assert (result == 6).all() and result.flags.writeable


def test_buffers_of_the_source_are_written_to():
    program = mx.compile(
        """func.func @fill(%x: memref<4xf32>, %c: f32) {
          linalg.fill ins(%c : f32) outs(%x : memref<4xf32>)
          return
        }"""
    )
    array = np.zeros(4, np.float32)
    assert program(array, 2.5) is None
    assert array.tolist() == [2.5] * 4
    for other in (np.zeros(8, np.float32)[::2], np.frombuffer(bytes(16), np.float32)):
        with pytest.raises(mx.Error, match="expected a row-major array that can be written to, got another"):
            program(other, 1.0)


def test_numbers_of_python_are_scalars():
    program = mx.compile("func.func @f(%x: i32, %y: f32) -> (i32, f32) {\n  return %x, %y : i32, f32\n}")
    assert program(7, 1.5) == (7, 1.5)
    with pytest.raises(mx.Error, match="argument 0 of 'f': expected i32, got 4294967296"):
        program(2**32, 1.0)
    with pytest.raises(mx.Error, match="argument 1 of 'f': expected f32, got 1000"):
        program(1, 10**400)
    with pytest.raises(mx.Error, match="argument 0 of 'f': expected an array of i32, got a float"):
        program(1.5, 1.0)


def test_quantising_by_options():
    weights = np.random.default_rng(1).standard_normal((64, 8)).astype(np.float32)
    text = f"""func.func @f(%x: tensor<4x64xf32>) -> tensor<4x8xf32> {{
      %w = arith.constant dense<"0x{weights.tobytes().hex().upper()}"> : tensor<64x8xf32>
      %z = arith.constant dense<0.0> : tensor<4x8xf32>
      %y = linalg.matmul ins(%x, %w : tensor<4x64xf32>, tensor<64x8xf32>) outs(%z : tensor<4x8xf32>) -> tensor<4x8xf32>
      return %y : tensor<4x8xf32>
    }}"""
    program = mx.compile(text, quantize="nvidia", formats=["nvfp4"], rotation="off", remarks_filter="mx.*")
    x = np.random.default_rng(2).standard_normal((4, 64)).astype(np.float32)
    expected = x @ mx.quantize(weights.T, "nvfp4").dequantize().T
    assert np.allclose(program(x), expected, rtol=1e-5, atol=1e-4)
    assert "remark" in program.messages
    with pytest.raises(mx.CompileError, match="expected 'quantize' with 'formats', got 'formats' alone"):
        mx.compile(text, formats="mxfp4")
    with pytest.raises(mx.CompileError, match="expected an option of mx-compile, got 'size'"):
        mx.compile(text, size=3)


# --- errors -----------------------------------------------------------------------


def test_messages_have_their_place(tmp_path):
    with pytest.raises(mx.CompileError) as error:
        mx.compile("func.func @f() {\n  return %x : f32\n}", name="program.mlir")
    assert "program.mlir:2:10: error: use of undeclared SSA value name" in str(error.value)
    assert "return %x : f32" in str(error.value)
    with pytest.raises(mx.CompileError, match="cannot open input file"):
        mx.compile(tmp_path / "absent.mlir")
    with pytest.raises(mx.CompileError, match="expected the target 'cpu'"):
        mx.compile(LAYER, target="mill")
    with pytest.raises(mx.Error, match="expected a function of the program \\('layer'\\), got 'last'"):
        mx.compile(LAYER, entry="last")


def test_arguments_are_checked(layer):
    x, init = np.ones((2, 64), np.float32), np.zeros((2, 8), np.float32)
    weights = mx.quantize(np.ones((8, 64), np.float32))
    for arguments, message in (
        ((x, weights), "expected 4 arguments of 'layer'"),
        ((x, weights, init, init), "expected 4 arguments of 'layer'"),
        ((x.astype(np.float64), weights, init), "expected '?x64xf32', got '2x64xf64'"),
        ((x[:, :63], weights, init), "expected '?x64xf32', got '2x63xf32'"),
        ((x, mx.quantize(np.ones((8, 64)), "nvfp4"), init), "got '!mx.tensor<8x64, nvfp4, axis = 1>'"),
        ((x, mx.quantize(np.ones((8, 64)), axis=0), init), "got '!mx.tensor<8x64, mxfp4, axis = 0>'"),
        ((x, mx.quantize(np.ones((8, 64)), rotation=4), init), "rotation = hadamard<4>>'"),
        ((weights, weights, init), "argument 0 of 'layer': expected 'tensor<?x64xf32>', got"),
    ):
        with pytest.raises(mx.Error) as error:
            layer(*arguments)
        assert message in str(error.value)
    for wrong in (np.array(["a"]), None, object(), "text"):
        with pytest.raises((TypeError, mx.Error)):
            layer(wrong, weights, init)


def test_a_fault_is_an_exception():
    program = mx.compile(
        """func.func @divide(%x: i32, %y: i32) -> i32 {
          %0 = arith.divsi %x, %y : i32
          return %0 : i32
        }
        func.func @stop(%x: i1) {
          cf.assert %x, "expected the truth"
          return
        }"""
    )
    assert program.entry is None
    with pytest.raises(mx.Error, match="expected a function of the program"):
        program(1, 2)
    assert program(6, 3, function="divide") == 2
    for _ in range(3):
        with pytest.raises(mx.Error, match="expected 'divide' to return, got signal 8"):
            program(6, 0, function="divide")
        with pytest.raises(mx.Error, match="expected 'stop' to return, got a failed assertion: expected the truth"):
            program(False, function="stop")
    assert program(True, function="stop") is None


# --- threads ----------------------------------------------------------------------


def test_threads_share_programs_and_compile_at_once(layer):
    weights = mx.quantize(np.ones((8, 64), np.float32))
    problems = []

    def work(seed):
        try:
            own = double("f32")
            for i in range(30):
                x = np.full((3, 64), seed + i, np.float32)
                assert (layer(x, weights, np.zeros((3, 8), np.float32)) == 64 * (seed + i)).all()
                assert (own(x) == 2 * x).all()
                assert mx.quantize(x) == mx.quantize(x.copy())
                with pytest.raises(mx.Error):
                    own(x.astype(np.int8))
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(10 * i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


def test_the_interpreter_runs_while_the_library_works():
    array = np.random.default_rng(0).standard_normal((256, 4096)).astype(np.float32)
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.monotonic()
    mx.quantize(array, "nvfp4", scale_rule="sweep")
    end = time.monotonic()
    done.set()
    thread.join()
    during = [at for at in ticks if start < at < end]
    assert len(during) >= 3, f"{len(during)} ticks in {end - start:.3f} s"


def test_importing_takes_neither_torch_nor_ml_dtypes():
    code = "import sys, mx; sys.exit('torch' in sys.modules or 'ml_dtypes' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)

//===- Passes.td - passes that decide and represent -------*- tablegen -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Every description has the same six parts: what it does, Requires, Ensures,
// Decides, Remarks, Example. The example names a test, which the documentation
// runs.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_TRANSFORMS_PASSES_TD
#define MX_DIALECT_MX_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def AttachTargetPass : Pass<"mx-attach-target", "::mlir::ModuleOp"> {
  let summary = "say which machine code is generated for";
  let description = [{
    Sets the module's `mx.target` attribute.

    **Requires** any IR. **Ensures** that the module has a target; one that it has
    already is kept. **Decides** nothing: the options say it all, and no pass asks the
    machine it runs on. **Remarks**: none.
    **Example**: (* example: test/Dialect/MX/attach-target.mlir *)
  }];
  let options = [
    Option<"kind", "kind", "std::string", "\"cpu\"",
           "Kind of machine: cpu (does not change numerics)">,
    Option<"chip", "chip", "std::string", "\"\"",
           "LLVM processor name, e.g. x86-64-v3 (does not change numerics)">,
    Option<"features", "features", "std::string", "\"\"",
           "LLVM feature string, e.g. +avx2,+fma (does not change numerics)">];
  let dependentDialects = ["::mlir::mx::MXDialect"];
}

def DecomposeLinalgPass : Pass<"mx-decompose-linalg", "::mlir::func::FuncOp"> {
  let summary = "replace linalg operations that have no loops of their own";
  let description = [{
    `linalg.softmax`, `linalg.pack` and `linalg.unpack` stand for several steps and
    cannot become loops as they are; this pass writes the steps.

    **Requires** linalg on tensors. **Ensures** that none of the three is left.
    **Decides** nothing. **Remarks**: none.
    **Example**: (* example: test/Dialect/MX/decompose-linalg.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def ExpandConversionsPass : Pass<"mx-expand-conversions", "::mlir::ModuleOp"> {
  let summary = "write conversions of small floats as integer arithmetic";
  let description = [{
    Expands every `arith.extf` and `arith.truncf` of an FP4, FP6, FP8 or E8M0 type by
    N1 and N2, between casts of the small type to its codes, which
    `mx-expand-small-floats` removes.

    **Requires** any IR. **Ensures** that no such operation is left for upstream's
    folder, which turns some constants into wrong numbers; runs before anything that
    canonicalises. **Decides** nothing. **Remarks**: none; a conversion that has no
    expansion is an error.
    **Example**: (* example: test/Dialect/MX/expand-conversions.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def ExpandCopiesPass : Pass<"mx-expand-copies", "::mlir::func::FuncOp"> {
  let summary = "write copies between strided buffers as loops";
  let description = [{
    A `memref.copy` whose sides are not both contiguous would become a call into
    MLIR's runner library, which compiled code cannot rely on; it becomes a
    `linalg.generic` instead.

    **Requires** bufferised IR. **Ensures** that every `memref.copy` left is between
    contiguous buffers. **Decides** nothing. **Remarks**: none.
    **Example**: (* example: test/Dialect/MX/expand-copies.mlir *)
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def ExpandSmallFloatsPass : Pass<"mx-expand-small-floats", "::mlir::ModuleOp"> {
  let summary = "replace FP4, FP6, FP8 and E8M0 element types by bytes";
  let description = [{
    Rewrites every value of a small float type into `i8` codes, one per byte, and
    every conversion from or to one into exact integer and f32 arithmetic (N1, N2).

    **Requires** the *pack* phase: no `!mx.tensor`. **Ensures** that no `f4`, `f6`,
    `f8` type is left; function arguments and results of such types become
    canonical bytes, packed along the last dimension (N8.1). Upstream's expansions
    of these conversions are not used, because they round ties away from even, lose
    the sign of zero and read the E8M0 byte 0 as 0.0.
    **Decides** nothing. **Remarks**: none; arithmetic on a small float type itself
    is an error.
    **Example**: (* example: test/Dialect/MX/expand-small-floats.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::mx::MXDialect"];
}

def ImportPass : Pass<"mx-import", "::mlir::ModuleOp"> {
  let summary = "raise upstream block-scaled operations to mx operations";
  let description = [{
    Replaces TOSA's three block-scaled operations and `linalg.generic` contractions
    that scale their operands with `arith.scaling_extf` by `mx` operations.

    **Requires** any IR. **Ensures** that no matched operation is left; everything
    else is untouched. Both the 4-loop form and the 3-loop form, whose scales are
    indexed by `k floordiv block`, are recognised. `tosa.cast_to_block_scaled` becomes
    a quantisation by the rule of TOSA's specification: `even`, for E4M3 `rceil`.
    **Decides** nothing: an operation matches or it does not.
    **Remarks** (`mx-import`): passed, what an operation became; missed, why an
    operation that scales was not recognised.
    **Example**: (* example: test/Dialect/MX/import.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::tensor::TensorDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::mx::MXDialect"];
}

def InsertChecksPass : Pass<"mx-insert-checks", "::mlir::ModuleOp"> {
  let summary = "compare every packed operation with the reference at run time";
  let description = [{
    After each `mx.packed` operation on buffers, calls the checking runtime with the
    operation's inputs and outputs. The runtime recomputes the outputs by
    lib/Numerics: bit for bit for encoding, decoding and rotation, within the bound
    of N7.2 for products.

    **Requires** bufferised IR of the *lower* phase, before `convert-mx-to-loops`.
    **Ensures** one call for each packed operation, carrying its location; the
    program's results are unchanged. **Decides** nothing. **Remarks**: none.
    **Example**: (* example: test/Dialect/MX/insert-checks.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::memref::MemRefDialect", "::mlir::mx::MXDialect"];
}

def OrderGlobalsPass : Pass<"mx-order-globals", "::mlir::ModuleOp"> {
  let summary = "put the constants that bufferisation made in a fixed order";
  let description = [{
    Sorts and numbers the globals that bufferisation made of constants by their first
    use. Bufferisation makes them in an order that differs from run to run.

    **Requires** bufferised IR. **Ensures** that the same input gives the same globals
    in the same order; globals of other names are untouched. **Decides** nothing.
    **Remarks**: none.
    **Example**: (* example: test/Dialect/MX/order-globals.mlir *)
  }];
}

def PackLayoutsPass : Pass<"mx-pack-layouts", "::mlir::ModuleOp"> {
  let summary = "replace block-scaled values by their packed parts";
  let description = [{
    Ends the abstraction: every `!mx.tensor` becomes its payload bytes, scale bytes
    and tensor scale (N8.1), in function signatures too, and every graph operation
    becomes its `mx.packed` counterpart. Values blocked along another axis than the
    last are transposed to bring it last.

    **Requires** that each `mx` operation names a kernel (*select* phase).
    **Ensures** that no `!mx.tensor` is left. Parts of arguments and results stand in
    order: payload, scales, tensor scale. Sizes that types do not know
    are compared at run time by `cf.assert`. **Decides** nothing; the kernel's row
    names the layout. **Remarks**: none.
    **Example**: (* example: test/Dialect/MX/pack-layouts.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::tensor::TensorDialect", "::mlir::linalg::LinalgDialect", "::mlir::mx::MXDialect"];
}

def ProtectArgumentsPass : Pass<"mx-protect-arguments", "::mlir::ModuleOp"> {
  let summary = "keep public functions from overwriting their arguments";
  let description = [{
    Marks every tensor argument of a public function as read-only for bufferisation,
    which would otherwise reuse an argument's buffer for a result where it can.

    **Requires** IR on tensors. **Ensures** that a caller of compiled code finds its
    arguments as it passed them; private functions are untouched. **Decides** nothing.
    **Remarks**: none.
    **Example**: (* example: test/Dialect/MX/protect-arguments.mlir *)
  }];
}

def SelectKernelsPass : Pass<"mx-select-kernels", "::mlir::ModuleOp"> {
  let summary = "name the kernel that will run each operation";
  let description = [{
    Gives every `mx` operation that computes a `kernel` attribute: the first row of
    `Target/Kernels.def` whose operation and target features fit the module's
    `mx.target`. A kernel that the operation already names is kept.

    **Requires** quantised IR. **Ensures** that each such operation has a kernel; types
    and structure are untouched. **Decides** by the order of the rows, fastest first;
    the emulated loops are the last row of each operation.
    **Remarks** (`mx-select`): passed, the row; missed, that only the emulated row fits
    and why. With `fail-on-emulation` the latter is an error.
    **Example**: (* example: test/Dialect/MX/select-kernels.mlir *)
  }];
  let options = [
    Option<"failOnEmulation", "fail-on-emulation", "bool", "false",
           "Make choosing the emulated row an error (does not change numerics)">];
}

def VerifyPhasePass : Pass<"mx-verify-phase", "::mlir::ModuleOp"> {
  let summary = "check the contract of a phase";
  let description = [{
    Fails on the first operation or type that must not exist after `phase`.

    **Requires** any IR. **Ensures** nothing but the check. **Decides** nothing.
    **Remarks**: none; a violation is an error that names the phase, the operation and
    what was expected.
    **Example**: (* example: test/Dialect/MX/verify-phase.mlir *)
  }];
  let options = [
    Option<"phase", "phase", "std::string", "\"\"",
           "The phase whose contract is checked: import, select, pack, lower or llvm">];
}

#endif // MX_DIALECT_MX_TRANSFORMS_PASSES_TD

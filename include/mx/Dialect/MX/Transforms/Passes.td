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
           "Kind of machine: cpu or nvvm (does not change numerics)">,
    Option<"chip", "chip", "std::string", "\"\"",
           "LLVM processor name, e.g. x86-64-v3, or chip, e.g. sm_120a (does not change numerics)">,
    Option<"features", "features", "std::string", "\"\"",
           "LLVM feature string, e.g. +avx2,+fma or +ptx87 (does not change numerics)">];
  let dependentDialects = ["::mlir::mx::MXDialect"];
}

def ChooseFormatsPass : Pass<"mx-choose-formats", "::mlir::ModuleOp"> {
  let summary = "decide format, scale rule and rotation of each product";
  let description = [{
    Gives every product of plain numbers (a *site*) a plan: which side is encoded in
    which format by which scale rule, whether both are rotated, and by which method
    constants are quantised.

    **Requires** sites (`mx-raise-matmuls`). **Ensures** that each has an `mx.plan`; one
    that it has already is kept, nothing else is touched. If anything fails, neither a
    plan nor a report is written. **Decides** by the relative squared error of a product,
    the sum of those of its sides. Constants are measured, weighted by the Hessian if
    there are calibration data; activations are measured on those data, or assumed to
    follow Student's t with 5 degrees of freedom. The error of all sites is their mean,
    weighted by their numbers of weights; bits count payload, scales and tensor scale of
    the constants as they will be stored. Sites that share an operand form a group with
    one rotation and one encoding of activations, and with a format for each constant.

    | objective | formats; all under a budget | rule of weights | `activations=auto` | `rotation=auto` |
    |---|---|---|---|---|
    | `ocp` | mxfp4; all but nvfp4 | floor | mxfp8_e4m3 by floor | off |
    | `nvidia` | nvfp4; all | amax, rceil | nvfp4 by amax | if it takes away 1 % of the error |
    | `accuracy` | mxfp4, nvfp4; all | sweep, mse | the better of mxfp6_e2m3 by even and mxfp8_e4m3 by rceil | if it takes away 1 % of the error |
    | `speed` | mxfp4; all | amax, even | mxfp4 by even | if it takes away 25 % of the error |

    Where two rules stand, the first is that of NVFP4. For mxfp6_e3m2 and both mxfp8,
    `mse` and `even` gain nothing over `rceil`, which stands for them. Rotations are
    tried in the sizes of the blocks of all formats that are tried, and with NVFP4 also in
    the largest of 128, 64 and 32 that divides; a larger one must take away 1 % more than
    a smaller one. Without a budget,
    `accuracy` takes the least error, the others the fewest bits and of these the least
    error; `keep` counts as a format only if it is the only one. Under `bits`, the error
    of all sites becomes the least that the budget allows; under `error`, the number of
    bits does; what is kept has the bits of its elements and no error. `method=gptq`
    needs statistics of each site; errors remain those of rounding to nearest.
    `method=mr-gptq` is `gptq` with a rotation wherever one divides, and with the rules
    of `accuracy`.
    **Remarks** (`mx-choose`): passed, the plan of a site with its error, its bits and
    the reason; missed, why a site is kept or is not rotated.
    **Example**: (* example: test/Dialect/MX/choose-formats.mlir *)
  }];
  let options = [
    Option<"objective", "objective", "std::string", "\"accuracy\"",
           "What to aim at: ocp, nvidia, accuracy or speed (changes numerics)">,
    Option<"bits", "bits", "double", "0",
           "Budget in bits per weight over all sites; 0 for none (changes numerics)">,
    Option<"error", "error", "double", "0",
           "Budget of relative squared error over all sites; 0 for none (changes numerics)">,
    Option<"activations", "activations", "std::string", "\"keep\"",
           "What becomes of sides that are not constant: keep, auto or the name of a format (changes numerics)">,
    ListOption<"formats", "formats", "std::string",
           "Formats to choose from, e.g. mxfp4,nvfp4,keep (default: as the objective says; changes numerics)">,
    Option<"rotation", "rotation", "std::string", "\"auto\"",
           "auto, off or a size (changes numerics)">,
    Option<"method", "method", "std::string", "\"rtn\"",
           "How constants are quantised: rtn, gptq or mr-gptq (changes numerics)">,
    Option<"calibration", "calibration", "std::string", "\"\"",
           "File of activation statistics (changes numerics)">,
    Option<"samples", "samples", "int64_t", "1048576",
           "Most values of a tensor that are measured (changes numerics)">,
    Option<"report", "report", "std::string", "\"\"",
           "Where to write the report, .json or .html (does not change numerics)">];
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

def ExpandViewsPass : Pass<"mx-expand-views", "::mlir::func::FuncOp"> {
  let summary = "compute strides where a dimension is split into several of unknown size";
  let description = [{
    Replaces `memref.expand_shape` that splits a dimension into two or more of unknown
    size by `memref.reinterpret_cast` with the sizes that it states. MLIR's
    `expand-strided-metadata`, which handles all others, would fail on it.

    **Requires** bufferised IR. **Ensures** that no such operation is left; others are
    untouched. **Decides** nothing. **Remarks**: none.
    **Example**: (* example: test/Dialect/MX/expand-views.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def FoldTensorScalePass : Pass<"mx-fold-tensor-scale", "::mlir::ModuleOp"> {
  let summary = "fold scalar factors into the tensor scale of a constant";
  let description = [{
    A constant factor on the result or on the plain operand of a product becomes part
    of the tensor scale of the constant side: `α · (A · Bᵀ)` is `A · Bᵀ` with `t_B`
    replaced by `α · t_B`.

    **Requires** quantised products. **Ensures** that such a factor, where the
    constant has a tensor scale and the initial value is zero, is gone.
    The order of rounding is: `α · t_B` to f32, then N7.1. **Decides** nothing.
    **Remarks** (`mx-fold-tensor-scale`): passed, what was folded; missed, why a
    factor was not.
    **Example**: (* example: test/Dialect/MX/fold-tensor-scale.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::mx::MXDialect"];
}

def FuseRotationsPass : Pass<"mx-fuse-rotations", "::mlir::ModuleOp"> {
  let summary = "rotate planned products and move the rotations to where they cost least";
  let description = [{
    Writes the rotations that plans ask for as `mx.rotate` on both sides of the
    product. On a constant it stays an expression; others, and those that the program
    has already, are moved through operations that commute with them (sums,
    normalisations, views, gathers, products with other tensors), into constant weights
    or against their inverse. One that stays is shared by the readers of the same
    value, gives its signs to constants, and becomes part of the `mx.quantize` that
    reads it. Before, equal views become one, and constant permutations of channels move
    into weights. A slice of a product is rotated by its own rows of the weight.

    **Requires** sites with plans (`mx-choose-formats`). **Ensures** that no plan asks
    for a rotation any more: the product is `mx.rotated`, or a remark says why it is
    not. The program computes the same in real arithmetic; sums are reassociated.
    Nothing is moved across a quantisation. **Decides** which operations work on rotated
    numbers so that the fewest elements are rotated at run time, by a minimum cut; of
    equals, where the fewest do. Unknown sizes count as 1024. Each rotation is decided
    by itself, that of most elements first.
    **Remarks** (`mx-rotate`): passed, where a rotation went, and of each site whether
    it is rotated at run time; missed, an obstacle that it stopped at and what that
    costs, or why a site is not rotated.
    **Example**: (* example: test/Dialect/MX/fuse-rotations.mlir *)
  }];
  let options = [
    Option<"insert", "insert", "int64_t", "0",
           "Also rotate sites without a plan by this size; 0 for none (changes numerics)">,
    Option<"plannedOnly", "planned-only", "bool", "false",
           "Leave functions alone in which no plan asks for a rotation, with the rotations that they hold (changes numerics)">,
    Option<"seed", "seed", "uint64_t", "0",
           "Draw the signs of rotations from this seed; 0 for no signs (changes numerics)">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::mlir::mx::MXDialect"];
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

def InstrumentPass : Pass<"mx-instrument", "::mlir::ModuleOp"> {
  let summary = "make the program record the activations of its sites";
  let description = [{
    Adds an `mx.record` of the side that is not constant to each site. The compiled
    program hands the numbers to the runtime, which writes a calibration file.

    **Requires** sites with names (`mx-raise-matmuls`), not yet rotated. **Ensures** one
    record for each value that sites multiply by constants, carrying the names of all of
    them; a site that is recorded already gets no other, and results are unchanged.
    **Decides** nothing.
    **Remarks** (`mx-instrument`): missed, a site of which not exactly one side is
    constant.
    **Example**: (* example: test/Dialect/MX/instrument.mlir *)
  }];
  let options = [
    Option<"collect", "collect", "std::string", "\"hessian\"",
           "What is kept of the rows: hessian or rows (does not change numerics)">,
    Option<"maxRows", "max-rows", "int64_t", "4096",
           "Most rows that are kept of a value if rows are (does not change numerics)">];
  let dependentDialects = ["::mlir::mx::MXDialect"];
}

def LowerRecordsPass : Pass<"mx-lower-records", "::mlir::ModuleOp"> {
  let summary = "turn records into calls of the runtime";
  let description = [{
    Replaces each `mx.record` on a buffer by a call of `mxrt_record_<type>` with the
    buffer, of any rank and strides, and a constant text that says what to keep for which sites
    (RecordInterface.h).

    **Requires** bufferised IR. **Ensures** that no `mx.record` is left. **Decides**
    nothing. **Remarks**: none.
    **Example**: (* example: test/Dialect/MX/lower-records.mlir *)
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect",
    "::mlir::mx::MXDialect"];
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
    names the layout. Weights that are constants are brought to it (N8.7) here, by all threads.
    **Remarks** (`mx-pack`): missed, weights that are interleaved at each call, and how many bytes, and weights that
    stay row by row for a kernel that reads fragments, and why; passed, weights in the order of fragments.
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

def QuantizePass : Pass<"mx-quantize", "::mlir::ModuleOp"> {
  let summary = "turn planned products into block-scaled ones";
  let description = [{
    Obeys plans: the constant sides of a site become `mx.constant`, quantised by the
    method of the plan; other sides get an `mx.quantize`, together with a rotation
    that stands before it. A site that is kept, or has no plan, becomes `linalg`
    again. A weight that holds a NaN or an infinity is an error.

    **Requires** sites with plans that ask for no rotation (`mx-fuse-rotations`).
    **Ensures** that no product of two plain operands is left, nor any plan, and
    that expressions of constant weights (rotated, transposed) are constants. NVFP4
    constants that meet the same activation share one tensor scale. With
    `activation-scale=static`, the tensor scale of an activation is a constant, computed
    (N4.1) from the largest number in the calibration file: of the rows that it keeps
    if the activation is rotated, else of all that were recorded. Larger numbers
    saturate. **Decides** nothing. A failed Cholesky decomposition raises the damping tenfold, at most three
    times, before rounding to nearest; each is a remark. The result is the same for any
    number of threads.
    **Remarks** (`mx-quantize`): passed, what a constant became with its error and bits,
    which constants share a tensor scale, columns that no activation reaches, static
    scales; missed, a damping that was raised, a fallback, a site without a plan, a plan
    whose `gptq` finds no constant, a scale that is not static.
    **Example**: (* example: test/Dialect/MX/quantize.mlir *)
  }];
  let options = [
    Option<"calibration", "calibration", "std::string", "\"\"",
           "File of activation statistics, which gptq and static scales need (changes numerics)">,
    Option<"activationScale", "activation-scale", "std::string", "\"dynamic\"",
           "Tensor scales of activations: dynamic, computed at run time, or static, from calibration (changes numerics)">,
    Option<"actOrder", "act-order", "bool", "true",
           "Whether gptq starts with the columns of largest activations (changes numerics)">,
    Option<"damping", "damping", "double", "0.01",
           "What gptq adds to the diagonal, as a part of its mean (changes numerics)">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect", "::mlir::mx::MXDialect"];
}

def RaiseMatmulsPass : Pass<"mx-raise-matmuls", "::mlir::ModuleOp"> {
  let summary = "turn matmuls of linalg into sites";
  let description = [{
    Replaces `linalg.matmul`, `linalg.batch_matmul` and any other contraction of linalg,
    `linalg.generic` included, of f32, bf16 or f16 by `mx.matmul`, with transposes and
    reshapes where the forms differ, and names each (`mx.site`) after its location or its
    function. A matrix that is repeated for each batch is one matrix, and batches are
    rows of the other side. A side that `mx.dequantize` made is taken as it was before,
    if its blocks fit. Weights in constant globals become constants that share the
    global's data.

    **Requires** linalg on tensors. **Ensures** that every contraction the policy chose is
    a site, or a product of sides that are encoded already; others are untouched. What a
    body rounds to a narrow type at each step is rounded once (N7.1). **Decides** by the
    policy alone; names do not depend on it. Without a constant side, the right one counts
    as the weight, and one of unknown size as large enough.
    **Remarks** (`mx-raise`): passed, the site; missed, why a contraction is none.
    **Example**: (* example: test/Dialect/MX/raise-matmuls.mlir *)
  }];
  let options = [
    Option<"policy", "policy", "std::string", "\"constant-weights\"",
           "Which matmuls: all, constant-weights or none (changes numerics)">,
    Option<"functions", "functions", "std::string", "\"\"",
           "Only in functions whose name matches this regular expression (changes numerics)">,
    Option<"sites", "sites", "std::string", "\"\"",
           "Only sites whose name matches this regular expression (changes numerics)">,
    Option<"minElements", "min-elements", "int64_t", "0",
           "Only weights with at least this many elements (changes numerics)">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::mlir::mx::MXDialect"];
}

def SelectKernelsPass : Pass<"mx-select-kernels", "::mlir::ModuleOp"> {
  let summary = "name the kernel that will run each operation";
  let description = [{
    Gives every `mx` operation that computes a `kernel` attribute: the first row of
    `Target/Kernels.def` whose kind of machine, needs and formats fit the module's
    `mx.target` and the operation. A kernel that the operation already names is kept.

    **Requires** quantised IR. **Ensures** that each such operation has a kernel; types
    and structure are untouched. **Decides** by the order of the rows, fastest first;
    the emulated loops are the last row of each operation on a CPU. A GPU may have no
    row that fits, which is an error.
    **Remarks** (`mx-select`): passed, the row, and on a GPU the instruction that makes it
    native; missed, that only an emulated row fits and why. With `fail-on-emulation` the
    latter is an error.
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
           "The phase whose contract is checked: import, format, rotate, quantize, select, pack, lower or llvm">];
}

#endif // MX_DIALECT_MX_TRANSFORMS_PASSES_TD

//===- Passes.td - conversions out of the mx dialect ------*- tablegen -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_CONVERSION_PASSES_TD
#define MX_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertGPUToRuntimePass : Pass<"convert-gpu-to-runtime", "::mlir::ModuleOp"> {
  let summary = "turn host code of a GPU into calls of the runtime";
  let description = [{
    Launches, allocations, copies, constants and reads of single numbers become calls of
    `mx/Runtime/GpuRuntime.h`, which finds the NVIDIA driver when the program runs. Buffers
    stay memrefs, whose descriptors hold device pointers. A function outside of the program,
    such as those of `mx-insert-checks`, is given copies in memory of the host.

    **Requires** host code that touches buffers by nothing else; device modules of the LLVM
    and NVVM dialects. Copies are between buffers without gaps. **Ensures** that no operation
    of the gpu dialect is left in host code; device modules are not touched. Kernels are
    launched by name, from the variable `mx_gpu_program` that the object will have.
    **Decides** nothing. **Remarks**: none.
    **Example**: (* example: test/Conversion/GPUToRuntime/gpu-to-runtime.mlir *)
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect"];
}

def ConvertLoopsToKernelsPass : Pass<"convert-loops-to-kernels", "::mlir::ModuleOp"> {
  let summary = "turn what host code does with device memory into kernels";
  let description = [{
    In a program for a GPU every buffer is memory of the device, which the host cannot
    touch. Each nest of parallel loops becomes a kernel with a thread for each iteration;
    what else loads or stores, neighbours together, a kernel of one thread; a copy a copy
    of the device. Only numbers that the host's own control flow needs are still loaded
    by it, which then waits for the device.

    **Requires** host code on buffers in which scf.parallel says what is independent, and
    memref.copy is between buffers without gaps. **Ensures** that host code stores nothing
    and loads only what it needs itself; kernels take pointers and numbers.
    **Decides** the shape of grids from the number of loops and from what is known of the
    last one; it does not change results. **Remarks** (`loops-to-kernels`): passed, loops that became a grid; missed,
    loops that one thread runs, loops that the host goes through because it allocates or
    calls in them, and numbers that the host waits for.
    **Example**: (* example: test/Conversion/LoopsToKernels/loops-to-kernels.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
    "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect", "::mlir::mx::MXDialect"];
}

def ConvertLoopsToThreadsPass : Pass<"convert-loops-to-threads", "::mlir::ModuleOp"> {
  let summary = "decide which parallel loops of a CPU program threads divide";
  let description = [{
    Of each nest of parallel loops, the outermost ones stay parallel, for
    `convert-scf-to-openmp`: all but the last loop, whose iterations are neighbours in
    memory, or all if the others have few iterations or an iteration has loops. Nests within nests, sums, and nests
    that are known to be short become ordinary loops.

    **Requires** buffers. **Ensures** that no scf.parallel is within another.
    **Decides** by the numbers of iterations that are known; results do not depend on it.
    **Remarks** (`loops-to-threads`): passed, nests that threads divide; missed, nests that
    one thread runs.
    **Example**: (* example: test/Conversion/LoopsToThreads/loops-to-threads.mlir *)
  }];
  let dependentDialects = ["::mlir::scf::SCFDialect"];
}

def ConvertMXToLinalgPass : Pass<"convert-mx-to-linalg", "::mlir::ModuleOp"> {
  let summary = "express mx operations as 4-loop linalg.generic";
  let description = [{
    The way back to other compilers: `mx.matmul` becomes the `linalg.generic` over
    (m, n, k-block, k-in-block) with `arith.scaling_extf` in its body, and
    `mx.dequantize` the element-wise form, on the parts of their operands.

    **Requires** graph operations on formats that `arith.scaling_extf` can express (E8M0
    scales, no tensor scale). **Ensures** that no such operation is left; `mx-import`
    of the result gives the original back. **Decides** nothing.
    **Remarks** (`mx-to-linalg`): missed, an operation that has no such form and why.
    **Example**: (* example: test/Conversion/MXToLinalg/mx-to-linalg.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::mlir::mx::MXDialect"];
}

def ConvertMXToLoopsPass : Pass<"convert-mx-to-loops", "::mlir::ModuleOp"> {
  let summary = "lower packed operations to vectorised loops";
  let description = [{
    The kernels of CPUs. The emulated row of every operation: loops over rows and blocks,
    vector arithmetic inside a block, bit for bit the semantics of lib/Numerics. A product
    whose kernel is `matmul_shuffle_fma`, or with groups `grouped_matmul_shuffle_fma`, has
    the rows of its right side in the lanes of vectors (N8.7), and decodes its codes by byte
    shuffles: for up to 4 rows of the left side in registers, for more to a panel.

    **Requires** `mx.packed` operations on memrefs whose kernel is an emulated row or one of
    these two; the module's target has what those need. **Ensures** that none is left; only
    scf, memref, vector and arith are made, and calls of intrinsics for the two.
    **Decides** vector lengths from the block length alone, so that results do not depend on
    the machine. **Remarks**: none.
    **Example**: (* example: test/Conversion/MXToLoops/mx-to-loops.mlir *)
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::memref::MemRefDialect",
    "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::mlir::mx::MXDialect"];
}

def ConvertMXToNVVMPass : Pass<"convert-mx-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "lower packed operations to kernels of NVIDIA GPUs";
  let description = [{
    A product whose kernel is `matmul_mma_block_scale`, `matmul_mma_sync` or `matmul_wgmma`,
    or with groups `grouped_matmul_mma_block_scale` or `grouped_matmul_mma_sync`, becomes kernels in the `gpu.module` @mx_kernels and
    launches of them. A kernel is made for formats, result
    type and tile; equal ones are shared. Sizes are arguments, any sizes will do. Buffers
    are memory of the device: the host takes their addresses and reads nothing.

    The first takes operands as they are. It also does what surrounds the product, with the
    same bits: the destination is not read where it was just filled with +0, or with one
    vector in each row, which is read instead; and an element-wise `linalg.generic` of arith
    operations that alone reads the product, or overwrites it, is applied before anything
    is written. Besides the product it may read vectors with a number for each column, and numbers.

    The second decodes them to bf16, exactly, on the
    way from shared memory to `mma.sync`; it also takes sides of bf16 and f16. The third
    does so for products of warpgroups, if the left side is bf16 and the right side's
    elements have 4 or 6 bits. It needs tensor copies and many rows: kernels of the second
    are launched where there are none.

    **Requires** such products on buffers. Those whose rows do not lie one after the other
    are copied to such, and the destination is copied back. For
    `matmul_mma_block_scale`, both sides are nvfp4 or each side is one of the mxfp formats, with or
    without tensor scales; for `matmul_mma_sync`, each is bf16, f16 or a format with a name;
    for `matmul_wgmma`, as said. **Ensures** that none is left; other
    operations are not touched. Kernels take pointers and numbers, and consist of arith,
    scf, llvm and nvvm operations. **Decides** which tiles a product may need from what its
    types say; addresses, row lengths and the number of rows choose among them at run
    time. From how many rows on a tile pays is read from `Target/Tuning.def`, if it was
    measured; entries of the module's `mx.tuning` come first, which are texts `<kernel> <tile>
    <rows below> <stages>`. **Remarks** (`mx-to-nvvm`): analysis, tiles and where that is
    from; passed, the kernels of a product in the order in
    which they are tried, and what else they do; missed, why what surrounds a product stays,
    and copies of operands.
    **Example**: (* example: test/Conversion/MXToNVVM/mx-to-nvvm.mlir *)
  }];
  let options = [
    Option<"chip", "chip", "std::string", /*default=*/"\"sm_120a\"",
           "The chip that kernels are made for, if the module has no target; does not change numerics">,
    Option<"features", "features", "std::string", /*default=*/"\"+ptx87\"",
           "LLVM's features of that chip">,
    Option<"tensorCopies", "tensor-copies", "bool", /*default=*/"false",
           "Let large products use persistent kernels fed by tensor copies; the program "
           "then calls `mx_encode_tensor_map`. It does not change numerics">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::gpu::GPUDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
    "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect", "::mlir::mx::MXDialect"];
}

def ConvertNVVMToSimulatorPass : Pass<"convert-nvvm-to-simulator", "::mlir::ModuleOp"> {
  let summary = "turn device code into host code that calls the simulator";
  let description = [{
    The fork before PTX: kernels become host functions in which each operation of NVVM is
    a call of the simulator, and launches become calls that run them, thread by thread
    ([Simulator.md](Simulator.md)). The module attribute `mx.simulator_locations` says
    where the numbered places of these calls are.

    **Requires** device modules of the LLVM and NVVM dialects alone; launches whose operands
    are numbers and pointers, in host code on buffers. **Ensures** that no device module and
    no launch is left; every access to shared or global memory is checked when it runs.
    **Decides** nothing. **Remarks**: none.
    **Example**: (* example: test/Conversion/NVVMToSimulator/nvvm-to-simulator.mlir *)
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect"];
}

#endif // MX_CONVERSION_PASSES_TD

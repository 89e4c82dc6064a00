// REQUIRES: ptxas
// Kernels written by hand become PTX, machine code and a fat binary; ptxas'
// account of a kernel is a remark.

// RUN: split-file %s %t && cd %t
// RUN: mx-compile kernels.mlir --target=sm_120a -o a.ptx && FileCheck %s --check-prefix=PTX < a.ptx
// PTX: .version 8.7
// PTX: .target sm_120a
// PTX-DAG: .entry product(
// PTX-DAG: mma.sync.aligned.m16n8k64.row.col.kind::mxf4.block_scale.scale_vec::2X.f32.e2m1.e2m1.f32.ue8m0
// PTX-DAG: .entry copy(
// A sum of a product is not contracted.
// PTX-DAG: mul.rn.f32
// PTX-DAG: add.rn.f32
// RUN: mx-compile kernels.mlir --target=sm_120a -o a.cubin --remarks-filter=mx-ptxas 2>&1 | FileCheck %s --check-prefix=REMARK
// REMARK-DAG: kernels.mlir:5:{{.*}}remark: [Passed] resources | Category:mx-ptxas | Remark="product: Used {{[0-9]+}} registers, {{.*}}, no spills"
// REMARK-DAG: kernels.mlir:17:{{.*}}remark: [Passed] resources {{.*}}"copy: Used
// RUN: %python %mx_source/utils/sass-report.py a.cubin | FileCheck %s --check-prefix=SASS
// SASS-DAG: product: {{[0-9]+}} registers, 0 bytes of stack, 0 of shared memory
// SASS-DAG: OMMA.SF:1
// SASS-DAG: copy: {{[0-9]+}} registers
// SASS-DAG: FADD:1
// RUN: mx-compile kernels.mlir --target=sm_120a -o a.fatbin
// RUN: %python check_fatbin.py a.fatbin

// Another chip, and another PTX version by attribute.
// RUN: mx-compile newer.mlir -o b.ptx && FileCheck %s --check-prefix=NEWER < b.ptx
// NEWER: .version 9.0
// NEWER: .target sm_121f

// Where threads meet they meet in one place: inline PTX is not copied into both
// ways to it.
// RUN: mx-compile barrier.mlir --target=sm_90a -o d.ptx && FileCheck %s --check-prefix=BARRIER < d.ptx
// BARRIER: bar.arrive
// BARRIER-NOT: bar.arrive

// RUN: not mx-compile kernels.mlir --target=sm_120a --cuda-path=nowhere -o c.cubin 2>&1 | FileCheck %s --check-prefix=NOWHERE
// NOWHERE: error: expected 'nowhere/bin/ptxas' to be a program, got none

//--- kernels.mlir
// The first file's lines are counted above.
module {
gpu.module @first [#nvvm.target<chip = "sm_120a", features = "+ptx87">] {
  // Its place in remarks.
  llvm.func @product(%w: i32, %x: f32, %out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    %0 = llvm.mlir.constant(0 : i16) : i16
    %d = nvvm.mma.block_scale A[%w, %w, %w, %w] B[%w, %w] C[%x, %x, %x, %x] scaleA[%w, %0, %0] scaleB[%w, %0, %0]
      {shape = #nvvm.shape<m = 16, n = 8, k = 64>, multiplicandAPtxType = #nvvm.mma_type<e2m1>, multiplicandBPtxType = #nvvm.mma_type<e2m1>,
       scaleVecSize = #nvvm.scale_vec_size<x2>, blockScaleFormat = #nvvm.block_scale_format<ue8m0>, kind = #nvvm.block_scale_kind<mxf4>}
      : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.store %d, %out : !llvm.struct<(f32, f32, f32, f32)>, !llvm.ptr<1>
    llvm.return
  }
}
// A module without a target is for the program's.
gpu.module @second {
  llvm.func @copy(%x: f32, %out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    %y = llvm.load %out : !llvm.ptr<1> -> f32
    %p = llvm.fmul %x, %y : f32
    %s = llvm.fadd %p, %y : f32
    llvm.store %s, %out : f32, !llvm.ptr<1>
    llvm.return
  }
}
}
//--- newer.mlir
module attributes {mx.target = #mx.target<nvvm, chip = "sm_121f", features = "+ptx90">} {
gpu.module @only {
  llvm.func @k(%w: i32) attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}
}
//--- barrier.mlir
gpu.module @m {
  llvm.func @k(%out: !llvm.ptr<1>, %which: i1, %x: i32) attributes {gpu.kernel, nvvm.kernel} {
    %zero = llvm.mlir.constant(0 : i32) : i32
    %no = llvm.mlir.constant(false) : i1
    %yes = llvm.mlir.constant(true) : i1
    llvm.cond_br %which, ^one, ^meet(%no : i1)
  ^one:
    llvm.store volatile %x, %out : i32, !llvm.ptr<1>
    llvm.br ^meet(%yes : i1)
  ^meet(%again: i1):
    nvvm.barrier.arrive number_of_threads = %x
    llvm.cond_br %again, ^two, ^end
  ^two:
    llvm.store volatile %zero, %out : i32, !llvm.ptr<1>
    llvm.br ^end
  ^end:
    llvm.return
  }
}
//--- check_fatbin.py
import sys
data = open(sys.argv[1], "rb").read()
assert data[:4] == bytes.fromhex("50ed55ba"), data[:4]
assert b"\x7fELF" in data

// Running kernels of a GPU on the simulator: what may be asked for, and what a
// user sees when a kernel breaks a rule of the machine.

// RUN: split-file %s %t && cd %t

// RUN: mx-run product.mlir --target=sm_120a --simulate --check \
// RUN:   --input=2x32xi8=34 --input=2x2xi8=127 --input=2x2xf32=0.5 | FileCheck %s --check-prefix=PRODUCT
// RUN: mx-run product.mlir --target=sm_120a --simulate=machine --schedule-seed=3 --check \
// RUN:   --input=2x32xi8=34 --input=2x2xi8=127 --input=2x2xf32=0.5 | FileCheck %s --check-prefix=PRODUCT
// RUN: mx-run product.mlir --target=sm_120a --simulate=exact --check \
// RUN:   --input=2x32xi8=34 --input=2x2xi8=127 --input=2x2xf32=0.5 | FileCheck %s --check-prefix=PRODUCT
// PRODUCT: result 0: 2x2xf32 min 64.5 max 64.5
// PRODUCT: simulated: 1 blocks, {{[1-9][0-9]*}} matrix products, {{[0-9]+}} bytes copied asynchronously
// PRODUCT: mx.packed.matmul {{.*}} 4 of 4 {{ *}}0

// RUN: sh status.sh 2 mx-run product.mlir --target=sm_120a --simulate=nonsense 2>&1 | FileCheck %s --check-prefix=WORD
// WORD: mx-run: expected --simulate to be machine or exact, got 'nonsense'
// RUN: sh status.sh 2 mx-run product.mlir --target=sm_120a --schedule-seed=1 2>&1 | FileCheck %s --check-prefix=SEED
// SEED: mx-run: expected --simulate with --schedule-seed, got none
// RUN: sh status.sh 1 mx-run product.mlir --simulate 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: sh status.sh 1 mx-run product.mlir --simulate --target=native 2>&1 | FileCheck %s --check-prefix=CPU
// CPU: error: expected a GPU as the target to simulate (e.g. --target=sm_120a), got a CPU

// A program may bring its own kernels; an error is where it happens.
// RUN: sh status.sh 1 mx-run kernel.mlir --target=sm_120a --simulate --input=4xi32=1 > out.txt 2> err.txt
// RUN: FileCheck %s --check-prefix=FAILS < err.txt
// RUN: count 0 < out.txt
// FAILS: kernel.mlir:17:7: error: simulation stopped (out-of-bounds): expected {{.*}} within {{.*}}, got {{.*}}
// FAILS-NEXT: llvm.store %thread, %place
// FAILS: note: in thread (4, 0, 0) of block (0, 0, 0)
// RUN: sed s/constant\ 5/constant\ 4/ kernel.mlir > works.mlir
// RUN: mx-run works.mlir --simulate --input=4xi32=1 | FileCheck %s --check-prefix=WORKS
// WORKS: result 0: 4xi32 min 0 max 3 mean 1.5 [0, 1, 2, 3]
// WORKS: simulated: 1 blocks, 0 matrix products, 0 bytes copied asynchronously

// The counts are those of all launches; a grid without blocks is none.
// RUN: mx-run launches.mlir --simulate --input=i64=2 | FileCheck %s --check-prefix=ALL
// ALL: simulated: 5 blocks
// RUN: mx-run launches.mlir --simulate --input=i64=0 | FileCheck %s --check-prefix=EMPTY
// EMPTY: simulated: 3 blocks

// The block must be the one that the kernel was made for.
// RUN: sed 's/kernel {/kernel attributes {known_block_size = array<i32: 4, 1, 1>} {/' kernel.mlir > block.mlir
// RUN: sh status.sh 1 mx-run block.mlir --simulate --input=4xi32=1 2>&1 | FileCheck %s --check-prefix=BLOCK
// BLOCK: block.mlir:8:5: error: simulation stopped (bad-launch): expected a block of '4 x 1 x 1' threads, which the kernel is made for, got '5 x 1 x 1'

// What the host freed is no buffer any more.
// RUN: sh status.sh 1 mx-run freed.mlir --simulate --input=4xi32=1 2>&1 | FileCheck %s --check-prefix=FREED
// FREED: freed.mlir:19:7: error: simulation stopped (out-of-bounds): expected a store within a buffer, got {{.*}}

// A kernel without end is noticed, whether its loop touches memory or not.
// RUN: sh status.sh 1 mx-run endless.mlir --simulate --simulate-steps=1000 --input=4xi32=1 2>&1 | FileCheck %s --check-prefix=ENDLESS
// ENDLESS: endless.mlir:16:7: error: simulation stopped (step-limit): expected the launch to end within '1000' steps, got one that goes on
// ENDLESS: note: in thread (0, 0, 0) of block (0, 0, 0)
// ENDLESS: note: mx-run --simulate-steps=<number> allows more
// RUN: sh status.sh 2 mx-run product.mlir --target=sm_120a --simulate --simulate-steps=0 2>&1 | FileCheck %s --check-prefix=STEPS
// STEPS: mx-run: expected --simulate-steps to be a positive number, got '0'
// RUN: sh status.sh 2 mx-run product.mlir --target=sm_120a --simulate-steps=9 2>&1 | FileCheck %s --check-prefix=ALONE
// ALONE: mx-run: expected --simulate with --simulate-steps, got none

// Whoever brings kernels has lowered everything.
// RUN: sh status.sh 1 mx-run mixed.mlir --target=sm_120a --simulate 2>&1 | FileCheck %s --check-prefix=MIXED
// MIXED: mixed.mlir:3:5: error: expected no tensor after the lower phase, got 'func.return'

//--- status.sh
expected=$1
shift
"$@"
status=$?
[ $status -eq $expected ] || echo "status $status"

//--- product.mlir
!A = !mx.tensor<2x64, mxfp4, axis = 1>
func.func @f(%a: !A, %c: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = mx.matmul ins(%a, %a : !A, !A) outs(%c : tensor<2x2xf32>)
  return %0 : tensor<2x2xf32>
}

//--- kernel.mlir
module attributes {gpu.container_module, mx.target = #mx.target<nvvm, chip = "sm_120a">} {
  func.func @number(%out: memref<4xi32>) -> memref<4xi32> {
    %one = arith.constant 1 : index
    %threads = arith.constant 5 : index
    %0 = memref.extract_aligned_pointer_as_index %out : memref<4xi32> -> index
    %1 = arith.index_cast %0 : index to i64
    %2 = llvm.inttoptr %1 : i64 to !llvm.ptr
    gpu.launch_func @kernels::@number blocks in (%one, %one, %one)
        threads in (%threads, %one, %one) args(%2 : !llvm.ptr)
    return %out : memref<4xi32>
  }
  gpu.module @kernels [#nvvm.target<chip = "sm_120a">] {
    gpu.func @number(%generic: !llvm.ptr) kernel {
      %out = llvm.addrspacecast %generic : !llvm.ptr to !llvm.ptr<1>
      %thread = nvvm.read.ptx.sreg.tid.x : i32
      %place = llvm.getelementptr %out[%thread] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
      llvm.store %thread, %place : i32, !llvm.ptr<1>
      gpu.return
    }
  }
}

//--- launches.mlir
module attributes {gpu.container_module, mx.target = #mx.target<nvvm, chip = "sm_120a">} {
  func.func @launches(%n: i64) {
    %one = arith.constant 1 : index
    %three = arith.constant 3 : index
    %blocks = arith.index_cast %n : i64 to index
    gpu.launch_func @kernels::@nothing blocks in (%three, %one, %one) threads in (%one, %one, %one)
    gpu.launch_func @kernels::@nothing blocks in (%one, %blocks, %one) threads in (%one, %one, %one)
    return
  }
  gpu.module @kernels {
    gpu.func @nothing() kernel {
      gpu.return
    }
  }
}

//--- freed.mlir
module attributes {gpu.container_module, mx.target = #mx.target<nvvm, chip = "sm_120a">} {
  func.func @twice(%n: memref<4xi32>) -> memref<4xi32> {
    %one = arith.constant 1 : index
    %two = arith.constant 2 : index
    %buffer = memref.alloc() : memref<1024xi32>
    %0 = memref.extract_aligned_pointer_as_index %buffer : memref<1024xi32> -> index
    %1 = arith.index_cast %0 : index to i64
    %2 = llvm.inttoptr %1 : i64 to !llvm.ptr
    gpu.launch_func @kernels::@zero blocks in (%one, %one, %one)
        threads in (%one, %one, %one) args(%2 : !llvm.ptr)
    memref.dealloc %buffer : memref<1024xi32>
    gpu.launch_func @kernels::@zero blocks in (%two, %one, %one)
        threads in (%one, %one, %one) args(%2 : !llvm.ptr)
    return %n : memref<4xi32>
  }
  gpu.module @kernels [#nvvm.target<chip = "sm_120a">] {
    gpu.func @zero(%out: !llvm.ptr) kernel {
      %zero = llvm.mlir.constant(0 : i32) : i32
      llvm.store %zero, %out : i32, !llvm.ptr
      gpu.return
    }
  }
}

//--- endless.mlir
module attributes {gpu.container_module, mx.target = #mx.target<nvvm, chip = "sm_120a">} {
  func.func @wait(%out: memref<4xi32>) -> memref<4xi32> {
    %one = arith.constant 1 : index
    %threads = arith.constant 4 : index
    %0 = memref.extract_aligned_pointer_as_index %out : memref<4xi32> -> index
    %1 = arith.index_cast %0 : index to i64
    %2 = llvm.inttoptr %1 : i64 to !llvm.ptr
    gpu.launch_func @kernels::@wait blocks in (%one, %one, %one)
        threads in (%threads, %one, %one) args(%2 : !llvm.ptr)
    return %out : memref<4xi32>
  }
  gpu.module @kernels [#nvvm.target<chip = "sm_120a">] {
    gpu.func @wait(%out: !llvm.ptr) kernel {
      cf.br ^again
    ^again:
      cf.br ^again
    }
  }
}

//--- mixed.mlir
module attributes {gpu.container_module} {
  func.func @f(%x: tensor<4xi32>) -> tensor<4xi32> {
    return %x : tensor<4xi32>
  }
}

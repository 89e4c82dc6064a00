// A program for a GPU on the tests' own driver, whose kernels are functions of the
// host: inputs go to the device and results come back.

// RUN: split-file %s %t && cd %t
// RUN: env LD_LIBRARY_PATH=%fake_driver MX_FAKE_DRIVER_LOG=calls.txt mx-run product.mlir --target=sm_120a \
// RUN:   --input=20x32xi8=34 --input=20x2xi8=127 --input=20x20xf32=0.5 | FileCheck %s --check-prefix=PRODUCT
// RUN: FileCheck %s --check-prefix=CALLS < calls.txt
// PRODUCT: result 0: 20x20xf32 min 64.5 max 64.5
// CALLS: cuMemcpyHtoDAsync 640
// CALLS: cuModuleLoadDataEx
// CALLS: cuMemAllocAsync 1600
// CALLS: cuMemcpyDtoDAsync 1600
// CALLS: cuModuleGetFunction matmul_mxfp4_mxfp4_f32_32x128
// CALLS: cuLaunchKernel matmul_mxfp4_mxfp4_f32_32x128{{.*}} 1 1 1 256 1 1 {{[0-9]+}}
// CALLS: cuMemcpyDtoHAsync 1600

// The same from a library, and timed by the device.
// RUN: mx-compile product.mlir --target=sm_120a -o product.so
// RUN: env LD_LIBRARY_PATH=%fake_driver mx-run product.so --benchmark=3 \
// RUN:   --input=20x32xi8=34 --input=20x2xi8=127 --input=20x20xf32=0.5 | FileCheck %s --check-prefix=TIMED
// TIMED: benchmark: 3 runs, median 0.25 ms, min 0.25 ms
// TIMED: result 0: 20x20xf32 min 64.5 max 64.5

// The reference computes from copies of what is on the device.
// RUN: env LD_LIBRARY_PATH=%fake_driver mx-run product.mlir --target=sm_120a --check \
// RUN:   --input=20x32xi8=34 --input=20x2xi8=127 --input=20x20xf32=0.5 | FileCheck %s --check-prefix=CHECKED
// CHECKED: mx.packed.matmul {{.*}} 400 of 400 {{ *}}0 {{ *}}0.000 of bound
// It notices a kernel that computes something else: this one's name the driver does not know.
// RUN: env LD_LIBRARY_PATH=%fake_driver not mx-run wrong.mlir --target=sm_120a --check \
// RUN:   --input=20x64xi8=34 --input=20x2xi8=127 --input=20x20xf32=0.5 | FileCheck %s --check-prefix=WRONG
// WRONG: mx.packed.matmul {{.*}} 400 of 400 {{ *}}400

// Results may be inputs that were written to, constants and numbers; timed runs
// start from the inputs again.
// RUN: env LD_LIBRARY_PATH=%fake_driver MX_FAKE_DRIVER_LOG=calls.txt mx-run parts.mlir --benchmark=2 --input=4xf32=1 --input=i32=3 \
// RUN:   | FileCheck %s --check-prefix=PARTS
// RUN: grep -c 'cuMemcpyHtoDAsync 16' calls.txt | FileCheck %s --check-prefix=UPLOADS
// RUN: grep -c 'cuMemFree' calls.txt | FileCheck %s --check-prefix=FREES
// PARTS: benchmark: 2 runs
// PARTS: result 0: 4xf32 min 1 max 2 mean 1.75 [2, 2, 2, 1]
// PARTS: result 1: 4xf32 min 1 max 4 mean 2.5 [1, 2, 3, 4]
// PARTS: result 2: f32 min 2 max 2
// The input before each run, and the constant once.
// UPLOADS: 4
// FREES: 1

// Large products take their payload by tensor copies, from maps that the launch copies.
// RUN: env LD_LIBRARY_PATH=%fake_driver MX_FAKE_DRIVER_LOG=calls.txt mx-run large.mlir --target=sm_120a --check \
// RUN:   --input=256x128xi8=random(1) --input=256x8xi8=127 --input=256x256xf32=0.5 | FileCheck %s --check-prefix=LARGE
// RUN: FileCheck %s --check-prefix=MAPS < calls.txt
// LARGE: mx.packed.matmul {{.*}} 65536 of 65536 {{ *}}0 {{ *}}0.
// MAPS: cuTensorMapEncodeTiled 0 128/{{[0-9]+}} 256/{{[0-9]+}} 1/1 +128 +32768
// MAPS: cuTensorMapEncodeTiled
// MAPS: cuLaunchKernel matmul_mxfp4_mxfp4_f32_{{.*}}ring

// What goes wrong is the user's to know.
// RUN: env LD_LIBRARY_PATH=%fake_driver MX_FAKE_DRIVER_FAIL=cuLaunchKernel:1:700 sh status.sh 1 mx-run product.so \
// RUN:   --input=20x32xi8=34 --input=20x2xi8=127 --input=20x20xf32=0.5 2>&1 | FileCheck %s --check-prefix=FAIL
// FAIL: error: expected 'matmul_mxfp4_mxfp4_f32_32x128{{.*}}' to be launched, got error 700 (some failure)
// RUN: env LD_LIBRARY_PATH=%fake_driver MX_FAKE_DRIVER_CAPABILITY=90 sh status.sh 1 mx-run product.so \
// RUN:   --input=20x32xi8=34 --input=20x2xi8=127 --input=20x20xf32=0.5 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: error: expected a GPU of compute capability 12.0 for code of sm_120a, got 9.0
// RUN: env LD_LIBRARY_PATH=%fake_driver MX_FAKE_DRIVER_FAIL=cuMemAllocAsync:1:2 sh status.sh 1 mx-run product.so \
// RUN:   --input=20x32xi8=34 --input=20x2xi8=127 --input=20x20xf32=0.5 2>&1 | FileCheck %s --check-prefix=MEMORY
// MEMORY: error: expected 640 bytes of device memory, got error 2 (out of memory)
// RUN: env LD_LIBRARY_PATH=%fake_driver MX_FAKE_DRIVER_FAIL=cuStreamSynchronize:4:700 sh status.sh 1 mx-run product.so \
// RUN:   --input=20x32xi8=34 --input=20x2xi8=127 --input=20x20xf32=0.5 2>&1 | FileCheck %s --check-prefix=KERNEL
// KERNEL: error: expected the kernels before a read to end well, got error 700 (some failure)

//--- status.sh
expected=$1
shift
"$@"
status=$?
[ $status -eq $expected ] || echo "status $status"

//--- product.mlir
!A = !mx.tensor<20x64, mxfp4, axis = 1>
func.func @f(%a: !A, %c: tensor<20x20xf32>) -> tensor<20x20xf32> {
  %0 = mx.matmul ins(%a, %a : !A, !A) outs(%c : tensor<20x20xf32>)
  return %0 : tensor<20x20xf32>
}

//--- wrong.mlir
!A = !mx.tensor<20x64, mxfp8_e4m3, axis = 1>
func.func @f(%a: !A, %c: tensor<20x20xf32>) -> tensor<20x20xf32> {
  %0 = mx.matmul ins(%a, %a : !A, !A) outs(%c : tensor<20x20xf32>)
  return %0 : tensor<20x20xf32>
}

//--- parts.mlir
module attributes {gpu.container_module, mx.target = #mx.target<nvvm, chip = "sm_120a">} {
  memref.global "private" constant @table : memref<4xf32> = dense<[1.0, 2.0, 3.0, 4.0]>
  func.func @f(%x: memref<4xf32>, %n: i32) -> (memref<4xf32>, memref<4xf32>, f32) {
    %one = arith.constant 1 : index
    %0 = memref.extract_aligned_pointer_as_index %x : memref<4xf32> -> index
    %1 = arith.index_cast %0 : index to i64
    %2 = llvm.inttoptr %1 : i64 to !llvm.ptr
    gpu.launch_func @kernels::@add_one blocks in (%one, %one, %one)
        threads in (%one, %one, %one) args(%2 : !llvm.ptr, %n : i32)
    %table = memref.get_global @table : memref<4xf32>
    %number = memref.load %x[%one] : memref<4xf32>
    return %x, %table, %number : memref<4xf32>, memref<4xf32>, f32
  }
  gpu.module @kernels {
    gpu.func @add_one(%numbers: !llvm.ptr, %count: i32) kernel {
      gpu.return
    }
  }
}

//--- large.mlir
!A = !mx.tensor<256x256, mxfp4, axis = 1>
func.func @f(%a: !A, %c: tensor<256x256xf32>) -> tensor<256x256xf32> {
  %0 = mx.matmul ins(%a, %a : !A, !A) outs(%c : tensor<256x256xf32>)
  return %0 : tensor<256x256xf32>
}

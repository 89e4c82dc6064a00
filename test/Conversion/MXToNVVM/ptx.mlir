// A kernel as PTX: native instructions only, nothing in local memory.

// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --cse | mlir-opt \
// RUN:   --pass-pipeline='builtin.module(gpu.module(convert-scf-to-cf,convert-gpu-to-nvvm,convert-arith-to-llvm,reconcile-unrealized-casts,convert-nvvm-to-llvm),gpu-module-to-binary{format=isa})' \
// RUN:   | FileCheck %s

// CHECK-NOT: .local
// CHECK: .extern .shared .align 1024 .b8 mx_dynamic_shared[]
// CHECK: .entry matmul_mxfp4_mxfp4_f16_128x128(
// CHECK: .maxntid 256, 1, 1
// CHECK: cp.async.cg.shared.global [%r{{.+}}], [%r{{.+}}], 16, %r
// CHECK: cp.async.ca.shared.global [%r{{.+}}], [%r{{.+}}], 4, %r
// CHECK: bar.sync
// CHECK: ldmatrix.sync.aligned.m8n8.x4.shared.b16
// CHECK: mma.sync.aligned.m16n8k64.row.col.kind::mxf4.block_scale.scale_vec::2X.f32.e2m1.e2m1.f32.ue8m0
// CHECK-NOT: .local
// CHECK-NOT: call.uni
func.func @mxfp4(%a: memref<64x128xi8>, %sa: memref<64x8xi8>, %b: memref<64x128xi8>,
                 %sb: memref<64x8xi8>, %c: memref<64x64xf16>) {
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<64x128xi8>, memref<64x8xi8>)
    rhs(%b, %sb : memref<64x128xi8>, memref<64x8xi8>) outs(%c : memref<64x64xf16>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "matmul_mma_block_scale"}
  return
}

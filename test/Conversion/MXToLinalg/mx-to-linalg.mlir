// RUN: mx-opt %s --convert-mx-to-linalg | FileCheck %s

// CHECK-DAG: #[[$M_K:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
// CHECK-DAG: #[[$N_K:.+]] = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
// CHECK-DAG: #[[$M_BLOCK:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d2)>
// CHECK-DAG: #[[$N_BLOCK:.+]] = affine_map<(d0, d1, d2, d3) -> (d1, d2)>
// CHECK-DAG: #[[$M_N:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
// CHECK-DAG: #[[$B_N_K:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d3, d4)>
// CHECK-DAG: #[[$B_N_BLOCK:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d3)>

// CHECK-LABEL: func @product
// CHECK-SAME:    %[[LHS:.+]]: !mx.tensor<?x64, mxfp8_e4m3, axis = 1>, %[[RHS:.+]]: !mx.tensor<16x64, mxfp4, axis = 1>, %[[INIT:.+]]: tensor<?x16xf32>
func.func @product(%a: !mx.tensor<?x64, mxfp8_e4m3, axis = 1>, %b: !mx.tensor<16x64, mxfp4, axis = 1>, %c: tensor<?x16xf32>) -> tensor<?x16xf32> {
  // CHECK: %[[A:.+]], %[[AS:.+]] = mx.unbundle %[[LHS]] : {{.+}} to tensor<?x64xf8E4M3FN>, tensor<?x2xf8E8M0FNU>
  // CHECK: %[[A3:.+]] = tensor.expand_shape %[[A]] {{\[\[}}0], [1, 2]] output_shape [%{{.+}}, 2, 32]
  // CHECK: %[[B:.+]], %[[BS:.+]] = mx.unbundle %[[RHS]]
  // CHECK: %[[B3:.+]] = tensor.expand_shape %[[B]] {{\[\[}}0], [1, 2]] output_shape [16, 2, 32]
  // CHECK: %[[C:.+]] = linalg.generic {indexing_maps = [#[[$M_K]], #[[$N_K]], #[[$M_BLOCK]], #[[$N_BLOCK]], #[[$M_N]]], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
  // CHECK-SAME: ins(%[[A3]], %[[B3]], %[[AS]], %[[BS]] : {{.+}}) outs(%[[INIT]] : tensor<?x16xf32>)
  // CHECK-NEXT: ^bb0(%[[X:.+]]: f8E4M3FN, %[[Y:.+]]: f4E2M1FN, %[[XS:.+]]: f8E8M0FNU, %[[YS:.+]]: f8E8M0FNU, %[[SUM:.+]]: f32):
  // CHECK-NEXT:   %[[XE:.+]] = arith.scaling_extf %[[X]], %[[XS]] : f8E4M3FN, f8E8M0FNU to f32
  // CHECK-NEXT:   %[[YE:.+]] = arith.scaling_extf %[[Y]], %[[YS]] : f4E2M1FN, f8E8M0FNU to f32
  // CHECK-NEXT:   %[[TERM:.+]] = arith.mulf %[[XE]], %[[YE]] : f32
  // CHECK-NEXT:   %[[NEXT:.+]] = arith.addf %[[SUM]], %[[TERM]] : f32
  // CHECK-NEXT:   linalg.yield %[[NEXT]] : f32
  // CHECK: return %[[C]]
  %0 = mx.matmul ins(%a, %b : !mx.tensor<?x64, mxfp8_e4m3, axis = 1>, !mx.tensor<16x64, mxfp4, axis = 1>) outs(%c : tensor<?x16xf32>)
  return %0 : tensor<?x16xf32>
}

// One plain side, batches, and a block other than 32.
// CHECK-LABEL: func @plain_side
// CHECK-SAME:    %[[A:.+]]: tensor<3x?x64xbf16>
func.func @plain_side(%a: tensor<3x?x64xbf16>, %b: !mx.tensor<3x?x64, format<element = f6E3M2FN, scale = f8E8M0FNU, block = 16>, axis = 2>, %c: tensor<3x?x?xf32>) -> tensor<3x?x?xf32> {
  // CHECK: tensor.expand_shape %[[A]] {{\[\[}}0], [1], [2, 3]] output_shape [3, %{{.+}}, 4, 16]
  // CHECK: linalg.generic {indexing_maps = [#{{.+}}, #[[$B_N_K]], #[[$B_N_BLOCK]], #{{.+}}], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
  // CHECK: arith.extf %{{.+}} : bf16 to f32
  // CHECK: arith.scaling_extf %{{.+}} : f6E3M2FN, f8E8M0FNU to f32
  %0 = mx.matmul ins(%a, %b : tensor<3x?x64xbf16>, !mx.tensor<3x?x64, format<element = f6E3M2FN, scale = f8E8M0FNU, block = 16>, axis = 2>) outs(%c : tensor<3x?x?xf32>)
  return %0 : tensor<3x?x?xf32>
}

// CHECK-LABEL: func @dequantize
func.func @dequantize(%0: !mx.tensor<64x?, mxfp4, axis = 0>) -> tensor<64x?xbf16> {
  // CHECK: %[[PAYLOAD:.+]], %[[SCALES:.+]] = mx.unbundle
  // CHECK: %[[BLOCKS:.+]] = tensor.expand_shape %[[PAYLOAD]] {{\[\[}}0, 1], [2]] output_shape [2, 32, %{{.+}}]
  // CHECK: %[[NUMBERS:.+]] = linalg.generic
  // CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel"]
  // CHECK-SAME: ins(%[[BLOCKS]], %[[SCALES]] : tensor<2x32x?xf4E2M1FN>, tensor<2x?xf8E8M0FNU>)
  // CHECK: arith.scaling_extf %{{.+}} : f4E2M1FN, f8E8M0FNU to bf16
  // CHECK: tensor.collapse_shape %[[NUMBERS]] {{\[\[}}0, 1], [2]]
  %1 = mx.dequantize %0 : !mx.tensor<64x?, mxfp4, axis = 0> to tensor<64x?xbf16>
  return %1 : tensor<64x?xbf16>
}

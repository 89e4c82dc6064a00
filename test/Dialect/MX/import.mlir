// The way in from TOSA and from linalg: loose payloads and scales become values.
// RUN: mx-opt %s --mx-import | FileCheck %s
// RUN: mx-opt %s --mx-import --remarks-filter-passed=mx-import --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: [Passed] import | Category:mx-import | Remark="tosa.cast_to_block_scaled became mx.quantize with scale_rule(even)"
// REMARK: Remark="tosa.matmul_t_block_scaled became mx.matmul"
// REMARK: Remark="linalg.generic became mx.matmul"

// CHECK-LABEL: func @tosa_linear
// CHECK-SAME:    %[[X:.+]]: tensor<1x8x64xf32>, %[[W:.+]]: tensor<1x16x64xf4E2M1FN>, %[[WS:.+]]: tensor<1x16x2xf8E8M0FNU>
func.func @tosa_linear(%x: tensor<1x8x64xf32>, %w: tensor<1x16x64xf4E2M1FN>,
                       %ws: tensor<1x16x2xf8E8M0FNU>) -> tensor<1x8x16xf32> {
  // CHECK:      %[[A:.+]] = mx.quantize %[[X]] scale_rule(even) : tensor<1x8x64xf32> to !mx.tensor<1x8x64, mxfp4, axis = 2>
  // CHECK:      %[[ZEROS:.+]] = linalg.fill
  // CHECK:      %[[B:.+]] = mx.bundle %[[W]], %[[WS]] : {{.*}} to !mx.tensor<1x16x64, mxfp4, axis = 2>
  // CHECK:      %[[C:.+]] = mx.matmul ins(%[[A]], %[[B]] : {{.*}}) outs(%[[ZEROS]] : tensor<1x8x16xf32>)
  // CHECK-NEXT: return %[[C]]
  %a, %as = tosa.cast_to_block_scaled %x {block_size = BLOCK_SIZE_32} : (tensor<1x8x64xf32>) -> (tensor<1x8x64xf4E2M1FN>, tensor<1x8x2xf8E8M0FNU>)
  %c = tosa.matmul_t_block_scaled %a, %as, %w, %ws {block_size = BLOCK_SIZE_32} : (tensor<1x8x64xf4E2M1FN>, tensor<1x8x2xf8E8M0FNU>, tensor<1x16x64xf4E2M1FN>, tensor<1x16x2xf8E8M0FNU>) -> tensor<1x8x16xf32>
  return %c : tensor<1x8x16xf32>
}

#a = affine_map<(m, n, ko, kb) -> (m, ko, kb)>
#b = affine_map<(m, n, ko, kb) -> (n, ko, kb)>
#as = affine_map<(m, n, ko, kb) -> (m, ko)>
#bs = affine_map<(m, n, ko, kb) -> (n, ko)>
#c = affine_map<(m, n, ko, kb) -> (m, n)>

// CHECK-LABEL: func @linalg_product
func.func @linalg_product(%a: tensor<?x2x32xf8E4M3FN>, %b: tensor<16x2x32xf4E2M1FN>,
                          %as: tensor<?x2xf8E8M0FNU>, %bs: tensor<16x2xf8E8M0FNU>,
                          %c: tensor<?x16xf32>) -> tensor<?x16xf32> {
  // CHECK-NOT: linalg.generic
  // CHECK:     mx.matmul ins({{.*}} : !mx.tensor<?x64, mxfp8_e4m3, axis = 1>, !mx.tensor<16x64, mxfp4, axis = 1>)
  %0 = linalg.generic {indexing_maps = [#a, #b, #as, #bs, #c], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %b, %as, %bs : tensor<?x2x32xf8E4M3FN>, tensor<16x2x32xf4E2M1FN>, tensor<?x2xf8E8M0FNU>, tensor<16x2xf8E8M0FNU>) outs(%c : tensor<?x16xf32>) {
  ^bb0(%x: f8E4M3FN, %y: f4E2M1FN, %xs: f8E8M0FNU, %ys: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x, %xs : f8E4M3FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y, %ys : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<?x16xf32>
  return %0 : tensor<?x16xf32>
}

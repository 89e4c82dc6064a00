// After pack: the abstraction is over. Payloads and scales are bytes, in the
// signature too: 64 codes of 4 bits are 32 bytes.
// RUN: mx-opt %s -o /dev/null
// RUN: mx-opt %S/03-select.mlir --mx-pipeline=stop-after=pack | FileCheck %s

// CHECK-LABEL: func.func @product
// CHECK-SAME:  (%{{.+}}: tensor<1x4x64xf32>, %[[CODES:.+]]: tensor<1x16x32xi8>, %[[SCALES:.+]]: tensor<1x16x2xi8>)
// CHECK:       %[[A:.+]]:2 = mx.packed.quantize
// CHECK-SAME:    format = #mx.format<mxfp4>
// CHECK:       mx.packed.matmul k(%{{.+}}) lhs(%[[A]]#0, %[[A]]#1
// CHECK-SAME:    rhs(%[[CODES]], %[[SCALES]]
// CHECK-NOT:   mx.tensor

func.func @product(%x: tensor<1x4x64xf32>, %codes: tensor<1x16x32xi8>,
                   %scales: tensor<1x16x2xi8>) -> tensor<1x4x16xf32> {
  %k = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  %payload = tensor.empty() : tensor<1x4x32xi8>
  %block_scales = tensor.empty() : tensor<1x4x2xi8>
  %a:2 = mx.packed.quantize ins(%x : tensor<1x4x64xf32>)
    outs(%payload, %block_scales : tensor<1x4x32xi8>, tensor<1x4x2xi8>)
    {format = #mx.format<mxfp4>, index_axis = 2 : i64, kernel = "quantize_emulated",
     scale_rule = #mx.scale_rule<even>} -> tensor<1x4x32xi8>, tensor<1x4x2xi8>
  %empty = tensor.empty() : tensor<1x4x16xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x4x16xf32>) -> tensor<1x4x16xf32>
  %y = mx.packed.matmul k(%k) lhs(%a#0, %a#1 : tensor<1x4x32xi8>, tensor<1x4x2xi8>)
    rhs(%codes, %scales : tensor<1x16x32xi8>, tensor<1x16x2xi8>)
    outs(%init : tensor<1x4x16xf32>)
    {kernel = "matmul_emulated", lhs_format = #mx.format<mxfp4>,
     rhs_format = #mx.format<mxfp4>} -> tensor<1x4x16xf32>
  return %y : tensor<1x4x16xf32>
}

// After pack: the abstraction is over. Payloads and scales are bytes, in the
// signature too: 64 codes of 4 bits are 32 bytes.
// RUN: mx-opt %s -o /dev/null
// RUN: mx-opt %S/06-select.mlir --mx-pipeline=stop-after=pack | FileCheck %s

// CHECK-LABEL: func.func @product
// CHECK-SAME:  (%{{.+}}: tensor<1x4x64xf32>, %[[CODES:.+]]: tensor<1x16x32xi8>, %[[SCALES:.+]]: tensor<1x16x2xi8>)
// CHECK-DAG:   %[[WEIGHTS:.+]] = arith.constant {{.*}} : tensor<2x8xi8>
// CHECK:       %[[A:.+]]:2 = mx.packed.quantize
// CHECK-SAME:    format = #mx.format<mxfp4>
// CHECK:       mx.packed.matmul k(%{{.+}}) lhs(%[[A]]#0, %[[A]]#1
// CHECK-SAME:    rhs(%[[CODES]], %[[SCALES]]
// CHECK:       %[[T:.+]] = mx.packed.tensor_scale
// CHECK:       %[[R:.+]]:2 = mx.packed.quantize {{.*}} tensor_scale(%[[T]]
// CHECK:       mx.packed.matmul k(%{{.+}}) lhs(%[[R]]#0, %[[R]]#1, %[[T]]
// CHECK-SAME:    rhs(%[[WEIGHTS]],
// CHECK-NOT:   mx.tensor

func.func @product(%x: tensor<1x4x64xf32>, %codes: tensor<1x16x32xi8>,
                   %scales: tensor<1x16x2xi8>) -> tensor<4x2xf32> {
  %k = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  %payload = tensor.empty() : tensor<1x4x32xi8>
  %block_scales = tensor.empty() : tensor<1x4x2xi8>
  %a:2 = mx.packed.quantize ins(%x : tensor<1x4x64xf32>)
    outs(%payload, %block_scales : tensor<1x4x32xi8>, tensor<1x4x2xi8>)
    {format = #mx.format<mxfp4>, index_axis = 2 : i64, kernel = "quantize_emulated",
     scale_rule = #mx.scale_rule<even>} -> tensor<1x4x32xi8>, tensor<1x4x2xi8>
  %empty = tensor.empty() : tensor<1x4x16xf32>
  %first = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x4x16xf32>) -> tensor<1x4x16xf32>
  %y = mx.packed.matmul k(%k) lhs(%a#0, %a#1 : tensor<1x4x32xi8>, tensor<1x4x2xi8>)
    rhs(%codes, %scales : tensor<1x16x32xi8>, tensor<1x16x2xi8>)
    outs(%first : tensor<1x4x16xf32>)
    {kernel = "matmul_emulated", lhs_format = #mx.format<mxfp4>,
     rhs_format = #mx.format<mxfp4>} -> tensor<1x4x16xf32>
  %rows = tensor.collapse_shape %y [[0, 1], [2]] : tensor<1x4x16xf32> into tensor<4x16xf32>
  %columns = arith.constant 16 : index
  %number = tensor.empty() : tensor<f32>
  %t = mx.packed.tensor_scale ins(%rows : tensor<4x16xf32>) outs(%number : tensor<f32>)
    {format = #mx.format<nvfp4>, kernel = "quantize_emulated", rotation = #mx.hadamard<16>,
     scale_rule = #mx.scale_rule<amax>} -> tensor<f32>
  %row_payload = tensor.empty() : tensor<4x8xi8>
  %row_scales = tensor.empty() : tensor<4x1xi8>
  %r:2 = mx.packed.quantize ins(%rows : tensor<4x16xf32>) tensor_scale(%t : tensor<f32>)
    outs(%row_payload, %row_scales : tensor<4x8xi8>, tensor<4x1xi8>)
    {format = #mx.format<nvfp4>, index_axis = 1 : i64, kernel = "quantize_emulated",
     rotation = #mx.hadamard<16>, scale_rule = #mx.scale_rule<amax>}
    -> tensor<4x8xi8>, tensor<4x1xi8>
  %weights = arith.constant dense<[[-108, 34, -75, 42, 90, -42, -6, 37], [82, -26, 125, -116, -71, -94, 1, -13]]> : tensor<2x8xi8>
  %weight_scales = arith.constant dense<126> : tensor<2x1xi8>
  %weight_scale = arith.constant dense<7.25446444E-4> : tensor<f32>
  %init = arith.constant dense<0.0> : tensor<4x2xf32>
  %z = mx.packed.matmul k(%columns) lhs(%r#0, %r#1, %t : tensor<4x8xi8>, tensor<4x1xi8>, tensor<f32>)
    rhs(%weights, %weight_scales, %weight_scale : tensor<2x8xi8>, tensor<2x1xi8>, tensor<f32>)
    outs(%init : tensor<4x2xf32>)
    {kernel = "matmul_emulated", lhs_format = #mx.format<nvfp4>,
     rhs_format = #mx.format<nvfp4>} -> tensor<4x2xf32>
  return %z : tensor<4x2xf32>
}

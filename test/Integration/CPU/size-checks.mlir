// RUN: mx-run %s --function=product --input=4x64xf32=1 --input=8x32xi8=34 --input=8x2xi8=127 --input=4x8xf32=0 | FileCheck %s --check-prefix=GOOD
// RUN: not mx-run %s --function=product --input=4x96xf32=1 --input=8x32xi8=34 --input=8x2xi8=127 --input=4x8xf32=0 2>&1 | FileCheck %s --check-prefix=CONTRACTED
// RUN: not mx-run %s --function=product --input=4x64xf32=1 --input=8x32xi8=34 --input=8x2xi8=127 --input=5x8xf32=0 2>&1 | FileCheck %s --check-prefix=ROWS
// RUN: not mx-run %s --function=product --input=4x64xf32=1 --input=8x32xi8=34 --input=8x2xi8=127 --input=4x9xf32=0 2>&1 | FileCheck %s --check-prefix=COLUMNS
// RUN: not mx-run %s --function=rotate --input=2x48xf32=1 2>&1 | FileCheck %s --check-prefix=ROTATE
// RUN: not mx-run %s --function=bundle --input=4x32xi8=0 --input=4x3xi8=127 2>&1 | FileCheck %s --check-prefix=BUNDLE
// RUN: not mx-run %s --function=experts --input=3x64xf32=1 --input=2x8x32xi8=34 --input=2x8x2xi8=127 --input=3xi32=1 --input=3x8xf32=0 2>&1 | FileCheck %s --check-prefix=EXPERTS
// RUN: not mx-run %s --function=unbundle --input=1x16xi8=1 --input=1x1xi8=127 2>&1 | FileCheck %s --check-prefix=UNBUNDLE
// RUN: not mx-run %s --function=cast --input=1x32xf32=1 2>&1 | FileCheck %s --check-prefix=CAST
// RUN: not mx-run %s --function=call --input=2x5xf32=1 2>&1 | FileCheck %s --check-prefix=CALL
// RUN: mx-run %s --function=call --input=2x6xf32=1 | FileCheck %s --check-prefix=WHOLE

// Sizes that no type knows are compared by the program before it touches memory.

// GOOD: result 0: 4x8xf32 min 64 max 64
// CONTRACTED: size-checks.mlir:[[@LINE+5]]:8: error: expected the contracted sizes of both sides to agree
// ROWS: size-checks.mlir:[[@LINE+4]]:8: error: expected the rows of the left side and the result to agree
// COLUMNS: size-checks.mlir:[[@LINE+3]]:8: error: expected the rows of the right side and the columns of the result to agree
func.func @product(%a: tensor<?x?xf32>, %w: !mx.tensor<?x?, mxfp4, axis = 1>, %c: tensor<?x?xf32>)
    -> tensor<?x?xf32> {
  %0 = mx.matmul ins(%a, %w : tensor<?x?xf32>, !mx.tensor<?x?, mxfp4, axis = 1>)
                 outs(%c : tensor<?x?xf32>)
  return %0 : tensor<?x?xf32>
}

// ROTATE: error: expected the rotated axis to be a multiple of 32
func.func @rotate(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = mx.rotate %x by hadamard<32> along 1 : tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// BUNDLE: error: expected the sizes of payload and scales to agree
func.func @bundle(%payload: tensor<?x?xi8>, %scales: tensor<?x?xi8>) -> tensor<?x?xf32> {
  %0 = mx.bundle %payload, %scales : tensor<?x?xi8>, tensor<?x?xi8> to !mx.tensor<?x?, mxfp4, axis = 1>
  %1 = mx.dequantize %0 : !mx.tensor<?x?, mxfp4, axis = 1> to tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}

// EXPERTS: error: expected the numbers of group ends and experts to agree
func.func @experts(%a: tensor<?x64xf32>, %w: !mx.tensor<?x8x64, mxfp4, axis = 2>,
                   %ends: tensor<?xi32>, %c: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = mx.grouped_matmul ins(%a, %w, %ends : tensor<?x64xf32>,
                             !mx.tensor<?x8x64, mxfp4, axis = 2>, tensor<?xi32>)
                         outs(%c : tensor<?x8xf32>)
  return %0 : tensor<?x8xf32>
}

// UNBUNDLE: error: expected the payload and its type to agree
func.func @unbundle(%w: !mx.tensor<?x32, mxfp4, axis = 1>) -> (tensor<4x16xi8>, tensor<4x1xi8>) {
  %payload, %scales = mx.unbundle %w : !mx.tensor<?x32, mxfp4, axis = 1> to tensor<4x16xi8>, tensor<4x1xi8>
  return %payload, %scales : tensor<4x16xi8>, tensor<4x1xi8>
}

// CAST: error: expected the result and its type to agree
func.func @cast(%x: tensor<?x32xf32>) -> tensor<4x1xf8E8M0FNU> {
  %data, %scale = tosa.cast_to_block_scaled %x {block_size = #tosa.block_size<BLOCK_SIZE_32>}
    : (tensor<?x32xf32>) -> (tensor<4x32xf4E2M1FN>, tensor<4x1xf8E8M0FNU>)
  return %scale : tensor<4x1xf8E8M0FNU>
}

// Bytes cannot tell a callee that five codes and not six are meant.
// CALL: error: expected the dynamic last size of a value passed to a function and its whole bytes to agree
// WHOLE: result 0: 2x6xf32 min 1 max 1
func.func @call(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  %0 = mx.quantize %x scale_rule(even) : tensor<2x?xf32> to !mx.tensor<2x?, mxfp4, axis = 1>
  %1 = call @callee(%0) : (!mx.tensor<2x?, mxfp4, axis = 1>) -> tensor<2x?xf32>
  return %1 : tensor<2x?xf32>
}
func.func private @callee(%w: !mx.tensor<2x?, mxfp4, axis = 1>) -> tensor<2x?xf32> {
  %0 = mx.dequantize %w : !mx.tensor<2x?, mxfp4, axis = 1> to tensor<2x?xf32>
  return %0 : tensor<2x?xf32>
}

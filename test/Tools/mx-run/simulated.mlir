// A product for a GPU, compiled to machine code where there is ptxas, and run on a simulator.
// RUN: mx-run %s --target=sm_120a --simulate --check --input=17x128xi8=random(1) --input=17x8xi8=127 \
// RUN:   --input=9x128xi8=random(2) --input=9x8xi8=126 --input=17x9xf32=0 | FileCheck %s
// CHECK: result 0: 17x9xf32
// CHECK: simulated: 1 blocks, {{[0-9]+}} matrix products, {{[0-9]+}} bytes copied asynchronously
// CHECK: mx.packed.matmul {{.*}} 153 of 153 0 0.000 of bound

func.func @product(%a: !mx.tensor<?x256, mxfp4, axis = 1>, %b: !mx.tensor<?x256, mxfp4, axis = 1>,
                   %init: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c = mx.matmul ins(%a, %b : !mx.tensor<?x256, mxfp4, axis = 1>, !mx.tensor<?x256, mxfp4, axis = 1>)
                 outs(%init : tensor<?x?xf32>)
  return %c : tensor<?x?xf32>
}

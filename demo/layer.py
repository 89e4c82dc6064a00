# Quantises the weights of a layer, compiles a product with them and runs it.
import mx
import numpy as np

weights = np.random.default_rng(0).standard_normal((8, 64)).astype(np.float32)
w = mx.quantize(weights, "mxfp4", scale_rule="even")
layer = mx.compile(f"""func.func @f(%x: tensor<?x64xf32>, %w: {w.type}, %init: tensor<?x8xf32>) -> tensor<?x8xf32> {{
  %y = mx.matmul ins(%x, %w : tensor<?x64xf32>, {w.type}) outs(%init : tensor<?x8xf32>)
  return %y : tensor<?x8xf32>
}}""", target="native")
x = np.ones((3, 64), np.float32)
y = layer(x, w, np.zeros((3, 8), np.float32))
print("relative error:", np.linalg.norm(y - x @ weights.T) / np.linalg.norm(x @ weights.T))

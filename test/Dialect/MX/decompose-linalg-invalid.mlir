// RUN: mx-opt %s --pass-pipeline='builtin.module(func.func(mx-decompose-linalg))' --verify-diagnostics

// Packing by a tile whose size is known at run time only has no decomposition.

func.func @dynamic_tile(%x: tensor<?x?xf32>, %y: tensor<?x?x?x4xf32>, %tile: index)
    -> tensor<?x?x?x4xf32> {
  // expected-error @+1 {{expected an operation with static tiles that can be decomposed, got one that upstream cannot lower}}
  %0 = linalg.pack %x inner_dims_pos = [0, 1] inner_tiles = [%tile, 4] into %y
    : tensor<?x?xf32> -> tensor<?x?x?x4xf32>
  return %0 : tensor<?x?x?x4xf32>
}

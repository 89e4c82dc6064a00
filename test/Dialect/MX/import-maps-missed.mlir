// Generics that scale, but whose indexing is not recognised, are left, with the reason.
// RUN: mx-opt %s --mx-import --verify-diagnostics \
// RUN:   --remarks-filter-missed=mx-import --remark-format=emitRemark | FileCheck %s
// CHECK-NOT: {{[ !#]}}mx.

#m_ko_kb = affine_map<(m, n, ko, kb) -> (m, ko, kb)>
#m_ko = affine_map<(m, n, ko, kb) -> (m, ko)>
#ko_kb_n = affine_map<(m, n, ko, kb) -> (ko, kb, n)>
#ko_n = affine_map<(m, n, ko, kb) -> (ko, n)>
#m_n = affine_map<(m, n, ko, kb) -> (m, n)>
#ko_kb = affine_map<(m, n, ko, kb) -> (ko, kb)>
#ko = affine_map<(m, n, ko, kb) -> (ko)>
#n_ko_kb = affine_map<(m, n, ko, kb) -> (n, ko, kb)>
#kb_ko_n = affine_map<(m, n, ko, kb) -> (kb, ko, n)>
#n = affine_map<(m, n, ko, kb) -> (n)>
#n_ko_0 = affine_map<(m, n, ko, kb) -> (n, ko, 0)>
#n_ko_kbdiv16 = affine_map<(m, n, ko, kb) -> (n, ko, kb floordiv 16)>
#n_ko = affine_map<(m, n, ko, kb) -> (n, ko)>
#n_kb_ko = affine_map<(m, n, ko, kb) -> (n, kb, ko)>
#n_kb = affine_map<(m, n, ko, kb) -> (n, kb)>
#mnk_m_k = affine_map<(m, n, k) -> (m, k)>
#mnk_m_kdiv32 = affine_map<(m, n, k) -> (m, k floordiv 32)>
#mnk_n_k = affine_map<(m, n, k) -> (n, k)>
#mnk_n_kdiv32 = affine_map<(m, n, k) -> (n, k floordiv 32)>
#mnk_m_n = affine_map<(m, n, k) -> (m, n)>
#mnk_n_kmod2 = affine_map<(m, n, k) -> (n, k mod 2)>
#mnkokbz_m_ko_kb_z = affine_map<(m, n, ko, kb, z) -> (m, ko, kb, z)>
#mnkokbz_m_ko_kb = affine_map<(m, n, ko, kb, z) -> (m, ko, kb)>
#mnkokbz_n_ko_kb_z = affine_map<(m, n, ko, kb, z) -> (n, ko, kb, z)>
#mnkokbz_n_ko_kb = affine_map<(m, n, ko, kb, z) -> (n, ko, kb)>
#mnkokbz_m_n = affine_map<(m, n, ko, kb, z) -> (m, n)>
#mkokb_m_ko_kb = affine_map<(m, ko, kb) -> (m, ko, kb)>
#mkokb_m_ko = affine_map<(m, ko, kb) -> (m, ko)>
#mkokb_m = affine_map<(m, ko, kb) -> (m)>
#bmnkokb_b_m_ko_kb = affine_map<(b, m, n, ko, kb) -> (b, m, ko, kb)>
#bmnkokb_b_m_ko = affine_map<(b, m, n, ko, kb) -> (b, m, ko)>
#bmnkokb_b_n_ko_kb = affine_map<(b, m, n, ko, kb) -> (b, n, ko, kb)>
#bmnkokb_b_n_ko = affine_map<(b, m, n, ko, kb) -> (b, n, ko)>
#bmnkokb_m_b_n = affine_map<(b, m, n, ko, kb) -> (m, b, n)>
#n_ko_ko = affine_map<(m, n, ko, kb) -> (n, ko, ko)>
#mnzkokb_m_ko_kb = affine_map<(m, n, z, ko, kb) -> (m, ko, kb)>
#mnzkokb_m_ko = affine_map<(m, n, z, ko, kb) -> (m, ko)>
#mnzkokb_n_ko_kb = affine_map<(m, n, z, ko, kb) -> (n, ko, kb)>
#mnzkokb_z = affine_map<(m, n, z, ko, kb) -> (z)>
#mnzkokb_m_n = affine_map<(m, n, z, ko, kb) -> (m, n)>
#mkokb_ko_kb_m = affine_map<(m, ko, kb) -> (ko, kb, m)>
#mkokbz_m_ko_kb = affine_map<(m, ko, kb, z) -> (m, ko, kb)>
#mkokbz_m_ko = affine_map<(m, ko, kb, z) -> (m, ko)>
#mkokbz_z = affine_map<(m, ko, kb, z) -> (z)>

func.func @transposed_side(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<2x32x8xf4E2M1FN>, %ys: tensor<2x8xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected the contracted loops to index the last dimensions of both sides (a transposed side is not recognised)}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #ko_kb_n, #ko_n, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<2x32x8xf4E2M1FN>, tensor<2x8xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @vector(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<2x32xf4E2M1FN>, %ys: tensor<2xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected the contracted loops to index the last dimensions of both sides (a transposed side is not recognised)}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #ko_kb, #ko, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<2x32xf4E2M1FN>, tensor<2xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @transposed_scales(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x32xf4E2M1FN>, %ys: tensor<2x8xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected the scales to be indexed like the payload without k-in-block}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_kb, #ko_n, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x32xf4E2M1FN>, tensor<2x8xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @block_split_first(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<32x2x8xf4E2M1FN>, %ys: tensor<2x8xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected k-in-block to follow k-block in the payload}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #kb_ko_n, #ko_n, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<32x2x8xf4E2M1FN>, tensor<2x8xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @scale_per_row(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x32xf4E2M1FN>, %ys: tensor<8xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected scales of the payload's rank, or one less}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_kb, #n, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x32xf4E2M1FN>, tensor<8xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @scale_of_size_one(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x32xf4E2M1FN>, %ys: tensor<8x2x1xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected the scales to be indexed in the payload's order}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_kb, #n_ko_0, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x32xf4E2M1FN>, tensor<8x2x1xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @scale_per_element(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x32xf4E2M1FN>, %ys: tensor<8x2x32xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected one dimension of the scales to be indexed by k floordiv block, got 0}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_kb, #n_ko_kb, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x32xf4E2M1FN>, tensor<8x2x32xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @scale_per_half_block(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x32xf4E2M1FN>, %ys: tensor<8x2x2xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected as many contracted loops as index the blocks of a side, got 2}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_kb, #n_ko_kbdiv16, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x32xf4E2M1FN>, tensor<8x2x2xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @dynamic_block(%x: tensor<4x2x?xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x?xf4E2M1FN>, %ys: tensor<8x2xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected a static block size, got '?'}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_kb, #n_ko, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x?xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x?xf4E2M1FN>, tensor<8x2xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @other_split(%x: tensor<4x32x32xf4E2M1FN>, %xs: tensor<4x32xf8E8M0FNU>, %y: tensor<8x32x32xf4E2M1FN>, %ys: tensor<8x32xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected both sides to split k in the same order}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_kb_ko, #n_kb, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x32x32xf4E2M1FN>, tensor<4x32xf8E8M0FNU>, tensor<8x32x32xf4E2M1FN>, tensor<8x32xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @dynamic_k(%x: tensor<4x?xf4E2M1FN>, %xs: tensor<4x?xf8E8M0FNU>, %y: tensor<8x?xf4E2M1FN>, %ys: tensor<8x?xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected a static k with scales indexed by k floordiv block, got '?'}}
  %0 = linalg.generic {indexing_maps = [#mnk_m_k, #mnk_m_kdiv32, #mnk_n_k, #mnk_n_kdiv32, #mnk_m_n], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x?xf4E2M1FN>, tensor<4x?xf8E8M0FNU>, tensor<8x?xf4E2M1FN>, tensor<8x?xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @k_modulo(%x: tensor<4x64xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x64xf4E2M1FN>, %ys: tensor<8x2xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected scales indexed by k floordiv a constant}}
  %0 = linalg.generic {indexing_maps = [#mnk_m_k, #mnk_m_kdiv32, #mnk_n_k, #mnk_n_kmod2, #mnk_m_n], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x64xf4E2M1FN>, tensor<8x2xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @too_many_scales(%x: tensor<4x64xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x64xf4E2M1FN>, %ys: tensor<8x4xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected scales of type 'tensor<8x2xf8E8M0FNU>', got 'tensor<8x4xf8E8M0FNU>'}}
  %0 = linalg.generic {indexing_maps = [#mnk_m_k, #mnk_m_kdiv32, #mnk_n_k, #mnk_n_kdiv32, #mnk_m_n], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x64xf4E2M1FN>, tensor<8x4xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @third_contracted(%x: tensor<4x2x3x32xf4E2M1FN>, %xs: tensor<4x2x3xf8E8M0FNU>, %y: tensor<8x2x3x32xf4E2M1FN>, %ys: tensor<8x2x3xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected one contracted loop (k) or two (k-block, k-in-block), got 3}}
  %0 = linalg.generic {indexing_maps = [#mnkokbz_m_ko_kb_z, #mnkokbz_m_ko_kb, #mnkokbz_n_ko_kb_z, #mnkokbz_n_ko_kb, #mnkokbz_m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x3x32xf4E2M1FN>, tensor<4x2x3xf8E8M0FNU>, tensor<8x2x3x32xf4E2M1FN>, tensor<8x2x3xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @dot(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<4x2x32xf4E2M1FN>, %ys: tensor<4x2xf8E8M0FNU>, %out: tensor<4xf32>) -> tensor<4xf32> {
  // expected-remark@+1 {{linalg.generic: expected an output of rank 2 or more, got 1}}
  %0 = linalg.generic {indexing_maps = [#mkokb_m_ko_kb, #mkokb_m_ko, #mkokb_m_ko_kb, #mkokb_m_ko, #mkokb_m], iterator_types = ["parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) outs(%out : tensor<4xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

func.func @batch_in_the_middle(%x: tensor<3x4x2x32xf4E2M1FN>, %xs: tensor<3x4x2xf8E8M0FNU>, %y: tensor<3x8x2x32xf4E2M1FN>, %ys: tensor<3x8x2xf8E8M0FNU>, %out: tensor<4x3x8xf32>) -> tensor<4x3x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected the output to be indexed by the batches, the rows of one side and the rows of the other}}
  %0 = linalg.generic {indexing_maps = [#bmnkokb_b_m_ko_kb, #bmnkokb_b_m_ko, #bmnkokb_b_n_ko_kb, #bmnkokb_b_n_ko, #bmnkokb_m_b_n], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<3x4x2x32xf4E2M1FN>, tensor<3x4x2xf8E8M0FNU>, tensor<3x8x2x32xf4E2M1FN>, tensor<3x8x2xf8E8M0FNU>) outs(%out : tensor<4x3x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x3x8xf32>
  return %0 : tensor<4x3x8xf32>
}

func.func @diagonal(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x2xf4E2M1FN>, %ys: tensor<8x2xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected each dimension of the payload to be indexed by a loop of its own}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_ko, #n_ko, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x2xf4E2M1FN>, tensor<8x2xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @extra_loop(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x32xf32>, %z: tensor<5xf32>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected every parallel loop to index the output}}
  %0 = linalg.generic {indexing_maps = [#mnzkokb_m_ko_kb, #mnzkokb_m_ko, #mnzkokb_n_ko_kb, #mnzkokb_z, #mnzkokb_m_n], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %z : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x32xf32>, tensor<5xf32>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f32, %z_: f32, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %y_ : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @dequantize_transposed(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %out: tensor<2x32x4xf32>) -> tensor<2x32x4xf32> {
  // expected-remark@+1 {{linalg.generic: expected the output to be indexed like the payload}}
  %0 = linalg.generic {indexing_maps = [#mkokb_m_ko_kb, #mkokb_m_ko, #mkokb_ko_kb_m], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %xs : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) outs(%out : tensor<2x32x4xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    linalg.yield %1 : f32
  } -> tensor<2x32x4xf32>
  return %0 : tensor<2x32x4xf32>
}

func.func @dequantize_extra_loop(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %z: tensor<5xf32>, %out: tensor<4x2x32xf32>) -> tensor<4x2x32xf32> {
  // expected-remark@+1 {{linalg.generic: expected every loop to index the output}}
  %0 = linalg.generic {indexing_maps = [#mkokbz_m_ko_kb, #mkokbz_m_ko, #mkokbz_z, #mkokbz_m_ko_kb], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%x, %xs, %z : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<5xf32>) outs(%out : tensor<4x2x32xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %z_: f32, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    linalg.yield %1 : f32
  } -> tensor<4x2x32xf32>
  return %0 : tensor<4x2x32xf32>
}

func.func @dequantize_overflowing(%x: tensor<1x1152921504606846976x32xf4E2M1FN>, %xs: tensor<1x1152921504606846976xf8E8M0FNU>, %out: tensor<1x1152921504606846976x32xf32>) -> tensor<1x1152921504606846976x32xf32> {
  // expected-remark@+1 {{linalg.generic: its blocks have too many elements}}
  %0 = linalg.generic {indexing_maps = [#mkokb_m_ko_kb, #mkokb_m_ko, #mkokb_m_ko_kb], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %xs : tensor<1x1152921504606846976x32xf4E2M1FN>, tensor<1x1152921504606846976xf8E8M0FNU>) outs(%out : tensor<1x1152921504606846976x32xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    linalg.yield %1 : f32
  } -> tensor<1x1152921504606846976x32xf32>
  return %0 : tensor<1x1152921504606846976x32xf32>
}

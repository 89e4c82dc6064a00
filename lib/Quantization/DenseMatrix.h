//===- DenseMatrix.h - large f64 matrices -----------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What the Hessian and its factor have in common. Results may depend neither on
// the number of threads nor on the machine. Eigen cuts the inner dimension of a
// product by the size of the L1 cache that it finds at run time, and where it
// cuts decides how a sum is rounded. Here no inner dimension exceeds
// `kInner`, which fits any L1 cache of 11 KiB or more, so none is ever cut; the
// cuts of the outer dimensions change no sum. Decompositions and triangular
// solvers of Eigen make cuts of their own and are not used.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_QUANTIZATION_DENSEMATRIX_H
#define MX_LIB_QUANTIZATION_DENSEMATRIX_H

// The caller's loop is the only source of threads.
#define EIGEN_DONT_PARALLELIZE
#define EIGEN_MPL2_ONLY
#include "mx/Quantization/Parallel.h"
#include <Eigen/Core>
#include <algorithm>

namespace mxquant {

/// The longest inner dimension of a product, and the side of a tile.
inline constexpr int64_t kInner = 128;

using RowMatrix =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Calls `body(begin, size)` for each tile of `kInner` rows, the last first: in
/// a lower triangle that is the longest.
template <typename Body>
void forEachTile(int64_t begin, int64_t end, const ParallelFor &parallel,
                 Body body) {
  int64_t tiles = (end - begin + kInner - 1) / kInner;
  parallel(tiles, [&](int64_t i) {
    int64_t tile = begin + (tiles - 1 - i) * kInner;
    body(tile, std::min(kInner, end - tile));
  });
}

/// Replaces the lower triangle of a symmetric matrix, which alone is read, by
/// that of L, where L·Lᵀ is the matrix. Returns false if a pivot is not a
/// finite number above `tolerance`; the matrix is lost then.
bool decomposeCholesky(RowMatrix &matrix, double tolerance,
                       const ParallelFor &parallel);

} // namespace mxquant

#endif // MX_LIB_QUANTIZATION_DENSEMATRIX_H

//===- Cholesky.cpp - Cholesky decomposition of large matrices ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Right-looking, in tiles: decompose the diagonal tile, solve for the tiles
// below it, subtract their products from what remains. The last step has nearly
// all of the work. Each tile is written by one iteration, so that threads
// change no sum.
//===----------------------------------------------------------------------===//

#include "DenseMatrix.h"
#include <cmath>

using namespace mxquant;

/// Solves x·Lᵀ = a for one row of a tile column: `row` holds a and receives x,
/// of which the first `size` numbers are wanted. `diagonal` is L.
template <typename Row, typename Tile>
static void solveRow(Row row, const Tile &diagonal, int64_t size) {
  for (int64_t i = 0; i < size; ++i) {
    double known = row.head(i).dot(diagonal.row(i).head(i));
    row(i) = (row(i) - known) / diagonal(i, i);
  }
}

/// Decomposes a tile on the diagonal. Its rows are those of a tile column too.
template <typename Tile>
static bool decomposeTile(Tile tile, double tolerance) {
  for (int64_t i = 0; i < tile.rows(); ++i) {
    solveRow(tile.row(i), tile, i);
    double pivot = tile(i, i) - tile.row(i).head(i).squaredNorm();
    if (!(pivot > tolerance) || !std::isfinite(pivot))
      return false;
    tile(i, i) = std::sqrt(pivot);
  }
  return true;
}

bool mxquant::decomposeCholesky(RowMatrix &matrix, double tolerance,
                                const ParallelFor &parallel) {
  int64_t columns = matrix.cols();
  for (int64_t start = 0; start < columns; start += kInner) {
    int64_t size = std::min(kInner, columns - start), next = start + size;
    auto diagonal = matrix.block(start, start, size, size);
    if (!decomposeTile(diagonal, tolerance))
      return false;
    forEachTile(next, columns, parallel, [&](int64_t tile, int64_t rows) {
      for (int64_t row = tile; row < tile + rows; ++row)
        solveRow(matrix.row(row).segment(start, size), diagonal, size);
    });
    forEachTile(next, columns, parallel, [&](int64_t tile, int64_t rows) {
      int64_t width = tile + rows - next;
      matrix.block(tile, next, rows, width).noalias() -=
          matrix.block(tile, start, rows, size) *
          matrix.block(next, start, width, size).transpose();
    });
  }
  return true;
}

//===- MinimumCut.h - the cheapest way to split a graph ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Decisions of the kind "every place is in one of two states, and what differs
// from its neighbour costs so much" have an optimum that is found exactly: it
// is a minimum cut. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_MINIMUMCUT_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_MINIMUMCUT_H

#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <vector>

namespace mlir::mx {

/// A directed graph with capacities, cut between two of its vertices.
class MinimumCut {
public:
  /// More than all costs together; an edge of this capacity is never cut.
  static constexpr int64_t kNever = int64_t(1) << 61;

  /// Adds a vertex and returns its number; numbers count from 0.
  unsigned addVertex();

  /// Adds what it costs if `from` is on the source's side and `to` is not.
  /// Returns the edge's number.
  unsigned addEdge(unsigned from, unsigned to, int64_t cost);

  /// Returns, for each vertex, whether it is on the source's side of the
  /// cheapest cut; of several, the one with the fewest vertices on that side.
  std::vector<bool> solve(unsigned source, unsigned sink);

  /// What the edges of that cut cost together.
  int64_t getCost() const { return cost; }

  /// Returns how much less the cheapest cut would cost without an edge that
  /// leads to the sink.
  int64_t getSaving(unsigned edge);

private:
  /// One direction of an edge; the other has the number with the last bit
  /// flipped.
  struct Arc {
    unsigned to;
    int64_t capacity;
  };

  /// Augments between two vertices by at most `limit`; returns by how much.
  int64_t push(unsigned from, unsigned to, int64_t limit);

  /// Fills in how many arcs with capacity left lead to each vertex.
  void measureDistances(unsigned source);

  /// Finds a path to `sink` along which distances grow by one, and returns its
  /// arcs; none if there is no more. Vertices that lead nowhere are not looked
  /// at again.
  std::vector<unsigned> findPath(unsigned source, unsigned sink);

  std::vector<Arc> arcs;
  std::vector<llvm::SmallVector<unsigned, 4>> arcsOf;
  std::vector<unsigned> distances;
  /// For each vertex, how many of its arcs lead nowhere.
  std::vector<unsigned> tried;
  int64_t cost = 0;
};

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_MINIMUMCUT_H

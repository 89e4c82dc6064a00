//===- RotationGraph.h - where a rotation may stand -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Every operation that commutes with a rotation R (RotationAlgebra.h) can work
// on plain numbers or on rotated ones. Where two that share a tensor differ,
// the tensor is rotated at run time. Which of them work on rotated numbers, so
// that the fewest elements are rotated, is a minimum cut. Internal to
// MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_ROTATIONGRAPH_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_ROTATIONGRAPH_H

#include "Rotate/MinimumCut.h"
#include "Rotate/RotationGains.h"
#include "llvm/ADT/MapVector.h"
#include <vector>

namespace mlir::mx {

/// A tie of the program, and whether its operation will see rotated numbers.
struct GraphTie {
  Operation *op;
  Tie tie;
  /// Where its gain goes, if it has one.
  SmallVector<GainTarget> targets;
  /// The numbers of the uses of constants in the tie.
  SmallVector<unsigned, 2> constants;
  bool isRotated = false;
};

/// One end of a tensor along one dimension: the operation that makes it or one
/// that reads it.
struct GraphEnd {
  Operation *op = nullptr;
  /// The reading operand; null for the operation that makes the tensor.
  OpOperand *use = nullptr;
  /// The tensor, if it is an argument of a region of `op`.
  BlockArgument argument;
  /// Number of the tie that decides; nothing if `isRotated` is fixed.
  std::optional<unsigned> tie;
  bool isRotated = false;
  /// Why it is fixed to plain numbers, if that is an obstacle.
  std::string obstacle;
};

/// An obstacle, which is an operation or an argument of it.
struct GraphObstacle {
  /// The first of its ends.
  GraphEnd end;
  /// Its vertex in the cut, and the edge that keeps it plain.
  unsigned vertex = 0;
  unsigned edge = 0;
};

/// A tensor and one of its dimensions.
struct GraphPlace {
  Value value;
  int64_t axis;
  GraphEnd def;
  SmallVector<GraphEnd, 2> uses;
};

/// An obstacle at which a rotation stopped, and how many elements fewer would
/// be rotated at run time if it commuted.
struct MissedRotation {
  const GraphEnd *obstacle;
  int64_t elements;
};

/// The places that one rotation may reach in a function. IR is not changed.
class RotationGraph {
public:
  explicit RotationGraph(HadamardAttr rotation) : rotation(rotation) {}

  /// Adds an `mx.rotate` by the rotation, which asks for rotated numbers or, if
  /// it is an inverse, offers them.
  void add(RotateOp op);

  /// Decides for each tie. Of equally cheap decisions, takes the one in which
  /// the fewest operations see rotated numbers.
  void solve();

  ArrayRef<GraphPlace> getPlaces() const { return places; }
  ArrayRef<GraphTie> getTies() const { return ties; }

  /// Whether the numbers at one end of a tensor are rotated.
  bool isRotated(const GraphEnd &end) const {
    return end.tie ? ties[*end.tie].isRotated : end.isRotated;
  }

  /// Elements that are rotated at run time.
  int64_t getCost() const { return cut.getCost(); }

  /// For each tie, whether what its operation reads was rotated at run time,
  /// there or further back.
  std::vector<bool> findTiesBehindRotations() const;

  /// The obstacles without any one of which less would be rotated at run time,
  /// one end of each.
  SmallVector<MissedRotation> findMissed();

private:
  unsigned addPlace(Value value, int64_t axis);
  unsigned addTie(Operation *op, Tie tie);
  GraphEnd makeDef(Value value, int64_t axis);
  GraphEnd makeUse(OpOperand &use, int64_t axis);
  void explore();

  HadamardAttr rotation;
  std::vector<GraphPlace> places;
  std::vector<GraphTie> ties;
  llvm::DenseMap<std::pair<Value, int64_t>, unsigned> placeNumbers;
  llvm::DenseMap<std::pair<OpOperand *, int64_t>, unsigned> tieOfUse;
  llvm::DenseMap<std::pair<Value, int64_t>, unsigned> tieOfResult;
  MinimumCut cut;
  llvm::MapVector<std::pair<Operation *, Value>, GraphObstacle> obstacles;
  size_t explored = 0;
};

/// Elements of a tensor; a size that is not known counts as 1024.
int64_t countElements(Value value);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_ROTATIONGRAPH_H

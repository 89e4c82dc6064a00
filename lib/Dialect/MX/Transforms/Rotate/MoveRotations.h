//===- MoveRotations.h - put rotations where they cost least ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The steps of mx-fuse-rotations that change IR. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_MOVEROTATIONS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_MOVEROTATIONS_H

#include "Rotate/RotationGraph.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::mx {

/// Writes `mx.rotate` right after the operation that makes its source, once for
/// all that want the same. No value may be erased meanwhile.
class RotationBuilder {
public:
  explicit RotationBuilder(MLIRContext *context) : builder(context) {}

  Value rotate(Value value, HadamardAttr rotation, int64_t axis,
               bool isInverse = false);

  /// Rotates `length` positions from `begin` on along the axis; the others
  /// stay.
  Value rotatePart(Value value, HadamardAttr rotation, int64_t axis,
                   int64_t begin, int64_t length);

private:
  using Key =
      std::pair<std::pair<Value, Attribute>, std::pair<int64_t, unsigned>>;
  OpBuilder builder;
  llvm::DenseMap<Key, Value> known;
};

/// Gives readers of one value through equal views in one block the same view.
void unifyViews(FunctionOpInterface function);

/// Moves constant permutations of channels into constant weights where it can,
/// and cancels those that undo each other.
void foldPermutations(FunctionOpInterface function);

/// Replaces a rotation of a rotation by the source where the two cancel.
void cancelRotations(FunctionOpInterface function);

/// Uses of numbers that were rotated at run time, but not right before.
using LateUses = llvm::DenseSet<OpOperand *>;

/// Decides where all `rotates`, which are by the same rotation, take effect,
/// and makes it so. Those that are not needed any more have no uses afterwards.
/// Adds to `lateUses` the uses of what they made.
void moveRotations(ArrayRef<RotateOp> rotates, LateUses &lateUses);

/// Remarks of mx-fuse-rotations.
void remarkPassed(Operation *op, StringRef name, const Twine &text);
void remarkMissed(Operation *op, StringRef name, const Twine &text);

/// How a rotation is called in remarks, e.g. hadamard<32>.
std::string getName(HadamardAttr rotation);

/// How an operation is called in remarks: its site, or its kind.
std::string getName(Operation *op);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_MOVEROTATIONS_H

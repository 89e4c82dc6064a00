//===- ScalarForms.h - how numbers depend on one dimension ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// An abstract interpretation of scalar code along one dimension: is a number
// the same at every position, linear in the tensors that vary along it, or a
// product of two such? Linear maps commute with rotations and sums of products
// are invariant; that is all that mx-fuse-rotations asks of a body. Internal to
// MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_SCALARFORMS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_SCALARFORMS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SetVector.h"
#include <string>

namespace mlir::mx {

enum class Form {
  /// 0 everywhere.
  Zero,
  /// The same number at every position.
  Invariant,
  /// As Invariant, but from a repeated constant, which can be rotated too: in a
  /// sum it counts as Linear.
  Uniform,
  /// The position itself.
  Position,
  /// What a reduction has summed so far.
  Total,
  /// Linear in the inputs that vary, with invariant coefficients and no
  /// constant term.
  Linear,
  /// A sum of products of two Linear ones.
  Product,
  /// Anything else.
  Other,
};

using InputSet = llvm::SmallSetVector<OpOperand *, 2>;

/// What is known about one number.
struct ScalarForm {
  Form form = Form::Invariant;
  /// The inputs that a Linear or Uniform one depends on, or the left factor of
  /// a Product.
  InputSet inputs = {};
  /// The inputs of the right factor.
  InputSet others = {};
  /// The repeated constants that it depends on in another way, as a factor or
  /// in a condition: they must stay as they are.
  InputSet fixed = {};
  /// Whether several products were added.
  bool isSumOfProducts = false;
  /// Why it is Other.
  std::string reason = {};
};

/// Returns the form of what `op` computes from numbers of the given forms.
ScalarForm applyOperation(Operation *op, ArrayRef<ScalarForm> operands);

/// Returns the form of the elements of a tensor along `axis`, as `operand`
/// reads them.
ScalarForm getElementForm(OpOperand &operand, int64_t axis);

/// The forms of all numbers in the body of a structured operation, along one of
/// its loops.
class BodyForms {
public:
  BodyForms(linalg::LinalgOp op, unsigned loop, unsigned depth = 0);

  ScalarForm getForm(Value scalar) const;

  /// If the body adds one number to result `index`, returns that number's form;
  /// else Other.
  ScalarForm getSummand(unsigned index) const;

  /// What the body computes for result `index`.
  ScalarForm getYielded(unsigned index) const;

private:
  ScalarForm getArgumentForm(OpOperand &operand, unsigned depth) const;
  ScalarForm getReadForm(Operation *extract) const;

  linalg::LinalgOp op;
  unsigned loop;
  llvm::DenseMap<Value, ScalarForm> forms;
};

/// Whether the elements of `value` are the same number at every position along
/// `axis`. Looks a few operations back.
bool isInvariantAlong(Value value, int64_t axis, unsigned depth = 0);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_SCALARFORMS_H

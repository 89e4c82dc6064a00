//===- MatmulParts.cpp - what the lowerings of a product share ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulParts.h"
#include "MXToLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/TypeUtilities.h"
#include "mx/Conversion/SmallFloatArith.h"

using namespace mlir;
using namespace mlir::mx;

Value mx::loadTensorScale(ImplicitLocOpBuilder &b, ValueRange parts) {
  if (parts.size() < 3)
    return Value();
  Value scale = memref::LoadOp::create(b, parts[2]);
  return arith::ExtFOp::create(b, b.getF64Type(), scale);
}

/// Tensor scales may be so small or large that an f32 product of them overflows
/// or underflows though the result does not, so they are applied in f64.
Value mx::finishProduct(ImplicitLocOpBuilder &b, Value sum, Value init,
                        ArrayRef<Value> tensorScales) {
  Location loc = b.getLoc();
  auto type = cast<FloatType>(getElementTypeOrSelf(init.getType()));
  auto vector = dyn_cast<VectorType>(sum.getType());
  int64_t lanes = vector ? vector.getNumElements() : 1;
  Value old = widenToF32(b, loc, init);
  if (tensorScales.empty())
    return narrowFromF32(b, loc, arith::AddFOp::create(b, old, sum), type);
  Type f64 = getLanesType(b.getF64Type(), lanes);
  Value scaled = arith::ExtFOp::create(b, f64, sum);
  for (Value scale : tensorScales)
    scaled = arith::MulFOp::create(b, scaled, splat(b, loc, scale, lanes));
  Value wide = arith::ExtFOp::create(b, f64, old);
  return narrowFromF64(b, loc, arith::AddFOp::create(b, wide, scaled), type);
}

Value mx::loadGroupEnd(ImplicitLocOpBuilder &b, Value ends, Value expert,
                       Value previous, Value rows) {
  Value end = memref::LoadOp::create(b, ends, expert);
  if (!end.getType().isIndex())
    end = arith::IndexCastOp::create(b, b.getIndexType(), end);
  return arith::MinSIOp::create(b, arith::MaxSIOp::create(b, end, previous),
                                rows);
}

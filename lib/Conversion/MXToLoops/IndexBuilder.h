//===- IndexBuilder.h - arithmetic on indices -------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTOLOOPS_INDEXBUILDER_H
#define MX_LIB_CONVERSION_MXTOLOOPS_INDEXBUILDER_H

#include "MXToLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::mx {

/// Index arithmetic on constants and loop variables.
struct IndexBuilder {
  OpBuilder &builder;
  Location loc;

  Value constant(int64_t value) const {
    return createIndex(builder, loc, value);
  }
  Value add(Value a, Value b) const {
    return arith::AddIOp::create(builder, loc, a, b);
  }
  Value subtract(Value a, Value b) const {
    return arith::SubIOp::create(builder, loc, a, b);
  }
  Value multiply(Value a, int64_t b) const {
    return arith::MulIOp::create(builder, loc, a, constant(b));
  }
  Value divide(Value a, int64_t b) const {
    return arith::DivUIOp::create(builder, loc, a, constant(b));
  }
  Value remainder(Value a, int64_t b) const {
    return arith::RemUIOp::create(builder, loc, a, constant(b));
  }
  Value isLess(Value a, Value b) const {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, a, b);
  }
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTOLOOPS_INDEXBUILDER_H

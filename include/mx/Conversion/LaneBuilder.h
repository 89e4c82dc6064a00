//===- LaneBuilder.h - arith on scalars and vectors alike -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Bit-level arithmetic is written once and used on scalars and on vectors. A
// LaneBuilder is bound to the shape of one value; its constants are scalars or
// splats of that shape, and its operations apply to each lane.
//===----------------------------------------------------------------------===//

#ifndef MX_CONVERSION_LANEBUILDER_H
#define MX_CONVERSION_LANEBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::mx {

class LaneBuilder {
public:
  /// Binds to the shape of `like`, a scalar or a vector.
  LaneBuilder(OpBuilder &builder, Location loc, Value like)
      : LaneBuilder(builder, loc, like.getType()) {}
  LaneBuilder(OpBuilder &builder, Location loc, Type like)
      : builder(builder), loc(loc), shape(dyn_cast<VectorType>(like)) {}

  /// `element`, or the vector of it with the bound shape.
  Type getType(Type element) const {
    return shape ? shape.cloneWith(std::nullopt, element) : element;
  }
  Type getInteger(unsigned width) const {
    return getType(builder.getIntegerType(width));
  }

  /// An integer constant of `width` bits in every lane.
  Value constant(unsigned width, uint64_t value) const {
    return splat(builder.getIntegerAttr(
        builder.getIntegerType(width),
        APInt(width, value, /*isSigned=*/false, /*implicitTrunc=*/true)));
  }
  Value bits(uint32_t value) const { return constant(32, value); }
  /// An f32 constant in every lane.
  Value number(float value) const {
    return splat(builder.getF32FloatAttr(value));
  }

  /// The bits of f32 lanes as i32, and back.
  Value asBits(Value number) const { return bitcast(getInteger(32), number); }
  Value asNumber(Value bits) const {
    return bitcast(getType(builder.getF32Type()), bits);
  }
  Value bitcast(Type type, Value value) const {
    return arith::BitcastOp::create(builder, loc, type, value);
  }
  /// Zero-extends or truncates integer lanes to `width` bits.
  Value resize(unsigned width, Value value) const;

  Value add(Value a, Value b) const { return make<arith::AddIOp>(a, b); }
  Value subtract(Value a, Value b) const { return make<arith::SubIOp>(a, b); }
  Value multiply(Value a, Value b) const { return make<arith::MulIOp>(a, b); }
  Value bitAnd(Value a, Value b) const { return make<arith::AndIOp>(a, b); }
  Value bitOr(Value a, Value b) const { return make<arith::OrIOp>(a, b); }
  Value bitXor(Value a, Value b) const { return make<arith::XOrIOp>(a, b); }
  Value shiftLeft(Value a, Value b) const { return make<arith::ShLIOp>(a, b); }
  Value shiftRight(Value a, Value b) const {
    return make<arith::ShRUIOp>(a, b);
  }
  Value minUnsigned(Value a, Value b) const {
    return make<arith::MinUIOp>(a, b);
  }
  Value maxUnsigned(Value a, Value b) const {
    return make<arith::MaxUIOp>(a, b);
  }
  Value maxSigned(Value a, Value b) const { return make<arith::MaxSIOp>(a, b); }

  Value addNumbers(Value a, Value b) const { return make<arith::AddFOp>(a, b); }
  Value subtractNumbers(Value a, Value b) const {
    return make<arith::SubFOp>(a, b);
  }
  Value multiplyNumbers(Value a, Value b) const {
    return make<arith::MulFOp>(a, b);
  }
  Value divideNumbers(Value a, Value b) const {
    return make<arith::DivFOp>(a, b);
  }

  Value compare(arith::CmpIPredicate predicate, Value a, Value b) const {
    return arith::CmpIOp::create(builder, loc, predicate, a, b);
  }
  Value compare(arith::CmpFPredicate predicate, Value a, Value b) const {
    return arith::CmpFOp::create(builder, loc, predicate, a, b);
  }
  /// a < b and a > b as unsigned integers, and a == b.
  Value isBelow(Value a, Value b) const {
    return compare(arith::CmpIPredicate::ult, a, b);
  }
  Value isAbove(Value a, Value b) const {
    return compare(arith::CmpIPredicate::ugt, a, b);
  }
  Value isEqual(Value a, Value b) const {
    return compare(arith::CmpIPredicate::eq, a, b);
  }
  Value select(Value condition, Value yes, Value no) const {
    return arith::SelectOp::create(builder, loc, condition, yes, no);
  }

private:
  template <typename OpTy>
  Value make(Value a, Value b) const {
    return OpTy::create(builder, loc, a, b);
  }
  Value splat(TypedAttr value) const;

  OpBuilder &builder;
  Location loc;
  /// Null for scalars.
  VectorType shape;
};

} // namespace mlir::mx

#endif // MX_CONVERSION_LANEBUILDER_H

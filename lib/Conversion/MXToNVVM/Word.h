//===- Word.h - arithmetic on i32 values ------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// An i32 value with the operators of an integer, so that address formulas read
// as formulas. Arithmetic is unsigned.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_WORD_H
#define MX_LIB_CONVERSION_MXTONVVM_WORD_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mx {

class Word {
public:
  /// No word: to be assigned before it is used.
  Word() = default;
  Word(ImplicitLocOpBuilder &builder, Value value)
      : builder(&builder), value(value) {}
  Word(ImplicitLocOpBuilder &builder, int32_t constant)
      : Word(builder, Value(arith::ConstantIntOp::create(
                          builder, builder.getI32Type(), constant))) {}

  operator Value() const { return value; }
  ImplicitLocOpBuilder &getBuilder() const { return *builder; }

  template <typename OpTy>
  Word apply(Word other) const {
    return {*builder, builder->createOrFold<OpTy>(value, other.value)};
  }
  Word constant(int32_t number) const { return {*builder, number}; }

  /// An i1: this word against the other, unsigned.
  Value compare(arith::CmpIPredicate predicate, Word other) const {
    return arith::CmpIOp::create(*builder, predicate, value, other.value);
  }
  Value isBelow(Word other) const {
    return compare(arith::CmpIPredicate::ult, other);
  }
  Word min(Word other) const { return apply<arith::MinUIOp>(other); }
  /// This word if `condition` holds, else zero.
  Word onlyIf(Value condition) const {
    Value zero = constant(0);
    return {*builder,
            builder->createOrFold<arith::SelectOp>(condition, value, zero)};
  }
  /// Zero-extended to i64.
  Value widen() const {
    return builder->createOrFold<arith::ExtUIOp>(builder->getI64Type(), value);
  }

private:
  ImplicitLocOpBuilder *builder = nullptr;
  Value value;
};

inline Word operator+(Word a, Word b) { return a.apply<arith::AddIOp>(b); }
inline Word operator-(Word a, Word b) { return a.apply<arith::SubIOp>(b); }
inline Word operator*(Word a, Word b) { return a.apply<arith::MulIOp>(b); }
inline Word operator/(Word a, Word b) { return a.apply<arith::DivUIOp>(b); }
inline Word operator%(Word a, Word b) { return a.apply<arith::RemUIOp>(b); }
inline Word operator&(Word a, Word b) { return a.apply<arith::AndIOp>(b); }
inline Word operator|(Word a, Word b) { return a.apply<arith::OrIOp>(b); }
inline Word operator^(Word a, Word b) { return a.apply<arith::XOrIOp>(b); }
inline Word operator<<(Word a, Word b) { return a.apply<arith::ShLIOp>(b); }
inline Word operator>>(Word a, Word b) { return a.apply<arith::ShRUIOp>(b); }

inline Word operator+(Word a, int32_t b) { return a + a.constant(b); }
inline Word operator-(Word a, int32_t b) { return a - a.constant(b); }
inline Word operator*(Word a, int32_t b) { return a * a.constant(b); }
inline Word operator/(Word a, int32_t b) { return a / a.constant(b); }
inline Word operator%(Word a, int32_t b) { return a % a.constant(b); }
inline Word operator&(Word a, int32_t b) { return a & a.constant(b); }
inline Word operator^(Word a, int32_t b) { return a ^ a.constant(b); }
inline Word operator<<(Word a, int32_t b) { return a << a.constant(b); }
inline Word operator>>(Word a, int32_t b) { return a >> a.constant(b); }

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_WORD_H

//===- MatmulVariant.h - products to compile and check ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What tests of `mx.packed.matmul` share: a function of one product as text,
// and its results against exact sums (N7.3) and the bound of N7.2.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_CONVERSION_MATMULVARIANT_H
#define MX_TEST_UNIT_CONVERSION_MATMULVARIANT_H

#include "PackedOperand.h"
#include "mx/Numerics/Matmul.h"

namespace mxtest {

/// One function to compile.
struct Variant {
  std::string name;
  Kind lhs, rhs;
  std::string result = "f32";
  /// Rank of the left side and the result.
  int64_t rank = 2;
  /// Element type of the group ends, or empty.
  std::string ends = "";
  bool isStrided = false;
  /// Whether the right side is interleaved before (N8.7), for the kernel that
  /// wants it so.
  bool isInterleaved = false;
};

/// The function of a variant: k, the parts of both sides, perhaps ends, C.
std::string makeFunction(const Variant &variant);

/// The kind called `name`.
const Kind &getKind(const std::string &name);

std::vector<Argument> collectArguments(int64_t count, std::vector<Argument> lhs,
                                       std::vector<Argument> rhs);

/// C in its own type, with its initial values as f32.
struct Result {
  Result(const std::string &type, int64_t count);
  float get(int64_t i) const;

  std::string type;
  std::vector<uint8_t> bytes;
  std::vector<float> initial;
};

/// What N7 says of one result.
mxnum::DotReference computeDot(const Operand &lhs, int64_t m,
                               const Operand &rhs, int64_t n, int64_t count,
                               float init);

/// On the exact domain double arithmetic is exact too, and much faster.
double computeExact(const Operand &lhs, int64_t m, const Operand &rhs,
                    int64_t n, int64_t count, float init);

/// Multiplies two matrices by a function of `module`.
Result multiply(const JitModule &module, const Variant &variant, Operand &lhs,
                int64_t rows, Operand &rhs, int64_t columns, int64_t count);

/// N7.3 for one matrix: every element against exact double arithmetic, the
/// corners against the reference.
void checkExact(const Operand &lhs, int64_t rows, const Operand &rhs,
                int64_t columns, int64_t count, const Result &result);
void checkExactShape(const JitModule &module, const Variant &variant,
                     int64_t rows, int64_t columns, int64_t count);

/// Within N7.2 on values of many magnitudes.
void checkBound(const JitModule &module, const Variant &variant, int64_t rows,
                int64_t columns, int64_t count);

/// Ten rows for five experts, whose ends may lie outside or go back.
struct GroupCase {
  std::vector<int64_t> ends;
  /// The expert of each row, or -1.
  std::vector<int64_t> experts;
};

/// A grouped product with ends of type `variant.ends`, on the exact domain.
void checkGroups(const JitModule &module, const Variant &variant,
                 const GroupCase &groups, int64_t columns, int64_t count);

} // namespace mxtest

#endif // MX_TEST_UNIT_CONVERSION_MATMULVARIANT_H

//===- PackedOperand.h - operands of packed operations ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Matrices for the tests of the loop lowerings: plain numbers or packed parts,
// as bytes for the compiled code and as the values that lib/Numerics gives
// them. Whatever is no part of the matrix (padding bits, bytes past a row) is
// garbage, so that a lowering that reads it shows.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_CONVERSION_PACKEDOPERAND_H
#define MX_TEST_UNIT_CONVERSION_PACKEDOPERAND_H

#include "JitHarness.h"
#include "mx/Numerics/BlockFormat.h"
#include <optional>
#include <random>

namespace mxtest {

/// What a matrix is made of: plain numbers, or a block format.
struct Kind {
  /// As in the IR: "f32", "bf16", "f16", or the body of a #mx.format.
  std::string name;
  std::optional<mxnum::BlockFormat> format;

  std::string formatAttribute() const { return "#mx.format<" + name + ">"; }
  bool hasTensorScale() const { return format && format->tensorScale; }
};

/// f32, bf16, f16 and the six named formats.
const std::vector<Kind> &getKinds();

/// A kind with a format that has no name.
Kind makeKind(const mxnum::BlockFormat &format);

/// Which values a matrix holds.
enum class Fill {
  /// Multiples of 1/2 up to 12, tensor scales that are powers of two: sums of
  /// products of a few thousand of them are exact in f32 (N7.3).
  Exact,
  /// Any finite codes and a few binades of scales.
  Finite,
  /// Any bytes at all.
  Any,
};

/// A matrix [batch, rows, count] in row-major order with gaps between rows.
class Operand {
public:
  Operand(const Kind &kind, int64_t batch, int64_t rows, int64_t count,
          Fill fill, uint32_t seed);

  /// The parts for `mx.packed` operations as arguments, batch · rows as one
  /// dimension, or with these leading dimensions.
  std::vector<Argument> getArguments();
  std::vector<Argument> getArguments(const std::vector<int64_t> &leading);

  /// Replaces the scale of a block.
  void setScale(int64_t row, int64_t block, uint8_t byte);

  /// Multiplies plain f32 numbers by a power of two.
  void scaleNumbers(float factor);

  void setTensorScale(float scale) { tensorScale.front() = scale; }

  /// The packed codes and the scales of a row.
  const uint8_t *getCodes(int64_t row) const { return &bytes[row * pitch]; }
  const uint8_t *getScales(int64_t row) const {
    return &scales[row * scalePitch];
  }
  /// Element times block scale as f32 (N7.1); rows follow without gaps.
  const float *getRow(int64_t row) const { return &values[row * count]; }
  /// The exact values of N1.4.
  double getExact(int64_t row, int64_t k) const;
  float getTensorScale() const { return tensorScale.front(); }

private:
  uint8_t makeCode(Fill fill);
  uint8_t makeScale(Fill fill);
  void fillPlain(Fill fill);
  void fillPacked(Fill fill);
  void decode();

  Kind kind;
  int64_t allRows, count;
  std::mt19937 random;
  /// Bytes of a row of numbers or codes, and of scales, gap included.
  int64_t pitch = 0, scalePitch = 0;
  std::vector<uint8_t> bytes, scales;
  std::vector<float> tensorScale{1.0f};
  std::vector<float> values;
};

/// The IR types of the parts of `kind` with `rank` dimensions, all dynamic; if
/// `isStrided`, without any static stride.
std::vector<std::string> getPartTypes(const Kind &kind, int64_t rank,
                                      bool isStrided = false);
/// memref<?x…x`element`> with a static last stride, or none.
std::string getMemRefType(int64_t rank, const std::string &element,
                          bool isStrided = false);

/// Arguments `%prefix0: type, …` of a function, and the operand list
/// `%prefix0, … : type, …` of an operation.
std::string declareArguments(const std::string &prefix,
                             const std::vector<std::string> &types);
std::string useArguments(const std::string &prefix,
                         const std::vector<std::string> &types);

/// Reads or writes a number of IR type `type` (f32, bf16 or f16).
float loadNumber(const std::string &type, const void *address);
void storeNumber(const std::string &type, float value, void *address);
int64_t getNumberBytes(const std::string &type);

} // namespace mxtest

#endif // MX_TEST_UNIT_CONVERSION_PACKEDOPERAND_H

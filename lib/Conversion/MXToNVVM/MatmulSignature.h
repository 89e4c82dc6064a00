//===- MatmulSignature.h - what arguments depend on -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What the arguments of a matmul kernel depend on, whatever it multiplies with:
//
//   parts of A, parts of B    payload, and if there are any scales and a tensor
//                             scale
//   group_ends                in a grouped product
//   a vector to start from
//   C                         or if results are quantised their payload and
//                             scales, and perhaps their tensor scale
//   vectors and numbers of a tail
//   M, N, K, groups           i32
//   tiles                     i32, if blocks outlive a tile
//   sums                      of ranges of K, if it is split
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_MATMULSIGNATURE_H
#define MX_LIB_CONVERSION_MXTONVVM_MATMULSIGNATURE_H

#include "MatmulEpilogue.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Numerics/PackedLayout.h"

namespace mlir::mx {

/// The bf16 numbers that an f32 number is split into.
inline constexpr int kF32Planes = 3;

/// How the rows of a side lie: one after the other (N8.1), or in the order of
/// fragments (N8.8), the latter with or without scales that are too large for a
/// number to be one product of its code.
enum class RowOrder { Canonical, Fragments, LargeFragments };

/// What one side of a product consists of.
struct MatmulSide {
  /// Null for plain numbers, which have type `plain`.
  FormatAttr format;
  FloatType plain;
  RowOrder order = RowOrder::Canonical;

  /// The side of an operation with these parts.
  static MatmulSide get(ValueRange parts, FormatAttr format);
  static MatmulSide getLhs(PackedMatmulOp op);
  static MatmulSide getRhs(PackedMatmulOp op);
  bool hasFragments() const { return order != RowOrder::Canonical; }
  /// Bytes of a line of fragments (N8.8): of payload, and of scales.
  static constexpr int kPayloadLine =
      int(mxnum::kFragmentRows * mxnum::kFragmentDepth / 2);
  int getScaleLine() const;
  /// Whether the kernels that decode take it.
  bool isDecodable() const;

  /// Bits of an element in memory.
  int getBits() const;
  /// Elements that share a scale; `elements` if there are no scales.
  int getBlock(int elements) const;
  /// Operands: payload, and if there are any scales and a tensor scale.
  int getPartCount() const;
  /// The bf16 numbers that add up to an element, but for the least f32 numbers.
  int getPlanes() const;
  std::string getName() const;
};

struct MatmulSignature {
  struct Side {
    MatmulSide operand;
    /// Rows of its tile, and where its panels lie in a stage.
    int tileRows, payloadOffset, scalesOffset;
  };

  Side lhs, rhs;
  /// Elements of K in a step.
  int depth;
  /// The type that is written.
  FloatType output;
  /// Bits of the end of a group; 0 for a product without groups.
  unsigned endBits = 0;
  /// Whether payload comes by tensor maps to blocks that outlive a tile.
  bool isRing = false;
  MatmulEpilogue epilogue = {};
  /// Whether sums of ranges of K are in memory.
  bool hasSums = false;

  bool isGrouped() const { return endBits != 0; }
  /// The types of the arguments.
  SmallVector<Type> getTypes(MLIRContext *context) const;
};

/// A word for the format that a symbol may hold, e.g. mxfp4 or e2m1_ue4m3_32t.
std::string spellFormat(FormatAttr format);

/// The part of a kernel's name that says what it does beside the product;
/// `tailName` is a word for the tail.
std::string spellEpilogue(const MatmulEpilogue &epilogue, StringRef tailName);

/// How the name of a kernel begins: "matmul_", or with groups
/// "grouped32_matmul_".
std::string spellProduct(unsigned endBits);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_MATMULSIGNATURE_H

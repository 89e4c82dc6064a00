//===- ConstantData.h - constants as bytes and numbers ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The folders' view of attributes: numbers for lib/Numerics, bytes of a part,
// and attributes made from them.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_IR_CONSTANTDATA_H
#define MX_DIALECT_MX_IR_CONSTANTDATA_H

#include "mx/Dialect/MX/IR/MXDialect.h"
#include "mx/Numerics/Quantize.h"
#include <vector>

namespace mlir::mx {

/// Whether a constant of this shape is folded. Those with a dynamic size or
/// more than 2^24 elements are left to be computed at run time; sizes of 0
/// count as 1, so that no loop over the others is long.
bool isFoldable(ArrayRef<int64_t> shape);

/// The bytes of a constant where they lie, of any alignment.
struct RawElements {
  ArrayRef<char> bytes;
  /// Whether they are those of one element, which stands for all.
  bool isSplat = false;
};

/// The bytes of a dense constant or resource, however many there are; nothing
/// for any other attribute and for a resource without data.
std::optional<RawElements> getRawElements(Attribute attr);

/// The numbers of a constant of f32, bf16 or f16 elements, extended to f32;
/// nothing for any other attribute.
std::optional<std::vector<float>> getNumbers(Attribute attr);

/// The number in a constant tensor<f32>.
std::optional<float> getScalar(Attribute attr);

/// The bytes of a constant whose elements take one byte each (i8, FP4 to FP8).
std::optional<std::vector<uint8_t>> getBytes(Attribute attr);

/// A constant of i8 or of a small float type, one byte for each element. Large
/// ones become resources named `name`.
ElementsAttr createBytes(RankedTensorType type, ArrayRef<uint8_t> bytes,
                         StringRef name);

/// A constant of the elements in `raw`. Large ones become resources named
/// `name`, which need not stay in memory (MappedPages.h).
ElementsAttr createElements(RankedTensorType type, ArrayRef<char> raw,
                            size_t alignment, StringRef name);

/// A constant of f32, bf16 or f16 elements, each rounded once from its exact
/// value.
ElementsAttr createNumbers(RankedTensorType type, ArrayRef<double> values);

/// Between the attribute of mx.constant and the tensor of lib/Numerics.
BlockElementsAttr createBlockElements(BlockTensorType type,
                                      const mxnum::BlockTensor &tensor);
std::optional<mxnum::BlockTensor> getBlockTensor(BlockTensorType type,
                                                 BlockElementsAttr attr);

} // namespace mlir::mx

#endif // MX_DIALECT_MX_IR_CONSTANTDATA_H

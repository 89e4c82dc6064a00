//===- MXTypes.td - the block-scaled tensor type ----------*- tablegen -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_IR_MXTYPES_TD
#define MX_DIALECT_MX_IR_MXTYPES_TD

include "mx/Dialect/MX/IR/MXAttrs.td"

def MX_BlockTensorType : TypeDef<MX_Dialect, "BlockTensor"> {
  let mnemonic = "tensor";
  let summary = "block-scaled tensor";
  let description = [{
    Payload, scales and tensor scale in one. The shape is the logical one (numbers,
    not bytes), of rank 1 to 8 and at most 2^58 elements, and may be dynamic. `axis`
    is the dimension along which neighbours share a scale. `rotation`, if
    present, says that the value holds `x·R` instead of `x`.

    ```mlir
    !mx.tensor<128x4096, mxfp4, axis = 1>
    !mx.tensor<?x4096, nvfp4, axis = 1, rotation = hadamard<32>>
    !mx.tensor<8x64, format<element = f6E2M3FN, scale = f8E8M0FNU, block = 16>, axis = 1>
    ```

    Its parts, in order, are the payload (`f4E2M1FN` … elements of the same shape,
    or canonical bytes packed along the last dimension, N8.1), the scales (the
    shape with `axis` divided by the block length, rounded up) and, for formats
    that have one, the tensor scale (`tensor<f32>`).
  }];
  let parameters = (ins
    ArrayRefParameter<"int64_t">:$shape,
    "::mlir::mx::FormatAttr":$format,
    "int64_t":$axis,
    OptionalParameter<"::mlir::mx::HadamardAttr">:$rotation);
  let builders = [
    TypeBuilderWithInferredContext<(ins "::llvm::ArrayRef<int64_t>":$shape,
        "::mlir::mx::FormatAttr":$format, "int64_t":$axis,
        CArg<"::mlir::mx::HadamardAttr", "{}">:$rotation), [{
      return $_get(format.getContext(), shape, format, axis, rotation);
    }]>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
    bool isDynamicDim(int64_t dim) const {
      return ::mlir::ShapedType::isDynamic(getShape()[dim]);
    }
    bool hasStaticShape() const {
      return !::mlir::ShapedType::isDynamicShape(getShape());
    }
    /// Whether the blocked axis is the last dimension, the only one along which
    /// codes are packed.
    bool isLastAxisBlocked() const { return getAxis() == getRank() - 1; }

    /// The payload as elements, e.g. tensor<128x4096xf4E2M1FN>.
    ::mlir::RankedTensorType getPayloadType() const;
    /// The payload as canonical bytes, e.g. tensor<128x2048xi8> (N8.1).
    ::mlir::RankedTensorType getPackedPayloadType() const;
    /// The scales as numbers, e.g. tensor<128x128xf8E8M0FNU>.
    ::mlir::RankedTensorType getScalesType() const;
    /// The scales as bytes, e.g. tensor<128x128xi8>.
    ::mlir::RankedTensorType getPackedScalesType() const;
    /// The type of the tensor scale, tensor<f32>.
    ::mlir::RankedTensorType getTensorScaleType() const;
    /// The same type with another shape, axis or rotation.
    BlockTensorType cloneWith(::llvm::ArrayRef<int64_t> shape, int64_t axis) const;
  }];
}

#endif // MX_DIALECT_MX_IR_MXTYPES_TD

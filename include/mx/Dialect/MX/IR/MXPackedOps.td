//===- MXPackedOps.td - operations on packed parts --------*- tablegen -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What the graph operations become in the pack phase. Operands are builtin
// tensors, later memrefs, of bytes and numbers; destinations are explicit;
// blocked axes are last. Users do not write these.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_IR_MXPACKEDOPS_TD
#define MX_DIALECT_MX_IR_MXPACKEDOPS_TD

include "mx/Dialect/MX/IR/MXOps.td"

class MX_PackedOp<string mnemonic, list<Trait> traits = []>
    : Op<MX_Dialect, "packed." # mnemonic, !listconcat([
        DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>], traits)> {
  let hasVerifier = 1;
  code declareInits = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitsMutable(); }
  }];
  let extraClassDeclaration = declareInits;
}

/// A ranked tensor or memref.
class MX_Shaped<list<Type> elements, string what> : ConfinedType<
    AnyTypeOf<[RankedTensorOf<elements>, MemRefOf<elements>]>,
    [MX_HasSupportedShape],
    "ranked tensor or memref of " # what # " with at most 2^58 elements",
    "::mlir::ShapedType">;

def MX_Bytes : MX_Shaped<[I8], "i8">;
def MX_Numbers : MX_Shaped<[F32, BF16, F16], "f32, bf16 or f16">;
def MX_Scalar : AnyTypeOf<[0DTensorOf<[F32]>, MemRefRankOf<[F32], [0]>],
    "tensor or memref of f32 with rank 0">;
def MX_Ends : AnyTypeOf<[1DTensorOf<[I32, I64, Index]>,
                         MemRefRankOf<[I32, I64, Index], [1]>],
    "tensor or memref of i32, i64 or index with rank 1">;

def MX_PackedTensorScaleOp : MX_PackedOp<"tensor_scale"> {
  let summary = "compute a tensor scale from data (N4.1)";
  let description = [{
    Writes the scale of N4.1 for `source` to `inits`; with `rotation`, for the
    rotated source, as `mx.packed.quantize` sees it.

    ```mlir
    func.func @example(%x: tensor<4x64xf32>, %t: tensor<f32>) -> tensor<f32> {
      %0 = mx.packed.tensor_scale ins(%x : tensor<4x64xf32>) outs(%t : tensor<f32>)
        {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<amax>} -> tensor<f32>
      return %0 : tensor<f32>
    }
    ```
  }];
  let arguments = (ins MX_Numbers:$source, MX_Scalar:$inits,
    MX_FormatAttr:$format, MX_ScaleRuleAttr:$scale_rule,
    DefaultValuedAttr<MX_RoundingAttr, "::mlir::mx::Rounding::NearestEven">:$rounding,
    UnitAttr:$satfinite, OptionalAttr<MX_HadamardAttr>:$rotation,
    OptionalAttr<StrAttr>:$kernel);
  let results = (outs Variadic<MX_Scalar>:$results);
  let assemblyFormat = [{
    `ins` `(` $source `:` type($source) `)` `outs` `(` $inits `:` type($inits) `)`
    attr-dict (`->` type($results)^)?
  }];
}

def MX_PackedQuantizeOp : MX_PackedOp<"quantize", [AttrSizedOperandSegments,
    MX_OneOperand<0, "source">]> {
  let summary = "encode numbers into packed payload and scales";
  let description = [{
    `source` is `[…, K]`; `inits` are the payload `[…, bytes]` and scales
    `[…, blocks]`. `index_axis` is the position of the blocked axis in the logical
    tensor, which fixes each element's index for stochastic rounding (N5.1) when
    the source was transposed to bring that axis last. `rotation` multiplies groups
    of the last axis by the matrix first (N6), in f32 and while they are in registers;
    `canRotate` says for which sizes.

    ```mlir
    func.func @example(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x2xi8>)
        -> (tensor<4x32xi8>, tensor<4x2xi8>) {
      %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>)
        outs(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>)
        {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64}
        -> tensor<4x32xi8>, tensor<4x2xi8>
      return %0#0, %0#1 : tensor<4x32xi8>, tensor<4x2xi8>
    }
    ```
  }];
  let arguments = (ins MX_Numbers:$source, Optional<MX_Scalar>:$tensor_scale,
    Optional<I64>:$seed, Variadic<MX_Bytes>:$inits,
    MX_FormatAttr:$format, MX_ScaleRuleAttr:$scale_rule,
    DefaultValuedAttr<MX_RoundingAttr, "::mlir::mx::Rounding::NearestEven">:$rounding,
    DefaultValuedAttr<I32Attr, "16">:$random_bits,
    I64Attr:$index_axis,
    UnitAttr:$satfinite, OptionalAttr<MX_HadamardAttr>:$rotation,
    OptionalAttr<StrAttr>:$kernel);
  let results = (outs Variadic<MX_Bytes>:$results);
  let extraClassDeclaration = declareInits # [{
    /// Whether groups of this rotation lie within blocks and fill whole bytes,
    /// so that no group needs more than its block and none shares a byte with
    /// what lies past the end of a row.
    static bool canRotate(::mlir::mx::FormatAttr format,
                          ::mlir::mx::HadamardAttr rotation);
  }];
  let assemblyFormat = [{
    `ins` `(` $source `:` type($source) `)`
    (`tensor_scale` `(` $tensor_scale^ `:` type($tensor_scale) `)`)?
    (`seed` `(` $seed^ `)`)?
    `outs` `(` $inits `:` type($inits) `)` attr-dict (`->` type($results)^)?
  }];
}

def MX_PackedDequantizeOp : MX_PackedOp<"dequantize"> {
  let summary = "decode packed payload and scales (N1.7)";
  let description = [{
    The inverse of `mx.packed.quantize`; the size of the last dimension of the
    destination is the number of elements of each row.

    ```mlir
    func.func @example(%p: tensor<4x32xi8>, %s: tensor<4x2xi8>, %y: tensor<4x64xf32>)
        -> tensor<4x64xf32> {
      %0 = mx.packed.dequantize ins(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>)
        outs(%y : tensor<4x64xf32>) {format = #mx.format<mxfp4>} -> tensor<4x64xf32>
      return %0 : tensor<4x64xf32>
    }
    ```
  }];
  let arguments = (ins MX_Bytes:$payload, MX_Bytes:$scales,
    Optional<MX_Scalar>:$tensor_scale, MX_Numbers:$inits,
    MX_FormatAttr:$format, OptionalAttr<StrAttr>:$kernel);
  let results = (outs Variadic<MX_Numbers>:$results);
  let assemblyFormat = [{
    `ins` `(` $payload `,` $scales `:` type($payload) `,` type($scales) `)`
    (`tensor_scale` `(` $tensor_scale^ `:` type($tensor_scale) `)`)?
    `outs` `(` $inits `:` type($inits) `)` attr-dict (`->` type($results)^)?
  }];
}

def MX_PackedRotateOp : MX_PackedOp<"rotate"> {
  let summary = "rotate along the last axis (N6)";
  let description = [{
    As `mx.rotate`; the destination may have another element type, to which the
    f32 result is rounded once.

    ```mlir
    func.func @example(%x: tensor<4x64xbf16>, %y: tensor<4x64xf32>) -> tensor<4x64xf32> {
      %0 = mx.packed.rotate ins(%x : tensor<4x64xbf16>) outs(%y : tensor<4x64xf32>)
        {rotation = #mx.hadamard<32>} -> tensor<4x64xf32>
      return %0 : tensor<4x64xf32>
    }
    ```
  }];
  let arguments = (ins MX_Numbers:$source, MX_Numbers:$inits,
    MX_HadamardAttr:$rotation, UnitAttr:$inverse, OptionalAttr<StrAttr>:$kernel);
  let results = (outs Variadic<MX_Numbers>:$results);
  let assemblyFormat = [{
    `ins` `(` $source `:` type($source) `)` `outs` `(` $inits `:` type($inits) `)`
    attr-dict (`->` type($results)^)?
  }];
}

def MX_PackedMatmulOp : MX_PackedOp<"matmul", [AttrSizedOperandSegments,
    MX_OneOperand<0, "contracted size">, MX_OneOperand<4, "destination">]> {
  let summary = "multiply packed or plain matrices";
  let description = [{
    As `mx.matmul`, or, with `group_ends`, as `mx.grouped_matmul`. Each side is
    either plain numbers `[…, rows, K]` or payload `[…, rows, bytes]` with scales
    `[…, rows, blocks]`, an optional tensor scale and a format. `k` is the number of
    elements contracted. With `rhs_interleaved`, the right side is block-scaled and its
    rows are interleaved (N8.7): `mx.packed.interleave` made both of its parts. With
    `rhs_fragments`, both lie in the order of fragments (N8.8), from multiples of 16 bytes
    on, and no byte of its scales is larger than this number.

    ```mlir
    func.func @example(%a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>,
                       %c: tensor<4x8xf32>, %k: index) -> tensor<4x8xf32> {
      %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>)
        rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) outs(%c : tensor<4x8xf32>)
        {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }
    ```
  }];
  let arguments = (ins Index:$k,
    Variadic<AnyType>:$lhs, Variadic<AnyType>:$rhs,
    Optional<MX_Ends>:$group_ends, MX_Numbers:$inits,
    OptionalAttr<MX_FormatAttr>:$lhs_format,
    OptionalAttr<MX_FormatAttr>:$rhs_format, UnitAttr:$rhs_interleaved,
    OptionalAttr<I64Attr>:$rhs_fragments,
    OptionalAttr<StrAttr>:$kernel);
  let results = (outs Variadic<MX_Numbers>:$results);
  let assemblyFormat = [{
    `k` `(` $k `)` `lhs` `(` $lhs `:` type($lhs) `)` `rhs` `(` $rhs `:` type($rhs) `)`
    (`group_ends` `(` $group_ends^ `:` type($group_ends) `)`)?
    `outs` `(` $inits `:` type($inits) `)` attr-dict (`->` type($results)^)?
  }];
}

def MX_PackedUnpackOp : MX_PackedOp<"unpack"> {
  let summary = "spread packed codes to one byte each (N8.1)";
  let description = [{
    The size of the last dimension of the destination is the number of codes.

    ```mlir
    func.func @example(%p: tensor<4x3xi8>, %c: tensor<4x5xi8>) -> tensor<4x5xi8> {
      %0 = mx.packed.unpack ins(%p : tensor<4x3xi8>) outs(%c : tensor<4x5xi8>)
        {bits = 4 : i64} -> tensor<4x5xi8>
      return %0 : tensor<4x5xi8>
    }
    ```
  }];
  let arguments = (ins MX_Bytes:$source, MX_Bytes:$inits, I64Attr:$bits,
                       OptionalAttr<StrAttr>:$kernel);
  let results = (outs Variadic<MX_Bytes>:$results);
  let assemblyFormat = [{
    `ins` `(` $source `:` type($source) `)` `outs` `(` $inits `:` type($inits) `)`
    attr-dict (`->` type($results)^)?
  }];
}

def MX_PackedPackOp : MX_PackedOp<"pack"> {
  let summary = "pack codes of one byte each (N8.1)";
  let description = [{
    The inverse of `mx.packed.unpack`; unused bits of the last byte of a row are
    zero.

    ```mlir
    func.func @example(%c: tensor<4x5xi8>, %p: tensor<4x3xi8>) -> tensor<4x3xi8> {
      %0 = mx.packed.pack ins(%c : tensor<4x5xi8>) outs(%p : tensor<4x3xi8>)
        {bits = 4 : i64} -> tensor<4x3xi8>
      return %0 : tensor<4x3xi8>
    }
    ```
  }];
  let arguments = (ins MX_Bytes:$source, MX_Bytes:$inits, I64Attr:$bits,
                       OptionalAttr<StrAttr>:$kernel);
  let results = (outs Variadic<MX_Bytes>:$results);
  let assemblyFormat = [{
    `ins` `(` $source `:` type($source) `)` `outs` `(` $inits `:` type($inits) `)`
    attr-dict (`->` type($results)^)?
  }];
}

def MX_PackedInterleaveOp : MX_PackedOp<"interleave"> {
  let summary = "interleave rows in groups of 16 (N8.7)";
  let description = [{
    `source` is `[…, rows, bytes]`; the destination `[…, ceil(rows / 16), size]` has a line
    of 16 · `unit` bytes for each `unit` bytes of a row, of all rows of a group. Its `size`
    is a whole number of lines and says how many there are; what no row fills is `padding`.

    ```mlir
    func.func @example(%p: tensor<20x32xi8>, %t: tensor<2x512xi8>) -> tensor<2x512xi8> {
      %0 = mx.packed.interleave ins(%p : tensor<20x32xi8>) outs(%t : tensor<2x512xi8>)
        {unit = 4 : i64, padding = 0 : i8} -> tensor<2x512xi8>
      return %0 : tensor<2x512xi8>
    }
    ```
  }];
  let arguments = (ins MX_Bytes:$source, MX_Bytes:$inits, I64Attr:$unit,
                       I8Attr:$padding, OptionalAttr<StrAttr>:$kernel);
  let results = (outs Variadic<MX_Bytes>:$results);
  let assemblyFormat = [{
    `ins` `(` $source `:` type($source) `)` `outs` `(` $inits `:` type($inits) `)`
    attr-dict (`->` type($results)^)?
  }];
}

#endif // MX_DIALECT_MX_IR_MXPACKEDOPS_TD

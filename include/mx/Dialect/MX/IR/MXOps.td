//===- MXOps.td - operations on block-scaled values -------*- tablegen -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The graph operations: pure, on !mx.tensor and builtin tensors.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_IR_MXOPS_TD
#define MX_DIALECT_MX_IR_MXOPS_TD

include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mx/Dialect/MX/IR/MXTypes.td"

class MX_Op<string mnemonic, list<Trait> traits = []>
    : Op<MX_Dialect, mnemonic, !listconcat([Pure], traits)>;

/// Whether counts of elements, bits and bytes fit an int64_t.
def MX_HasSupportedShape : CPred<"::mlir::mx::isSupportedShape("
    "::llvm::cast<::mlir::ShapedType>($_self).getShape())">;

/// bf16, f16 or f32 numbers, of rank 1 or more.
def MX_PlainTensor : ConfinedType<RankedTensorOf<[F32, BF16, F16]>,
    [HasAnyRankOfPred<[1, 2, 3, 4, 5, 6, 7, 8]>, MX_HasSupportedShape],
    "tensor of f32, bf16 or f16 with rank 1 to 8 and at most 2^58 elements">;

/// An operand of a product: block-scaled, or plain numbers.
def MX_MatmulOperand : AnyTypeOf<[MX_BlockTensorType, MX_PlainTensor],
    "block-scaled tensor or tensor of f32, bf16 or f16 with rank 1 to 8 and at "
    "most 2^58 elements">;

/// A payload: one code per element, or canonical bytes (N8.1).
def MX_Payload : ConfinedType<
    RankedTensorOf<[F4E2M1FN, F6E2M3FN, F6E3M2FN, F8E4M3FN, F8E5M2, I8]>,
    [MX_HasSupportedShape],
    "tensor of f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN, f8E5M2 or i8 with at most "
    "2^58 elements">;
def MX_Scales : ConfinedType<
    RankedTensorOf<[F8E8M0FNU, F8E4M3FN, I8]>, [MX_HasSupportedShape],
    "tensor of f8E8M0FNU, f8E4M3FN or i8 with at most 2^58 elements">;

/// tensor<f32>, spelled by the operation itself.
def MX_TensorScale : Type<
    CPred<"$_self == ::mlir::RankedTensorType::get({}, "
          "::mlir::Float32Type::get($_self.getContext()))">,
    "tensor<f32>", "::mlir::RankedTensorType">,
    BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getF32Type())">;

/// Generated code takes it for granted that operandSegmentSizes counts one operand
/// for each that is not optional; the generic form can say otherwise.
class MX_OneOperand<int group, string name> : PredOpTrait<"there is one " # name,
    CPred<"this->getODSOperandIndexAndLength(" # group # ").second == 1">>;

//===----------------------------------------------------------------------===//
// Making and taking apart
//===----------------------------------------------------------------------===//

def MX_ConstantOp : MX_Op<"constant", [ConstantLike,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "make a constant block-scaled tensor";
  let description = [{
    The value whose parts are given by `value`. Its payload has the shape of the
    type's canonical bytes and its scales one byte for each block (N1.6, N8.1).
    A NaN scale makes its block NaN (N1.4).

    ```mlir
    func.func @constant() -> !mx.tensor<2x32, mxfp4, axis = 1> {
      %0 = mx.constant <payload = dense<34> : tensor<2x16xi8>,
                        scales = dense<127> : tensor<2x1xi8>>
         : !mx.tensor<2x32, mxfp4, axis = 1>
      return %0 : !mx.tensor<2x32, mxfp4, axis = 1>
    }
    ```
  }];
  let arguments = (ins MX_BlockElementsAttr:$value);
  let results = (outs MX_BlockTensorType:$result);
  let assemblyFormat = "$value attr-dict `:` qualified(type($result))";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def MX_BundleOp : MX_Op<"bundle"> {
  let summary = "assemble a block-scaled tensor from its parts";
  let description = [{
    The only way in from raw data. `payload` has either the element type and the
    shape of the result, or holds canonical bytes (`i8`, packed along the last
    dimension, N8.1). `scales` has the scale type or `i8`. If the last dimension
    of the result is dynamic and the payload is bytes, its size is the number of
    whole codes that fit in a row. Parts are taken as they are: NaN scales, zero
    blocks and ragged tails keep their bits.

    ```mlir
    func.func @bundle(%payload: tensor<?x2048xi8>, %scales: tensor<?x128xi8>)
        -> !mx.tensor<?x4096, mxfp4, axis = 1> {
      %0 = mx.bundle %payload, %scales : tensor<?x2048xi8>, tensor<?x128xi8>
        to !mx.tensor<?x4096, mxfp4, axis = 1>
      return %0 : !mx.tensor<?x4096, mxfp4, axis = 1>
    }
    ```
  }];
  let arguments = (ins MX_Payload:$payload, MX_Scales:$scales,
                       Optional<MX_TensorScale>:$tensor_scale);
  let results = (outs MX_BlockTensorType:$result);
  let assemblyFormat = [{
    $payload `,` $scales (`tensor_scale` `(` $tensor_scale^ `)`)? attr-dict
    `:` type($payload) `,` type($scales) `to` qualified(type($result))
  }];
  let hasFolder = 1;
  let hasVerifier = 1;
}

def MX_UnbundleOp : MX_Op<"unbundle"> {
  let summary = "take a block-scaled tensor apart";
  let description = [{
    The inverse of `mx.bundle` and the only way out to raw data. The results may
    be asked for as elements or as bytes, as in `mx.bundle`; `tensor_scale` is
    there exactly if the format has one.

    ```mlir
    func.func @unbundle(%0: !mx.tensor<4x64, nvfp4, axis = 1>)
        -> (tensor<4x32xi8>, tensor<4x4xf8E4M3FN>, tensor<f32>) {
      %payload, %scales, %scale = mx.unbundle %0
        : !mx.tensor<4x64, nvfp4, axis = 1>
        to tensor<4x32xi8>, tensor<4x4xf8E4M3FN>, tensor<f32>
      return %payload, %scales, %scale
        : tensor<4x32xi8>, tensor<4x4xf8E4M3FN>, tensor<f32>
    }
    ```
  }];
  let arguments = (ins MX_BlockTensorType:$source);
  let results = (outs MX_Payload:$payload, MX_Scales:$scales,
                      Optional<MX_TensorScale>:$tensor_scale);
  let assemblyFormat = [{
    $source attr-dict `:` qualified(type($source)) `to` type($payload) `,` type($scales)
    (`,` type($tensor_scale)^)?
  }];
  let hasFolder = 1;
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Encoding and decoding
//===----------------------------------------------------------------------===//

def MX_QuantizeOp : MX_Op<"quantize", [AttrSizedOperandSegments,
    MX_OneOperand<0, "source">]> {
  let summary = "encode numbers in a block-scaled format";
  let description = [{
    Chooses a scale for each block by `scale_rule` (N3 for E8M0 scales, N4 for
    UE4M3) and encodes each element by `rounding` (N2, N5). The result has the
    source's shape. bf16 and f16 sources are extended to f32 first.

    * `rotate`: multiply by the rotation of the result type first (N6). Without
      it, a rotation in the result type states that the source is already rotated.
    * `tensor_scale`: used instead of the one computed from the data (N4.1).
    * `rounding(stochastic)` needs a `seed` and a rule that cannot clip (N5.3);
      `random_bits` (1…23, default 16) is the resolution of the random number.
    * `satfinite`: infinities count as the largest finite number (N3.7).

    A NaN (and an infinity without `satfinite`) makes its block NaN (N3.6); a zero
    block has scale byte 0 (N3.5); a ragged tail is a shorter block (N1.6).

    ```mlir
    func.func @quantize(%x: tensor<?x4096xf32>, %seed: i64)
        -> (!mx.tensor<?x4096, mxfp4, axis = 1, rotation = hadamard<32>>,
            !mx.tensor<?x4096, nvfp4, axis = 1>) {
      %0 = mx.quantize %x rotate scale_rule(even) : tensor<?x4096xf32>
        to !mx.tensor<?x4096, mxfp4, axis = 1, rotation = hadamard<32>>
      %1 = mx.quantize %x scale_rule(amax) rounding(stochastic) seed(%seed)
        : tensor<?x4096xf32> to !mx.tensor<?x4096, nvfp4, axis = 1>
      return %0, %1 : !mx.tensor<?x4096, mxfp4, axis = 1, rotation = hadamard<32>>,
                      !mx.tensor<?x4096, nvfp4, axis = 1>
    }
    ```
  }];
  let arguments = (ins
    MX_PlainTensor:$source,
    Optional<MX_TensorScale>:$tensor_scale,
    Optional<I64>:$seed,
    MX_ScaleRuleAttr:$scale_rule,
    DefaultValuedAttr<MX_RoundingAttr, "::mlir::mx::Rounding::NearestEven">:$rounding,
    DefaultValuedAttr<I32Attr, "16">:$random_bits,
    UnitAttr:$rotate,
    UnitAttr:$satfinite,
    OptionalAttr<StrAttr>:$kernel);
  let results = (outs MX_BlockTensorType:$result);
  let assemblyFormat = [{
    $source (`tensor_scale` `(` $tensor_scale^ `)`)? (`rotate` $rotate^)?
    `scale_rule` `(` custom<Keyword>($scale_rule) `)`
    (`rounding` `(` custom<Keyword>($rounding)^ `)`)?
    (`seed` `(` $seed^ `)`)? (`random_bits` `(` $random_bits^ `)`)?
    (`satfinite` $satfinite^)?
    attr-dict `:` type($source) `to` qualified(type($result))
  }];
  let hasFolder = 1;
  let hasVerifier = 1;
}

def MX_DequantizeOp : MX_Op<"dequantize"> {
  let summary = "decode a block-scaled tensor to numbers";
  let description = [{
    `element · block scale · tensor scale`, formed exactly and rounded once to the
    result type (N1.4, N1.7). A rotated value gives the rotated numbers; `mx.rotate`
    with `inverse` undoes it. Elements of a block with a NaN scale are NaN.

    ```mlir
    func.func @dequantize(%0: !mx.tensor<4x?, mxfp8_e4m3, axis = 1>)
        -> tensor<4x?xbf16> {
      %1 = mx.dequantize %0
        : !mx.tensor<4x?, mxfp8_e4m3, axis = 1> to tensor<4x?xbf16>
      return %1 : tensor<4x?xbf16>
    }
    ```
  }];
  let arguments = (ins MX_BlockTensorType:$source,
                       OptionalAttr<StrAttr>:$kernel);
  let results = (outs MX_PlainTensor:$result);
  let assemblyFormat = "$source attr-dict `:` qualified(type($source)) `to` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def MX_RotateOp : MX_Op<"rotate", [
    AllTypesMatch<["source", "result"]>]> {
  let summary = "rotate numbers by a block Hadamard matrix";
  let description = [{
    Replaces each group of `size` neighbours along `axis` by its product with the
    rotation matrix, or with its transpose (`inverse`), computed in f32 in the order
    of N6.2 and rounded once to the element type. NaN and infinities spread within
    their group only. The size of `axis` is a multiple of the rotation's.

    ```mlir
    func.func @rotate(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %0 = mx.rotate %x by hadamard<32> along 1 : tensor<?x64xf32>
      %1 = mx.rotate %0 by hadamard<32> along 1 inverse : tensor<?x64xf32>
      return %1 : tensor<?x64xf32>
    }
    ```
  }];
  let arguments = (ins
    MX_PlainTensor:$source,
    MX_HadamardAttr:$rotation,
    I64Attr:$axis,
    UnitAttr:$inverse,
    OptionalAttr<StrAttr>:$kernel);
  let results = (outs MX_PlainTensor:$result);
  let assemblyFormat = [{
    $source `by` `hadamard` `` $rotation `along` $axis (`inverse` $inverse^)?
    attr-dict `:` type($source)
  }];
  let hasFolder = 1;
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Moving
//===----------------------------------------------------------------------===//

def MX_TransposeOp : MX_Op<"transpose", [InferTypeOpAdaptor]> {
  let summary = "permute the dimensions of a block-scaled tensor";
  let description = [{
    Dimension `i` of the result is dimension `permutation[i]` of the source; the
    blocked axis moves along, so the numbers, blocks and scales stay the same. To
    block along another axis, dequantise and quantise again (it rounds again).

    ```mlir
    func.func @transpose(%0: !mx.tensor<4x64, mxfp4, axis = 1>)
        -> !mx.tensor<64x4, mxfp4, axis = 0> {
      %1 = mx.transpose %0 permutation = [1, 0]
        : !mx.tensor<4x64, mxfp4, axis = 1> to !mx.tensor<64x4, mxfp4, axis = 0>
      return %1 : !mx.tensor<64x4, mxfp4, axis = 0>
    }
    ```
  }];
  let arguments = (ins MX_BlockTensorType:$source,
                       DenseI64ArrayAttr:$permutation);
  let results = (outs MX_BlockTensorType:$result);
  let assemblyFormat = [{
    $source `permutation` `=` $permutation attr-dict
    `:` qualified(type($source)) `to` qualified(type($result))
  }];
  let hasFolder = 1;
  let hasVerifier = 1;
}

def MX_ReshapeOp : MX_Op<"reshape"> {
  let summary = "regroup the leading dimensions of a block-scaled tensor";
  let description = [{
    Changes the dimensions before the blocked axis, which is the last one on both
    sides and keeps its size, so that blocks stay whole. Shapes are static.

    ```mlir
    func.func @reshape(%0: !mx.tensor<32x90x64, mxfp4, axis = 2>)
        -> !mx.tensor<2880x64, mxfp4, axis = 1> {
      %1 = mx.reshape %0 : !mx.tensor<32x90x64, mxfp4, axis = 2>
        to !mx.tensor<2880x64, mxfp4, axis = 1>
      return %1 : !mx.tensor<2880x64, mxfp4, axis = 1>
    }
    ```
  }];
  let arguments = (ins MX_BlockTensorType:$source);
  let results = (outs MX_BlockTensorType:$result);
  let assemblyFormat = "$source attr-dict `:` qualified(type($source)) `to` qualified(type($result))";
  let hasFolder = 1;
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Multiplying
//===----------------------------------------------------------------------===//

def MX_MatmulOp : MX_Op<"matmul", [DestinationStyleOpInterface,
    AllTypesMatch<["init", "result"]>]> {
  let summary = "multiply matrices, contracting the last axis of both";
  let description = [{
    `C[…, m, n] = init[…, m, n] + Σ_k A[…, m, k] · B[…, n, k]` (N7.1), with leading
    batch dimensions that agree. Operands may be plain bf16, f16 or f32; a
    block-scaled operand is blocked along its last axis. Formats may differ.
    Both sides carry the same rotation, or none. A product of two plain operands is a
    *site*: one that is still to be decided on. `mx.site` names it, `mx.plan` says what
    was decided, and `mx.rotated` that both operands hold rotated numbers; after
    `mx-quantize` no site is left. The sum is accumulated in f32
    within the bound of N7.2 and rounded once to the result type. NaN in a block
    reaches every result that uses the block; a ragged tail adds nothing.

    ```mlir
    func.func @matmul(%a: !mx.tensor<?x4096, mxfp8_e4m3, axis = 1>,
                      %b: !mx.tensor<128x4096, mxfp4, axis = 1>,
                      %c: tensor<?x128xf32>) -> tensor<?x128xf32> {
      %0 = mx.matmul ins(%a, %b : !mx.tensor<?x4096, mxfp8_e4m3, axis = 1>,
                                  !mx.tensor<128x4096, mxfp4, axis = 1>)
                     outs(%c : tensor<?x128xf32>)
      return %0 : tensor<?x128xf32>
    }
    ```
  }];
  let arguments = (ins MX_MatmulOperand:$lhs, MX_MatmulOperand:$rhs,
                       MX_PlainTensor:$init, OptionalAttr<StrAttr>:$kernel);
  let results = (outs MX_PlainTensor:$result);
  let assemblyFormat = [{
    `ins` `(` $lhs `,` $rhs `:` type($lhs) `,` type($rhs) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def MX_GroupedMatmulOp : MX_Op<"grouped_matmul", [DestinationStyleOpInterface,
    AllTypesMatch<["init", "result"]>]> {
  let summary = "multiply consecutive groups of rows by one matrix each";
  let description = [{
    The product of a mixture of experts: rows `group_ends[e-1] … group_ends[e]-1` of
    `A` (`[rows, K]`) meet matrix `e` of `B` (`[experts, N, K]`). Ends are clamped to
    the previous end and the number of rows; rows outside every group keep their
    initial value (N7.4). Everything else is as in `mx.matmul`.

    ```mlir
    func.func @grouped(%a: tensor<?x64xbf16>, %b: !mx.tensor<8x16x64, mxfp4, axis = 2>,
                       %ends: tensor<8xi32>, %c: tensor<?x16xf32>) -> tensor<?x16xf32> {
      %0 = mx.grouped_matmul ins(%a, %b, %ends : tensor<?x64xbf16>,
                                 !mx.tensor<8x16x64, mxfp4, axis = 2>, tensor<8xi32>)
                             outs(%c : tensor<?x16xf32>)
      return %0 : tensor<?x16xf32>
    }
    ```
  }];
  let arguments = (ins MX_MatmulOperand:$lhs, MX_MatmulOperand:$rhs,
                       1DTensorOf<[I32, I64, Index]>:$group_ends,
                       MX_PlainTensor:$init, OptionalAttr<StrAttr>:$kernel);
  let results = (outs MX_PlainTensor:$result);
  let assemblyFormat = [{
    `ins` `(` $lhs `,` $rhs `,` $group_ends `:` type($lhs) `,` type($rhs) `,`
    type($group_ends) `)` `outs` `(` $init `:` type($init) `)` attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

//===----------------------------------------------------------------------===//
// Observing
//===----------------------------------------------------------------------===//

/// Numbers that can be recorded, before and after bufferisation.
def MX_RecordOperand : AnyTypeOf<[MX_PlainTensor, ConfinedType<
    MemRefRankOf<[F32, BF16, F16], [1, 2, 3, 4, 5, 6, 7, 8]>,
    [MX_HasSupportedShape]>],
    "tensor or memref of f32, bf16 or f16 with rank 1 to 8 and at most 2^58 "
    "elements">;

def MX_RecordOp : Op<MX_Dialect, "record", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "hand the rows of a tensor to the runtime for calibration";
  let description = [{
    The last axis of `source` is the contracted one of the products named in `sites`;
    all others count rows. The runtime keeps of each row its part in `Σ x·xᵀ`
    (`hessian`, in f64), or the first `max_rows` rows as they are (`rows`, in f32), and
    writes a calibration file when the program has run. A program that nobody listens to
    records nothing. NaN and infinities are reported at the end; no file is written then.

    The operation changes nothing in the program, but it is an effect: it is neither
    removed nor moved across another.

    ```mlir
    func.func @record(%x: tensor<?x4096xbf16>) {
      mx.record %x for ["layer0.q", "layer0.k", "layer0.v"] : tensor<?x4096xbf16>
      mx.record %x for ["layer0.up"] collect(rows) max_rows(128) : tensor<?x4096xbf16>
      return
    }
    ```
  }];
  let arguments = (ins MX_RecordOperand:$source, StrArrayAttr:$sites,
    DefaultValuedAttr<MX_CollectAttr, "::mlir::mx::Collect::Hessian">:$collect,
    DefaultValuedAttr<I64Attr, "4096">:$max_rows);
  let assemblyFormat = [{
    $source `for` $sites (`collect` `(` custom<Keyword>($collect)^ `)`)?
    (`max_rows` `(` $max_rows^ `)`)? attr-dict `:` type($source)
  }];
  let hasVerifier = 1;
}

#endif // MX_DIALECT_MX_IR_MXOPS_TD

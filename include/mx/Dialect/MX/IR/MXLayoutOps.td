//===- MXLayoutOps.td - operations on layouts of scales ---*- tablegen -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Scales in the order that other code wants them, as graph operations on plain
// tensors and as the packed operations that these become.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_IR_MXLAYOUTOPS_TD
#define MX_DIALECT_MX_IR_MXLAYOUTOPS_TD

include "mx/Dialect/MX/IR/MXPackedOps.td"

def MX_TileScalesOp : MX_Op<"tile_scales"> {
  let summary = "put scales in 128x4 tiles (N8.5)";
  let description = [{
    Scales `[…, rows, columns]` become tiles `[…, row tiles, column tiles, 32, 16]`, whose
    bytes lie as cuBLAS, CUTLASS and `tcgen05.mma` want them. The scale in row `r` and
    column `c` of a tile is at `[r mod 32, 4 (r div 32) + c]`. Each matrix of the leading
    dimensions has tiles of its own. What a ragged tile has beyond the scales is zero.
    Bytes are moved as they are, NaN scales and those of zero blocks too.

    ```mlir
    func.func @tiles(%x: !mx.tensor<200x192, mxfp4, axis = 1>)
        -> (tensor<200x96xi8>, tensor<2x2x32x16xi8>) {
      %payload, %scales = mx.unbundle %x : !mx.tensor<200x192, mxfp4, axis = 1>
        to tensor<200x96xi8>, tensor<200x6xi8>
      %tiles = mx.tile_scales %scales : tensor<200x6xi8> to tensor<2x2x32x16xi8>
      return %payload, %tiles : tensor<200x96xi8>, tensor<2x2x32x16xi8>
    }
    ```
  }];
  let arguments = (ins MX_Scales:$source);
  let results = (outs MX_Scales:$result);
  let assemblyFormat =
      "$source attr-dict `:` type($source) `to` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def MX_UntileScalesOp : MX_Op<"untile_scales"> {
  let summary = "take scales out of 128x4 tiles (N8.5)";
  let description = [{
    The inverse of `mx.tile_scales`; what lies beyond the scales is not looked at. Tiles do
    not tell how many rows and columns of them count: `sizes` are those of the last two
    dimensions of the result that are dynamic. Tiles that are too few or too many end the
    program.

    ```mlir
    func.func @bundle(%payload: tensor<?x64xi8>, %tiles: tensor<?x1x32x16xi8>)
        -> !mx.tensor<?x128, mxfp4, axis = 1> {
      %zero = arith.constant 0 : index
      %rows = tensor.dim %payload, %zero : tensor<?x64xi8>
      %scales = mx.untile_scales %tiles sizes(%rows)
        : tensor<?x1x32x16xi8> to tensor<?x4xi8>
      %0 = mx.bundle %payload, %scales : tensor<?x64xi8>, tensor<?x4xi8>
        to !mx.tensor<?x128, mxfp4, axis = 1>
      return %0 : !mx.tensor<?x128, mxfp4, axis = 1>
    }
    ```
  }];
  let arguments = (ins MX_Scales:$source, Variadic<Index>:$sizes);
  let results = (outs MX_Scales:$result);
  let assemblyFormat = [{
    $source (`sizes` `(` $sizes^ `)`)? attr-dict `:` type($source) `to` type($result)
  }];
  let hasFolder = 1;
  let hasVerifier = 1;
}

class MX_PackedLayoutOp<string mnemonic> : MX_PackedOp<mnemonic> {
  let arguments = (ins MX_Bytes:$source, MX_Bytes:$inits,
                       OptionalAttr<StrAttr>:$kernel);
  let results = (outs Variadic<MX_Bytes>:$results);
  let assemblyFormat = [{
    `ins` `(` $source `:` type($source) `)` `outs` `(` $inits `:` type($inits) `)`
    attr-dict (`->` type($results)^)?
  }];
}

def MX_PackedTileScalesOp : MX_PackedLayoutOp<"tile_scales"> {
  let summary = "put scales in 128x4 tiles (N8.5)";
  let description = [{
    As `mx.tile_scales`.

    ```mlir
    func.func @example(%s: tensor<200x6xi8>, %t: tensor<2x2x32x16xi8>) -> tensor<2x2x32x16xi8> {
      %0 = mx.packed.tile_scales ins(%s : tensor<200x6xi8>)
        outs(%t : tensor<2x2x32x16xi8>) -> tensor<2x2x32x16xi8>
      return %0 : tensor<2x2x32x16xi8>
    }
    ```
  }];
}

def MX_PackedUntileScalesOp : MX_PackedLayoutOp<"untile_scales"> {
  let summary = "take scales out of 128x4 tiles (N8.5)";
  let description = [{
    As `mx.untile_scales`; the destination says how many rows and columns there are.

    ```mlir
    func.func @example(%t: tensor<2x2x32x16xi8>, %s: tensor<200x6xi8>) -> tensor<200x6xi8> {
      %0 = mx.packed.untile_scales ins(%t : tensor<2x2x32x16xi8>)
        outs(%s : tensor<200x6xi8>) -> tensor<200x6xi8>
      return %0 : tensor<200x6xi8>
    }
    ```
  }];
}

#endif // MX_DIALECT_MX_IR_MXLAYOUTOPS_TD

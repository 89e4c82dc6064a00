//===- MXAttrs.td - formats, rules, rotations, targets ----*- tablegen -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_IR_MXATTRS_TD
#define MX_DIALECT_MX_IR_MXATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mx/Dialect/MX/IR/MXDialect.td"

class MX_Attr<string name, string attrMnemonic> : AttrDef<MX_Dialect, name> {
  let mnemonic = attrMnemonic;
}

//===----------------------------------------------------------------------===//
// Enumerations; the order is that of mxnum::ScaleRule and mxnum::Rounding.
//===----------------------------------------------------------------------===//

/// Written `#mx.<name><case>` and, in operations, as the bare case. Generated
/// parsers would name C++ types in their messages.
class MX_EnumAttr<EnumInfo info, string name>
    : EnumAttr<MX_Dialect, info, name> {
  let assemblyFormat = ?;
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    /// Parses the bare case.
    static ::mlir::FailureOr<}] # info.className # [{Attr> parseCase(::mlir::AsmParser &parser);
  }];
}

def MX_ScaleRule : I32EnumAttr<"ScaleRule",
    "how the scale of a block is chosen (N3, N4)", [
      I32EnumAttrCase<"Floor", 0, "floor">,
      I32EnumAttrCase<"Ceil", 1, "ceil">,
      I32EnumAttrCase<"RCeil", 2, "rceil">,
      I32EnumAttrCase<"Even", 3, "even">,
      I32EnumAttrCase<"Mse", 4, "mse">,
      I32EnumAttrCase<"Abs3", 5, "abs3">,
      I32EnumAttrCase<"Amax", 6, "amax">,
      I32EnumAttrCase<"FourOverSixMse", 7, "four_over_six_mse">,
      I32EnumAttrCase<"FourOverSixMae", 8, "four_over_six_mae">,
      I32EnumAttrCase<"Sweep", 9, "sweep">]> {
  let cppNamespace = "::mlir::mx";
  let genSpecializedAttr = 0;
}
def MX_ScaleRuleAttr : MX_EnumAttr<MX_ScaleRule, "scale_rule">;

def MX_Rounding : I32EnumAttr<"Rounding",
    "how an element is rounded (N2.1, N5)", [
      I32EnumAttrCase<"NearestEven", 0, "nearest_even">,
      I32EnumAttrCase<"Stochastic", 1, "stochastic">]> {
  let cppNamespace = "::mlir::mx";
  let genSpecializedAttr = 0;
}
def MX_RoundingAttr : MX_EnumAttr<MX_Rounding, "rounding">;

def MX_Method : I32EnumAttr<"Method", "how a constant is quantised", [
      I32EnumAttrCase<"Rtn", 0, "rtn">,
      I32EnumAttrCase<"Gptq", 1, "gptq">]> {
  let cppNamespace = "::mlir::mx";
  let genSpecializedAttr = 0;
}
def MX_MethodAttr : MX_EnumAttr<MX_Method, "method">;

def MX_Collect : I32EnumAttr<"Collect", "what is kept of recorded rows", [
      I32EnumAttrCase<"Hessian", 0, "hessian">,
      I32EnumAttrCase<"Rows", 1, "rows">]> {
  let cppNamespace = "::mlir::mx";
  let genSpecializedAttr = 0;
}
def MX_CollectAttr : MX_EnumAttr<MX_Collect, "collect">;

//===----------------------------------------------------------------------===//
// Format
//===----------------------------------------------------------------------===//

def MX_FormatAttr : MX_Attr<"Format", "format"> {
  let summary = "what the bits of a block-scaled tensor mean (N1.5)";
  let description = [{
    Element type, scale type, block length in elements, and whether one f32 scale
    covers the tensor. The six formats of N1.5 have names; any other combination
    is spelled out. A format carries no scale rule and no rounding: those say how
    bits are made and belong to `mx.quantize`.

    ```mlir
    #mx.format<mxfp4>
    #mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32>   // the same
    #mx.format<element = f8E4M3FN, scale = f8E4M3FN, block = 16, tensor_scale>
    ```

    It is a parameter of the type, and not an operation, because two values with
    different formats have different bits for the same numbers.
  }];
  let parameters = (ins
    "::mxnum::ElementType":$element,
    "::mxnum::ScaleType":$scale,
    "int64_t":$block,
    "bool":$tensorScale);
  let builders = [
    AttrBuilder<(ins "const ::mxnum::BlockFormat &":$format), [{
      return $_get($_ctxt, format.element, format.scale, format.block,
                   format.tensorScale);
    }]>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The same format for lib/Numerics.
    ::mxnum::BlockFormat getBlockFormat() const {
      return {getElement(), getScale(), getBlock(), getTensorScale()};
    }
    /// The builtin type of an element, e.g. f4E2M1FN.
    ::mlir::FloatType getElementFloatType() const;
    /// The builtin type of a scale: f8E8M0FNU or f8E4M3FN.
    ::mlir::FloatType getScaleFloatType() const;
    /// Bits of one element code.
    unsigned getElementBits() const;
    /// Parses and prints what stands between the angle brackets, or a bare
    /// format name; used by the type, which nests a format without its prefix.
    static ::mlir::FailureOr<FormatAttr> parseBody(::mlir::AsmParser &parser);
    void printBody(::mlir::AsmPrinter &printer) const;
    /// Parses and prints a format inside another attribute or type: its name, or
    /// `format<…>`.
    static ::mlir::FailureOr<FormatAttr> parseNested(::mlir::AsmParser &parser);
    void printNested(::mlir::AsmPrinter &printer) const;
  }];
}

//===----------------------------------------------------------------------===//
// Rotation
//===----------------------------------------------------------------------===//

def MX_HadamardAttr : MX_Attr<"Hadamard", "hadamard"> {
  let summary = "a block Hadamard rotation (N6)";
  let description = [{
    Multiplies each group of `size` neighbours by `R = diag(signs) · H / √size`.
    `size` is a power of two in 2…256; `signs`, if given, has `size` entries of 1
    or -1, and at least one -1: a rotation has one spelling.

    ```mlir
    #mx.hadamard<32>
    #mx.hadamard<4, signs = [1, -1, 1, 1]>
    ```

    It is a parameter of `!mx.tensor` so that the verifier of a product can
    refuse two sides that were rotated differently.
  }];
  let parameters = (ins
    "int64_t":$size,
    OptionalArrayRefParameter<"int8_t">:$signs);
  let builders = [
    AttrBuilder<(ins "int64_t":$size), [{
      return $_get($_ctxt, size, ::llvm::ArrayRef<int8_t>());
    }]>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Constant data
//===----------------------------------------------------------------------===//

def MX_BlockElementsAttr : MX_Attr<"BlockElements", "elements"> {
  let summary = "the parts of a constant block-scaled tensor";
  let description = [{
    `payload` holds the canonical bytes (N8.1) as `tensor<…xi8>`, `scales` the
    scale bytes as `tensor<…xi8>`, both dense or dense resources; `tensor_scale`
    is present exactly if the format has one.

    ```mlir
    #mx.elements<payload = dense<0> : tensor<2x16xi8>, scales = dense<127> : tensor<2x1xi8>>
    ```
  }];
  let parameters = (ins
    "::mlir::ElementsAttr":$payload,
    "::mlir::ElementsAttr":$scales,
    OptionalParameter<"::mlir::FloatAttr">:$tensorScale);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

def MX_EncodingAttr : MX_Attr<"Encoding", "encoding"> {
  let summary = "a format and the rule that chooses its scales";
  let description = [{
    What `mx.quantize` will be given for one side of a product. Elements are rounded
    to nearest even.

    ```mlir
    #mx.encoding<mxfp4 by even>
    ```
  }];
  let parameters = (ins
    "::mlir::mx::FormatAttr":$format,
    "::mlir::mx::ScaleRuleAttr":$scale_rule);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Parses and prints what stands between the angle brackets.
    static ::mlir::FailureOr<EncodingAttr> parseBody(::mlir::AsmParser &parser);
    void printBody(::mlir::AsmPrinter &printer) const;
  }];
}

def MX_PlanAttr : MX_Attr<"Plan", "plan"> {
  let summary = "what was decided for a product of plain numbers";
  let description = [{
    Stands on a product as `mx.plan`: put there by `mx-choose-formats` or by hand,
    obeyed by `mx-fuse-rotations` and `mx-quantize`. A side without an encoding stays
    as it is; without any, the plan is `keep`. `rotation` asks for a rotation of the
    contracted axis of both sides; `mx-fuse-rotations` takes it out of the plan and
    states it as `mx.rotated` when it is done. `method` says how constant
    sides are quantised: `rtn` (each element by itself, the default) or `gptq`.

    ```mlir
    #mx.plan<rhs = mxfp4 by mse>
    #mx.plan<lhs = mxfp4 by even, rhs = mxfp4 by mse, rotation = hadamard<32>, method = gptq>
    #mx.plan<keep>
    ```
  }];
  let parameters = (ins
    OptionalParameter<"::mlir::mx::EncodingAttr">:$lhs,
    OptionalParameter<"::mlir::mx::EncodingAttr">:$rhs,
    OptionalParameter<"::mlir::mx::HadamardAttr">:$rotation,
    DefaultValuedParameter<"::mlir::mx::Method", "::mlir::mx::Method::Rtn">:$method);
  let builders = [
    AttrBuilder<(ins "::mlir::mx::EncodingAttr":$lhs, "::mlir::mx::EncodingAttr":$rhs), [{
      return $_get($_ctxt, lhs, rhs, HadamardAttr(), Method::Rtn);
    }]>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether both sides stay as they are.
    bool isKeep() const { return !getLhs() && !getRhs(); }
    /// The same plan with another rotation, or with none.
    PlanAttr withRotation(::mlir::mx::HadamardAttr rotation) const;
  }];
}

//===----------------------------------------------------------------------===//
// Target
//===----------------------------------------------------------------------===//

def MX_TargetAttr : MX_Attr<"Target", "target"> {
  let summary = "the machine that code is generated for";
  let description = [{
    Stands on the module as `mx.target`, put there by the driver from
    `--target`. No pass asks the machine it happens to run on.

    `cpu` is a CPU of the host's kind; `chip` and `features` are LLVM's processor
    name and feature string. `nvvm` is an NVIDIA GPU: `chip` is a row of
    `Target/Chips.def`, and `features` names the PTX version that is written; without
    it, the one of that row.

    ```mlir
    module attributes {mx.target = #mx.target<cpu, chip = "x86-64-v3">} {}
    ```
    ```mlir
    module attributes {mx.target = #mx.target<nvvm, chip = "sm_120a", features = "+ptx88">} {}
    ```
  }];
  let parameters = (ins
    StringRefParameter<"kind of machine: cpu or nvvm">:$kind,
    StringRefParameter<"processor name of LLVM, or chip", [{""}]>:$chip,
    StringRefParameter<"LLVM feature string", [{""}]>:$features);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // MX_DIALECT_MX_IR_MXATTRS_TD

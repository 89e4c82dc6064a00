//===- MXAttrs.cpp - formats, rotations and targets -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Syntax and verification of the attributes. A named format prints as its name
// wherever it stands.
//===----------------------------------------------------------------------===//

#include "mlir/IR/DialectImplementation.h"
#include "mx/Dialect/MX/IR/ElementTypes.h"
#include "mx/Dialect/MX/IR/MXDialect.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Target/Chip.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mx;

#define GET_ATTRDEF_CLASSES
#include "mx/Dialect/MX/IR/MXAttrs.cpp.inc"

void MXDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "mx/Dialect/MX/IR/MXAttrs.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// ScaleRuleAttr and the other enumerations
//===----------------------------------------------------------------------===//

/// Parses a case of an enumeration; `symbolize` maps its name to its value.
template <typename AttrT, typename Enum>
static FailureOr<AttrT>
parseEnumCase(AsmParser &parser, std::optional<Enum> (*symbolize)(StringRef),
              StringRef what) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef keyword;
  if (parser.parseKeyword(&keyword))
    return failure();
  std::optional<Enum> value = symbolize(keyword);
  if (!value) {
    parser.emitError(loc) << "expected " << what << ", got '" << keyword << "'";
    return failure();
  }
  return AttrT::get(parser.getContext(), *value);
}

FailureOr<ScaleRuleAttr> ScaleRuleAttr::parseCase(AsmParser &parser) {
  return parseEnumCase<ScaleRuleAttr>(
      parser, &symbolizeScaleRule,
      "a scale rule (floor, ceil, rceil, even, mse, abs3, amax, "
      "four_over_six_mse, four_over_six_mae, sweep)");
}

FailureOr<RoundingAttr> RoundingAttr::parseCase(AsmParser &parser) {
  return parseEnumCase<RoundingAttr>(parser, &symbolizeRounding,
                                     "a rounding (nearest_even, stochastic)");
}

FailureOr<MethodAttr> MethodAttr::parseCase(AsmParser &parser) {
  return parseEnumCase<MethodAttr>(parser, &symbolizeMethod,
                                   "a method (rtn, gptq)");
}

FailureOr<CollectAttr> CollectAttr::parseCase(AsmParser &parser) {
  return parseEnumCase<CollectAttr>(parser, &symbolizeCollect,
                                    "what is collected (hessian, rows)");
}

/// Parses a case between angle brackets.
template <typename AttrT>
static Attribute parseEnum(AsmParser &parser) {
  if (parser.parseLess())
    return {};
  FailureOr<AttrT> attr = AttrT::parseCase(parser);
  if (failed(attr) || parser.parseGreater())
    return {};
  return *attr;
}

Attribute ScaleRuleAttr::parse(AsmParser &parser, Type) {
  return parseEnum<ScaleRuleAttr>(parser);
}
Attribute RoundingAttr::parse(AsmParser &parser, Type) {
  return parseEnum<RoundingAttr>(parser);
}
Attribute CollectAttr::parse(AsmParser &parser, Type) {
  return parseEnum<CollectAttr>(parser);
}
Attribute MethodAttr::parse(AsmParser &parser, Type) {
  return parseEnum<MethodAttr>(parser);
}

void ScaleRuleAttr::print(AsmPrinter &printer) const {
  printer << '<' << stringifyScaleRule(getValue()) << '>';
}
void RoundingAttr::print(AsmPrinter &printer) const {
  printer << '<' << stringifyRounding(getValue()) << '>';
}
void CollectAttr::print(AsmPrinter &printer) const {
  printer << '<' << stringifyCollect(getValue()) << '>';
}
void MethodAttr::print(AsmPrinter &printer) const {
  printer << '<' << stringifyMethod(getValue()) << '>';
}

//===----------------------------------------------------------------------===//
// FormatAttr
//===----------------------------------------------------------------------===//

FloatType mx::getElementFloatType(MLIRContext *context,
                                  mxnum::ElementType type) {
  switch (type) {
  case mxnum::ElementType::E2M1:
    return Float4E2M1FNType::get(context);
  case mxnum::ElementType::E2M3:
    return Float6E2M3FNType::get(context);
  case mxnum::ElementType::E3M2:
    return Float6E3M2FNType::get(context);
  case mxnum::ElementType::E4M3:
    return Float8E4M3FNType::get(context);
  case mxnum::ElementType::E5M2:
    return Float8E5M2Type::get(context);
  }
  llvm_unreachable("all element types are handled");
}

FloatType FormatAttr::getElementFloatType() const {
  return mx::getElementFloatType(getContext(), getElement());
}

FloatType FormatAttr::getScaleFloatType() const {
  if (getScale() == mxnum::ScaleType::E8M0)
    return Float8E8M0FNUType::get(getContext());
  return Float8E4M3FNType::get(getContext());
}

unsigned FormatAttr::getElementBits() const {
  return mxnum::getElementInfo(getElement()).bits;
}

LogicalResult FormatAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 mxnum::ElementType element,
                                 mxnum::ScaleType scale, int64_t block,
                                 bool tensorScale) {
  if (const char *expected =
          mxnum::explainInvalidFormat({element, scale, block, tensorScale}))
    return emitError() << "expected " << expected << ", got a block of "
                       << block << " elements of "
                       << mxnum::getElementInfo(element).bits << " bits";
  return success();
}

namespace {

/// The parameters of a format that is spelled out, as they are met.
struct FormatFields {
  std::optional<mxnum::ElementType> element;
  std::optional<mxnum::ScaleType> scale;
  std::optional<int64_t> block;
  bool tensorScale = false;
};

} // namespace

/// Parses `element = f4E2M1FN`, `scale = f8E8M0FNU`, `block = 32` or
/// `tensor_scale` after its keyword.
static ParseResult parseFormatField(AsmParser &parser, StringRef keyword,
                                    SMLoc loc, FormatFields &fields) {
  auto duplicate = [&](bool seen) -> ParseResult {
    if (!seen)
      return success();
    return parser.emitError(loc)
           << "expected '" << keyword << "' once, got it twice";
  };
  if (keyword == "tensor_scale") {
    if (duplicate(fields.tensorScale))
      return failure();
    fields.tensorScale = true;
    return success();
  }
  if (keyword == "block") {
    int64_t block;
    if (duplicate(fields.block.has_value()) || parser.parseEqual() ||
        parser.parseInteger(block))
      return failure();
    fields.block = block;
    return success();
  }
  if (keyword != "element" && keyword != "scale")
    return parser.emitError(loc)
           << "expected a format name or 'element', 'scale', 'block' or "
              "'tensor_scale', got '"
           << keyword << "'";
  Type type;
  if (parser.parseEqual() || parser.parseType(type))
    return failure();
  if (keyword == "element") {
    if (duplicate(fields.element.has_value()))
      return failure();
    fields.element = getElementType(type);
    if (!fields.element)
      return parser.emitError(loc)
             << "expected an element type of f4E2M1FN, f6E2M3FN, f6E3M2FN, "
                "f8E4M3FN or f8E5M2, got "
             << type;
    return success();
  }
  if (duplicate(fields.scale.has_value()))
    return failure();
  if (isa<Float8E8M0FNUType>(type))
    fields.scale = mxnum::ScaleType::E8M0;
  else if (isa<Float8E4M3FNType>(type))
    fields.scale = mxnum::ScaleType::UE4M3;
  else
    return parser.emitError(loc)
           << "expected a scale type of f8E8M0FNU or f8E4M3FN, got " << type;
  return success();
}

/// Parses what stands in `#mx.format<…>`: a name, or fields separated by
/// commas.
FailureOr<FormatAttr> FormatAttr::parseBody(AsmParser &parser) {
  FormatFields fields;
  SMLoc start = parser.getCurrentLocation();
  bool first = true;
  do {
    SMLoc loc = parser.getCurrentLocation();
    StringRef keyword;
    if (parser.parseKeyword(&keyword))
      return failure();
    if (first)
      if (auto named = mxnum::lookupFormat(
              std::string_view(keyword.data(), keyword.size())))
        return FormatAttr::get(parser.getContext(), *named);
    first = false;
    if (parseFormatField(parser, keyword, loc, fields))
      return failure();
  } while (succeeded(parser.parseOptionalComma()));
  if (!fields.element || !fields.scale || !fields.block) {
    StringRef missing = !fields.element ? "element"
                        : !fields.scale ? "scale"
                                        : "block";
    parser.emitError(start)
        << "expected 'element', 'scale' and 'block' in a format, got no '"
        << missing << "'";
    return failure();
  }
  auto format = parser.getChecked<FormatAttr>(
      start, parser.getContext(), *fields.element, *fields.scale, *fields.block,
      fields.tensorScale);
  if (!format)
    return failure();
  return format;
}

void FormatAttr::printBody(AsmPrinter &printer) const {
  std::string_view name = mxnum::getFormatName(getBlockFormat());
  if (!name.empty()) {
    printer << StringRef(name.data(), name.size());
    return;
  }
  printer << "element = " << getElementFloatType()
          << ", scale = " << getScaleFloatType() << ", block = " << getBlock();
  if (getTensorScale())
    printer << ", tensor_scale";
}

/// A bare name ends before the comma or keyword that follows it.
FailureOr<FormatAttr> FormatAttr::parseNested(AsmParser &parser) {
  if (succeeded(parser.parseOptionalKeyword("format"))) {
    if (parser.parseLess())
      return failure();
    FailureOr<FormatAttr> format = FormatAttr::parseBody(parser);
    if (failed(format) || parser.parseGreater())
      return failure();
    return format;
  }
  SMLoc loc = parser.getCurrentLocation();
  StringRef name;
  if (parser.parseKeyword(&name))
    return failure();
  auto named = mxnum::lookupFormat(std::string_view(name.data(), name.size()));
  if (!named) {
    parser.emitError(loc) << "expected a format name or 'format<...>', got '"
                          << name << "'";
    return failure();
  }
  return FormatAttr::get(parser.getContext(), *named);
}

void FormatAttr::printNested(AsmPrinter &printer) const {
  bool isNamed = !mxnum::getFormatName(getBlockFormat()).empty();
  printer << (isNamed ? "" : "format<");
  printBody(printer);
  printer << (isNamed ? "" : ">");
}

Attribute FormatAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FailureOr<FormatAttr> format = parseBody(parser);
  if (failed(format) || parser.parseGreater())
    return {};
  return *format;
}

void FormatAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printBody(printer);
  printer << '>';
}

//===----------------------------------------------------------------------===//
// HadamardAttr
//===----------------------------------------------------------------------===//

LogicalResult HadamardAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   int64_t size, ArrayRef<int8_t> signs) {
  if (!mxnum::isHadamardSize(size))
    return emitError() << "expected a rotation size that is a power of two "
                          "from "
                       << mxnum::kMinHadamard << " to " << mxnum::kMaxHadamard
                       << ", got " << size;
  if (!signs.empty() && static_cast<int64_t>(signs.size()) != size)
    return emitError() << "expected " << size << " signs, got " << signs.size();
  for (int8_t sign : signs)
    if (sign != 1 && sign != -1)
      return emitError() << "expected each sign to be 1 or -1, got "
                         << static_cast<int>(sign);
  // One rotation has one spelling, so that equal rotations compare equal.
  if (!signs.empty() && !llvm::is_contained(signs, int8_t(-1)))
    return emitError() << "expected at least one sign of -1, got only 1, which "
                          "is the rotation without signs";
  return success();
}

Attribute HadamardAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  int64_t size;
  SmallVector<int8_t> signs;
  if (parser.parseLess() || parser.parseInteger(size))
    return {};
  if (succeeded(parser.parseOptionalComma())) {
    auto parseSign = [&]() {
      return parser.parseInteger(signs.emplace_back());
    };
    SMLoc signsLoc = parser.getCurrentLocation();
    if (parser.parseKeyword("signs") || parser.parseEqual() ||
        parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseSign))
      return {};
    // An empty list would mean that there are no signs.
    if (signs.empty()) {
      parser.emitError(signsLoc) << "expected " << size << " signs, got none";
      return {};
    }
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<HadamardAttr>(loc, parser.getContext(), size,
                                         ArrayRef<int8_t>(signs));
}

void HadamardAttr::print(AsmPrinter &printer) const {
  printer << '<' << getSize();
  if (!getSigns().empty()) {
    printer << ", signs = [";
    llvm::interleaveComma(getSigns(), printer, [&](int8_t sign) {
      printer << static_cast<int>(sign);
    });
    printer << ']';
  }
  printer << '>';
}

//===----------------------------------------------------------------------===//
// BlockElementsAttr
//===----------------------------------------------------------------------===//

static bool isDenseConstant(Attribute attr) {
  return isa_and_present<DenseElementsAttr, DenseResourceElementsAttr>(attr);
}

LogicalResult
BlockElementsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                          ElementsAttr payload, ElementsAttr scales,
                          FloatAttr tensorScale) {
  for (auto [name, part] :
       {std::pair<StringRef, ElementsAttr>("payload", payload),
        std::pair<StringRef, ElementsAttr>("scales", scales)})
    if (!isDenseConstant(part))
      return emitError() << "expected '" << name
                         << "' to be dense or dense_resource, got " << part;
  if (tensorScale && !tensorScale.getType().isF32())
    return emitError() << "expected a tensor scale of 'f32', got "
                       << tensorScale.getType();
  return success();
}

/// Parses `name = attribute`; `what` says which kind of attribute is meant.
template <typename AttrT>
static ParseResult parsePart(AsmParser &parser, StringRef name, StringRef what,
                             AttrT &part) {
  SMLoc loc;
  Attribute attr;
  if (parser.parseKeyword(name) || parser.parseEqual() ||
      parser.getCurrentLocation(&loc) || parser.parseAttribute(attr))
    return failure();
  part = dyn_cast<AttrT>(attr);
  if (part)
    return success();
  return parser.emitError(loc)
         << "expected '" << name << "' to be " << what << ", got " << attr;
}

Attribute BlockElementsAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  ElementsAttr payload, scales;
  FloatAttr tensorScale;
  StringRef dense = "dense or dense_resource";
  if (parser.parseLess() || parsePart(parser, "payload", dense, payload) ||
      parser.parseComma() || parsePart(parser, "scales", dense, scales))
    return {};
  if (succeeded(parser.parseOptionalComma()) &&
      parsePart(parser, "tensor_scale", "a number", tensorScale))
    return {};
  if (parser.parseGreater())
    return {};
  return parser.getChecked<BlockElementsAttr>(loc, parser.getContext(), payload,
                                              scales, tensorScale);
}

void BlockElementsAttr::print(AsmPrinter &printer) const {
  printer << "<payload = " << getPayload() << ", scales = " << getScales();
  if (getTensorScale())
    printer << ", tensor_scale = " << getTensorScale();
  printer << '>';
}

//===----------------------------------------------------------------------===//
// TargetAttr
//===----------------------------------------------------------------------===//

static std::string_view toView(StringRef text) {
  return {text.data(), text.size()};
}

LogicalResult TargetAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 StringRef kind, StringRef chip,
                                 StringRef features) {
  if (kind == "cpu")
    return success();
  if (kind != "nvvm")
    return emitError() << "expected the target 'cpu' or 'nvvm', got '" << kind
                       << "'";
  const Chip *row = lookupChip(toView(chip));
  if (!row)
    return emitError() << "expected a chip (" << listChips() << "), got '"
                       << chip << "'";
  if (!parsePtx(*row, toView(features)))
    return emitError() << "expected the features of '" << chip << "' to be "
                       << listPtxFeatures(*row) << ", got '" << features << "'";
  return success();
}

Attribute TargetAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef kind;
  std::optional<std::string> chip, features;
  if (parser.parseLess() || parser.parseKeyword(&kind))
    return {};
  while (succeeded(parser.parseOptionalComma())) {
    SMLoc fieldLoc = parser.getCurrentLocation();
    StringRef field;
    if (parser.parseKeyword(&field) || parser.parseEqual())
      return {};
    if (field != "chip" && field != "features") {
      parser.emitError(fieldLoc)
          << "expected 'chip' or 'features', got '" << field << "'";
      return {};
    }
    std::optional<std::string> &value = field == "chip" ? chip : features;
    if (value) {
      parser.emitError(fieldLoc)
          << "expected '" << field << "' once, got it twice";
      return {};
    }
    if (parser.parseString(&value.emplace()))
      return {};
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<TargetAttr>(
      loc, parser.getContext(), kind, chip.value_or(""), features.value_or(""));
}

void TargetAttr::print(AsmPrinter &printer) const {
  printer << '<' << getKind();
  auto printField = [&](StringRef name, StringRef value) {
    if (value.empty())
      return;
    printer << ", " << name << " = ";
    printer.printString(value);
  };
  printField("chip", getChip());
  printField("features", getFeatures());
  printer << '>';
}

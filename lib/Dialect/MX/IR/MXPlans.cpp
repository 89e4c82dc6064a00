//===- MXPlans.cpp - what was decided for a product -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Syntax and verification of the attributes that carry decisions from the pass
// that takes them to the passes that obey.
//===----------------------------------------------------------------------===//

#include "mlir/IR/DialectImplementation.h"
#include "mx/Dialect/MX/IR/MXOps.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// EncodingAttr
//===----------------------------------------------------------------------===//

LogicalResult EncodingAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   FormatAttr format, ScaleRuleAttr scaleRule) {
  if (const char *expected = mxnum::explainInvalidRule(
          format.getBlockFormat(), toNumerics(scaleRule.getValue()),
          mxnum::Rounding::NearestEven))
    return emitError() << "expected " << expected << ", got "
                       << stringifyScaleRule(scaleRule.getValue());
  return success();
}

FailureOr<EncodingAttr> EncodingAttr::parseBody(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  FailureOr<FormatAttr> format = FormatAttr::parseNested(parser);
  if (failed(format) || parser.parseKeyword("by"))
    return failure();
  FailureOr<ScaleRuleAttr> rule = ScaleRuleAttr::parseCase(parser);
  if (failed(rule))
    return failure();
  auto encoding =
      parser.getChecked<EncodingAttr>(loc, parser.getContext(), *format, *rule);
  if (!encoding)
    return failure();
  return encoding;
}

void EncodingAttr::printBody(AsmPrinter &printer) const {
  getFormat().printNested(printer);
  printer << " by " << stringifyScaleRule(getScaleRule().getValue());
}

Attribute EncodingAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FailureOr<EncodingAttr> encoding = parseBody(parser);
  if (failed(encoding) || parser.parseGreater())
    return {};
  return *encoding;
}

void EncodingAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printBody(printer);
  printer << '>';
}

//===----------------------------------------------------------------------===//
// PlanAttr
//===----------------------------------------------------------------------===//

LogicalResult PlanAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               EncodingAttr lhs, EncodingAttr rhs,
                               HadamardAttr rotation, Method method) {
  if (!lhs && !rhs && method != Method::Rtn)
    return emitError() << "expected a method only where a side is encoded, got "
                       << stringifyMethod(method);
  return success();
}

PlanAttr PlanAttr::withRotation(HadamardAttr rotation) const {
  return PlanAttr::get(getContext(), getLhs(), getRhs(), rotation, getMethod());
}

namespace {

/// The parameters of a plan, as they are met.
struct PlanFields {
  EncodingAttr lhs;
  EncodingAttr rhs;
  HadamardAttr rotation;
  MethodAttr method;
  bool keep = false;
};

} // namespace

/// Stores a parsed parameter, unless it is there already.
template <typename AttrT>
static ParseResult setField(AsmParser &parser, SMLoc loc, StringRef keyword,
                            FailureOr<AttrT> value, AttrT &field) {
  if (failed(value))
    return failure();
  if (field)
    return parser.emitError(loc)
           << "expected '" << keyword << "' once, got it twice";
  field = *value;
  return success();
}

/// Parses `keep`, `lhs = …`, `rhs = …`, `rotation = …` or `method = …`.
static ParseResult parsePlanField(AsmParser &parser, PlanFields &fields) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef keyword;
  if (parser.parseKeyword(&keyword))
    return failure();
  if (keyword == "keep") {
    fields.keep = true;
    return success();
  }
  if (keyword != "lhs" && keyword != "rhs" && keyword != "rotation" &&
      keyword != "method")
    return parser.emitError(loc) << "expected 'keep', 'lhs', 'rhs', 'rotation' "
                                    "or 'method', got '"
                                 << keyword << "'";
  if (parser.parseEqual())
    return failure();
  if (keyword == "method")
    return setField(parser, loc, keyword, MethodAttr::parseCase(parser),
                    fields.method);
  if (keyword == "rotation") {
    if (parser.parseKeyword("hadamard"))
      return failure();
    FailureOr<HadamardAttr> rotation = failure();
    if (Attribute parsed = HadamardAttr::parse(parser, Type()))
      rotation = cast<HadamardAttr>(parsed);
    return setField(parser, loc, keyword, rotation, fields.rotation);
  }
  return setField(parser, loc, keyword, EncodingAttr::parseBody(parser),
                  keyword == "lhs" ? fields.lhs : fields.rhs);
}

Attribute PlanAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  PlanFields fields;
  auto parseField = [&] { return parsePlanField(parser, fields); };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     parseField))
    return {};
  if (fields.keep == (fields.lhs || fields.rhs)) {
    parser.emitError(loc)
        << "expected either 'keep' or an encoding of 'lhs' or "
           "'rhs', got "
        << (fields.keep ? "both" : "none");
    return {};
  }
  Method method = fields.method ? fields.method.getValue() : Method::Rtn;
  return parser.getChecked<PlanAttr>(loc, parser.getContext(), fields.lhs,
                                     fields.rhs, fields.rotation, method);
}

void PlanAttr::print(AsmPrinter &printer) const {
  StringRef separator = "<";
  auto start = [&]() -> AsmPrinter & {
    printer << separator;
    separator = ", ";
    return printer;
  };
  if (isKeep())
    start() << "keep";
  if (EncodingAttr lhs = getLhs()) {
    start() << "lhs = ";
    lhs.printBody(printer);
  }
  if (EncodingAttr rhs = getRhs()) {
    start() << "rhs = ";
    rhs.printBody(printer);
  }
  if (HadamardAttr rotation = getRotation()) {
    start() << "rotation = hadamard";
    rotation.print(printer);
  }
  if (getMethod() != Method::Rtn)
    start() << "method = " << stringifyMethod(getMethod());
  printer << '>';
}

//===----------------------------------------------------------------------===//
// Attributes of products
//===----------------------------------------------------------------------===//

/// Whether `rotation` divides the contracted size of an operand, as far as it
/// is known. The operation itself has not been verified yet.
static bool dividesContraction(HadamardAttr rotation, Type operand) {
  ArrayRef<int64_t> shape;
  if (auto block = dyn_cast<BlockTensorType>(operand))
    shape = block.getShape();
  else if (auto plain = dyn_cast<RankedTensorType>(operand))
    shape = plain.getShape();
  return shape.empty() || ShapedType::isDynamic(shape.back()) ||
         shape.back() % rotation.getSize() == 0;
}

/// Checks `mx.site`, `mx.plan` and `mx.rotated`.
LogicalResult MXDialect::verifyOperationAttribute(Operation *op,
                                                  NamedAttribute attr) {
  StringRef name = attr.getName();
  if (name != kSiteAttr && name != kPlanAttr && name != kRotatedAttr)
    return success();
  if (!isa<MatmulOp, GroupedMatmulOp>(op))
    return op->emitOpError("expected '")
           << name << "' on mx.matmul or mx.grouped_matmul only";
  Attribute value = attr.getValue();
  if (name == kSiteAttr) {
    auto site = dyn_cast<StringAttr>(value);
    if (!site || site.empty())
      return op->emitOpError("expected '")
             << name << "' to be a name, got " << value;
    return success();
  }
  auto plan = dyn_cast<PlanAttr>(value);
  auto rotation = dyn_cast<HadamardAttr>(value);
  if (name == kPlanAttr ? !plan : !rotation)
    return op->emitOpError("expected '")
           << name << "' to be a "
           << (name == kPlanAttr ? "#mx.plan" : "#mx.hadamard") << ", got "
           << value;
  if (plan)
    rotation = plan.getRotation();
  for (Value side : op->getOperands().take_front(2))
    if (rotation && !dividesContraction(rotation, side.getType()))
      return op->emitOpError("expected a contracted size that is a multiple of "
                             "the rotation (")
             << rotation.getSize() << "), got " << side.getType();
  return success();
}

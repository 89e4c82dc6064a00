//===- RaiseMatmuls.cpp - matmuls of linalg become sites ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Contractions are matched and named in the order of the program, whatever the
// policy, so that a name does not depend on options; then those that the policy
// chooses are rewritten.
//===----------------------------------------------------------------------===//

#include "Import/RaiseMatmuls.h"
#include "Weights/WeightExpression.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Regex.h"

namespace mlir::mx {
#define GEN_PASS_DEF_RAISEMATMULSPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// The first name in a location; empty if there is none.
static StringRef findName(Location loc) {
  StringRef name;
  loc->walk([&](Location inner) {
    if (auto named = dyn_cast<NameLoc>(inner))
      name = named.getName();
    return name.empty() ? WalkResult::advance() : WalkResult::interrupt();
  });
  return name;
}

/// Replaces what cannot be printed, and what is no UTF-8.
static std::string makePrintable(StringRef name) {
  std::string text = llvm::json::fixUTF8(name);
  for (char &letter : text)
    if (static_cast<unsigned char>(letter) < 0x80 && !llvm::isPrint(letter))
      letter = '_';
  return text;
}

/// The name of the function around `op`; empty if there is none.
static StringRef getFunctionName(Operation *op) {
  auto function = op->getParentOfType<FunctionOpInterface>();
  return function ? function.getName() : StringRef();
}

namespace {

/// Gives sites names that no other site has.
class SiteNames {
public:
  explicit SiteNames(ModuleOp module) {
    module->walk([&](Operation *op) {
      if (auto name = op->getAttrOfType<StringAttr>(kSiteAttr))
        taken.insert(name.getValue());
    });
  }

  /// The name of the next contraction of its function.
  std::string get(Operation *op) {
    StringRef function = getFunctionName(op);
    int64_t ordinal = ordinals[function]++;
    std::string name = makePrintable(findName(op->getLoc()));
    if (name.empty())
      name = (makePrintable(function) + "." + Twine(ordinal)).str();
    std::string unique = name;
    for (int64_t suffix = 1; !taken.insert(unique).second; ++suffix)
      unique = (name + "." + Twine(suffix)).str();
    return unique;
  }

private:
  llvm::StringSet<> taken;
  llvm::StringMap<int64_t> ordinals;
};

//===----------------------------------------------------------------------===//
// Policy
//===----------------------------------------------------------------------===//

/// A contraction that could become a site.
struct Candidate {
  linalg::LinalgOp op;
  std::string name;
};

struct RaiseMatmulsPass
    : public mx::impl::RaiseMatmulsPassBase<RaiseMatmulsPass> {
  using Base::Base;

  void runOnOperation() override;

private:
  LogicalResult checkPolicy();
  FailureOr<llvm::Regex> compile(StringRef option, StringRef pattern);
  SmallVector<Candidate> collect();
  LogicalResult choose(const Candidate &candidate,
                       const Contraction &contraction,
                       const llvm::Regex &functions, const llvm::Regex &sites,
                       ImportReport &report);
  void raise(const Candidate &candidate, const llvm::Regex &functions,
             const llvm::Regex &sites, RewriterBase &rewriter);
};

} // namespace

static remark::RemarkOpts getRemarkOpts() {
  return remark::RemarkOpts::name("raise").category("mx-raise");
}

static void remarkMissed(Operation *op, StringRef reason) {
  remark::missed(op->getLoc(), getRemarkOpts())
      << (op->getName().getStringRef() + ": " + reason).str();
}

LogicalResult RaiseMatmulsPass::checkPolicy() {
  if (policy == "all" || policy == "constant-weights" || policy == "none")
    return success();
  return getOperation().emitError("expected 'policy' to be 'all', "
                                  "'constant-weights' or 'none', got '")
         << policy << "'";
}

FailureOr<llvm::Regex> RaiseMatmulsPass::compile(StringRef option,
                                                 StringRef pattern) {
  llvm::Regex regex(pattern.empty() ? ".*" : pattern);
  std::string problem;
  if (regex.isValid(problem))
    return regex;
  return getOperation().emitError("expected '")
         << option << "' to be a regular expression, got '" << pattern << "' ("
         << problem << ")";
}

bool mlir::mx::isConstantSide(Value value) {
  return value.getDefiningOp<ConstantOp>() ||
         (isa<RankedTensorType>(value.getType()) && getWeightExpression(value));
}

/// Elements of a side; nothing if types leave them open.
static std::optional<int64_t> countElements(const ContractionSide &side) {
  auto block = dyn_cast<BlockTensorType>(side.value.getType());
  ArrayRef<int64_t> shape =
      block ? block.getShape()
            : cast<RankedTensorType>(side.value.getType()).getShape();
  if (ShapedType::isDynamicShape(shape))
    return std::nullopt;
  return ShapedType::getNumElements(shape);
}

LogicalResult RaiseMatmulsPass::choose(const Candidate &candidate,
                                       const Contraction &contraction,
                                       const llvm::Regex &functions,
                                       const llvm::Regex &sites,
                                       ImportReport &report) {
  const auto &[op, name] = candidate;
  if (!functions.match(getFunctionName(op)))
    return report.miss("its function does not match '" + this->functions + "'");
  if (!sites.match(name))
    return report.miss("its name '" + name + "' does not match '" +
                       this->sites + "'");
  bool isRhs = isConstantSide(contraction.rhs.value);
  bool isLhs = isConstantSide(contraction.lhs.value);
  if (policy == "constant-weights" && !isRhs && !isLhs)
    return report.miss("expected a constant side");
  // Without a constant, the right side counts as the weight.
  const ContractionSide &weight =
      isLhs && !isRhs ? contraction.lhs : contraction.rhs;
  std::optional<int64_t> elements = countElements(weight);
  if (elements && *elements < minElements)
    return report.miss("expected a weight of at least " + Twine(minElements) +
                       " elements, got " + Twine(*elements));
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

SmallVector<Candidate> RaiseMatmulsPass::collect() {
  SmallVector<Candidate> candidates;
  SiteNames names(getOperation());
  getOperation()->walk([&](Operation *product) {
    // One that was written by hand.
    if (isSite(product) && !product->hasAttr(kSiteAttr))
      product->setAttr(kSiteAttr,
                       StringAttr::get(&getContext(), names.get(product)));
    auto op = dyn_cast<linalg::LinalgOp>(product);
    if (!op || !isContractionCandidate(op))
      return;
    ImportReport report;
    if (succeeded(matchContraction(op, report)))
      candidates.push_back({op, names.get(op)});
    else
      remarkMissed(op, report.getText());
  });
  return candidates;
}

void RaiseMatmulsPass::raise(const Candidate &candidate,
                             const llvm::Regex &functions,
                             const llvm::Regex &sites, RewriterBase &rewriter) {
  linalg::LinalgOp op = candidate.op;
  ImportReport report;
  // Again, because its operands may have been replaced.
  FailureOr<Contraction> contraction = matchContraction(op, report);
  if (failed(contraction) ||
      failed(choose(candidate, *contraction, functions, sites, report)))
    return remarkMissed(op, report.getText());
  Location loc = op.getLoc();
  StringRef name = op->getName().getStringRef();
  MatmulOp product = raiseContraction(op, *contraction, rewriter);
  std::string became = "mx.matmul of sides that are encoded already";
  if (contraction->isSite()) {
    product->setAttr(kSiteAttr, rewriter.getStringAttr(candidate.name));
    became = "site '" + candidate.name + "'";
  }
  remark::passed(loc, getRemarkOpts()) << (name + " became " + became).str();
}

void RaiseMatmulsPass::runOnOperation() {
  FailureOr<llvm::Regex> functionPattern = compile("functions", functions);
  FailureOr<llvm::Regex> sitePattern = compile("sites", sites);
  if (failed(checkPolicy()) || failed(functionPattern) || failed(sitePattern))
    return signalPassFailure();
  if (policy == "none")
    return;

  IRRewriter rewriter(&getContext());
  replaceConstantGlobals(getOperation(), rewriter, [&](Operation *op) {
    return functionPattern->match(getFunctionName(op));
  });
  for (const Candidate &candidate : collect())
    raise(candidate, *functionPattern, *sitePattern, rewriter);
}

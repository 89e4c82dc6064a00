//===- ChooseFormats.cpp - decide how each product is encoded -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Collects sites into groups (SiteGroups.h), measures what each candidate costs
// (SiteErrors.h), chooses (FormatChoice.h), and only when all of that and the
// report (FormatReport.h) have succeeded writes the plans: a failure leaves no
// half of a decision.
//===----------------------------------------------------------------------===//

#include "Format/FormatReport.h"
#include "Format/SiteErrors.h"
#include "Weights/WeightData.h"
#include "mlir/IR/Remarks.h"
#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {
#define GEN_PASS_DEF_CHOOSEFORMATSPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Remarks
//===----------------------------------------------------------------------===//

static remark::RemarkOpts nameRemark(StringRef name) {
  return remark::RemarkOpts::name(name).category("mx-choose");
}

/// ", the last block of each row holds 16 of 32", if a block is not full.
static std::string explainTail(PlanAttr plan, int64_t columns) {
  for (EncodingAttr encoding : {plan.getRhs(), plan.getLhs()}) {
    if (!encoding || ShapedType::isDynamic(columns))
      continue;
    int64_t block = encoding.getFormat().getBlock();
    if (columns % block != 0)
      return "; the last block of each row holds " +
             std::to_string(columns % block) + " of " + std::to_string(block);
  }
  return "";
}

/// Says what became of a site and why. Each remark is one text: remarks print
/// their parts apart.
static void remarkSite(const ChoiceGroup &group, const Site &site,
                       PlanAttr plan, const SiteRow &row) {
  Location loc = site.op->getLoc();
  if (!group.rotationObstacle.empty())
    remark::missed(loc, nameRemark("rotation"))
        << row.name + ": not rotated, because " + group.rotationObstacle;
  if (plan.isKeep()) {
    remark::missed(loc, nameRemark("format"))
        << row.name + ": kept, because " + row.reason;
    return;
  }
  std::string text = row.name + ": " + row.plan + "; relative error " +
                     formatNumber(row.error.getTotal());
  if (row.basis == "assumed")
    text += " (that of the activation is assumed)";
  if (row.weights != 0)
    text += ", " + formatNumber(row.bits) + " bits per weight";
  remark::passed(loc, nameRemark("format"))
      << text + ", because " + row.reason + explainTail(plan, site.columns);
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// Leaves groups alone that the target cannot run.
static void keepIllegal(ChoiceGroup &group, TargetAttr target) {
  for (const Site &site : group.sites) {
    std::optional<std::string> reason = explainIllegal(site.op, target);
    if (!reason || site.planned)
      continue;
    for (WeightSide &side : group.weights) {
      side.candidates = {std::nullopt};
      side.obstacle = *reason;
    }
    for (ActivationSide &side : group.activations)
      side.candidates.assign(side.candidates.size(), std::nullopt);
    return;
  }
}

namespace {

struct ChooseFormatsPass
    : public mx::impl::ChooseFormatsPassBase<ChooseFormatsPass> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(choose()))
      signalPassFailure();
  }

  LogicalResult choose() {
    Location loc = getOperation().getLoc();
    ChooseFormatsPassOptions spelled = spellOptions();
    FailureOr<ChoiceOptions> options = parseChoiceOptions(spelled, loc);
    if (failed(options))
      return failure();
    std::vector<ChoiceGroup> groups = collectSites(getOperation(), *options);
    if (failed(measureAll(groups, *options)))
      return failure();
    FailureOr<std::vector<GroupChoice>> choices =
        chooseFormats(groups, *options, loc);
    if (failed(choices))
      return failure();
    FormatReport result = createReport(groups, *choices, *options, spelled);
    if (!report.empty())
      if (llvm::Error error = writeReport(result, report))
        return emitError(loc) << "expected to write the report, got "
                              << llvm::toString(std::move(error));
    writePlans(groups, *choices, *options, result);
    return success();
  }

  ChooseFormatsPassOptions spellOptions() {
    ChooseFormatsPassOptions spelled;
    spelled.objective = objective;
    spelled.bits = bits;
    spelled.error = error;
    spelled.activations = activations;
    spelled.formats.assign(formats.begin(), formats.end());
    spelled.rotation = rotation;
    spelled.method = method;
    spelled.calibration = calibration;
    spelled.samples = samples;
    spelled.report = report;
    return spelled;
  }

  /// Measures what is left to choose, one tensor after another.
  LogicalResult measureAll(std::vector<ChoiceGroup> &groups,
                           const ChoiceOptions &options) {
    std::optional<CalibrationFile> file;
    if (!calibration.empty()) {
      llvm::Expected<CalibrationFile> opened =
          CalibrationFile::open(calibration);
      if (!opened)
        return emitError(getOperation().getLoc())
               << llvm::toString(opened.takeError());
      file = std::move(*opened);
    }
    auto target = getOperation()->getAttrOfType<TargetAttr>("mx.target");
    SiteErrors errors(options, file ? &*file : nullptr,
                      getParallelFor(&getContext()));
    for (ChoiceGroup &group : groups) {
      keepIllegal(group, target);
      if (failed(errors.measure(group)))
        return failure();
    }
    return success();
  }

  void writePlans(ArrayRef<ChoiceGroup> groups, ArrayRef<GroupChoice> choices,
                  const ChoiceOptions &options, const FormatReport &result) {
    const SiteRow *row = result.sites.data();
    for (auto [group, choice] : llvm::zip_equal(groups, choices))
      for (const Site &site : group.sites) {
        PlanAttr plan = group.getPlan(site, choice, options.method);
        site.op->setAttr(kPlanAttr, plan);
        remarkSite(group, site, plan, *row++);
      }
  }
};

} // namespace

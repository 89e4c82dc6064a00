//===- Instrument.cpp - record the activations of sites -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Finds, for each product by a constant, the value that the constant meets, and
// records it once for all the products in the block that share it: projections
// of one activation have one Hessian.
//===----------------------------------------------------------------------===//

#include "Weights/WeightData.h"
#include "mlir/IR/Remarks.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::mx {
#define GEN_PASS_DEF_INSTRUMENTPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

namespace {

/// What is recorded: a value, where the block multiplies by constants.
using Recorded = std::pair<Value, Block *>;

/// The sites of each value, in the order of the program.
using SitesOfValues = llvm::MapVector<Recorded, SmallVector<Operation *>>;

} // namespace

static void reportMissed(Operation *site, StringAttr name, StringRef reason) {
  remark::missed(site->getLoc(),
                 remark::RemarkOpts::name("record").category("mx-instrument"))
      << ("site '" + name.getValue() + "' is not recorded: " + reason).str();
}

/// Returns the side of a site that is not constant, or null, having said why.
static Value findActivation(Operation *site, StringAttr name) {
  Value lhs = site->getOperand(0), rhs = site->getOperand(1);
  bool isLhsConstant = isWeight(lhs);
  if (isLhsConstant != isWeight(rhs))
    return isLhsConstant ? rhs : lhs;
  reportMissed(site, name,
               isLhsConstant ? "both sides are constant"
                             : "neither side is constant");
  return Value();
}

/// Checks what the pass requires of a site.
static LogicalResult verifySite(Operation *site) {
  if (!site->getAttrOfType<StringAttr>(kSiteAttr))
    return site->emitOpError("expected a site with a name ('")
           << kSiteAttr << "', from mx-raise-matmuls), got none";
  if (Attribute rotation = site->getAttr(kRotatedAttr))
    return site->emitOpError("expected a site that is not rotated yet, got ")
           << rotation;
  return success();
}

namespace {

struct InstrumentPass : public mx::impl::InstrumentPassBase<InstrumentPass> {
  using Base::Base;

  void runOnOperation() override {
    std::optional<Collect> what = symbolizeCollect(collect);
    if (!what) {
      getOperation().emitError("expected 'collect' to be hessian or rows, got ")
          << "'" << collect << "'";
      return signalPassFailure();
    }
    if (maxRows < 1) {
      getOperation().emitError("expected 'max-rows' to be at least 1, got ")
          << maxRows.getValue();
      return signalPassFailure();
    }
    SitesOfValues sites;
    if (failed(collectSites(sites)))
      return signalPassFailure();
    for (auto &[recorded, users] : sites)
      record(recorded.first, users, *what);
  }

  LogicalResult collectSites(SitesOfValues &sites) {
    DenseSet<Attribute> known;
    getOperation().walk([&](RecordOp op) {
      known.insert(op.getSites().begin(), op.getSites().end());
    });
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (!isSite(op))
        return WalkResult::advance();
      if (failed(verifySite(op)))
        return WalkResult::interrupt();
      auto name = op->getAttrOfType<StringAttr>(kSiteAttr);
      if (known.contains(name))
        return WalkResult::advance();
      if (Value value = findActivation(op, name))
        sites[{value, op->getBlock()}].push_back(op);
      return WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }

  /// Adds a record before the first of `users`.
  void record(Value value, ArrayRef<Operation *> users, Collect what) {
    llvm::SetVector<Attribute> names;
    for (Operation *site : users)
      names.insert(site->getAttr(kSiteAttr));
    OpBuilder builder(users.front());
    RecordOp::create(builder, users.front()->getLoc(), value,
                     builder.getArrayAttr(names.getArrayRef()), what, maxRows);
  }
};

} // namespace

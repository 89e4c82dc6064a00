//===- WeightRequests.h - which constants sites need ------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The products that mx-quantize rewrites, and the constants that their plans
// ask for. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_WEIGHTREQUESTS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_WEIGHTREQUESTS_H

#include "Quantize/QuantizeWeights.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::mx {

/// A side of a product.
enum ProductSide : unsigned { Lhs = 0, Rhs = 1 };

/// A product that multiplies two plain operands, or that has a plan or a mark.
struct PlannedSite {
  Operation *op;
  /// Null if it has none.
  PlanAttr plan;
  /// The rotation that its operands hold, or null.
  HadamardAttr rotation;

  Value getSide(ProductSide side) const { return op->getOperand(side); }
  Value getOther(ProductSide side) const {
    return getSide(side == Lhs ? Rhs : Lhs);
  }
  /// How a side is to be encoded; null if it stays.
  EncodingAttr getEncoding(ProductSide side) const {
    if (!plan || isa<BlockTensorType>(getSide(side).getType()))
      return {};
    return side == Lhs ? plan.getLhs() : plan.getRhs();
  }
  /// Whether both sides are plain and stay so.
  bool isKept() const {
    auto stays = [&](ProductSide side) {
      return !isa<BlockTensorType>(getSide(side).getType()) &&
             !getEncoding(side);
    };
    return stays(Lhs) && stays(Rhs);
  }
};

/// All of them, in their order.
SmallVector<PlannedSite> collectPlannedSites(ModuleOp module);

/// The constants of a module, each of which is made once.
class WeightRequests {
public:
  explicit WeightRequests(ArrayRef<PlannedSite> sites);

  /// Gives the constants that meet the same activation one tensor scale, that
  /// of the largest.
  LogicalResult shareTensorScales(const mxquant::ParallelFor &parallel);
  LogicalResult createConstants(const GptqSettings &settings,
                                const mxquant::ParallelFor &parallel);
  /// The constant that a side of a site becomes; null if it is none.
  Value lookup(const PlannedSite &site, ProductSide side) const;

private:
  using Key = std::tuple<Value, Attribute, Attribute, unsigned>;
  static Key getKey(const PlannedSite &site, ProductSide side) {
    return {site.getSide(side), site.getEncoding(side), site.rotation,
            static_cast<unsigned>(site.plan.getMethod())};
  }
  LogicalResult shareTensorScale(ArrayRef<unsigned> members,
                                 const mxquant::ParallelFor &parallel);

  ArrayRef<PlannedSite> sites;
  llvm::MapVector<Key, WeightRequest> requests;
  DenseMap<Key, Value> constants;
};

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_WEIGHTREQUESTS_H

//===- ActivationScales.h - scales before the program runs ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The tensor scale of an activation comes from its largest number, which takes
// a pass over it at run time. A calibration file knows what it was in the runs
// that were recorded. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_ACTIVATIONSCALES_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_ACTIVATIONSCALES_H

#include "Quantize/WeightRequests.h"

namespace mlir::mx {

class ActivationScales {
public:
  /// Finds the scale of each activation whose encoding has one, that of the
  /// largest number that any of its sites has seen. Activations whose other
  /// side is no weight have no statistics and are left out, with a remark.
  /// `calibration` may be null. Fails, having said why, if statistics are
  /// missing or do not fit.
  LogicalResult read(ArrayRef<PlannedSite> sites,
                     const CalibrationFile *calibration);

  /// The tensor scale of a side of a site; nothing if it is computed at run
  /// time.
  std::optional<float> lookup(const PlannedSite &site, ProductSide side) const;

private:
  /// The value, its encoding and its rotation.
  using Key = std::tuple<Value, Attribute, Attribute>;
  struct Entry {
    EncodingAttr encoding;
    float largest = 0.0f;
    SmallVector<Operation *> sites;

    float getTensorScale() const;
  };

  static Key getKey(const PlannedSite &site, ProductSide side) {
    return {site.getSide(side), site.getEncoding(side), site.rotation};
  }
  LogicalResult addSide(const PlannedSite &site, ProductSide side,
                        const CalibrationFile *calibration);
  void remarkScales() const;

  llvm::MapVector<Key, Entry> entries;
};

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_ACTIVATIONSCALES_H

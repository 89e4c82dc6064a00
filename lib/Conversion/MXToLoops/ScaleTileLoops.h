//===- ScaleTileLoops.h - tiles of scales as loops --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTOLOOPS_SCALETILELOOPS_H
#define MX_LIB_CONVERSION_MXTOLOOPS_SCALETILELOOPS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::mx {

/// `mx.packed.tile_scales` and `mx.packed.untile_scales`.
void populateScaleTileLoopsPatterns(RewritePatternSet &patterns);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTOLOOPS_SCALETILELOOPS_H

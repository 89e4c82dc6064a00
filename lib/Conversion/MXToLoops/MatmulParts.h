//===- MatmulParts.h - what the lowerings of a product share ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTOLOOPS_MATMULPARTS_H
#define MX_LIB_CONVERSION_MXTOLOOPS_MATMULPARTS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mx {

/// The tensor scale among the operands of one side as f64, or null.
Value loadTensorScale(ImplicitLocOpBuilder &b, ValueRange parts);

/// init + t_A · t_B · sum, rounded to the type of `init`; scalars or vectors.
Value finishProduct(ImplicitLocOpBuilder &b, Value sum, Value init,
                    ArrayRef<Value> tensorScales);

/// N7.4: the end of the rows of `expert`, clamped to [previous end, rows].
Value loadGroupEnd(ImplicitLocOpBuilder &b, Value ends, Value expert,
                   Value previous, Value rows);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTOLOOPS_MATMULPARTS_H

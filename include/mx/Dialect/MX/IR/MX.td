//===- MX.td - everything in the mx dialect ---------------*- tablegen -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_IR_MX_TD
#define MX_DIALECT_MX_IR_MX_TD

include "mx/Dialect/MX/IR/MXAttrs.td"
include "mx/Dialect/MX/IR/MXDialect.td"
include "mx/Dialect/MX/IR/MXLayoutOps.td"
include "mx/Dialect/MX/IR/MXOps.td"
include "mx/Dialect/MX/IR/MXPackedOps.td"
include "mx/Dialect/MX/IR/MXTypes.td"

#endif // MX_DIALECT_MX_IR_MX_TD

//===- DeviceMemory.h - pointers, loads and stores --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What kernels say about memory, in the LLVM dialect: global memory is address
// space 1, shared memory is 3, and offsets are in bytes.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_DEVICEMEMORY_H
#define MX_LIB_CONVERSION_MXTONVVM_DEVICEMEMORY_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mx {

inline constexpr unsigned kGlobalSpace = 1;
inline constexpr unsigned kSharedSpace = 3;

/// `pointer` plus `bytes`, an i32 or i64 that is taken as signed.
inline Value offsetPointer(ImplicitLocOpBuilder &b, Value pointer,
                           Value bytes) {
  return LLVM::GEPOp::create(b, pointer.getType(), b.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{bytes});
}
inline Value offsetPointer(ImplicitLocOpBuilder &b, Value pointer,
                           int32_t bytes) {
  if (bytes == 0)
    return pointer;
  return LLVM::GEPOp::create(b, pointer.getType(), b.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{bytes});
}

/// Loads and stores at an address that is a multiple of `alignment` bytes.
inline Value loadFrom(ImplicitLocOpBuilder &b, Type type, Value pointer,
                      unsigned alignment) {
  return LLVM::LoadOp::create(b, type, pointer, alignment);
}
inline void storeTo(ImplicitLocOpBuilder &b, Value value, Value pointer,
                    unsigned alignment) {
  LLVM::StoreOp::create(b, value, pointer, alignment);
}

/// The pointer in global memory that a generic one stands for.
inline Value castToGlobal(ImplicitLocOpBuilder &b, Value pointer) {
  auto type = LLVM::LLVMPointerType::get(b.getContext(), kGlobalSpace);
  return LLVM::AddrSpaceCastOp::create(b, type, pointer);
}

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_DEVICEMEMORY_H

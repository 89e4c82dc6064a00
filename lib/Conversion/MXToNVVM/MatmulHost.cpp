//===- MatmulHost.cpp - the host code of matmuls --------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulHost.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mx;

unsigned mx::getEndBits(PackedMatmulOp op) {
  Value ends = op.getGroupEnds();
  if (!ends)
    return 0;
  Type type = cast<MemRefType>(ends.getType()).getElementType();
  return type.isIndex() ? IndexType::kInternalStorageBitWidth
                        : type.getIntOrFloatBitWidth();
}

std::optional<bool> mx::hasMoreRows(PackedMatmulOp op, int64_t least) {
  auto type = cast<MemRefType>(op.getInits().getType());
  int64_t rows = type.getDimSize(type.getRank() - 2), groups = 1;
  if (Value ends = op.getGroupEnds())
    groups = cast<MemRefType>(ends.getType()).getDimSize(0);
  if (ShapedType::isDynamic(rows) || ShapedType::isDynamic(groups))
    return std::nullopt;
  return rows > groups * least;
}

MatmulHost::MatmulHost(PackedMatmulOp op)
    : op(op), b(op.getLoc(), op), depth(op.getK()) {
  Value init = op.getInits();
  int64_t rank = cast<MemRefType>(init.getType()).getRank();
  auto getSize = [&](int64_t dim) {
    return b.createOrFold<memref::DimOp>(init, dim);
  };
  rows = getSize(rank - 2);
  columns = getSize(rank - 1);
  matrices = index(1);
  for (int64_t dim = 0; dim < rank - 2; ++dim)
    matrices = make<arith::MulIOp>(matrices, getSize(dim));
  if (Value ends = op.getGroupEnds())
    groups = b.createOrFold<memref::DimOp>(ends, 0);
}

Value MatmulHost::isMultiple(Value bits, int64_t unit) {
  Value rest = make<arith::AndIOp>(bits, index(unit - 1));
  return compare(arith::CmpIPredicate::eq, rest, index(0));
}

Value MatmulHost::hasMoreRows(int64_t least) {
  Value bound = index(least);
  if (groups)
    bound = make<arith::MulIOp>(groups, bound);
  return compare(arith::CmpIPredicate::ugt, rows, bound);
}

Value MatmulHost::countTiles(int64_t tileRows, int64_t tileColumns) {
  Value rowTiles =
      !groups ? divideUp(rows, tileRows)
              : make<arith::AddIOp>(make<arith::DivUIOp>(rows, index(tileRows)),
                                    make<arith::MinUIOp>(groups, rows));
  Value columnTiles = divideUp(columns, tileColumns);
  return make<arith::MulIOp>(make<arith::MulIOp>(rowTiles, columnTiles),
                             matrices);
}

Value MatmulHost::addPointer(Value buffer) {
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, buffer);
  Value number = arith::IndexCastOp::create(b, b.getI64Type(), address);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  operands.push_back(LLVM::IntToPtrOp::create(b, pointer, number));
  return address;
}

void MatmulHost::addSize(Value size) {
  operands.push_back(b.createOrFold<arith::IndexCastOp>(b.getI32Type(), size));
}

void MatmulHost::addRest(const MatmulEpilogue &epilogue) {
  if (groups)
    addPointer(op.getGroupEnds());
  if (epilogue.row)
    addPointer(epilogue.row);
  if (PackedQuantizeOp quantizer = epilogue.quantizer) {
    for (Value part : quantizer.getInits())
      addPointer(part);
    if (Value tensorScale = quantizer.getTensorScale())
      addPointer(tensorScale);
  } else {
    addPointer(op.getInits());
  }
  for (auto [row, argument] : epilogue.tail.rows)
    addPointer(row);
  llvm::append_range(operands, epilogue.tail.numbers);
  for (Value size : {rows, columns, depth})
    addSize(size);
  if (groups)
    addSize(groups);
}

void MatmulHost::enterIfAny() {
  Value results = make<arith::MulIOp>(make<arith::MulIOp>(rows, columns),
                                      groups ? groups : matrices);
  auto ifOp = scf::IfOp::create(
      b, compare(arith::CmpIPredicate::ne, results, index(0)));
  b.setInsertionPointToStart(ifOp.thenBlock());
}

void MatmulHost::launch(gpu::GPUFuncOp kernel, Value blocks, int threads,
                        int sharedBytes, ValueRange all) {
  Value one = index(1);
  Value shared = arith::ConstantIntOp::create(b, b.getI32Type(), sharedBytes);
  gpu::LaunchFuncOp::create(b, kernel, gpu::KernelDim3{blocks, one, one},
                            gpu::KernelDim3{index(threads), one, one}, shared,
                            all);
}

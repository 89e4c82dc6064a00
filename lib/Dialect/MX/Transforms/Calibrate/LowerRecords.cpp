//===- LowerRecords.cpp - records become calls ----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass `mx-lower-records`. All that the runtime must know stands in one
// constant text (RecordInterface.h), so that compiled code needs no table
// beside it.
//===----------------------------------------------------------------------===//

#include "Lower/RuntimeCalls.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "mx/Dialect/MX/Transforms/RecordInterface.h"

namespace mlir::mx {
#define GEN_PASS_DEF_LOWERRECORDSPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

/// The text of RecordInterface.h.
static std::string makeRequest(RecordOp op) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (op.getCollect() == Collect::Rows)
    os << "rows=" << op.getMaxRows() << '\0';
  else
    os << "hessian" << '\0';
  for (auto site : op.getSites().getAsRange<StringAttr>())
    os << site.getValue() << '\0';
  return text;
}

/// Adds a constant of bytes; its name is made unique.
static memref::GlobalOp createRequest(RuntimeCalls &calls, RecordOp op) {
  std::string text = makeRequest(op);
  Builder builder(op.getContext());
  int64_t size = static_cast<int64_t>(text.size());
  auto bytes = RankedTensorType::get(size, builder.getI8Type());
  OpBuilder top = OpBuilder::atBlockBegin(calls.getModule().getBody());
  auto global = memref::GlobalOp::create(
      top, op.getLoc(), "__mx_record", builder.getStringAttr("private"),
      MemRefType::get(size, builder.getI8Type()),
      DenseElementsAttr::getFromRawBuffer(bytes, {text.data(), text.size()}),
      /*constant=*/true, /*alignment=*/IntegerAttr());
  calls.getSymbols().insert(global);
  return global;
}

/// mx.record  ⇒  a call with the buffer, whose rank is dropped, and a request.
static void lowerRecord(RuntimeCalls &calls, RecordOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  memref::GlobalOp global = createRequest(calls, op);
  Value request = memref::GetGlobalOp::create(builder, loc, global.getType(),
                                              global.getSymName());
  auto anySize = MemRefType::get(ShapedType::kDynamic, builder.getI8Type());
  request = memref::CastOp::create(builder, loc, anySize, request);
  calls.call(builder, loc, kRecordPrefix + getElementSuffix(op.getSource()),
             {dropRank(builder, loc, op.getSource()), request});
  op.erase();
}

/// Checks what the pass requires of a record.
static LogicalResult verifyRecord(RecordOp op) {
  auto type = dyn_cast<MemRefType>(op.getSource().getType());
  if (!type)
    return op.emitOpError("expected a buffer (run bufferisation first), got ")
           << op.getSource().getType();
  if (type.getMemorySpace())
    return op.emitOpError("expected a buffer in the default memory space, got ")
           << type;
  return success();
}

namespace {

struct LowerRecordsPass
    : public mx::impl::LowerRecordsPassBase<LowerRecordsPass> {
  void runOnOperation() override {
    SmallVector<RecordOp> records;
    getOperation().walk([&](RecordOp op) { records.push_back(op); });
    for (RecordOp op : records)
      if (failed(verifyRecord(op)))
        return signalPassFailure();
    RuntimeCalls calls(getOperation());
    for (RecordOp op : records)
      lowerRecord(calls, op);
  }
};

} // namespace

//===- BufferizableOpInterfaceImpl.cpp - packed operations on buffers -----===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Packed operations are destination-style, so one model serves them all: the
// same operation with memrefs for tensors and no results. A record only reads.
//===----------------------------------------------------------------------===//

#include "mx/Dialect/MX/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/IR/DialectRegistry.h"
#include "mx/Dialect/MX/IR/MXLayoutOps.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace mlir::mx;

namespace {

template <typename OpTy>
struct PackedOpInterface
    : public DstBufferizableOpInterfaceExternalModel<PackedOpInterface<OpTy>,
                                                     OpTy> {
  /// Only products read what their destination held before (N7.1).
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    auto packed = cast<DestinationStyleOpInterface>(op);
    return !packed.isDpsInit(&operand) || isa<PackedMatmulOp>(op);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto packed = cast<DestinationStyleOpInterface>(op);
    if (packed.hasPureBufferSemantics())
      return success();
    SmallVector<Value> operands;
    SmallVector<Value> results;
    for (OpOperand &operand : op->getOpOperands()) {
      Value value = operand.get();
      if (isa<TensorType>(value.getType())) {
        FailureOr<Value> buffer = getBuffer(rewriter, value, options, state);
        if (failed(buffer))
          return failure();
        value = *buffer;
      }
      operands.push_back(value);
      if (packed.isDpsInit(&operand))
        results.push_back(value);
    }
    OperationState opState(op->getLoc(), op->getName(), operands, TypeRange{},
                           op->getDiscardableAttrDictionary().getValue());
    opState.propertiesAttr = op->getPropertiesAsAttribute();
    rewriter.setInsertionPoint(op);
    rewriter.create(opState);
    replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }
};

struct RecordOpInterface
    : public BufferizableOpInterface::ExternalModel<RecordOpInterface,
                                                    RecordOp> {
  bool bufferizesToMemoryRead(Operation *, OpOperand &,
                              const AnalysisState &) const {
    return true;
  }

  bool bufferizesToMemoryWrite(Operation *, OpOperand &,
                               const AnalysisState &) const {
    return false;
  }

  AliasingValueList getAliasingValues(Operation *, OpOperand &,
                                      const AnalysisState &) const {
    return {};
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto record = cast<RecordOp>(op);
    if (isa<MemRefType>(record.getSource().getType()))
      return success();
    FailureOr<Value> buffer =
        getBuffer(rewriter, record.getSource(), options, state);
    if (failed(buffer))
      return failure();
    rewriter.modifyOpInPlace(
        record, [&] { record.getSourceMutable().assign(*buffer); });
    return success();
  }
};

} // namespace

void mlir::mx::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, MXDialect *) {
    PackedTensorScaleOp::attachInterface<
        PackedOpInterface<PackedTensorScaleOp>>(*context);
    PackedQuantizeOp::attachInterface<PackedOpInterface<PackedQuantizeOp>>(
        *context);
    PackedDequantizeOp::attachInterface<PackedOpInterface<PackedDequantizeOp>>(
        *context);
    PackedRotateOp::attachInterface<PackedOpInterface<PackedRotateOp>>(
        *context);
    PackedMatmulOp::attachInterface<PackedOpInterface<PackedMatmulOp>>(
        *context);
    PackedUnpackOp::attachInterface<PackedOpInterface<PackedUnpackOp>>(
        *context);
    PackedPackOp::attachInterface<PackedOpInterface<PackedPackOp>>(*context);
    PackedInterleaveOp::attachInterface<PackedOpInterface<PackedInterleaveOp>>(
        *context);
    PackedTileScalesOp::attachInterface<PackedOpInterface<PackedTileScalesOp>>(
        *context);
    PackedUntileScalesOp::attachInterface<
        PackedOpInterface<PackedUntileScalesOp>>(*context);
    RecordOp::attachInterface<RecordOpInterface>(*context);
  });
}

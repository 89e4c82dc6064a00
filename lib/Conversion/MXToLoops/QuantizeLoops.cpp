//===- QuantizeLoops.cpp - quantisation as loops --------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Loops over rows and blocks around BlockQuantizer.h. Chunks are read and
// written by vectors; only the chunk in which a row ends (N1.6) is gathered and
// stored element by element, so that nothing outside the buffers is touched.
//===----------------------------------------------------------------------===//

#include "MXToLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Conversion/BlockQuantizer.h"
#include "mx/Conversion/HardwareKernel.h"
#include "mx/Conversion/PackedCodes.h"
#include "mx/Conversion/SmallFloatArith.h"
#include "mx/Dialect/MX/IR/MXOps.h"

using namespace mlir;
using namespace mlir::mx;

/// Lanes of a chunk, at most: half a cache line of f32 on common machines.
static constexpr int64_t kMaxLanes = 32;
static constexpr unsigned kByteBits = 8;

/// Returns the largest power of two that divides `block`, at most kMaxLanes.
/// A block fills whole bytes (N1.5), hence so does such a chunk.
static int64_t getChunkLanes(int64_t block) {
  return std::min(block & -block, kMaxLanes);
}

static Value add(OpBuilder &builder, Location loc, Value a, Value b) {
  return arith::AddIOp::create(builder, loc, a, b);
}
static Value multiply(OpBuilder &builder, Location loc, Value a, Value b) {
  return arith::MulIOp::create(builder, loc, a, b);
}

//===----------------------------------------------------------------------===//
// Chunks in memory
//===----------------------------------------------------------------------===//

/// Loads a chunk that lies in the buffer, as a vector even of one lane.
static Value loadWhole(OpBuilder &builder, Location loc, Value buffer,
                       ValueRange row, Value column, int64_t lanes) {
  Value loaded = loadLanes(builder, loc, buffer, row, column, lanes);
  if (isa<VectorType>(loaded.getType()))
    return loaded;
  auto type = VectorType::get({lanes}, loaded.getType());
  return vector::BroadcastOp::create(builder, loc, type, loaded);
}

/// Returns how many of the lanes from `column` on lie before `end`.
static Value countLanes(OpBuilder &builder, Location loc, Value column,
                        Value end, int64_t lanes) {
  Value rest = arith::SubIOp::create(builder, loc, end, column);
  return arith::MinSIOp::create(builder, loc, rest,
                                createIndex(builder, loc, lanes));
}

static SmallVector<Value> appendColumn(OpBuilder &builder, Location loc,
                                       ValueRange row, Value column,
                                       Value lane) {
  SmallVector<Value> indices(row);
  indices.push_back(add(builder, loc, column, lane));
  return indices;
}

/// Loads the lanes of a chunk that lie before `end` as f32, and +0 for the
/// rest. Numbers are widened one by one: an insertion into a vector of bf16
/// would need a library call on machines without bf16.
static Value loadTail(OpBuilder &builder, Location loc, Value buffer,
                      ValueRange row, Value column, Value end, int64_t lanes) {
  auto type = VectorType::get({lanes}, builder.getF32Type());
  Value zeros = arith::ConstantOp::create(
      builder, loc, cast<TypedAttr>(builder.getZeroAttr(type)));
  auto loop = scf::ForOp::create(
      builder, loc, createIndex(builder, loc, 0),
      countLanes(builder, loc, column, end, lanes),
      createIndex(builder, loc, 1), zeros,
      [&](OpBuilder &inner, Location, Value lane, ValueRange chunk) {
        Value number = memref::LoadOp::create(
            inner, loc, buffer, appendColumn(inner, loc, row, column, lane));
        Value filled = vector::InsertOp::create(
            inner, loc, widenToF32(inner, loc, number), chunk.front(), lane);
        scf::YieldOp::create(inner, loc, filled);
      });
  return loop.getResult(0);
}

/// Stores the lanes of a chunk that lie before `end`.
static void storeTail(OpBuilder &builder, Location loc, Value values,
                      Value buffer, ValueRange row, Value column, Value end) {
  int64_t lanes = cast<VectorType>(values.getType()).getNumElements();
  buildLoop(builder, loc, createIndex(builder, loc, 0),
            countLanes(builder, loc, column, end, lanes), 1,
            [&](OpBuilder &inner, Value lane) {
              Value byte = vector::ExtractOp::create(inner, loc, values, lane);
              memref::StoreOp::create(
                  inner, loc, byte, buffer,
                  appendColumn(inner, loc, row, column, lane));
            });
}

//===----------------------------------------------------------------------===//
// Quantise
//===----------------------------------------------------------------------===//

namespace {

/// The loops over one operation.
class QuantizeLowering {
public:
  QuantizeLowering(OpBuilder &builder, PackedQuantizeOp op);

  /// Emits the loops.
  void lower(OpBuilder &builder) const;

private:
  void lowerBlock(OpBuilder &builder, ValueRange row, Value index) const;
  Value isInside(OpBuilder &builder, Value column, int64_t count,
                 Value end) const;
  Value loadChunk(OpBuilder &builder, ValueRange row, Value column) const;
  Value readChunk(OpBuilder &builder, ValueRange row, Value column) const;
  void writeBytes(OpBuilder &builder, ValueRange row, Value column,
                  Value bytes) const;
  Value getIndices(OpBuilder &builder, ValueRange row, Value column) const;

  PackedQuantizeOp op;
  Location loc;
  int64_t rank;
  /// Where the blocked axis stands in the logical tensor (N5.1).
  int64_t indexAxis;
  int64_t block;
  int64_t lanes;
  unsigned bits;
  /// Whether the last chunk of a row may have lanes past its end.
  bool hasTail;
  /// But for the tensor scale.
  BlockEncoding encoding;
  InvariantScalar tensorScale;
  /// Null for none.
  HadamardAttr rotation;
  Value source;
  Value payload;
  Value scales;
  /// Elements and bytes of a row.
  Value length;
  Value rowBytes;
};

} // namespace

QuantizeLowering::QuantizeLowering(OpBuilder &builder, PackedQuantizeOp op)
    : op(op), loc(op.getLoc()), indexAxis(op.getIndexAxis()),
      tensorScale(builder, op, op.getTensorScale()), source(op.getSource()),
      payload(op.getInits()[0]), scales(op.getInits()[1]) {
  rank = cast<MemRefType>(source.getType()).getRank();
  encoding = {op.getFormat().getBlockFormat(),
              toNumerics(op.getScaleRule()),
              toNumerics(op.getRounding()),
              static_cast<unsigned>(op.getRandomBits()),
              op.getSatfinite(),
              op.getSeed(),
              Value()};
  encoding.byHardware = isByHardware(op);
  block = encoding.format.block;
  rotation = op.getRotation().value_or(HadamardAttr());
  lanes = getChunkLanes(block);
  if (rotation)
    lanes = std::max(lanes, rotation.getSize());
  bits = mxnum::getElementInfo(encoding.format.element).bits;
  int64_t size = cast<MemRefType>(source.getType()).getShape().back();
  hasTail = ShapedType::isDynamic(size) || size % lanes != 0;
  length = createDim(builder, loc, source, rank - 1);
  rowBytes = createDim(builder, loc, payload, rank - 1);
}

/// Whether `count` lanes from `column` on lie before `end`.
Value QuantizeLowering::isInside(OpBuilder &builder, Value column,
                                 int64_t count, Value end) const {
  Value last = add(builder, loc, column, createIndex(builder, loc, count));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle, last,
                               end);
}

Value QuantizeLowering::loadChunk(OpBuilder &builder, ValueRange row,
                                  Value column) const {
  auto readWhole = [&](OpBuilder &inner) {
    return widenToF32(inner, loc,
                      loadWhole(inner, loc, source, row, column, lanes));
  };
  if (!hasTail)
    return readWhole(builder);
  auto choice = scf::IfOp::create(
      builder, loc, isInside(builder, column, lanes, length),
      [&](OpBuilder &inner, Location) {
        scf::YieldOp::create(inner, loc, readWhole(inner));
      },
      [&](OpBuilder &inner, Location) {
        Value tail = loadTail(inner, loc, source, row, column, length, lanes);
        scf::YieldOp::create(inner, loc, tail);
      });
  return choice.getResult(0);
}

/// A chunk that ends with the row ends with a group, so its lanes past the end
/// do not mix with others.
Value QuantizeLowering::readChunk(OpBuilder &builder, ValueRange row,
                                  Value column) const {
  Value values = loadChunk(builder, row, column);
  if (!rotation)
    return values;
  return rotateGroups(builder, loc, values, rotation, /*inverse=*/false);
}

/// Stores a chunk, which starts at a whole byte and fills whole bytes (N8.1).
void QuantizeLowering::writeBytes(OpBuilder &builder, ValueRange row,
                                  Value column, Value bytes) const {
  Value firstBit =
      multiply(builder, loc, column, createIndex(builder, loc, bits));
  Value first = arith::DivUIOp::create(builder, loc, firstBit,
                                       createIndex(builder, loc, kByteBits));
  if (!hasTail)
    return storeLanes(builder, loc, bytes, payload, row, first);
  int64_t count = cast<VectorType>(bytes.getType()).getNumElements();
  scf::IfOp::create(
      builder, loc, isInside(builder, first, count, rowBytes),
      [&](OpBuilder &inner, Location) {
        storeLanes(inner, loc, bytes, payload, row, first);
        scf::YieldOp::create(inner, loc);
      },
      [&](OpBuilder &inner, Location) {
        storeTail(inner, loc, bytes, payload, row, first, rowBytes);
        scf::YieldOp::create(inner, loc);
      });
}

/// N5.1: row-major indices in the logical tensor, in which the blocked axis,
/// here the last, stands at `index_axis`.
Value QuantizeLowering::getIndices(OpBuilder &builder, ValueRange row,
                                   Value column) const {
  Value index = createIndex(builder, loc, 0);
  Value stride = createIndex(builder, loc, 1);
  for (int64_t logical = 0; logical < rank; ++logical) {
    int64_t dim = logical < indexAxis    ? logical
                  : logical == indexAxis ? rank - 1
                                         : logical - 1;
    Value size = createDim(builder, loc, source, dim);
    Value position = logical == indexAxis ? column : row[dim];
    index = add(builder, loc, multiply(builder, loc, index, size), position);
    if (logical > indexAxis)
      stride = multiply(builder, loc, stride, size);
  }
  Type i64 = builder.getI64Type();
  auto type = VectorType::get({lanes}, i64);
  auto spread = [&](Value value) -> Value {
    Value wide = arith::IndexCastOp::create(builder, loc, i64, value);
    return vector::BroadcastOp::create(builder, loc, type, wide);
  };
  SmallVector<int64_t> steps = llvm::to_vector(llvm::seq<int64_t>(0, lanes));
  Value lane = arith::ConstantOp::create(
      builder, loc, DenseIntElementsAttr::get(type, ArrayRef<int64_t>(steps)));
  return add(builder, loc, spread(index),
             multiply(builder, loc, lane, spread(stride)));
}

void QuantizeLowering::lowerBlock(OpBuilder &builder, ValueRange row,
                                  Value index) const {
  Value start = multiply(builder, loc, index, createIndex(builder, loc, block));
  auto place = [&](OpBuilder &inner, Value first) {
    return add(inner, loc, start, first);
  };
  BlockChunks chunks;
  chunks.lanes = lanes;
  if (lanes != block)
    chunks.end = countLanes(builder, loc, start, length, block);
  chunks.read = [&](OpBuilder &inner, Value first) {
    return readChunk(inner, row, place(inner, first));
  };
  chunks.getIndices = [&](OpBuilder &inner, Value first) {
    return getIndices(inner, row, place(inner, first));
  };
  chunks.write = [&](OpBuilder &inner, Value first, Value codes) {
    writeBytes(inner, row, place(inner, first),
               packLanes(inner, loc, codes, bits));
  };
  chunks.writeBytes = [&](OpBuilder &inner, Value first, Value bytes) {
    writeBytes(inner, row, place(inner, first), bytes);
  };
  BlockEncoding complete = encoding;
  complete.tensorScale = tensorScale.get(builder);
  Value byte = quantizeBlock(builder, loc, complete, chunks);
  SmallVector<Value> indices(row);
  indices.push_back(index);
  memref::StoreOp::create(builder, loc, byte, scales, indices);
}

void QuantizeLowering::lower(OpBuilder &builder) const {
  Value blocks = arith::CeilDivUIOp::create(builder, loc, length,
                                            createIndex(builder, loc, block));
  RowLoops(op, source)
      .build(builder, createIndex(builder, loc, 0), blocks, 1,
             [&](OpBuilder &inner, ValueRange row, Value index) {
               lowerBlock(inner, row, index);
             });
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

namespace {

/// mx.packed.quantize ⇒ loops over rows, blocks and, where a block is longer
/// than a vector, chunks.
struct LowerQuantizeToLoops : public OpRewritePattern<PackedQuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedQuantizeOp op,
                                PatternRewriter &rewriter) const override {
    if (failed(matchEmulated(op, rewriter)))
      return failure();
    QuantizeLowering(rewriter, op).lower(rewriter);
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mlir::mx::populateQuantizeLoopsPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerQuantizeToLoops>(patterns.getContext());
  populateTensorScaleLoopsPatterns(patterns);
}

//===- InterleaveWeights.cpp - weights as a kernel wants them -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Some kernels read 16 rows of weights at once (N8.7). The operation that
// brings them there stands in the IR; where weights are constants it is carried
// out by the compiler, else its cost is a remark.
//===----------------------------------------------------------------------===//

#include "Pack/InterleaveWeights.h"
#include "Pack/PackedParts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/Threading.h"
#include "mx/Dialect/MX/IR/ConstantData.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Numerics/PackedLayout.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

int8_t mlir::mx::getScaleOfOne(mxnum::ScaleType type) {
  constexpr uint8_t e8m0 = 127;
  return static_cast<int8_t>(
      type == mxnum::ScaleType::E8M0 ? e8m0 : mxnum::encodeUE4M3(1.0f));
}

/// Interleaves rows of bytes. A row of the result has `unit` times `units`
/// bytes; `rows` are its sizes but the last.
static Value createInterleave(OpBuilder &builder, Location loc, Value bytes,
                              ArrayRef<OpFoldResult> rows, OpFoldResult units,
                              int64_t unit, int8_t padding) {
  SmallVector<OpFoldResult> sizes(rows);
  sizes.back() =
      createScaledSize(builder, loc, sizes.back(), 1, mxnum::kInterleavedRows);
  sizes.push_back(
      createScaledSize(builder, loc, units, unit * mxnum::kInterleavedRows, 1));
  Value init =
      tensor::EmptyOp::create(builder, loc, sizes, builder.getI8Type());
  return PackedInterleaveOp::create(
             builder, loc, TypeRange{init.getType()}, bytes, init,
             builder.getI64IntegerAttr(unit), builder.getI8IntegerAttr(padding),
             StringAttr())
      ->getResult(0);
}

static int64_t getBlockBytes(FormatAttr format) {
  return mxnum::getPackedBytes(format.getBlock(), format.getElementBits());
}

bool mlir::mx::canInterleave(FormatAttr format) {
  return format && getBlockBytes(format) % mxnum::kInterleavedUnit == 0;
}

void mlir::mx::interleaveWeights(OpBuilder &builder, Location loc,
                                 SmallVectorImpl<Value> &parts,
                                 FormatAttr format,
                                 ArrayRef<OpFoldResult> sizes) {
  mxnum::BlockFormat block = format.getBlockFormat();
  int64_t blockBytes = getBlockBytes(format);
  OpFoldResult blocks =
      createScaledSize(builder, loc, sizes.back(), 1, block.block);
  OpFoldResult units = createScaledSize(
      builder, loc, blocks, blockBytes / mxnum::kInterleavedUnit, 1);
  ArrayRef<OpFoldResult> rows = sizes.drop_back();
  parts[0] = createInterleave(builder, loc, parts[0], rows, units,
                              mxnum::kInterleavedUnit, /*padding=*/0);
  parts[1] = createInterleave(builder, loc, parts[1], rows, blocks, /*unit=*/1,
                              getScaleOfOne(block.scale));
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// The destination's bytes for the constant `raw`: each task takes whole groups
/// of rows of one matrix, which are neighbours in both.
static std::vector<uint8_t> interleave(PackedInterleaveOp op, RawElements raw) {
  auto source = cast<RankedTensorType>(op.getSource().getType());
  auto target = cast<RankedTensorType>(op.getInits().getType());
  constexpr int64_t group = mxnum::kInterleavedRows;
  // Enough rows that a task is worth its start.
  constexpr int64_t taskRows = 16 * group;
  ArrayRef<int64_t> shape = source.getShape();
  int64_t rows = shape[shape.size() - 2], rowBytes = shape.back();
  int64_t unit = op.getUnit(), lines = target.getShape().back();
  int64_t units = lines / (unit * group);
  int64_t matrices = ShapedType::getNumElements(shape.drop_back(2));
  std::vector<char> spread;
  if (raw.isSplat) {
    spread.assign(source.getNumElements(), raw.bytes.front());
    raw.bytes = spread;
  }
  const auto *from = reinterpret_cast<const uint8_t *>(raw.bytes.data());
  std::vector<uint8_t> bytes(target.getNumElements());
  int64_t tasks = llvm::divideCeilSigned(rows, taskRows);
  int64_t groups = llvm::divideCeilSigned(rows, group);
  parallelFor(op.getContext(), 0, matrices * tasks, [&](size_t index) {
    auto matrix = static_cast<int64_t>(index) / tasks;
    int64_t first = static_cast<int64_t>(index) % tasks * taskRows;
    mxnum::interleaveRows(from + (matrix * rows + first) * rowBytes,
                          std::min(taskRows, rows - first), rowBytes, unit,
                          units, static_cast<uint8_t>(op.getPadding()),
                          bytes.data() +
                              (matrix * groups + first / group) * lines);
  });
  return bytes;
}

/// The constant that `op` computes, if it does.
static ElementsAttr evaluate(PackedInterleaveOp op) {
  Attribute constant;
  auto target = cast<RankedTensorType>(op.getInits().getType());
  if (!target.hasStaticShape() ||
      !matchPattern(op.getSource(), m_Constant(&constant)))
    return {};
  std::optional<RawElements> raw = getRawElements(constant);
  if (!raw)
    return {};
  return createBytes(target, interleave(op, *raw), "mx_interleaved");
}

static void remarkRunTime(PackedInterleaveOp op) {
  auto options = remark::RemarkOpts::name("interleave").category("mx-pack");
  std::string text = "weights are no constants: interleaved at each call";
  auto type = cast<RankedTensorType>(op.getSource().getType());
  if (type.hasStaticShape())
    text += ", " + std::to_string(type.getNumElements()) + " bytes";
  remark::missed(op.getLoc(), options) << text;
}

void mlir::mx::interleaveConstants(ModuleOp module) {
  // Products that share a weight share what becomes of it.
  DenseMap<std::tuple<Value, int64_t, Type>, ElementsAttr> known;
  SmallVector<PackedInterleaveOp> operations;
  module.walk([&](PackedInterleaveOp op) { operations.push_back(op); });
  for (PackedInterleaveOp op : operations) {
    if (!isa<RankedTensorType>(op.getInits().getType()))
      continue;
    std::tuple<Value, int64_t, Type> key{op.getSource(), op.getUnit(),
                                         op.getInits().getType()};
    ElementsAttr &value = known[key];
    if (!value)
      value = evaluate(op);
    if (!value) {
      remarkRunTime(op);
      continue;
    }
    OpBuilder builder(op);
    auto constant =
        arith::ConstantOp::create(builder, op.getLoc(), cast<TypedAttr>(value));
    op->getResult(0).replaceAllUsesWith(constant);
    op.erase();
  }
}

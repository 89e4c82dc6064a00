//===- ArrangeFragments.cpp - constant weights for lanes ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Kernels of mma.sync read constant FP4 weights as lanes need them (N8.8). The
// packed product stays as it is but for its right side, and learns the largest
// of its scales: a kernel that knows of large ones none multiplies once less.
//===----------------------------------------------------------------------===//

#include "Pack/ArrangeFragments.h"
#include "Pack/InterleaveWeights.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/Threading.h"
#include "mx/Dialect/MX/IR/ConstantData.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Numerics/PackedLayout.h"
#include "mx/Target/KernelRegistry.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

/// Longer rows of fragments than this have no 32-bit offsets.
static constexpr int64_t kMaxDepth = int64_t(1) << 28;

namespace {

/// Both parts of a weight in the order of fragments.
struct Fragments {
  ElementsAttr payload, scales;
  /// The largest byte of its scales.
  int64_t largestScale = 0;
};

/// Rows of bytes of a constant.
class ConstantRows {
public:
  ConstantRows(RankedTensorType type, RawElements raw)
      : shape(type.getShape()) {
    bytes = {reinterpret_cast<const uint8_t *>(raw.bytes.data()),
             raw.bytes.size()};
    if (!raw.isSplat)
      return;
    spread.assign(type.getNumElements(), bytes.front());
    bytes = spread;
  }
  ConstantRows(ConstantRows &&) = default;

  int64_t countRows() const { return shape[shape.size() - 2]; }
  int64_t getRowBytes() const { return shape.back(); }
  int64_t countMatrices() const {
    return ShapedType::getNumElements(shape.drop_back(2));
  }
  const uint8_t *getRow(int64_t matrix, int64_t row) const {
    return bytes.data() + (matrix * countRows() + row) * getRowBytes();
  }
  ArrayRef<uint8_t> getBytes() const { return bytes; }

  using Arrange =
      function_ref<void(const uint8_t *rows, int64_t count, uint8_t *target)>;
  /// What `arrange` makes of them, in groups of `groupBytes` bytes: each task
  /// takes whole groups, which are neighbours in both.
  ElementsAttr arrangeRows(MLIRContext *context, int64_t groupBytes,
                           StringRef name, Arrange arrange) const;

private:
  ArrayRef<int64_t> shape;
  /// Of a constant that is one byte, what owns all of them.
  std::vector<uint8_t> spread;
  ArrayRef<uint8_t> bytes;
};

} // namespace

ElementsAttr ConstantRows::arrangeRows(MLIRContext *context, int64_t groupBytes,
                                       StringRef name, Arrange arrange) const {
  constexpr int64_t group = mxnum::kFragmentRows;
  // Enough rows that a task is worth its start.
  constexpr int64_t taskRows = 16 * group;
  int64_t rows = countRows(), groups = llvm::divideCeilSigned(rows, group);
  int64_t tasks = llvm::divideCeilSigned(rows, taskRows);
  SmallVector<int64_t> sizes(shape.drop_back(2));
  sizes.append({groups, groupBytes});
  auto type = RankedTensorType::get(sizes, IntegerType::get(context, 8));
  std::vector<uint8_t> target(type.getNumElements());
  parallelFor(context, 0, countMatrices() * tasks, [&](size_t index) {
    int64_t matrix = static_cast<int64_t>(index) / tasks;
    int64_t first = static_cast<int64_t>(index) % tasks * taskRows;
    arrange(getRow(matrix, first), std::min(taskRows, rows - first),
            target.data() + (matrix * groups + first / group) * groupBytes);
  });
  return createBytes(type, target, name);
}

static Fragments arrange(FormatAttr format, const ConstantRows &payload,
                         const ConstantRows &scales, MLIRContext *context) {
  int64_t blocks = scales.getRowBytes(), rowBytes = payload.getRowBytes();
  int64_t perLine = mxnum::kFragmentDepth / format.getBlock();
  int64_t lines = llvm::divideCeilSigned(blocks, perLine);
  constexpr int64_t lineBytes =
      mxnum::kFragmentRows * mxnum::kFragmentDepth / 2;
  auto one = static_cast<uint8_t>(getScaleOfOne(format.getScale()));
  Fragments result;
  result.payload = payload.arrangeRows(
      context, lines * lineBytes, "mx_fragments",
      [&](const uint8_t *rows, int64_t count, uint8_t *target) {
        mxnum::arrangePayload(rows, count, rowBytes, lines, target);
      });
  result.scales = scales.arrangeRows(
      context, lines * perLine * mxnum::kFragmentRows, "mx_fragments",
      [&](const uint8_t *rows, int64_t count, uint8_t *target) {
        mxnum::arrangeScales(rows, count, blocks, perLine, lines, one, target);
      });
  for (uint8_t scale : scales.getBytes())
    result.largestScale = std::max<int64_t>(result.largestScale, scale);
  return result;
}

static std::optional<ConstantRows> getConstant(Value value) {
  Attribute constant;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape() || type.getNumElements() == 0 ||
      !matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  std::optional<RawElements> raw = getRawElements(constant);
  if (!raw)
    return std::nullopt;
  return std::optional<ConstantRows>(std::in_place, type, *raw);
}

/// Why the right side stays as it is; empty if it need not.
static std::string findObstacle(PackedMatmulOp op) {
  FormatAttr format = op.getRhsFormatAttr();
  if (format.getElement() != mxnum::ElementType::E2M1 ||
      mxnum::kFragmentDepth % format.getBlock() != 0)
    return "elements are not of FP4";
  // The largest tile would spill: each is two bf16 numbers, made in registers.
  if (cast<ShapedType>(op.getLhs()[0].getType()).getElementType().isF16())
    return "numbers of f16 leave too few registers";
  if (!matchPattern(op.getRhs()[0], m_Constant()) ||
      !matchPattern(op.getRhs()[1], m_Constant()))
    return "weights are no constants";
  int64_t depth =
      cast<RankedTensorType>(op.getRhs()[1].getType()).getShape().back() *
      format.getBlock();
  return depth <= kMaxDepth ? "" : "rows are too long";
}

static bool readsFragments(PackedMatmulOp op) {
  StringRef kernel = op.getKernel().value_or("");
  return op.getRhsFormat() && isa<RankedTensorType>(op.getInits().getType()) &&
         getWeightLayout({kernel.data(), kernel.size()}) ==
             WeightLayout::Fragments;
}

void mlir::mx::arrangeConstants(ModuleOp module) {
  // Products that share a weight share what becomes of it.
  DenseMap<std::pair<Value, Value>, Fragments> known;
  auto name = remark::RemarkOpts::name("fragments").category("mx-pack");
  module.walk([&](PackedMatmulOp op) {
    if (!readsFragments(op))
      return;
    if (std::string obstacle = findObstacle(op); !obstacle.empty()) {
      remark::missed(op.getLoc(), name)
          << "weights stay row by row (N8.1): " + obstacle;
      return;
    }
    Fragments &value = known[{op.getRhs()[0], op.getRhs()[1]}];
    if (!value.payload) {
      auto payload = getConstant(op.getRhs()[0]);
      auto scales = getConstant(op.getRhs()[1]);
      if (!payload || !scales)
        return;
      value = arrange(op.getRhsFormatAttr(), *payload, *scales,
                      module.getContext());
    }
    OpBuilder builder(op);
    MutableOperandRange parts = op.getRhsMutable();
    parts[0].set(arith::ConstantOp::create(builder, op.getLoc(),
                                           cast<TypedAttr>(value.payload)));
    parts[1].set(arith::ConstantOp::create(builder, op.getLoc(),
                                           cast<TypedAttr>(value.scales)));
    op.setRhsFragments(value.largestScale);
    remark::passed(op.getLoc(), name)
        << "weights lie in the order of fragments (N8.8), scale bytes up to " +
               std::to_string(value.largestScale);
  });
}

//===- WeightData.cpp - constant weights as numbers -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Transposes are applied while the constant is read, and everything else in
// place: only a transpose of something reshaped needs a second copy. Work is
// cut into pieces of fixed size, so results do not depend on threads.
//===----------------------------------------------------------------------===//

#include "Weights/WeightData.h"
#include "Weights/MappedPages.h"
#include "Weights/ReadConstant.h"
#include "Weights/WeightExpression.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Threading.h"
#include "mx/Dialect/MX/IR/ConstantData.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Numerics/Half.h"
#include <cstring>

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

namespace {

/// A step with its place in the order that the numbers have in memory.
struct PlacedStep {
  WeightStep step;
  /// The shape in memory, and the dimension there of a rotation or factor.
  SmallVector<int64_t> shape;
  int64_t axis = 0;
  /// The order of dimensions to bring about; empty to keep it.
  SmallVector<int64_t> permutation;
};

/// What to do with numbers that were read in the order of `permutation`.
struct Schedule {
  SmallVector<int64_t> permutation;
  /// The last first.
  SmallVector<PlacedStep> steps;
};

} // namespace

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// Collects transposes on the way down to the constant: they commute with
/// rotations and factors, which then act on another dimension, but not with
/// reshapes.
static Schedule getSchedule(Value value, const WeightExpression &expression) {
  SmallVector<int64_t> permutation =
      llvm::to_vector(llvm::seq<int64_t>(0, getShape(value).size()));
  Schedule schedule;
  auto place = [&](const WeightStep &step, int64_t axis) {
    // A step that neither moves nor reshapes keeps the shape of its source.
    SmallVector<int64_t> shape = applyPermutation(getShape(value), permutation);
    axis = llvm::find(permutation, axis) - permutation.begin();
    schedule.steps.push_back({step, shape, axis, {}});
  };
  for (const WeightStep &step : expression.steps) {
    if (step.rotate) {
      place(step, RotateOp(step.rotate).getAxis());
    } else if (step.factor) {
      place(step, step.axis);
      // The source of a factor may still be permuted by the next step.
      continue;
    } else if (!step.permutation.empty()) {
      permutation = applyPermutation(step.permutation, permutation);
    } else if (step.reshapes) {
      if (!isIdentityPermutation(permutation))
        schedule.steps.push_back(
            {step, SmallVector<int64_t>(getShape(value)), 0, permutation});
      permutation =
          llvm::to_vector(llvm::seq<int64_t>(0, getShape(step.source).size()));
    }
    value = step.source;
  }
  schedule.permutation = permutation;
  return schedule;
}

/// Rotates groups of neighbours along `axis` in place (N6.2).
static void rotate(std::vector<float> &values, const PlacedStep &placed,
                   const mxquant::ParallelFor &parallel) {
  RotateOp op = placed.step.rotate;
  int64_t size = op.getRotation().getSize();
  ArrayRef<int8_t> signs = op.getRotation().getSigns();
  const int8_t *signData = signs.empty() ? nullptr : signs.data();
  int64_t stride =
      computeProduct(ArrayRef(placed.shape).drop_front(placed.axis + 1));
  if (values.empty())
    return;
  // Group g has its first element at (g / stride) * size * stride + g % stride.
  forPieces(
      values.size() / size, size, parallel, [&](int64_t begin, int64_t end) {
        std::array<float, mxnum::kMaxHadamard> group;
        for (int64_t g = begin; g < end; ++g) {
          float *first = &values[g / stride * size * stride + g % stride];
          for (int64_t i = 0; i < size; ++i)
            group[i] = first[i * stride];
          mxnum::rotateGroup(group.data(), size, signData, op.getInverse());
          for (int64_t i = 0; i < size; ++i)
            first[i * stride] = group[i];
        }
      });
}

/// Multiplies by a factor in place.
static LogicalResult scale(std::vector<float> &values, const PlacedStep &placed,
                           const mxquant::ParallelFor &parallel) {
  FailureOr<std::vector<float>> factors = readFactor(placed.step.factor);
  if (failed(factors))
    return failure();
  int64_t count = factors->size();
  if (values.empty())
    return success();
  int64_t stride =
      count == 1
          ? values.size()
          : computeProduct(ArrayRef(placed.shape).drop_front(placed.axis + 1));
  forPieces(values.size(), 1, parallel, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      int64_t run = std::min(end, (begin / stride + 1) * stride);
      float factor = (*factors)[begin / stride % count];
      for (; begin < run; ++begin)
        values[begin] *= factor;
    }
  });
  return success();
}

//===----------------------------------------------------------------------===//
// Interface
//===----------------------------------------------------------------------===//

mxquant::ParallelFor mlir::mx::getParallelFor(MLIRContext *context) {
  return [context](int64_t count, const std::function<void(int64_t)> &body) {
    parallelFor(context, 0, count, [&](size_t index) { body(index); });
  };
}

bool mlir::mx::isWeight(Value value) {
  return getWeightExpression(value).has_value();
}

FailureOr<Weights>
mlir::mx::evaluateWeights(Value value, const mxquant::ParallelFor &parallel) {
  std::optional<WeightExpression> expression = getWeightExpression(value);
  if (!expression)
    return emitError(value.getLoc(),
                     "expected a value made from a constant, got ")
           << value.getType();
  Schedule schedule = getSchedule(value, *expression);
  FailureOr<std::vector<float>> values =
      readConstant(expression->constant, schedule.permutation, parallel);
  if (failed(values))
    return failure();
  for (const PlacedStep &placed : llvm::reverse(schedule.steps)) {
    if (placed.step.rotate)
      rotate(*values, placed, parallel);
    else if (placed.step.factor) {
      if (failed(scale(*values, placed, parallel)))
        return failure();
    } else
      *values =
          transposeNumbers(*values, placed.shape, placed.permutation, parallel);
  }
  return Weights{cast<RankedTensorType>(value.getType()), std::move(*values)};
}

void mlir::mx::releaseWeights(Value value) {
  std::optional<WeightExpression> expression = getWeightExpression(value);
  if (!expression)
    return;
  Attribute attr = getConstantValue(expression->constant);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr))
    if (std::optional<RawElements> raw = getRawElements(resource))
      releasePages(raw->bytes);
}

ElementsAttr mlir::mx::createWeights(const Weights &weights) {
  RankedTensorType type = weights.type;
  Type element = type.getElementType();
  size_t width = element.getIntOrFloatBitWidth() / 8;
  AsmResourceBlob blob =
      HeapAsmResourceBlob::allocate(weights.values.size() * width, width);
  char *bytes = blob.getMutableData().data();
  forPieces(weights.values.size(), 1, getParallelFor(type.getContext()),
            [&](int64_t begin, int64_t end) {
              for (int64_t i = begin; i < end; ++i) {
                float value = weights.values[i];
                if (element.isF32()) {
                  std::memcpy(bytes + i * width, &value, width);
                  continue;
                }
                uint16_t bits = element.isBF16() ? mxnum::f32ToBF16(value)
                                                 : mxnum::f32ToF16(value);
                std::memcpy(bytes + i * width, &bits, width);
              }
            });
  return createElements(type, std::move(blob), "mx_numbers");
}

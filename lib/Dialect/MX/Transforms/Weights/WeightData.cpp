//===- WeightData.cpp - constant weights as numbers -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Transposes are applied while the constant is read, and everything else in
// place: only a transpose of something reshaped needs a second copy. Work is
// cut into pieces of fixed size, so results do not depend on threads.
//===----------------------------------------------------------------------===//

#include "Weights/WeightData.h"
#include "Weights/ReadConstant.h"
#include "Weights/WeightExpression.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Threading.h"
#include "mx/Dialect/MX/IR/ConstantData.h"
#include "mx/Dialect/MX/IR/MappedPages.h"
#include "mx/Dialect/MX/Transforms/WeightLoop.h"
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
  /// The part to take, its dimensions permuted.
  std::optional<SliceView> part;
};

/// What to do with the part of a constant that is read.
struct Schedule {
  SliceView part;
  /// The last first.
  SmallVector<PlacedStep, 2> steps;
};

} // namespace

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// `view` takes part of what `slice` takes: dimensions that are dropped come
/// first.
static SliceView composeSlice(const SliceView &slice,
                              ArrayRef<int64_t> permutation) {
  SliceView view = slice;
  size_t dropped = slice.permutation.size() - permutation.size();
  for (auto [dim, kept] : llvm::enumerate(permutation))
    view.permutation[dropped + dim] = slice.permutation[dropped + kept];
  return view;
}

/// Whether nothing but transposes stands below a step.
static bool isNearConstant(ArrayRef<WeightStep> below) {
  return llvm::all_of(
      below, [](const WeightStep &step) { return !step.permutation.empty(); });
}

namespace {

/// Collects transposes on the way down to the constant: they commute with
/// rotations and factors, which then act on another dimension, but not with
/// reshapes. A slice right above the constant says what is read of it.
class Scheduler {
public:
  Scheduler(Value value) : value(value), order(getIdentity(value)) {}

  Schedule run(const WeightExpression &expression) {
    ArrayRef<WeightStep> steps = expression.steps;
    for (; !steps.empty(); steps = steps.drop_front())
      visit(steps.front(), steps.drop_front());
    if (!schedule.part.permutation.empty())
      return std::move(schedule);
    schedule.part = SliceView::getWhole(getShape(value));
    schedule.part.permutation = order;
    return std::move(schedule);
  }

private:
  static SmallVector<int64_t> getIdentity(Value value) {
    return llvm::to_vector(llvm::seq<int64_t>(0, getShape(value).size()));
  }

  /// A step that neither moves nor reshapes keeps the shape of its source.
  void place(const WeightStep &step, int64_t axis) {
    SmallVector<int64_t> shape = applyPermutation(getShape(value), order);
    axis = llvm::find(order, axis) - order.begin();
    schedule.steps.push_back({step, shape, axis, {}});
  }

  void take(const WeightStep &step, Value source, const SliceView &part) {
    schedule.steps.push_back(
        {step, SmallVector<int64_t>(getShape(source)), 0, part});
  }

  void visitSlice(const WeightStep &step, ArrayRef<WeightStep> below) {
    SliceView part = composeSlice(*step.slice, order);
    if (isNearConstant(below)) {
      schedule.part = part;
      return;
    }
    take(step, step.source, part);
    order = getIdentity(step.source);
  }

  void visit(const WeightStep &step, ArrayRef<WeightStep> below) {
    if (step.rotate) {
      place(step, RotateOp(step.rotate).getAxis());
    } else if (step.factor) {
      place(step, step.axis);
      // The source of a factor may still be permuted by the next step.
      return;
    } else if (!step.gather.empty()) {
      place(step, step.axis);
    } else if (!step.permutation.empty()) {
      if (schedule.part.permutation.empty())
        order = applyPermutation(step.permutation, order);
      else
        schedule.part = schedule.part.getTransposed(step.permutation);
    } else if (step.slice) {
      visitSlice(step, below);
    } else if (step.reshapes) {
      if (!isIdentityPermutation(order)) {
        SliceView part = SliceView::getWhole(getShape(value));
        part.permutation = order;
        take(step, value, part);
      }
      order = getIdentity(step.source);
    }
    value = step.source;
  }

  Schedule schedule;
  Value value;
  SmallVector<int64_t> order;
};

} // namespace

/// Rotates groups of neighbours along `axis` in place (N6.2).
static void rotate(std::vector<float> &values, const PlacedStep &placed,
                   const mxquant::ParallelFor &parallel) {
  RotateOp op = placed.step.rotate;
  int64_t size = op.getRotation().getSize();
  ArrayRef<int8_t> signs = op.getRotation().getSigns();
  const int8_t *signData = signs.empty() ? nullptr : signs.data();
  int64_t length = placed.shape[placed.axis];
  int64_t stride =
      computeProduct(ArrayRef(placed.shape).drop_front(placed.axis + 1));
  if (values.empty())
    return;
  auto [begin, rotated] = placed.step.rotated.value_or(std::pair(0, length));
  int64_t groups = rotated / size;
  // Groups are numbered by outer dimensions, place along the axis and inner
  // dimensions.
  auto getFirst = [&, first = begin](int64_t group) {
    int64_t inner = group % stride, along = group / stride % groups;
    int64_t outer = group / stride / groups;
    return (outer * length + first + along * size) * stride + inner;
  };
  int64_t count = values.size() / length * groups;
  forPieces(count, size, parallel, [&](int64_t begin, int64_t end) {
    std::array<float, mxnum::kMaxHadamard> group;
    for (int64_t g = begin; g < end; ++g) {
      float *first = &values[getFirst(g)];
      for (int64_t i = 0; i < size; ++i)
        group[i] = first[i * stride];
      mxnum::rotateGroup(group.data(), size, signData, op.getInverse());
      for (int64_t i = 0; i < size; ++i)
        first[i * stride] = group[i];
    }
  });
}

/// Reorders positions along the axis.
static void gather(std::vector<float> &values, const PlacedStep &placed,
                   const mxquant::ParallelFor &parallel) {
  int64_t length = placed.shape[placed.axis];
  int64_t stride =
      computeProduct(ArrayRef(placed.shape).drop_front(placed.axis + 1));
  int64_t slab = length * stride;
  if (values.empty())
    return;
  forPieces(values.size() / slab, slab, parallel,
            [&](int64_t begin, int64_t end) {
              std::vector<float> ordered(slab);
              for (int64_t outer = begin; outer < end; ++outer) {
                float *first = &values[outer * slab];
                for (auto [to, from] : llvm::enumerate(placed.step.gather))
                  std::copy_n(first + from * stride, stride,
                              ordered.data() + to * stride);
                llvm::copy(ordered, first);
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
  auto *dialect = context->getLoadedDialect<MXDialect>();
  if (auto *own = dialect->getRegisteredInterface<WeightLoop>())
    return own->getLoop();
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
  Schedule schedule = Scheduler(value).run(*expression);
  FailureOr<std::vector<float>> values =
      readConstant(expression->constant, schedule.part, parallel);
  if (failed(values))
    return failure();
  for (const PlacedStep &placed : llvm::reverse(schedule.steps)) {
    if (placed.step.rotate)
      rotate(*values, placed, parallel);
    else if (!placed.step.gather.empty())
      gather(*values, placed, parallel);
    else if (placed.step.factor) {
      if (failed(scale(*values, placed, parallel)))
        return failure();
    } else
      *values = takePart(*values, placed.shape, *placed.part, parallel);
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
  std::vector<char> bytes(weights.values.size() * width);
  forPieces(weights.values.size(), 1, getParallelFor(type.getContext()),
            [&](int64_t begin, int64_t end) {
              for (int64_t i = begin; i < end; ++i) {
                float value = weights.values[i];
                if (element.isF32()) {
                  std::memcpy(&bytes[i * width], &value, width);
                  continue;
                }
                uint16_t bits = element.isBF16() ? mxnum::f32ToBF16(value)
                                                 : mxnum::f32ToF16(value);
                std::memcpy(&bytes[i * width], &bits, width);
              }
            });
  return createElements(type, bytes, /*alignment=*/width, "mx_numbers");
}

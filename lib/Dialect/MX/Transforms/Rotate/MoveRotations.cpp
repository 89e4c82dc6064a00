//===- MoveRotations.cpp - put rotations where they cost least ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Obeys the decisions of a RotationGraph. Tensors keep their SSA values: one
// that is decided to be rotated simply comes to hold rotated numbers, because
// what makes it reads rotated ones. Only where two ends of a tensor differ an
// mx.rotate is written.
//===----------------------------------------------------------------------===//

#include "Rotate/MoveRotations.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr llvm::StringLiteral rotateCategory = "mx-rotate";

std::string mlir::mx::getName(HadamardAttr rotation) {
  return "hadamard<" + std::to_string(rotation.getSize()) +
         (rotation.getSigns().empty() ? ">" : ", signs>");
}

std::string mlir::mx::getName(Operation *op) {
  if (auto site = op->getAttrOfType<StringAttr>(kSiteAttr))
    return "'" + site.str() + "'";
  return "'" + op->getName().getStringRef().str() + "'";
}

void mlir::mx::remarkPassed(Operation *op, StringRef name, const Twine &text) {
  remark::passed(op->getLoc(),
                 remark::RemarkOpts::name(name).category(rotateCategory))
      << text.str();
}
void mlir::mx::remarkMissed(Operation *op, StringRef name, const Twine &text) {
  remark::missed(op->getLoc(),
                 remark::RemarkOpts::name(name).category(rotateCategory))
      << text.str();
}

/// Erases what nobody needs of `worklist`, then what only that needed.
static void eraseDead(llvm::SetVector<Operation *> &worklist) {
  while (!worklist.empty()) {
    Operation *next = worklist.pop_back_val();
    if (!isOpTriviallyDead(next))
      continue;
    for (Value operand : next->getOperands())
      if (Operation *source = operand.getDefiningOp(); source != next)
        worklist.insert(source);
    next->erase();
  }
}

//===----------------------------------------------------------------------===//
// Writing and cancelling
//===----------------------------------------------------------------------===//

Value RotationBuilder::rotate(Value value, HadamardAttr rotation, int64_t axis,
                              bool isInverse) {
  Value &rotated = known[{{value, rotation}, {axis, isInverse}}];
  if (rotated)
    return rotated;
  builder.setInsertionPointAfterValue(value);
  rotated = RotateOp::create(builder, value.getLoc(), value.getType(), value,
                             rotation, builder.getI64IntegerAttr(axis),
                             isInverse ? builder.getUnitAttr() : UnitAttr(),
                             StringAttr());
  return rotated;
}

Value RotationBuilder::rotatePart(Value value, HadamardAttr rotation,
                                  int64_t axis, int64_t begin, int64_t length) {
  builder.setInsertionPointAfterValue(value);
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), builder.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, value.getLoc(), value);
  offsets[axis] = builder.getIndexAttr(begin);
  sizes[axis] = builder.getIndexAttr(length);
  Value part = tensor::ExtractSliceOp::create(builder, value.getLoc(), value,
                                              offsets, sizes, strides);
  Value rotated = rotate(part, rotation, axis);
  builder.setInsertionPointAfterValue(rotated);
  return tensor::InsertSliceOp::create(builder, value.getLoc(), rotated, value,
                                       offsets, sizes, strides);
}

void mlir::mx::cancelRotations(FunctionOpInterface function) {
  function->walk([](RotateOp outer) {
    auto inner = outer.getSource().getDefiningOp<RotateOp>();
    // Without signs, R is its own inverse.
    if (!inner || inner.getSource() == outer.getResult() ||
        inner.getRotation() != outer.getRotation() ||
        inner.getAxis() != outer.getAxis() ||
        (inner.getInverse() == outer.getInverse() &&
         !outer.getRotation().getSigns().empty()))
      return;
    remarkPassed(outer, "cancel",
                 "cancelled two rotations by " + getName(outer.getRotation()));
    outer.getResult().replaceAllUsesWith(inner.getSource());
  });
}

//===----------------------------------------------------------------------===//
// Moving
//===----------------------------------------------------------------------===//

namespace {

/// Makes IR agree with a graph.
class RotationMover {
public:
  RotationMover(const RotationGraph &graph, HadamardAttr rotation,
                FunctionOpInterface function)
      : graph(graph), rotation(rotation), builder(rotation.getContext()) {
    function->walk(
        [&](Operation *op) { positions.try_emplace(op, positions.size()); });
  }

  void run(LateUses &lateUses) {
    // Gains first: weights are rotated after they were scaled.
    OpBuilder scaler(rotation.getContext());
    for (const GraphTie &tie : graph.getTies())
      if (tie.isRotated && tie.tie.gain)
        scaleWeights(scaler, tie.tie, tie.targets);
    for (const GraphTie &tie : graph.getTies())
      if (tie.isRotated)
        for (unsigned number : tie.constants)
          rotateConstant(tie.tie.uses[number]);
    // The rotations that the graph was made from go last, and from the first to
    // the last: what they read has to be as it should be along other axes.
    SmallVector<const GraphPlace *> offered;
    for (const GraphPlace &place : graph.getPlaces())
      if (isOffered(place))
        offered.push_back(&place);
      else
        connect(place);
    sortByPosition(offered,
                   [](const GraphPlace &place) { return place.def.op; });
    for (const GraphPlace *place : offered)
      takeOffered(*place);
    std::vector<bool> isBehind = graph.findTiesBehindRotations();
    for (const GraphPlace &place : graph.getPlaces()) {
      bool isLate = place.def.tie && isBehind[*place.def.tie];
      replaceRequests(place, isLate ? &lateUses : nullptr);
    }
    SmallVector<const GraphTie *> rotated;
    for (const GraphTie &tie : graph.getTies())
      if (tie.isRotated)
        rotated.push_back(&tie);
    sortByPosition(rotated, [](const GraphTie &tie) { return tie.op; });
    for (const GraphTie *tie : rotated)
      finish(*tie);
    dropAllGains(rotated);
  }

private:
  /// Whether an inverse rotation makes `place`, so that the rotated numbers are
  /// what that reads.
  static bool isOffered(const GraphPlace &place) {
    return !place.def.tie && place.def.isRotated;
  }

  /// Whether `end` is an mx.rotate that asks for rotated numbers.
  static bool isRequest(const GraphEnd &end) {
    return !end.tie && end.isRotated;
  }

  /// Sorts elements of one vector by where their operations stand.
  template <typename T, typename GetOperation>
  void sortByPosition(SmallVector<const T *> &items, GetOperation get) {
    llvm::sort(items, [&](const T *left, const T *right) {
      return std::pair(positions.lookup(get(*left)), left) <
             std::pair(positions.lookup(get(*right)), right);
    });
  }

  void rotateConstant(const AxisUse &use) {
    Value value = use.operand->get();
    use.operand->set(use.part
                         ? builder.rotatePart(value, rotation, use.axis,
                                              use.part->first, use.part->second)
                         : builder.rotate(value, rotation, use.axis));
  }

  /// Writes rotations between the ends of a tensor that differ.
  void connect(const GraphPlace &place) {
    bool isDefRotated = graph.isRotated(place.def);
    for (const GraphEnd &end : place.uses)
      if (!isRequest(end) && graph.isRotated(end) != isDefRotated)
        end.use->set(builder.rotate(end.use->get(), rotation, place.axis,
                                    /*isInverse=*/isDefRotated));
    report(place);
  }

  /// Lets those that want rotated numbers read what the inverse rotation reads.
  void takeOffered(const GraphPlace &place) {
    for (const GraphEnd &end : place.uses)
      if (graph.isRotated(end))
        end.use->set(getOffered(place, end.use->get()));
    report(place);
  }

  /// Replaces the rotations that ask for what is there now, or is shared.
  void replaceRequests(const GraphPlace &place, LateUses *lateUses) {
    for (const GraphEnd &end : place.uses) {
      if (!isRequest(end))
        continue;
      auto rotate = cast<RotateOp>(end.op);
      Value rotated = rotate.getSource();
      if (!graph.isRotated(place.def))
        rotated = builder.rotate(rotated, rotation, place.axis);
      else if (lateUses)
        for (OpOperand &use : rotate->getUses())
          lateUses->insert(&use);
      if (rotated != rotate.getResult())
        rotate.getResult().replaceAllUsesWith(rotated);
      if (isOffered(place))
        remarkPassed(rotate, "cancel",
                     "cancelled two rotations by " + getName(rotation));
    }
  }

  /// The rotated numbers of a tensor that an inverse rotation makes; `value` is
  /// the tensor, perhaps rotated along another axis.
  Value getOffered(const GraphPlace &place, Value value) {
    if (value == place.value)
      return place.value.getDefiningOp<RotateOp>().getSource();
    return builder.rotate(value, rotation, place.axis);
  }

  void report(const GraphPlace &place) {
    bool isDefRotated = graph.isRotated(place.def);
    if (llvm::any_of(place.uses, [&](const GraphEnd &end) {
          return graph.isRotated(end) != isDefRotated;
        }))
      remarkPassed(place.def.op, "online",
                   Twine(countElements(place.value)) +
                       " elements are rotated " +
                       (isDefRotated ? "back " : "") + "by " +
                       getName(rotation) + " at run time");
  }

  /// Says which rows of a weight were rotated.
  void reportPart(const AxisUse &use) {
    auto [begin, length] = *use.part;
    remarkPassed(use.operand->getOwner(), "absorb",
                 getName(rotation) + " absorbed by " + Twine(length) +
                     " rows from " + Twine(begin) + " on of the weights of " +
                     getName(use.operand->getOwner()));
  }

  /// Says what became of an operation, and states what is now true of it.
  void finish(const GraphTie &tie) {
    bool isProduct = isa<MatmulOp, GroupedMatmulOp>(tie.op);
    std::string name = getName(tie.op);
    if (isProduct && tie.tie.isContraction)
      tie.op->setAttr(kRotatedAttr, rotation);
    const AxisUse *constant =
        tie.constants.empty() ? nullptr : &tie.tie.uses[tie.constants[0]];
    if (constant && constant->part)
      reportPart(*constant);
    else if (tie.tie.results.empty() && tie.constants.empty())
      remarkPassed(tie.op, "move",
                   getName(rotation) + " changes nothing for " + name);
    else if (tie.constants.empty())
      remarkPassed(tie.op, "move",
                   getName(rotation) + " moved through " + name);
    else if (isProduct)
      remarkPassed(tie.op, "absorb",
                   getName(rotation) + " absorbed by the weights of " + name);
    else
      remarkPassed(tie.op, "fold",
                   getName(rotation) + " folded into a constant of " + name);
    if (tie.tie.gain)
      remarkPassed(tie.op, "gain",
                   "gain moved into the constants of " +
                       Twine(tie.targets.size()) +
                       (tie.targets.size() == 1 ? " product" : " products"));
  }

  /// Replaces operations that had gains, each once: it may have one for each
  /// dimension. No tie may be looked at afterwards.
  void dropAllGains(ArrayRef<const GraphTie *> rotated) {
    llvm::MapVector<Operation *, SmallVector<OpOperand *>> gains;
    llvm::SetVector<Operation *> sources;
    for (const GraphTie *tie : rotated)
      if (OpOperand *gain = tie->tie.gain) {
        gains[tie->op].push_back(gain);
        sources.insert(gain->get().getDefiningOp());
      }
    IRRewriter rewriter(rotation.getContext());
    for (auto &[op, operands] : gains)
      dropGains(rewriter, op, operands);
    eraseDead(sources);
  }

  const RotationGraph &graph;
  HadamardAttr rotation;
  RotationBuilder builder;
  llvm::DenseMap<Operation *, unsigned> positions;
};

} // namespace

void mlir::mx::moveRotations(ArrayRef<RotateOp> rotates, LateUses &lateUses) {
  HadamardAttr rotation = RotateOp(rotates.front()).getRotation();
  RotationGraph graph(rotation);
  for (RotateOp rotate : rotates)
    graph.add(rotate);
  graph.solve();
  // To look at each obstacle is work for those who want to know.
  if (rotation.getContext()->getRemarkEngine())
    for (MissedRotation &stop : graph.findMissed())
      remarkMissed(stop.obstacle->op, "obstacle",
                   getName(rotation) + " stops at " + stop.obstacle->obstacle +
                       "; without it, " + Twine(stop.elements) +
                       " elements fewer would be rotated at run time");
  auto function =
      RotateOp(rotates.front())->getParentOfType<FunctionOpInterface>();
  RotationMover(graph, rotation, function).run(lateUses);
}

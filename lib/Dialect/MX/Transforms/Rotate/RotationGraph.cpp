//===- RotationGraph.cpp - where a rotation may stand ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Starts at the rotations there are and follows ties from tensor to tensor.
// Constants end the search: they are rotated when the program is compiled, so
// they never cost anything.
//===----------------------------------------------------------------------===//

#include "Rotate/RotationGraph.h"

using namespace mlir;
using namespace mlir::mx;

/// What an unknown size counts as; all are taken to be equal.
static constexpr int64_t assumedSize = 1024;
/// No tensor counts for more, so that sums do not overflow.
static constexpr int64_t mostElements = int64_t(1) << 44;

int64_t mlir::mx::countElements(Value value) {
  int64_t count = 1;
  for (int64_t size : cast<RankedTensorType>(value.getType()).getShape()) {
    if (ShapedType::isDynamic(size))
      size = assumedSize;
    if (size != 0 && count > mostElements / size)
      return mostElements;
    count *= size;
  }
  return count;
}

/// Whether `op` rotates along `axis` by `rotation` or back.
static RotateOp matchRotate(Operation *op, int64_t axis,
                            HadamardAttr rotation) {
  auto rotate = dyn_cast<RotateOp>(op);
  bool isSame = rotate && rotate.getRotation() == rotation &&
                static_cast<int64_t>(rotate.getAxis()) == axis;
  return isSame ? rotate : nullptr;
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

void RotationGraph::add(RotateOp op) {
  addPlace(op.getInverse() ? op.getResult() : op.getSource(), op.getAxis());
  explore();
}

unsigned RotationGraph::addPlace(Value value, int64_t axis) {
  auto [entry, isNew] = placeNumbers.try_emplace({value, axis}, places.size());
  if (isNew)
    places.push_back({value, axis, {}, {}});
  return entry->second;
}

unsigned RotationGraph::addTie(Operation *op, Tie tie) {
  unsigned number = ties.size();
  GraphTie entry{op, std::move(tie), {}, {}};
  Tie &members = entry.tie;
  if (members.gain) {
    auto targets =
        findGainTargets(members, rotation.getSize(), members.obstacle);
    if (targets)
      entry.targets = std::move(*targets);
  }
  for (auto [index, use] : llvm::enumerate(members.uses)) {
    tieOfUse[{use.operand, use.axis}] = number;
    Value value = use.operand->get();
    if (!members.obstacle.empty() || isRotationFree(value))
      continue;
    if (isPlainWeight(value))
      entry.constants.push_back(index);
    else
      addPlace(value, use.axis);
  }
  for (const AxisResult &made : members.results) {
    tieOfResult[{made.result, made.axis}] = number;
    if (members.obstacle.empty())
      addPlace(made.result, made.axis);
  }
  ties.push_back(std::move(entry));
  return number;
}

GraphEnd RotationGraph::makeDef(Value value, int64_t axis) {
  GraphEnd end;
  if ((end.argument = dyn_cast<BlockArgument>(value))) {
    end.op = end.argument.getOwner()->getParentOp();
    end.obstacle =
        "an argument of '" + end.op->getName().getStringRef().str() + "'";
    return end;
  }
  auto result = cast<OpResult>(value);
  end.op = result.getOwner();
  if (RotateOp rotate = matchRotate(end.op, axis, rotation)) {
    end.isRotated = rotate.getInverse();
    return end;
  }
  auto known = tieOfResult.find({value, axis});
  unsigned tie = known != tieOfResult.end()
                     ? known->second
                     : addTie(end.op, getTie(result, axis, rotation.getSize()));
  if (ties[tie].tie.obstacle.empty())
    end.tie = tie;
  else
    end.obstacle = ties[tie].tie.obstacle;
  return end;
}

GraphEnd RotationGraph::makeUse(OpOperand &use, int64_t axis) {
  GraphEnd end;
  end.use = &use;
  end.op = use.getOwner();
  if (linalg::LinalgOp reader = getReadingOp(use))
    end.op = reader;
  if (RotateOp rotate = matchRotate(end.op, axis, rotation)) {
    end.isRotated = !rotate.getInverse();
    return end;
  }
  auto known = tieOfUse.find({&use, axis});
  unsigned tie = known != tieOfUse.end()
                     ? known->second
                     : addTie(end.op, getTie(use, axis, rotation.getSize()));
  if (ties[tie].tie.obstacle.empty())
    end.tie = tie;
  else
    end.obstacle = ties[tie].tie.obstacle;
  return end;
}

/// Completes the places that were added; ties add more as they are found.
void RotationGraph::explore() {
  for (; explored < places.size(); ++explored) {
    auto [value, axis] =
        std::pair(places[explored].value, places[explored].axis);
    GraphEnd def = makeDef(value, axis);
    SmallVector<GraphEnd, 2> uses;
    for (OpOperand &use : value.getUses())
      if (!isa<RotateOp>(use.getOwner()) || !use.getOwner()->use_empty())
        uses.push_back(makeUse(use, axis));
    places[explored].def = std::move(def);
    places[explored].uses = std::move(uses);
  }
}

//===----------------------------------------------------------------------===//
// Deciding
//===----------------------------------------------------------------------===//

namespace {

/// Writes the cut. Its vertices are: rotated, plain, one for each tie, and one
/// for each obstacle.
class CutBuilder {
public:
  CutBuilder(MinimumCut &cut, size_t numTies) : cut(cut) {
    for (size_t tie = 0; tie < numTies; ++tie)
      cut.addVertex();
  }

  /// A tensor is rotated once for all that want it rotated, and rotated back
  /// once for all that want it plain.
  void addPlace(const GraphPlace &place) {
    int64_t cost = countElements(place.value);
    unsigned def = getVertex(place.def);
    unsigned wanted = cut.addVertex();
    unsigned unwanted = cut.addVertex();
    cut.addEdge(wanted, def, cost);
    cut.addEdge(def, unwanted, cost);
    for (const GraphEnd &end : place.uses) {
      cut.addEdge(getVertex(end), wanted, MinimumCut::kNever);
      cut.addEdge(unwanted, getVertex(end), MinimumCut::kNever);
    }
  }

  MinimumCut &cut;
  const unsigned rotated = cut.addVertex();
  const unsigned plain = cut.addVertex();
  const unsigned firstTie = plain + 1;
  llvm::MapVector<std::pair<Operation *, Value>, GraphObstacle> obstacles;

private:
  unsigned getVertex(const GraphEnd &end) {
    if (end.tie)
      return firstTie + *end.tie;
    if (end.obstacle.empty())
      return end.isRotated ? rotated : plain;
    auto [place, isNew] = obstacles.try_emplace({end.op, end.argument});
    GraphObstacle &obstacle = place->second;
    if (isNew) {
      obstacle = {end, cut.addVertex()};
      obstacle.edge = cut.addEdge(obstacle.vertex, plain, MinimumCut::kNever);
    }
    return obstacle.vertex;
  }
};

} // namespace

void RotationGraph::solve() {
  CutBuilder builder(cut, ties.size());
  for (const GraphPlace &place : places)
    builder.addPlace(place);
  std::vector<bool> isRotated = cut.solve(builder.rotated, builder.plain);
  for (auto [index, tie] : llvm::enumerate(ties))
    tie.isRotated = isRotated[builder.firstTie + index];
  obstacles = std::move(builder.obstacles);
}

std::vector<bool> RotationGraph::findTiesBehindRotations() const {
  std::vector<bool> isBehind(ties.size());
  std::vector<SmallVector<const GraphPlace *, 1>> madeBy(ties.size());
  SmallVector<unsigned> worklist;
  auto enter = [&](const GraphPlace &place) {
    for (const GraphEnd &end : place.uses)
      if (end.tie && isRotated(end) && !isBehind[*end.tie]) {
        isBehind[*end.tie] = true;
        worklist.push_back(*end.tie);
      }
  };
  for (const GraphPlace &place : places) {
    if (place.def.tie)
      madeBy[*place.def.tie].push_back(&place);
    if (!isRotated(place.def))
      enter(place);
  }
  while (!worklist.empty())
    for (const GraphPlace *place : madeBy[worklist.pop_back_val()])
      enter(*place);
  return isBehind;
}

SmallVector<MissedRotation> RotationGraph::findMissed() {
  SmallVector<MissedRotation> missed;
  for (auto &[key, obstacle] : obstacles)
    if (int64_t saved = cut.getSaving(obstacle.edge); saved > 0)
      missed.push_back({&obstacle.end, saved});
  return missed;
}

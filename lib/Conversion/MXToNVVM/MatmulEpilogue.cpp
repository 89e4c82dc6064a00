//===- MatmulEpilogue.cpp - what surrounds a product ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulEpilogue.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::mx;

FloatType Tail::getType() const {
  auto type =
      cast<MemRefType>(linalg::GenericOp(op).getDpsInits().front().getType());
  return dyn_cast<FloatType>(type.getElementType());
}

//===----------------------------------------------------------------------===//
// Who touches a buffer
//===----------------------------------------------------------------------===//

static Value getRoot(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>())
    buffer = view.getViewSource();
  return buffer;
}

static bool isAllocated(Value root) {
  return bool(root.getDefiningOp<memref::AllocOp>());
}

/// Whether `root` is known to be no other name of a buffer of this function.
static bool comesFromOutside(Value root) {
  if (root.getDefiningOp<memref::GetGlobalOp>())
    return true;
  auto argument = dyn_cast<BlockArgument>(root);
  return argument && argument.getOwner()->isEntryBlock() &&
         isa<FunctionOpInterface>(argument.getOwner()->getParentOp());
}

static bool mayOverlap(Value x, Value y) {
  x = getRoot(x);
  y = getRoot(y);
  if (x == y)
    return true;
  auto areApart = [](Value mine, Value other) {
    return isAllocated(mine) && (isAllocated(other) || comesFromOutside(other));
  };
  return !areApart(x, y) && !areApart(y, x);
}

/// Whether `op` may write or free `buffer`, or also read it.
static bool mayTouch(Operation *op, Value buffer, bool isReadCounted) {
  if (isa<cf::AssertOp>(op) || isMemoryEffectFree(op))
    return false;
  auto effects = getEffectsRecursively(op);
  if (!effects)
    return true;
  return llvm::any_of(*effects, [&](const MemoryEffects::EffectInstance &each) {
    if (isa<MemoryEffects::Allocate>(each.getEffect()) ||
        (isa<MemoryEffects::Read>(each.getEffect()) && !isReadCounted))
      return false;
    return !each.getValue() || mayOverlap(each.getValue(), buffer);
  });
}

/// Whether an operation between `first` and `last`, in one block, may.
static bool isTouchedBetween(Operation *first, Operation *last, Value buffer,
                             bool isReadCounted) {
  for (Operation *op = first->getNextNode(); op != last; op = op->getNextNode())
    if (mayTouch(op, buffer, isReadCounted))
      return true;
  return false;
}

//===----------------------------------------------------------------------===//
// Before the product
//===----------------------------------------------------------------------===//

static remark::RemarkOpts getRemark() {
  return remark::RemarkOpts::name("epilogue").category("mx-to-nvvm");
}

static bool isContiguous(Value buffer) {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  return type && type.getLayout().isIdentity();
}

/// Whether `map` takes the last of its dimensions only: a vector of columns.
static bool readsColumns(AffineMap map) {
  return map == AffineMap::get(
                    map.getNumDims(), 0,
                    {getAffineDimExpr(map.getNumDims() - 1, map.getContext())},
                    map.getContext());
}

/// The last operation before `op`, in its block, that may write `buffer`.
static Operation *findWriter(Operation *op, Value buffer) {
  Operation *last = op->getPrevNode();
  while (last && !mayTouch(last, buffer, /*isReadCounted=*/false))
    last = last->getPrevNode();
  return last;
}

/// The operation of linalg, here or before a copy, that wrote all of what C
/// holds; null if it is something else.
static linalg::LinalgOp findFiller(Operation *op, Value result) {
  Operation *writer = findWriter(op, result);
  auto copy = dyn_cast_or_null<memref::CopyOp>(writer);
  if (copy && copy.getTarget() == result)
    return findFiller(copy, copy.getSource());
  auto filler = dyn_cast_or_null<linalg::LinalgOp>(writer);
  if (!filler || filler.getNumDpsInits() != 1 ||
      filler.getDpsInits().front() != result ||
      filler.getNumParallelLoops() != filler.getNumLoops() ||
      !filler.getIndexingMapsArray().back().isIdentity())
    return {};
  return filler;
}

/// Sets the start to what `filler` writes; fails if it is something else.
static LogicalResult readFiller(linalg::LinalgOp filler,
                                MatmulEpilogue &epilogue) {
  Value written = filler.getBlock()->getTerminator()->getOperand(0);
  Value source = written;
  if (auto argument = dyn_cast<BlockArgument>(written);
      argument && argument.getOwner() == filler.getBlock()) {
    OpOperand *operand = filler.getMatchingOpOperand(argument);
    if (filler.isDpsInit(operand))
      return failure();
    source = operand->get();
    if (isContiguous(source) &&
        readsColumns(filler.getMatchingIndexingMap(operand))) {
      epilogue.start = Start::Row;
      epilogue.row = source;
      return success();
    }
  }
  if (!matchPattern(source, m_PosZeroFloat()))
    return failure();
  epilogue.start = Start::Zero;
  return success();
}

static void matchStart(PackedMatmulOp op, MatmulEpilogue &epilogue) {
  linalg::LinalgOp filler = findFiller(op, op.getInits());
  if (!filler || failed(readFiller(filler, epilogue)))
    return;
  if (epilogue.row && isTouchedBetween(filler, op, epilogue.row,
                                       /*isReadCounted=*/false)) {
    remark::missed(op.getLoc(), getRemark())
        << "reads the result, because the row it was filled with may have "
           "changed";
    epilogue = {};
    return;
  }
  epilogue.filled = filler.getDpsInits().front();
  remark::passed(op.getLoc(), getRemark())
      << (epilogue.row ? "starts from the row that the result was filled with"
                       : "starts from zero instead of reading the result");
  // Rows outside of groups keep what was filled in (N7.4).
  Operation *writer = findWriter(op, op.getInits());
  if (!op.getGroupEnds() && !isTouchedBetween(writer, op, op.getInits(),
                                              /*isReadCounted=*/true))
    epilogue.writer = writer;
}

//===----------------------------------------------------------------------===//
// After the product
//===----------------------------------------------------------------------===//

/// The first operation after `op`, in its block, that touches C, if it is one
/// of linalg that reads it.
static linalg::GenericOp findReader(PackedMatmulOp op) {
  Value result = op.getInits();
  Operation *next = op->getNextNode();
  while (next && !mayTouch(next, result, /*isReadCounted=*/true))
    next = next->getNextNode();
  auto reader = dyn_cast_or_null<linalg::GenericOp>(next);
  if (!reader || !llvm::is_contained(reader->getOperands(), result))
    return {};
  return reader;
}

/// Whether anything but `readers` may read `buffer`, which holds C or what was
/// made of it, after `op`.
static bool isReadElsewhere(PackedMatmulOp op, Value buffer,
                            ArrayRef<Operation *> readers) {
  // Made outside of a loop, it may be read in the next round, at a place
  // before.
  if (!isAllocated(buffer) || buffer.getParentBlock() != op->getBlock())
    return true;
  return llvm::any_of(buffer.getUsers(), [&](Operation *user) {
    if (user == op || llvm::is_contained(readers, user) ||
        isa<memref::DeallocOp>(user))
      return false;
    // Another name of it.
    if (llvm::any_of(user->getResultTypes(), llvm::IsaPred<MemRefType>))
      return true;
    Operation *place = op->getBlock()->findAncestorOpInBlock(*user);
    return !place || !place->isBeforeInBlock(op);
  });
}

/// Says what is wrong with the shape of the operation; empty if nothing.
static std::string explainShape(linalg::GenericOp op) {
  if (op.getNumDpsInits() != 1 || op.getNumParallelLoops() != op.getNumLoops())
    return "it does not make one number of each";
  Value output = op.getDpsInits().front();
  if (!isContiguous(output) || !op.getIndexingMapsArray().back().isIdentity())
    return "it does not write an array in order";
  Type type = cast<MemRefType>(output.getType()).getElementType();
  if (!type.isF32() && !type.isBF16() && !type.isF16())
    return "it does not make numbers of f32, bf16 or f16";
  return "";
}

/// Sorts the operands into C and rows; says which one is neither.
static std::string readOperands(linalg::GenericOp op, Value result,
                                Tail &tail) {
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    BlockArgument argument = op.getMatchingBlockArgument(&operand);
    if (operand.get() == result && map.isIdentity())
      tail.products.push_back(argument);
    else if (operand.get() != result && isContiguous(operand.get()) &&
             readsColumns(map) && isa<FloatType>(argument.getType()))
      tail.rows.push_back({operand.get(), argument});
    else if (!op.isDpsInit(&operand) || !argument.use_empty())
      return "it reads something that is neither the result nor a row";
  }
  return "";
}

/// Finds the numbers from outside; says which operation a kernel cannot do.
static std::string readBody(linalg::GenericOp op, Tail &tail) {
  for (Operation &inner : op.getBody()->without_terminator())
    if (!isa<arith::ArithDialect>(inner.getDialect()) ||
        isa<arith::RemFOp>(inner))
      return ("it needs '" + inner.getName().getStringRef() + "'").str();
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegion(), captured);
  for (Value value : captured) {
    if (matchPattern(value, m_Constant()))
      continue;
    Type type = value.getType();
    if (!type.isF32() && !type.isInteger(32) && !type.isInteger(64))
      return "it needs a number that is none of f32, i32 and i64";
    tail.numbers.push_back(value);
  }
  return "";
}

/// The arrays that a kernel reads before it has the number of C.
static SmallVector<Value> getSources(PackedMatmulOp op,
                                     const MatmulEpilogue &epilogue) {
  SmallVector<Value> sources;
  for (Value operand : op->getOperands())
    if (isa<MemRefType>(operand.getType()) && operand != op.getInits())
      sources.push_back(operand);
  if (epilogue.row)
    sources.push_back(epilogue.row);
  return sources;
}

/// Whether the product may happen where the tail is, and the tail's output be
/// written while rows are read.
static std::string explainOrder(PackedMatmulOp op,
                                const MatmulEpilogue &epilogue,
                                const Tail &tail) {
  SmallVector<Value> sources = getSources(op, epilogue);
  linalg::GenericOp generic = tail.op;
  for (Value source : sources)
    if (isTouchedBetween(op, generic, source, /*isReadCounted=*/false))
      return "an operand of the product may change before it";
  for (auto [row, argument] : tail.rows)
    sources.push_back(row);
  for (Value source : sources)
    if (mayOverlap(source, generic.getDpsInits().front()))
      return "it may overwrite an operand";
  return "";
}

/// Why C itself has to be written, or read where it is; empty if it need not.
static std::string explainNeed(PackedMatmulOp op, linalg::GenericOp reader,
                               Start start) {
  if (start == Start::Memory)
    return "the product adds to an array in memory";
  return isReadElsewhere(op, op.getInits(), reader.getOperation())
             ? "the product is needed too"
             : "";
}

static void matchTail(PackedMatmulOp op, MatmulEpilogue &epilogue) {
  linalg::GenericOp reader = findReader(op);
  if (!reader)
    return;
  Tail tail;
  tail.op = reader;
  std::string obstacle;
  if (op.getGroupEnds())
    obstacle = "rows outside of groups need it too";
  if (obstacle.empty())
    obstacle = explainShape(reader);
  if (obstacle.empty() && reader.getDpsInits().front() != op.getInits())
    obstacle = explainNeed(op, reader, epilogue.start);
  if (obstacle.empty())
    obstacle = readOperands(reader, op.getInits(), tail);
  if (obstacle.empty())
    obstacle = readBody(reader, tail);
  if (obstacle.empty())
    obstacle = explainOrder(op, epilogue, tail);
  if (!obstacle.empty()) {
    remark::missed(op.getLoc(), getRemark())
        << "leaves the operation that follows, because " + obstacle;
    return;
  }
  remark::passed(op.getLoc(), getRemark()) << "does the operation that follows";
  epilogue.tail = std::move(tail);
}

//===----------------------------------------------------------------------===//
// The quantisation of what was made
//===----------------------------------------------------------------------===//

/// Lanes of a block that a thread keeps in registers, at most.
static constexpr int64_t kMaxBlock = 32;

/// What the kernel makes: C, or what the tail makes of it.
static Value getMade(PackedMatmulOp op, const MatmulEpilogue &epilogue) {
  if (linalg::GenericOp tail = epilogue.tail.op)
    return tail.getDpsInits().front();
  return op.getInits();
}

/// The first operation that touches what the kernel makes, if it quantises it.
static PackedQuantizeOp findQuantizer(PackedMatmulOp op,
                                      const MatmulEpilogue &epilogue) {
  Value made = getMade(op, epilogue);
  Operation *last = op;
  if (epilogue.tail)
    last = epilogue.tail.op;
  Operation *next = last->getNextNode();
  while (next && !mayTouch(next, made, /*isReadCounted=*/true))
    next = next->getNextNode();
  auto quantizer = dyn_cast_or_null<PackedQuantizeOp>(next);
  if (!quantizer || quantizer.getSource() != made)
    return {};
  return quantizer;
}

/// Says what a thread cannot do with a block that it has; empty if nothing.
static std::string explainBlock(PackedQuantizeOp op) {
  if (op.getRotation())
    return "it rotates first";
  if (op.getRounding() != Rounding::NearestEven)
    return "it rounds by random bits";
  if (op.getScaleRule() == ScaleRule::Mse ||
      op.getScaleRule() == ScaleRule::Sweep)
    return "its scale rule searches";
  int64_t block = op.getFormat().getBlock();
  if (block < 8 || block > kMaxBlock || !llvm::isPowerOf2_64(block))
    return "its blocks are not of 8, 16 or 32 numbers";
  if (!llvm::all_of(op.getInits(), isContiguous))
    return "it does not write arrays in order";
  return "";
}

/// Whether all may happen where the quantisation is.
static std::string explainQuantizerOrder(PackedMatmulOp op,
                                         const MatmulEpilogue &epilogue,
                                         PackedQuantizeOp quantizer) {
  SmallVector<Value> sources = getSources(op, epilogue);
  for (const auto &[row, argument] : epilogue.tail.rows)
    sources.push_back(row);
  for (Value source : sources)
    if (isTouchedBetween(op, quantizer, source, /*isReadCounted=*/false))
      return "an operand of the product may change before it";
  if (Value tensorScale = quantizer.getTensorScale())
    sources.push_back(tensorScale);
  for (Value source : sources)
    for (Value output : quantizer.getInits())
      if (mayOverlap(source, output))
        return "it may overwrite an operand";
  return "";
}

/// Why the numbers themselves have to be written; empty if they need not.
static std::string explainMade(PackedMatmulOp op,
                               const MatmulEpilogue &epilogue,
                               PackedQuantizeOp quantizer) {
  if (op.getGroupEnds())
    return "rows outside of groups need it too";
  if (epilogue.start == Start::Memory)
    return "the product adds to an array in memory";
  Value made = getMade(op, epilogue);
  if (isReadElsewhere(op, made, {epilogue.tail.op, quantizer}))
    return "its source is needed too";
  return "";
}

static void matchQuantizer(PackedMatmulOp op, MatmulEpilogue &epilogue) {
  PackedQuantizeOp quantizer = findQuantizer(op, epilogue);
  if (!quantizer)
    return;
  std::string obstacle = explainMade(op, epilogue, quantizer);
  if (obstacle.empty())
    obstacle = explainBlock(quantizer);
  if (obstacle.empty())
    obstacle = explainQuantizerOrder(op, epilogue, quantizer);
  if (!obstacle.empty()) {
    remark::missed(op.getLoc(), getRemark())
        << "leaves the quantization that follows, because " + obstacle;
    return;
  }
  remark::passed(op.getLoc(), getRemark())
      << "does the quantization that follows";
  epilogue.made = getMade(op, epilogue);
  epilogue.quantizer = quantizer;
}

MatmulEpilogue mx::findEpilogue(PackedMatmulOp op) {
  MatmulEpilogue epilogue;
  epilogue.result = op.getInits();
  matchStart(op, epilogue);
  matchTail(op, epilogue);
  matchQuantizer(op, epilogue);
  return epilogue;
}

void mx::takeEpilogue(PackedMatmulOp op, const MatmulEpilogue &epilogue) {
  if (epilogue.writer)
    epilogue.writer->erase();
  if (linalg::GenericOp tail = epilogue.tail.op) {
    op->moveBefore(tail);
    op.getInitsMutable().assign(tail.getDpsInits().front());
  }
  if (PackedQuantizeOp quantizer = epilogue.quantizer)
    op->moveBefore(quantizer);
}

void mx::removeLaunched(PackedMatmulOp op, const MatmulEpilogue &epilogue) {
  op.erase();
  if (linalg::GenericOp tail = epilogue.tail.op)
    tail.erase();
  if (PackedQuantizeOp quantizer = epilogue.quantizer)
    quantizer.erase();
}

/// Removes `buffer` if it is filled at most, and what fills it.
static void removeUnused(Value buffer) {
  if (!buffer || !isAllocated(buffer))
    return;
  SmallVector<Operation *> users(buffer.getUsers());
  for (Operation *user : users) {
    auto filler = dyn_cast<linalg::LinalgOp>(user);
    bool onlyFills = filler && filler.getNumDpsInits() == 1 &&
                     filler.getDpsInits().front() == buffer &&
                     llvm::count(user->getOperands(), buffer) == 1;
    if (!onlyFills && !isa<memref::DeallocOp>(user))
      return;
  }
  for (Operation *user : users)
    user->erase();
  buffer.getDefiningOp()->erase();
}

void mx::removeUnusedBuffers(ArrayRef<MatmulEpilogue> epilogues) {
  llvm::SetVector<Value> buffers;
  for (const MatmulEpilogue &epilogue : epilogues) {
    buffers.insert(epilogue.result);
    buffers.insert(epilogue.filled);
    buffers.insert(epilogue.made);
  }
  llvm::for_each(buffers, removeUnused);
}

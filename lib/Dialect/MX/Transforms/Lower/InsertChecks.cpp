//===- InsertChecks.cpp - compare with the reference at run time ----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Surrounds each packed operation on buffers with calls that hand its operands
// to the checking runtime (CheckInterface.h). What the operation itself becomes
// is none of this pass's business, so every lowering is checked alike.
//===----------------------------------------------------------------------===//

#include "Lower/RuntimeCalls.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mx/Dialect/MX/IR/MXLayoutOps.h"
#include "mx/Dialect/MX/Transforms/CheckInterface.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Target/KernelRegistry.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::mx {
#define GEN_PASS_DEF_INSERTCHECKSPASS
#include "mx/Dialect/MX/Transforms/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

namespace {

/// What one operation hands over, in the order of CheckInterface.h.
struct Check {
  SmallVector<Value> saved;
  SmallVector<Value> buffers;
  /// Constants or i64 and index values.
  SmallVector<OpFoldResult> numbers;
};

/// Writes the calls of one module.
class CheckEmitter {
public:
  explicit CheckEmitter(ModuleOp module) : calls(module) {}

  void emit(Operation *op, const Check &check);
  /// Lists the sites on the module.
  void finish();

private:
  Value getContext(OpBuilder &builder, Location loc);
  void call(OpBuilder &builder, Location loc, const Twine &name,
            ValueRange operands);
  void push(OpBuilder &builder, Location loc, StringRef what, Value buffer);
  int64_t addSite(Operation *op);

  RuntimeCalls calls;
  SmallVector<Attribute> sites;
};

} // namespace

static MemRefType getContextType(MLIRContext *context) {
  return MemRefType::get({}, IntegerType::get(context, 8));
}

Value CheckEmitter::getContext(OpBuilder &builder, Location loc) {
  MemRefType type = getContextType(builder.getContext());
  if (!calls.getSymbols().lookup(kCheckContextSymbol)) {
    ModuleOp module = calls.getModule();
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    // Without an initial value it is a declaration; only public ones may be.
    auto global = memref::GlobalOp::create(
        top, module.getLoc(), kCheckContextSymbol,
        /*sym_visibility=*/StringAttr(), type, /*initial_value=*/Attribute(),
        /*constant=*/false, /*alignment=*/IntegerAttr());
    calls.getSymbols().insert(global);
  }
  return memref::GetGlobalOp::create(builder, loc, type, kCheckContextSymbol);
}

void CheckEmitter::call(OpBuilder &builder, Location loc, const Twine &suffix,
                        ValueRange operands) {
  calls.call(builder, loc, kCheckPrefix + suffix, operands);
}

/// The runtime function is named after the element type.
void CheckEmitter::push(OpBuilder &builder, Location loc, StringRef what,
                        Value buffer) {
  Value unranked = dropRank(builder, loc, buffer);
  call(builder, loc, what + "_" + getElementSuffix(buffer),
       {getContext(builder, loc), unranked});
}

int64_t CheckEmitter::addSite(Operation *op) {
  std::string location = "unknown location";
  if (auto loc = op->getLoc()->findInstanceOf<FileLineColLoc>()) {
    location.clear();
    llvm::raw_string_ostream(location)
        << loc.getFilename().getValue() << ':' << loc.getLine() << ':'
        << loc.getColumn();
  } else if (auto name = op->getLoc()->findInstanceOf<NameLoc>()) {
    location = name.getName().str();
  }
  Builder builder(op->getContext());
  sites.push_back(
      builder.getStrArrayAttr({op->getName().getStringRef(), location}));
  return sites.size() - 1;
}

void CheckEmitter::emit(Operation *op, const Check &check) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  for (Value buffer : check.saved)
    push(builder, loc, "save", buffer);
  builder.setInsertionPointAfter(op);
  for (Value buffer : check.buffers)
    push(builder, loc, "buffer", buffer);
  Type i64 = builder.getI64Type();
  for (OpFoldResult number : check.numbers) {
    Value value = dyn_cast<Value>(number);
    if (!value)
      value = arith::ConstantOp::create(
          builder, loc, cast<TypedAttr>(cast<Attribute>(number)));
    else if (value.getType().isIndex())
      value = arith::IndexCastOp::create(builder, loc, i64, value);
    call(builder, loc, "number", {getContext(builder, loc), value});
  }
  Value site =
      arith::ConstantIntOp::create(builder, loc, addSite(op), /*width=*/64);
  StringRef name = op->getName().stripDialect();
  name.consume_front("packed.");
  call(builder, loc, name, {getContext(builder, loc), site});
}

void CheckEmitter::finish() {
  ModuleOp module = calls.getModule();
  module->setAttr(kCheckSitesAttr, ArrayAttr::get(module.getContext(), sites));
}

//===----------------------------------------------------------------------===//
// What each operation hands over
//===----------------------------------------------------------------------===//

static OpFoldResult makeNumber(Operation *op, int64_t value) {
  return IntegerAttr::get(IntegerType::get(op->getContext(), 64), value);
}

static int64_t encodeOptional(std::optional<FormatAttr> format) {
  return format ? encodeFormat(format->getBlockFormat()) : kPlainFormat;
}

/// Appends constants.
static void addNumbers(Operation *op, ArrayRef<int64_t> values, Check &check) {
  for (int64_t value : values)
    check.numbers.push_back(makeNumber(op, value));
}

/// Appends the size of a rotation, 0 for none, and its signs.
static void addRotation(Operation *op, std::optional<HadamardAttr> rotation,
                        Check &check) {
  static_assert(mxnum::kMaxHadamard == 256, "four words hold all signs");
  std::array<uint64_t, 4> words = {};
  if (rotation)
    for (auto [index, sign] : llvm::enumerate(rotation->getSigns()))
      if (sign < 0)
        words[index / 64] |= uint64_t(1) << (index % 64);
  addNumbers(op, {rotation ? rotation->getSize() : 0}, check);
  for (uint64_t word : words)
    addNumbers(op, {static_cast<int64_t>(word)}, check);
}

static Check describe(PackedTensorScaleOp op) {
  Check check;
  check.buffers = {op.getSource(), op.getInits()};
  addNumbers(op,
             {encodeFormat(op.getFormat().getBlockFormat()),
              static_cast<int64_t>(op.getScaleRule()),
              static_cast<int64_t>(op.getRounding()), op.getSatfinite()},
             check);
  addRotation(op, op.getRotation(), check);
  return check;
}

static Check describe(PackedQuantizeOp op) {
  Check check;
  Value tensorScale = op.getTensorScale();
  check.buffers = {op.getSource()};
  if (tensorScale)
    check.buffers.push_back(tensorScale);
  llvm::append_range(check.buffers, op.getInits());
  addNumbers(op,
             {encodeFormat(op.getFormat().getBlockFormat()),
              static_cast<int64_t>(op.getScaleRule()),
              static_cast<int64_t>(op.getRounding()), op.getSatfinite(),
              static_cast<int64_t>(op.getRandomBits()),
              static_cast<int64_t>(op.getIndexAxis()), tensorScale != nullptr},
             check);
  if (Value seed = op.getSeed())
    check.numbers.push_back(seed);
  else
    addNumbers(op, {0}, check);
  addRotation(op, op.getRotation(), check);
  return check;
}

static Check describe(PackedDequantizeOp op) {
  Check check;
  Value tensorScale = op.getTensorScale();
  check.buffers = {op.getPayload(), op.getScales()};
  if (tensorScale)
    check.buffers.push_back(tensorScale);
  check.buffers.push_back(op.getInits());
  addNumbers(
      op,
      {encodeFormat(op.getFormat().getBlockFormat()), tensorScale != nullptr},
      check);
  return check;
}

static Check describe(PackedRotateOp op) {
  Check check;
  check.buffers = {op.getSource(), op.getInits()};
  addRotation(op, op.getRotation(), check);
  addNumbers(op, {op.getInverse()}, check);
  return check;
}

/// How the right side lies (WeightLayout), as a number.
static int64_t getLayout(PackedMatmulOp op) {
  WeightLayout layout = op.getRhsInterleaved() ? WeightLayout::Interleaved
                        : op.getRhsFragments() ? WeightLayout::Fragments
                                               : WeightLayout::Canonical;
  return static_cast<int64_t>(layout);
}

static Check describe(PackedMatmulOp op) {
  Check check;
  check.saved = {op.getInits()};
  llvm::append_range(check.buffers, op.getLhs());
  llvm::append_range(check.buffers, op.getRhs());
  if (op.getGroupEnds())
    check.buffers.push_back(op.getGroupEnds());
  check.buffers.push_back(op.getInits());
  check.numbers.push_back(op.getK());
  addNumbers(op,
             {static_cast<int64_t>(op.getLhs().size()),
              static_cast<int64_t>(op.getRhs().size()),
              encodeOptional(op.getLhsFormat()),
              encodeOptional(op.getRhsFormat()), op.getGroupEnds() != nullptr,
              getLayout(op)},
             check);
  return check;
}

static Check describe(PackedInterleaveOp op) {
  Check check;
  check.buffers = {op.getSource(), op.getInits()};
  addNumbers(op,
             {static_cast<int64_t>(op.getUnit()),
              static_cast<int64_t>(op.getPadding())},
             check);
  return check;
}

template <typename OpTy>
static Check describeCodes(OpTy op) {
  Check check;
  check.buffers = {op.getSource(), op.getInits()};
  addNumbers(op, {static_cast<int64_t>(op.getBits())}, check);
  return check;
}

/// Returns nothing for operations that are not packed ones.
static std::optional<Check> describeOperation(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<Check>>(op)
      .Case<PackedTensorScaleOp, PackedQuantizeOp, PackedDequantizeOp,
            PackedRotateOp, PackedMatmulOp, PackedInterleaveOp>(
          [](auto packed) { return describe(packed); })
      .Case<PackedPackOp, PackedUnpackOp>(
          [](auto packed) { return describeCodes(packed); })
      .Case<PackedTileScalesOp, PackedUntileScalesOp>([](auto packed) {
        Check check;
        check.buffers = {packed.getSource(), packed.getInits()};
        return check;
      })
      .Default(std::nullopt);
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {
struct InsertChecksPass
    : public mlir::mx::impl::InsertChecksPassBase<InsertChecksPass> {
  using InsertChecksPassBase::InsertChecksPassBase;

  void runOnOperation() override {
    SmallVector<std::pair<Operation *, Check>> checks;
    WalkResult result = getOperation().walk([&](Operation *op) {
      std::optional<Check> check = describeOperation(op);
      if (!check)
        return WalkResult::advance();
      for (Type type : op->getOperandTypes())
        if (isa<TensorType>(type))
          return WalkResult(op->emitOpError("expected buffers (run "
                                            "bufferisation first), got ")
                            << type);
      checks.emplace_back(op, std::move(*check));
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    CheckEmitter emitter(getOperation());
    for (auto &[op, check] : checks)
      emitter.emit(op, check);
    emitter.finish();
  }
};
} // namespace

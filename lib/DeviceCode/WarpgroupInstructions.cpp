//===- WarpgroupInstructions.cpp - wgmma with its registers ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/DeviceCode/WarpgroupInstructions.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::mx;

using Kind = WarpgroupInstruction::Kind;

static constexpr llvm::StringLiteral kFence = "wgmma.fence.sync.aligned;";
static constexpr llvm::StringLiteral kWait = "wgmma.wait_group.sync.aligned ";
static constexpr llvm::StringLiteral kProduct =
    "wgmma.mma_async.sync.aligned.m64n";
/// A scale of 1 for the sums, for A and for B, and B with K innermost.
static constexpr llvm::StringLiteral kProductEnd = ", 1, 1, 1, 0;";
/// The instruction may have this many groups pending.
static constexpr int kMaxPending = 7;
static constexpr int kColumnUnit = 8, kMaxColumns = 256;

/// "{$first, $first + 1, …}"
static std::string listRegisters(int first, int count) {
  std::string list = "{";
  for (int i = first; i < first + count; ++i)
    list += (i == first ? "$" : ", $") + std::to_string(i);
  return list + "}";
}

static std::string spellText(const WarpgroupInstruction &instruction) {
  switch (instruction.kind) {
  case Kind::Fence:
    return kFence.str();
  case Kind::Wait:
    return kWait.str() + std::to_string(instruction.pending) + ";";
  case Kind::Product:
    break;
  }
  std::string type = NVVM::stringifyEnum(instruction.type).str();
  int sums = instruction.getSums();
  // Operands that are given back are numbered twice.
  return kProduct.str() + std::to_string(instruction.columns) + "k16.f32." +
         type + "." + type + " " + listRegisters(0, sums) + ", " +
         listRegisters(2 * sums, kWarpgroupRegistersOfA) + ", $" +
         std::to_string(2 * sums + kWarpgroupRegistersOfA) + kProductEnd.str();
}

static StringRef getClass(Type type) {
  if (type.isF32())
    return "f";
  if (type.isInteger(32))
    return "r";
  return type.isInteger(64) ? "l" : "";
}

/// "=f,…,0,…,r": registers that are given back, and those that are read. Empty
/// if one has another type.
static std::string spellConstraints(TypeRange written, TypeRange read) {
  SmallVector<std::string> words;
  for (Type type : written)
    words.push_back(("=" + getClass(type)).str());
  for (size_t i = 0; i < written.size(); ++i)
    words.push_back(std::to_string(i));
  for (Type type : read)
    words.push_back(getClass(type).str());
  words.push_back("~{memory}");
  if (llvm::is_contained(words, "=") || llvm::is_contained(words, ""))
    return "";
  return llvm::join(words, ",");
}

static std::optional<WarpgroupInstruction> parseText(StringRef text) {
  if (text == kFence)
    return WarpgroupInstruction{Kind::Fence};
  if (text.consume_front(kWait)) {
    WarpgroupInstruction wait{Kind::Wait};
    if (text.consumeInteger(10, wait.pending) || wait.pending < 0 ||
        wait.pending > kMaxPending)
      return std::nullopt;
    return wait;
  }
  WarpgroupInstruction product{Kind::Product};
  if (!text.consume_front(kProduct) ||
      text.consumeInteger(10, product.columns) ||
      product.columns % kColumnUnit != 0 || product.columns > kMaxColumns ||
      product.columns <= 0)
    return std::nullopt;
  if (text.starts_with("k16.f32.f16."))
    product.type = NVVM::WGMMATypes::f16;
  return product;
}

OperandRange mx::getWrittenRegisters(LLVM::InlineAsmOp op) {
  auto fields = cast<LLVM::LLVMStructType>(op.getRes().getType());
  return op.getOperands().take_front(fields.getBody().size());
}

std::optional<WarpgroupInstruction>
mx::matchWarpgroupInstruction(LLVM::InlineAsmOp op) {
  auto instruction = parseText(op.getAsmString());
  auto fields = op.getRes()
                    ? dyn_cast<LLVM::LLVMStructType>(op.getRes().getType())
                    : LLVM::LLVMStructType();
  if (!instruction || !fields || fields.isOpaque() ||
      fields.getBody().size() > op.getNumOperands() ||
      !op.getHasSideEffects() || op.getIsAlignStack() ||
      op.getAsmString() != spellText(*instruction))
    return std::nullopt;
  OperandRange written = getWrittenRegisters(op);
  OperandRange read = op.getOperands().drop_front(written.size());
  auto areAll = [](auto values, auto hasType) {
    return llvm::all_of(values,
                        [&](Value value) { return hasType(value.getType()); });
  };
  auto isSum = [](Type type) { return type.isF32(); };
  auto isWord = [](Type type) { return type.isInteger(32); };
  bool fits = TypeRange(written) == TypeRange(fields.getBody()) &&
              op.getConstraints() ==
                  spellConstraints(written.getTypes(), read.getTypes());
  switch (instruction->kind) {
  case Kind::Fence:
    fits = fits && read.empty();
    break;
  case Kind::Wait:
    fits = fits && areAll(written, isSum) && areAll(read, isWord);
    break;
  case Kind::Product:
    fits =
        fits && int(written.size()) == instruction->getSums() &&
        areAll(written, isSum) && read.size() == kWarpgroupRegistersOfA + 1 &&
        areAll(read.drop_back(), isWord) && read.back().getType().isInteger(64);
    break;
  }
  return fits ? instruction : std::nullopt;
}

/// Builds the operation and takes its results apart.
static SmallVector<Value> create(ImplicitLocOpBuilder &b,
                                 const WarpgroupInstruction &instruction,
                                 ValueRange written, ValueRange read) {
  SmallVector<Value> operands(written);
  llvm::append_range(operands, read);
  auto type = LLVM::LLVMStructType::getLiteral(
      b.getContext(), SmallVector<Type>(written.getTypes()));
  auto assembly = LLVM::InlineAsmOp::create(
      b, type, operands, spellText(instruction),
      spellConstraints(written.getTypes(), read.getTypes()),
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
  SmallVector<Value> results;
  for (size_t i = 0; i < written.size(); ++i)
    results.push_back(
        LLVM::ExtractValueOp::create(b, assembly.getRes(), int64_t(i)));
  return results;
}

SmallVector<Value> mx::createWarpgroupFence(ImplicitLocOpBuilder &b,
                                            ValueRange registers) {
  return create(b, {Kind::Fence}, registers, {});
}

SmallVector<Value> mx::createWarpgroupProduct(ImplicitLocOpBuilder &b,
                                              NVVM::WGMMATypes type,
                                              ValueRange sums, ValueRange a,
                                              Value descriptorOfB) {
  WarpgroupInstruction product{Kind::Product, int(2 * sums.size()), type};
  SmallVector<Value> read(a);
  read.push_back(descriptorOfB);
  return create(b, product, sums, read);
}

SmallVector<Value> mx::createWarpgroupWait(ImplicitLocOpBuilder &b, int pending,
                                           ValueRange sums, ValueRange a) {
  WarpgroupInstruction wait{Kind::Wait};
  wait.pending = pending;
  return create(b, wait, sums, a);
}

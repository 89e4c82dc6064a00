//===- MatmulArguments.cpp - what a kernel is called with -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulArguments.h"
#include "DeviceMemory.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr llvm::StringLiteral kSharedName = "mx_dynamic_shared";
/// Enough for every swizzle.
static constexpr int kSharedAlignment = 1024;

Value mx::getSharedMemory(ImplicitLocOpBuilder &b, gpu::GPUModuleOp module) {
  auto global = module.lookupSymbol<LLVM::GlobalOp>(kSharedName);
  if (!global) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    global = LLVM::GlobalOp::create(
        b, LLVM::LLVMArrayType::get(b.getI8Type(), 0), /*isConstant=*/false,
        LLVM::Linkage::External, kSharedName, Attribute(), kSharedAlignment,
        kSharedSpace);
  }
  return LLVM::AddressOfOp::create(b, global);
}

static Word divideUp(Word x, int y) { return (x + (y - 1)) / y; }

MatmulArguments::MatmulArguments(ImplicitLocOpBuilder &b,
                                 MatmulSignature givenSignature,
                                 gpu::GPUFuncOp kernel)
    : b(b), signature(std::move(givenSignature)) {
  ArrayRef<BlockArgument> arguments = kernel.getArguments();
  auto takeParts = [&](const MatmulSide &side) {
    SmallVector<Value> parts(arguments.take_front(side.getPartCount()));
    // A tensor map stays a generic pointer.
    for (Value &part : MutableArrayRef(parts).drop_front(signature.isRing))
      part = castToGlobal(b, part);
    arguments = arguments.drop_front(parts.size());
    return parts;
  };
  SmallVector<Value> lhsParts = takeParts(signature.lhs.operand);
  SmallVector<Value> rhsParts = takeParts(signature.rhs.operand);
  auto take = [&]() -> Value {
    Value argument = arguments.front();
    arguments = arguments.drop_front();
    return argument;
  };
  if (signature.isGrouped())
    groupEnds = castToGlobal(b, take());
  const MatmulEpilogue &epilogue = signature.epilogue;
  if (epilogue.row)
    startRow = castToGlobal(b, take());
  result = castToGlobal(b, take());
  if (PackedQuantizeOp quantizer = epilogue.quantizer) {
    resultScales = castToGlobal(b, take());
    if (quantizer.getTensorScale())
      resultTensorScale = castToGlobal(b, take());
  }
  for (size_t i = 0; i < epilogue.tail.rows.size(); ++i)
    tailRows.push_back(castToGlobal(b, take()));
  for (size_t i = 0; i < epilogue.tail.numbers.size(); ++i)
    tailNumbers.push_back(take());
  for (Word *size : {&rows, &columns, &depth})
    *size = Word(b, take());
  if (signature.isGrouped())
    groups = Word(b, take());
  if (signature.hasSums)
    sums = castToGlobal(b, take());
  rowTiles = signature.isGrouped() ? boundGroupTiles(getGroupEnds())
                                   : divideUp(rows, signature.lhs.tileRows);
  columnTiles = divideUp(columns, signature.rhs.tileRows);
  lhs = {signature.lhs, rows, lhsParts};
  rhs = {signature.rhs, columns, rhsParts};
}

Word MatmulArguments::countSteps() const {
  return divideUp(depth, signature.depth);
}

void MatmulArguments::countGroupTiles() {
  rowTiles = mx::countGroupTiles(b, getGroupEnds());
}

Word MatmulArguments::countTiles() const { return rowTiles * columnTiles; }

TilePlace MatmulArguments::locateTile(Word tile) const {
  Word matrix = tile / rowTiles / columnTiles;
  Word column = tile / rowTiles % columnTiles * signature.rhs.tileRows;
  if (!signature.isGrouped())
    return {matrix, matrix, tile % rowTiles * signature.lhs.tileRows,
            column, rows,   Value()};
  GroupTile found = findGroupTile(b, getGroupEnds(), tile % rowTiles);
  return {matrix, found.group, found.row, column, found.end, found.exists};
}

GroupEnds MatmulArguments::getGroupEnds() const {
  return {groupEnds, signature.endBits, groups, rows, signature.lhs.tileRows};
}

Word MatmulArguments::getPayloadLength(const Side &side) const {
  return (depth * side.operand.getBits() + 7) >> 3;
}

Word MatmulArguments::getScalesLength(const Side &side) const {
  return divideUp(depth, side.operand.getBlock(0));
}

/// The part of `base` that belongs to one of its matrices.
Value MatmulArguments::selectMatrix(Value base, Word matrix, Word rows,
                                    Word rowLength) const {
  Value size = arith::MulIOp::create(b, rows.widen(), rowLength.widen());
  Value offset = arith::MulIOp::create(b, matrix.widen(), size);
  return offsetPointer(b, base, offset);
}

PanelSource MatmulArguments::getPanel(const Side &side, Value base, Word length,
                                      const TilePlace &place) const {
  bool isLhs = &side == &lhs;
  Word matrix = isLhs ? place.matrix : place.rhsMatrix;
  return {selectMatrix(base, matrix, side.rows, length),
          isLhs ? place.rowEnd : side.rows, length,
          isLhs ? place.row : place.column};
}

/// As getPanel, of groups of rows whose lines have `lineBytes` (N8.8).
PanelSource MatmulArguments::getGroups(const Side &side, Value base,
                                       int lineBytes,
                                       const TilePlace &place) const {
  constexpr int rows = int(mxnum::kFragmentRows);
  Word groups = divideUp(side.rows, rows);
  Word length = divideUp(depth, int(mxnum::kFragmentDepth)) * lineBytes;
  return {selectMatrix(base, place.rhsMatrix, groups, length), groups, length,
          place.column / rows};
}

PanelSource MatmulArguments::getPayload(const Side &side,
                                        const TilePlace &place) const {
  if (side.operand.hasFragments())
    return getGroups(side, side.parts[0], MatmulSide::kPayloadLine, place);
  return getPanel(side, side.parts[0], getPayloadLength(side), place);
}

PanelSource MatmulArguments::getScales(const Side &side,
                                       const TilePlace &place) const {
  if (side.operand.hasFragments())
    return getGroups(side, side.parts[1], side.operand.getScaleLine(), place);
  return getPanel(side, side.parts[1], getScalesLength(side), place);
}

Value MatmulArguments::loadTensorScale() const {
  Value product;
  for (const Side *side : {&lhs, &rhs}) {
    if (side->parts.size() < 3)
      continue;
    Value scale = loadFrom(b, b.getF32Type(), side->parts[2], sizeof(float));
    product = product ? arith::MulFOp::create(b, product, scale) : scale;
  }
  return product;
}

QuantizedTile MatmulArguments::getQuantized(const TilePlace &place) const {
  PackedQuantizeOp quantizer = signature.epilogue.quantizer;
  FormatAttr format = quantizer.getFormat();
  int bits = int(mxnum::getElementInfo(format.getElement()).bits);
  Word payloadLength = (columns * bits + 7) >> 3;
  Word scalesLength = divideUp(columns, int(format.getBlock()));
  Value tensorScale;
  if (resultTensorScale)
    tensorScale = loadFrom(b, b.getF32Type(), resultTensorScale, sizeof(float));
  return {selectMatrix(result, place.matrix, rows, payloadLength),
          selectMatrix(resultScales, place.matrix, rows, scalesLength),
          payloadLength, scalesLength, tensorScale};
}

ResultTile MatmulArguments::getResult(const TilePlace &place) const {
  int bytes = int(signature.output.getIntOrFloatBitWidth() / 8);
  return {selectMatrix(result, place.matrix, rows, columns * bytes),
          signature.output,
          place.rowEnd,
          columns,
          place.row,
          place.column,
          loadTensorScale(),
          startRow,
          tailRows,
          tailNumbers};
}

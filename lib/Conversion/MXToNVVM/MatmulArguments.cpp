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
                                 const MatmulSpec &spec, gpu::GPUFuncOp kernel)
    : b(b), spec(spec) {
  ArrayRef<BlockArgument> arguments = kernel.getArguments();
  StageLayout layout(spec);
  auto takeParts = [&](FormatAttr format) {
    int count = format.getTensorScale() ? 3 : 2;
    SmallVector<Value> parts(arguments.take_front(count));
    // A tensor map stays a generic pointer.
    for (Value &part : MutableArrayRef(parts).drop_front(spec.tile.isRing()))
      part = castToGlobal(b, part);
    arguments = arguments.drop_front(count);
    return parts;
  };
  SmallVector<Value> lhsParts = takeParts(spec.lhs);
  SmallVector<Value> rhsParts = takeParts(spec.rhs);
  auto take = [&]() -> Value {
    Value argument = arguments.front();
    arguments = arguments.drop_front();
    return argument;
  };
  if (spec.isGrouped())
    groupEnds = castToGlobal(b, take());
  const Tail &tail = spec.epilogue.tail;
  if (spec.epilogue.row)
    startRow = castToGlobal(b, take());
  result = castToGlobal(b, take());
  if (PackedQuantizeOp quantizer = spec.epilogue.quantizer) {
    resultScales = castToGlobal(b, take());
    if (quantizer.getTensorScale())
      resultTensorScale = castToGlobal(b, take());
  }
  for (size_t i = 0; i < tail.rows.size(); ++i)
    tailRows.push_back(castToGlobal(b, take()));
  for (size_t i = 0; i < tail.numbers.size(); ++i)
    tailNumbers.push_back(take());
  for (Word *size : {&rows, &columns, &depth})
    *size = Word(b, take());
  if (spec.isGrouped())
    groups = Word(b, take());
  rowTiles = spec.isGrouped() ? boundGroupTiles(getGroupEnds())
                              : divideUp(rows, spec.tile.rows);
  columnTiles = divideUp(columns, spec.tile.columns);
  lhs = {spec.lhs,       rows,       lhsParts,
         spec.tile.rows, layout.lhs, layout.lhsScales};
  rhs = {spec.rhs,          columns,    rhsParts,
         spec.tile.columns, layout.rhs, layout.rhsScales};
}

Word MatmulArguments::countSteps() const {
  return divideUp(depth, kSlices * spec.mma.depth);
}

void MatmulArguments::countGroupTiles() {
  rowTiles = mx::countGroupTiles(b, getGroupEnds());
}

Word MatmulArguments::countTiles() const { return rowTiles * columnTiles; }

TilePlace MatmulArguments::locateTile(Word tile) const {
  Word matrix = tile / rowTiles / columnTiles;
  Word column = tile / rowTiles % columnTiles * spec.tile.columns;
  if (!spec.isGrouped())
    return {matrix, matrix, tile % rowTiles * spec.tile.rows,
            column, rows,   Value()};
  GroupTile found = findGroupTile(b, getGroupEnds(), tile % rowTiles);
  return {matrix, found.group, found.row, column, found.end, found.exists};
}

GroupEnds MatmulArguments::getGroupEnds() const {
  return {groupEnds, spec.endBits, groups, rows, spec.tile.rows};
}

Word MatmulArguments::getPayloadLength(const Side &side) const {
  mxnum::ElementType element = side.format.getElement();
  return (depth * int32_t(mxnum::getElementInfo(element).bits) + 7) >> 3;
}

Word MatmulArguments::getScalesLength() const {
  return divideUp(depth, spec.mma.depth / spec.mma.scales);
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

PanelSource MatmulArguments::getPayload(const Side &side,
                                        const TilePlace &place) const {
  return getPanel(side, side.parts[0], getPayloadLength(side), place);
}

PanelSource MatmulArguments::getScales(const Side &side,
                                       const TilePlace &place) const {
  return getPanel(side, side.parts[1], getScalesLength(), place);
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
  PackedQuantizeOp quantizer = spec.epilogue.quantizer;
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
  int bytes = int(spec.getOutputType().getWidth() / 8);
  return {selectMatrix(result, place.matrix, rows, columns * bytes),
          spec.getOutputType(),
          place.rowEnd,
          columns,
          place.row,
          place.column,
          loadTensorScale(),
          startRow,
          tailRows,
          tailNumbers};
}

//===- TileTuning.cpp - measured tiles before tabulated ones --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "TileTuning.h"
#include "MatmulSignature.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr llvm::StringLiteral kTuningAttr = "mx.tuning";

static LogicalResult readEntry(Attribute attr,
                               std::vector<TuningEntry> &entries) {
  auto text = dyn_cast<StringAttr>(attr);
  std::optional<TuningEntry> entry;
  if (text)
    entry = parseTuning(text.getValue());
  if (entry)
    entries.push_back(*entry);
  return success(entry.has_value());
}

FailureOr<TileTuning> TileTuning::get(ModuleOp module, StringRef chip) {
  TileTuning tuning;
  tuning.chip = chip.str();
  if (auto target = getDeviceTarget(getTarget(module)))
    tuning.chip = target->chip->name;
  Attribute attr = module->getAttr(kTuningAttr);
  if (!attr)
    return tuning;
  auto list = dyn_cast<ArrayAttr>(attr);
  if (!list || llvm::any_of(list, [&](Attribute each) {
        return failed(readEntry(each, tuning.own));
      }))
    return module.emitError()
           << "expected '" << kTuningAttr
           << "' to be texts '<kernel> <tile> <rows below> <stages>', got "
           << attr;
  return tuning;
}

std::pair<const TuningEntry *, StringRef>
TileTuning::lookup(PackedMatmulOp op, StringRef tile) const {
  std::string formats =
      MatmulSide::get(op.getLhs(), op.getLhsFormatAttr()).getName() + "*" +
      MatmulSide::get(op.getRhs(), op.getRhsFormatAttr()).getName();
  int64_t columns = cast<MemRefType>(op.getInits().getType()).getShape().back();
  APInt depth;
  bool knowsDepth = matchPattern(op.getK(), m_ConstantInt(&depth));
  StringRef kernel = *op.getKernel();
  TuningKey key{kernel, chip, formats,
                ShapedType::isDynamic(columns) ? 0 : columns,
                knowsDepth ? depth.getSExtValue() : 0};
  if (const TuningEntry *entry = lookupTuning(own, key, tile))
    return {entry, "'mx.tuning'"};
  if (const TuningEntry *entry = lookupTuning(getTuning(), key, tile))
    return {entry, "measured"};
  return {nullptr, "not measured"};
}

std::string TileTuning::describe(StringRef tile, int rowsBelow, int stages,
                                 StringRef source) {
  std::string text = "; " + tile.str() + " for more than " +
                     std::to_string(rowsBelow) + " rows";
  if (stages > 0)
    text += " with " + std::to_string(stages) + " stages";
  return text + " (" + source.str() + ")";
}

void TileTuning::report(PackedMatmulOp op, StringRef said) {
  remark::analysis(op.getLoc(),
                   remark::RemarkOpts::name("tiles").category("mx-to-nvvm"))
      << ("tiles where they fit: " + said.drop_front(2)).str();
}

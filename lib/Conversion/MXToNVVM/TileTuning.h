//===- TileTuning.h - measured tiles before tabulated ones ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// From how many rows on a tile is taken: what Tuning.def says about the chip,
// the formats and the shape, else what the tile's own table says. Before both
// comes the module's attribute `mx.tuning`, with which a search makes programs
// that take one tile only.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_TILETUNING_H
#define MX_LIB_CONVERSION_MXTONVVM_TILETUNING_H

#include "mlir/IR/BuiltinOps.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Target/Tuning.h"

namespace mlir::mx {

class TileTuning {
public:
  /// Entries for `module`, whose kernels are made for `chip` if it has no
  /// target. Fails, with a diagnostic, where `mx.tuning` is not a list of them.
  static FailureOr<TileTuning> get(ModuleOp module, StringRef chip);

  /// The tiles of the kernel of `op` with what is known about them, in their
  /// order. Says so, and what is not.
  template <typename Tile>
  SmallVector<Tile> tune(PackedMatmulOp op, ArrayRef<Tile> tiles) const {
    SmallVector<Tile> tuned(tiles);
    std::string said;
    for (Tile &tile : tuned) {
      auto [entry, source] = lookup(op, tile.name);
      if (entry) {
        tile.rowsBelow = entry->rowsBelow;
        tile.stages = entry->stages;
      }
      said += describe(tile.name, tile.rowsBelow, tile.stages, source);
    }
    report(op, said);
    return tuned;
  }

private:
  /// An entry, or null, and where it is from.
  std::pair<const TuningEntry *, StringRef> lookup(PackedMatmulOp op,
                                                   StringRef tile) const;
  static std::string describe(StringRef tile, int rowsBelow, int stages,
                              StringRef source);
  static void report(PackedMatmulOp op, StringRef said);

  std::string chip;
  std::vector<TuningEntry> own;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_TILETUNING_H

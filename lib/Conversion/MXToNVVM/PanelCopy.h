//===- PanelCopy.h - rows of an operand into shared memory ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// In each step a block of threads brings the next bytes of its rows to shared
// memory: payload or scales of one side. Where memory is aligned the copies are
// asynchronous, else they pass through registers: loaded before the step's
// arithmetic, stored after it.
//
// Bytes past the end of a row and rows past the last one become zeros: zero
// codes add nothing, and the scale of zero bytes is the smallest one, so that
// it never decides how the terms of an MMA are aligned.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_PANELCOPY_H
#define MX_LIB_CONVERSION_MXTONVVM_PANELCOPY_H

#include "Word.h"

namespace mlir::mx {

/// The shape of a panel in shared memory.
struct PanelShape {
  /// Rows, and bytes of each in a step.
  int rows, rowBytes;
  /// Bytes that a thread writes at once.
  int chunk;
  /// Bits of memory that become a byte (CodeContainers.h): 8, or packed codes.
  int bits = 8;
  /// Bytes that a thread reads at once.
  int unit = 1;
  /// Whether the chunks of each 128 bytes are permuted (MmaFragments.h); rows
  /// then are multiples of that.
  bool swizzled = false;
  /// Threads that share the work.
  int threads = 256;

  /// Bytes of memory that become a chunk, and a row of the panel.
  int getChunkSource() const { return chunk * bits / 8; }
  int getRowSource() const { return rowBytes * bits / 8; }
  /// Threads that work at once: on whole rows, a power of two of them.
  int getWorkers() const;
};

/// Where byte `byte` of row `row` lies, from the start of the row.
Word getPanelByte(const PanelShape &shape, Word row, Word byte);

/// The matrix of bytes that a panel is a part of.
struct PanelSource {
  /// In global memory.
  Value base;
  Word rows, rowLength;
  /// The first row of the panel.
  Word firstRow;
};

class PanelCopy {
public:
  /// Prepares the part of thread number `thread`.
  PanelCopy(ImplicitLocOpBuilder &b, const PanelShape &shape,
            const PanelSource &source, Word thread);

  /// Whether copies are asynchronous (`copy`), or `load` and `store`.
  bool isAsynchronous() const { return shape.bits == 8 && shape.unit >= 4; }
  const PanelShape &getShape() const { return shape; }

  /// Bytes from number `end` on of each row are zeros too.
  void stopAt(Word end) { rowLength = rowLength.min(end); }

  /// Starts to copy the bytes from `offset` on of each row to `panel`.
  void copy(Word offset, Value panel);
  /// Loads the same bytes: for each chunk of this thread its words, or one
  /// smaller integer.
  SmallVector<SmallVector<Value>> load(Word offset);
  void store(ArrayRef<SmallVector<Value>> loaded, Value panel);

private:
  struct Chunk {
    /// Start of the row in global memory, and whether there is this row.
    Value row, exists;
    /// Offset in the panel.
    Word target;
  };

  Value loadUnit(const Chunk &chunk, Word start);
  SmallVector<Value> loadChunk(const Chunk &chunk, Word start);
  Value makeChunk(ArrayRef<Value> words);
  /// Builds `body` where this thread has chunks at all.
  void forActiveThreads(function_ref<void()> body);

  ImplicitLocOpBuilder &b;
  PanelShape shape;
  Word rowLength, column;
  /// Null if every thread has chunks.
  Value active;
  SmallVector<Chunk> chunks;
};

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_PANELCOPY_H

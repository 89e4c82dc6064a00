//===- Launch.h - running a kernel on the simulator -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A kernel is a host function that calls DeviceCalls.h. `run` runs it once
// for every thread of a grid, block after block, each thread on a stack of its
// own, and returns a report instead of failing: what a GPU would do undefined
// or never finish is named, with thread and location. A session is what host
// code that was compiled in memory needs around it: registered buffers,
// options, and the first bad report.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_LAUNCH_H
#define MX_SIMULATOR_LAUNCH_H

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mxsim {

/// A kernel: reads its operands through `arguments`, one pointer to each.
using Kernel = void (*)(void **arguments);

/// Global memory that a launch may touch.
struct Buffer {
  const void *address = nullptr;
  uint64_t bytes = 0;
  bool readOnly = false;
};

/// Whose tensor cores the matrix products follow (docs/Simulator.md).
enum class Arithmetic : uint8_t {
  /// Every product exact, one rounding of the sum to f32.
  Exact,
  Ampere,
  Ada,
  Hopper,
  Blackwell
};

struct Options {
  Arithmetic arithmetic = Arithmetic::Blackwell;
  /// 0 runs threads in the order of their numbers; anything else seeds a
  /// random order, the same each time.
  uint64_t scheduleSeed = 0;
  /// Most shared memory that a block may ask for; the default is sm_120's.
  uint32_t sharedLimit = 101376;
  /// A thread may switch or poll so often without any thread having made
  /// progress before the launch counts as stuck.
  uint64_t pollLimit = 1 << 20;
  /// Most steps that the threads of a launch may make together: accesses to
  /// memory, and rounds of loops.
  uint64_t stepLimit = uint64_t(1) << 32;
};

/// What went wrong; the text says the rest.
enum class ErrorKind : uint8_t {
  None,
  /// The launch itself: sizes out of range.
  BadLaunch,
  OutOfBounds,
  Misaligned,
  /// Shared memory that nobody wrote.
  Unwritten,
  /// Shared memory that an asynchronous copy is still to write, or to read.
  InFlight,
  /// Two accesses that no barrier orders.
  Race,
  /// Generic writes that an asynchronous copy reads without a proxy fence.
  MissingFence,
  /// A barrier or mbarrier that is used otherwise than it was made.
  BarrierMisuse,
  /// Bytes on an mbarrier that nobody expected.
  TransactionBytes,
  /// Lanes of one warp in different collective calls.
  Divergent,
  /// Scale selectors that do not go with the instruction.
  Selector,
  /// Operands that the primitive does not take.
  Operand,
  Deadlock,
  /// The launch makes too many steps; it may have no end.
  StepLimit,
  Trap
};

/// The kind as a word of the command line, e.g. "missing-fence".
const char *getName(ErrorKind kind);

/// Counts over a whole launch.
struct Statistics {
  uint64_t blocks = 0;
  uint64_t switches = 0;
  uint64_t matrixProducts = 0;
  /// Bytes that asynchronous copies moved.
  uint64_t asyncBytes = 0;

  Statistics &operator+=(const Statistics &other);
};

struct Report {
  ErrorKind kind = ErrorKind::None;
  /// The thread that was at fault, or found out.
  std::array<uint32_t, 3> block = {}, thread = {};
  /// Operand of the failing call.
  int32_t location = 0;
  /// `expected …, got …`; a deadlock adds lines on groups and barriers.
  std::string text;
  Statistics statistics;

  explicit operator bool() const { return kind == ErrorKind::None; }
};

struct Launch {
  Kernel kernel = nullptr;
  void **arguments = nullptr;
  std::array<uint32_t, 3> grid = {1, 1, 1}, block = {1, 1, 1};
  /// The block that the kernel was made for; zeros for any.
  std::array<uint32_t, 3> requiredBlock = {};
  uint32_t staticShared = 0, dynamicShared = 0;
  /// Location of the launch, for reports on itself.
  int32_t location = 0;
};

/// Runs `launch` to its end or its first error.
Report run(const Launch &launch, const std::vector<Buffer> &buffers,
           const Options &options = {});

/// What launches from compiled host code share. While a session exists, it is
/// the one that the C functions below use in the thread that made it.
class Session {
public:
  explicit Session(Options options);
  ~Session();
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  void registerBuffer(Buffer buffer);
  /// Forgets all that begins within these bytes.
  void unregisterBuffer(const void *address, uint64_t bytes);
  /// Runs unless an earlier launch failed; whether all went well so far.
  bool run(const Launch &launch);

  /// The first report that is not good, else the last one; with the statistics
  /// of all launches.
  const Report &getReport() const { return report; }

private:
  Options options;
  std::map<const void *, Buffer> buffers;
  Report report;
  Session *previous;
};

/// A function of DeviceCalls.h or of this header, for a symbol table.
struct Symbol {
  const char *name;
  void *address;
};

/// Every function that compiled code may refer to.
std::vector<Symbol> getSymbols();

} // namespace mxsim

extern "C" {

/// Launches in the thread's session; 0 if all went well so far, else 1. Without
/// a session nothing runs and the result is 1. The required extents are those
/// of the block that the kernel was made for, or zeros.
int32_t mxsim_launch(void (*kernel)(void **), void **arguments, int64_t gridX,
                     int64_t gridY, int64_t gridZ, int64_t blockX,
                     int64_t blockY, int64_t blockZ, int32_t requiredX,
                     int32_t requiredY, int32_t requiredZ, int32_t staticShared,
                     int32_t dynamicShared, int32_t location);
/// Adds memory to what launches of the thread's session may touch.
void mxsim_register_buffer(void *address, int64_t bytes);
/// Takes away what begins within these bytes, which the host frees.
void mxsim_unregister_buffer(void *address, int64_t bytes);

/// Writes 128 bytes that describe a tensor for `mxsim_tensor_load` and
/// `_store`: `rank` extents and box extents in elements, innermost first,
/// `strides` in bytes of all axes but the innermost. `elementBits` is 4 (two to
/// a byte, rows of whole bytes), 8, 16, 32 or 64; `swizzle` is the span in
/// bytes, 0, 32, 64 or 128. Returns 0, or 1 if the machine would refuse.
int32_t mxsim_encode_tensor_map(void *tensorMap, void *address, int32_t rank,
                                int32_t elementBits, const int64_t *extents,
                                const int64_t *strides, const int32_t *box,
                                int32_t swizzle);

} // extern "C"

#endif // MX_SIMULATOR_LAUNCH_H

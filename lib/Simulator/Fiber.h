//===- Fiber.h - stacks that run in turn ------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A simulated thread is a fiber: a stack and the place where it stopped. A
// switch is a function call that returns on another stack; nothing is ever
// interrupted. A fiber may be abandoned where it stands, so code on it keeps
// nothing that would have to be released.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_FIBER_H
#define MX_SIMULATOR_FIBER_H

#include <cstddef>
#include <cstdint>
#include <memory>

namespace mxsim {

class Fiber {
public:
  using Entry = void (*)(void *operand);

  Fiber();
  ~Fiber();
  Fiber(Fiber &&) noexcept;
  Fiber &operator=(Fiber &&) = delete;

  /// Makes the next switch here call `entry(operand)` on the given stack.
  /// `entry` must not return.
  void prepare(uint8_t *stack, size_t bytes, Entry entry, void *operand);

  /// Stops `from`, the running fiber, and goes on with `to`.
  static void switchTo(Fiber &from, Fiber &to);

private:
  struct Context;
  std::unique_ptr<Context> context;
};

/// Stacks of equal size with an inaccessible page below each.
class FiberStacks {
public:
  explicit FiberStacks(size_t count);
  ~FiberStacks();
  FiberStacks(const FiberStacks &) = delete;
  FiberStacks &operator=(const FiberStacks &) = delete;

  /// Whether the system gave the memory.
  bool isMapped() const { return memory; }
  uint8_t *getStack(size_t index) const;
  static size_t getStackBytes();

private:
  uint8_t *memory = nullptr;
  size_t count;
};

} // namespace mxsim

#endif // MX_SIMULATOR_FIBER_H

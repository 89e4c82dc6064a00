//===- Fiber.cpp - stacks that run in turn --------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// On x86-64 a switch saves the six registers that a callee must keep and swaps
// stack pointers: a matrix product of a warp switches 32 times, and the
// portable way (ucontext) makes a system call each time. Elsewhere, and under
// AddressSanitizer, which follows ucontext, the portable way is used.
//===----------------------------------------------------------------------===//

#include "Fiber.h"
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MXSIM_PORTABLE_SWITCH 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || !defined(__x86_64__)
#define MXSIM_PORTABLE_SWITCH 1
#endif

using namespace mxsim;

static constexpr size_t kStackBytes = size_t(128) << 10;

#ifdef MXSIM_PORTABLE_SWITCH

struct Fiber::Context {
  ucontext_t state;
};

/// makecontext passes ints only, so the pointer comes in two halves.
static void enter(unsigned high, unsigned low) {
  auto *words = reinterpret_cast<uintptr_t *>(uintptr_t(high) << 32 | low);
  reinterpret_cast<Fiber::Entry>(words[0])(reinterpret_cast<void *>(words[1]));
}

void Fiber::prepare(uint8_t *stack, size_t bytes, Entry entry, void *operand) {
  // The two words that `enter` reads lie above the usable stack.
  size_t usable = bytes - 2 * sizeof(uintptr_t);
  auto *words = reinterpret_cast<uintptr_t *>(stack + usable);
  words[0] = reinterpret_cast<uintptr_t>(entry);
  words[1] = reinterpret_cast<uintptr_t>(operand);
  getcontext(&context->state);
  context->state.uc_stack.ss_sp = stack;
  context->state.uc_stack.ss_size = usable;
  context->state.uc_link = nullptr;
  auto where = reinterpret_cast<uintptr_t>(words);
  makecontext(&context->state, reinterpret_cast<void (*)()>(enter), 2,
              unsigned(where >> 32), unsigned(where));
}

void Fiber::switchTo(Fiber &from, Fiber &to) {
  swapcontext(&from.context->state, &to.context->state);
}

#else

struct Fiber::Context {
  void *stackPointer;
};

extern "C" {
/// Pushes the callee's registers, stores the stack pointer in `*save`, takes
/// `next` as the stack pointer and pops the registers that are there.
void mxsim_switch_stack(void **save, void *next);
/// Where a new fiber begins: calls r13 with r12.
void mxsim_enter_fiber(void);
}

__asm__(".text\n"
        ".hidden mxsim_switch_stack\n"
        ".globl mxsim_switch_stack\n"
        ".type mxsim_switch_stack, @function\n"
        "mxsim_switch_stack:\n"
        "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n"
        "  pushq %r13\n  pushq %r14\n  pushq %r15\n"
        "  movq %rsp, (%rdi)\n"
        "  movq %rsi, %rsp\n"
        "  popq %r15\n  popq %r14\n  popq %r13\n"
        "  popq %r12\n  popq %rbx\n  popq %rbp\n"
        "  ret\n"
        ".size mxsim_switch_stack, .-mxsim_switch_stack\n"
        ".hidden mxsim_enter_fiber\n"
        ".globl mxsim_enter_fiber\n"
        ".type mxsim_enter_fiber, @function\n"
        "mxsim_enter_fiber:\n"
        "  movq %r12, %rdi\n"
        "  callq *%r13\n"
        "  ud2\n"
        ".size mxsim_enter_fiber, .-mxsim_enter_fiber\n");

void Fiber::prepare(uint8_t *stack, size_t bytes, Entry entry, void *operand) {
  // As mxsim_switch_stack leaves it, from the lowest word: r15, r14, r13, r12,
  // rbx, rbp, return address. Behind that word the stack is 16-byte aligned.
  constexpr size_t kR13 = 2, kR12 = 3, kReturn = 6, kWords = 8;
  auto top = reinterpret_cast<uintptr_t>(stack + bytes) & ~uintptr_t(15);
  auto *frame = reinterpret_cast<uintptr_t *>(top) - kWords - 1;
  for (size_t word = 0; word < kWords; ++word)
    frame[word] = 0;
  frame[kR13] = reinterpret_cast<uintptr_t>(entry);
  frame[kR12] = reinterpret_cast<uintptr_t>(operand);
  frame[kReturn] = reinterpret_cast<uintptr_t>(&mxsim_enter_fiber);
  context->stackPointer = frame;
}

void Fiber::switchTo(Fiber &from, Fiber &to) {
  mxsim_switch_stack(&from.context->stackPointer, to.context->stackPointer);
}

#endif // MXSIM_PORTABLE_SWITCH

Fiber::Fiber() : context(std::make_unique<Context>()) {}
Fiber::~Fiber() = default;
Fiber::Fiber(Fiber &&) noexcept = default;

static size_t pageBytes() { return size_t(sysconf(_SC_PAGESIZE)); }

FiberStacks::FiberStacks(size_t count) : count(count) {
  size_t stride = kStackBytes + pageBytes();
  void *mapped = mmap(nullptr, count * stride, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED)
    return;
  memory = static_cast<uint8_t *>(mapped);
  for (size_t index = 0; index < count; ++index)
    mprotect(memory + index * stride, pageBytes(), PROT_NONE);
}

FiberStacks::~FiberStacks() {
  if (memory)
    munmap(memory, count * (kStackBytes + pageBytes()));
}

uint8_t *FiberStacks::getStack(size_t index) const {
  return memory + index * (kStackBytes + pageBytes()) + pageBytes();
}

size_t FiberStacks::getStackBytes() { return kStackBytes; }

//===- GuardedThreads.cpp - threads of programs that may fault ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A region runs on a team of threads, each in a guarded call of its own:
//
//   fork      → every thread: call the region's function, guarded
//   barrier   → counted, then the runtime's
//   a fault   → the thread takes part in barriers in which others wait for it,
//               until all have left the region
//   join      → if a thread faulted, leave the call that began the region
//
// Whoever has come to more barriers than a thread waits for that thread, so
// counting says without a race which ones to take part in.
//===----------------------------------------------------------------------===//

#include "GuardedThreads.h"
#include "GuardedCall.h"
#include <atomic>
#include <cstdarg>
#include <mutex>
#include <thread>

using namespace mlir;
using namespace mlir::mx;

namespace {

/// What code generation makes of a region: two thread numbers, and the captured
/// values, if there are any.
using RegionFunction = void (*)(int32_t *, int32_t *, void *);

/// Functions of the runtime.
struct Runtime {
  void (*fork)(void *location, int32_t count, RegionFunction function, ...);
  void (*barrier)(void *location, int32_t thread);
  int (*getThreadCount)();
};

/// The threads of one region.
struct Team {
  void *location;
  RegionFunction function;
  void *values;
  /// How the first thread that faulted did (GuardedCall.h); 0 if none has.
  std::atomic<int> fault{0};
  /// Threads that have left the region.
  std::atomic<int> ended{0};
  /// The most barriers that a thread has come to.
  std::atomic<unsigned> barriers{0};
};

/// One of them.
struct Member {
  Team *team;
  unsigned barriers;
};

} // namespace

static Runtime &getRuntime() {
  static Runtime runtime;
  return runtime;
}

/// The part of this thread in the innermost region that it is in.
static thread_local Member *current = nullptr;

static void countBarrier(Member &member) {
  unsigned count = ++member.barriers;
  unsigned most = member.team->barriers;
  while (most < count &&
         !member.team->barriers.compare_exchange_weak(most, count))
    ;
}

static void enterBarrier(void *location, int32_t thread) {
  if (current)
    countBarrier(*current);
  getRuntime().barrier(location, thread);
}

/// Lets the others finish, which may wait for this thread.
static void followTeam(Member &member, int32_t thread) {
  Team &team = *member.team;
  int size = getRuntime().getThreadCount();
  while (team.ended != size) {
    if (team.barriers > member.barriers)
      enterBarrier(team.location, thread);
    else
      std::this_thread::yield();
  }
}

/// What each thread of a team runs.
static void runMember(int32_t *thread, int32_t *bound, void *argument) {
  Team &team = *static_cast<Team *>(argument);
  Member member{&team, 0}, *outer = current;
  current = &member;
  int fault = catchFault([&] { team.function(thread, bound, team.values); });
  ++team.ended;
  if (fault != 0) {
    int none = 0;
    team.fault.compare_exchange_strong(none, fault);
    followTeam(member, *thread);
  }
  current = outer;
}

static void fork(void *location, int32_t count, RegionFunction function, ...) {
  // Code generation puts all captured values into one struct.
  assert(count <= 1 && "more values than code generation passes");
  Team team;
  team.location = location;
  team.function = function;
  va_list values;
  va_start(values, function);
  team.values = count == 0 ? nullptr : va_arg(values, void *);
  va_end(values);
  getRuntime().fork(location, 1, runMember, &team);
  if (team.fault != 0)
    leaveGuarded(team.fault);
}

SmallVector<RuntimeSymbol>
mlir::mx::guardThreads(ArrayRef<RuntimeSymbol> runtime, void *getThreadCount) {
  Runtime functions;
  functions.getThreadCount = reinterpret_cast<int (*)()>(getThreadCount);
  SmallVector<RuntimeSymbol> symbols(runtime);
  for (RuntimeSymbol &symbol : symbols)
    if (symbol.name == "__kmpc_fork_call") {
      functions.fork = reinterpret_cast<decltype(functions.fork)>(
          std::exchange(symbol.address, reinterpret_cast<void *>(fork)));
    } else if (symbol.name == "__kmpc_barrier") {
      functions.barrier =
          reinterpret_cast<decltype(functions.barrier)>(std::exchange(
              symbol.address, reinterpret_cast<void *>(enterBarrier)));
    }
  // The library stays loaded, so the first time says it for all.
  static std::once_flag once;
  std::call_once(once, [&] { getRuntime() = functions; });
  return symbols;
}

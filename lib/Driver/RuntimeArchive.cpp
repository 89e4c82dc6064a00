//===- RuntimeArchive.cpp - the runtime that libraries get ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The bytes of a static library that was built beside this one. They are
// carried along, so that no tool has to look for it when it links.
//===----------------------------------------------------------------------===//

#include "Linker.h"

using namespace mlir;

asm(".pushsection .rodata\n"
    ".balign 16\n"
    ".globl mx_runtime_archive_begin, mx_runtime_archive_end\n"
    "mx_runtime_archive_begin:\n"
    ".incbin \"" MX_RUNTIME_ARCHIVE "\"\n"
    "mx_runtime_archive_end:\n"
    ".popsection\n");

extern "C" const char mx_runtime_archive_begin[], mx_runtime_archive_end[];

StringRef mlir::mx::getRuntimeArchive() {
  size_t size = mx_runtime_archive_end - mx_runtime_archive_begin;
  return {mx_runtime_archive_begin, size};
}

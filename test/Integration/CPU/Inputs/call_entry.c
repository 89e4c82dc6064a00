/* Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.

   Calls a function of a compiled library with arrays from files:

     call_entry LIBRARY FUNCTION RESULT_BYTES RESULT ARGUMENT...

   RESULT is a file for the numbers of the one result, a matrix, of RESULT_BYTES
   each. An ARGUMENT is FILE:SIZExSIZE..., without sizes for a single number. Each
   lies between pages that nobody may touch, and ends where the second begins. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_RANK = 4, MAX_VALUES = 16 };

/* A memref as the entry reads it, with room for any rank. */
struct descriptor {
  char *allocated, *aligned;
  int64_t offset;
  int64_t sizes_and_strides[2 * MAX_RANK];
};

static void fail(const char *what) {
  fprintf(stderr, "call_entry: %s\n", what);
  exit(2);
}

/* The bytes of a file, which end where a page begins that nobody may touch. */
static char *read_guarded(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0)
    fail(path);
  size_t size = ftell(file), page = sysconf(_SC_PAGESIZE);
  size_t pages = (size + page - 1) / page + 2;
  char *memory = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) != 0 ||
      mprotect(memory + (pages - 1) * page, page, PROT_NONE) != 0)
    fail("no memory");
  char *bytes = memory + (pages - 1) * page - size;
  rewind(file);
  if (fread(bytes, 1, size, file) != size)
    fail(path);
  fclose(file);
  return bytes;
}

/* Describes `bytes` by the text of its sizes. */
static void describe(struct descriptor *buffer, char *bytes, char *sizes) {
  int rank = 0;
  buffer->allocated = buffer->aligned = bytes;
  for (char *text = strtok(sizes, "x"); text; text = strtok(NULL, "x"))
    buffer->sizes_and_strides[rank++] = atoll(text);
  int64_t stride = 1;
  for (int i = rank - 1; i >= 0; --i) {
    buffer->sizes_and_strides[rank + i] = stride;
    stride *= buffer->sizes_and_strides[i];
  }
}

int main(int argc, char **argv) {
  if (argc < 5 || argc - 4 > MAX_VALUES)
    fail("expected LIBRARY FUNCTION RESULT_BYTES RESULT ARGUMENT...");
  void *library = dlopen(argv[1], RTLD_NOW);
  if (!library)
    fail(dlerror());
  char name[64];
  snprintf(name, sizeof(name), "mx_call_%s", argv[2]);
  void (*entry)(void **);
  *(void **)&entry = dlsym(library, name);
  if (!entry)
    fail(dlerror());
  static struct descriptor buffers[MAX_VALUES], result;
  void *values[MAX_VALUES];
  for (int i = 5; i < argc; ++i) {
    char *sizes = strchr(argv[i], ':');
    if (!sizes)
      fail("expected FILE:SIZES");
    *sizes++ = '\0';
    describe(&buffers[i - 5], read_guarded(argv[i]), sizes);
    values[i - 5] = &buffers[i - 5];
  }
  values[argc - 5] = &result;
  entry(values);
  int64_t count = result.sizes_and_strides[0] * result.sizes_and_strides[1];
  FILE *file = fopen(argv[4], "wb");
  if (!file)
    fail(argv[4]);
  fwrite(result.aligned + result.offset * atoi(argv[3]), atoi(argv[3]), count,
         file);
  return fclose(file) == 0 ? 0 : 2;
}

//===- GpuRuntime.h - what compiled GPU programs call -----------*- C -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Host code that is compiled for a GPU calls these functions; they are linked
// into every library that mx-compile writes for one. They find the NVIDIA
// driver when they are called first, so nothing of CUDA is needed before.
//
// Errors are kept for each thread. The first one of a run stays; what the run
// asks for after it is not done. All functions may be called by any number of
// threads at once. Streams, contexts and device pointers are the driver's.
//===----------------------------------------------------------------------===//

#ifndef MX_RUNTIME_GPURUNTIME_H
#define MX_RUNTIME_GPURUNTIME_H

#include <stdint.h>

#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif
#ifdef __cplusplus
extern "C" {
#endif

/// Statuses: 0 is success, positive ones are the driver's error numbers.
enum {
  MX_GPU_SUCCESS = 0,
  MX_GPU_NO_DRIVER = -1,
  MX_GPU_WRONG_DEVICE = -2,
  MX_GPU_NO_HOST_MEMORY = -3,
  MX_GPU_BAD_LAUNCH = -4
};

/// Which GPUs run code.
enum {
  MX_GPU_REACH_LATER = 0,
  MX_GPU_REACH_FAMILY = 1,
  MX_GPU_REACH_EXACT = 2
};

/// The kernels of a program.
struct mx_gpu_program {
  /// Ten times the compute capability of the chip, and which others will do.
  int32_t capability, reach;
  const char *chip;
  /// A fat binary, machine code, or PTX that ends with a zero; null for a
  /// program without kernels.
  const void *image;
  /// Null at first; belongs to the runtime.
  void *loaded;
};

/// Runs `body(values)` with its work on `stream` (null: the default stream), in
/// the stream's context, else the thread's, else the primary one of device 0.
/// Returns the status; after an error, device memory that the body allocated is
/// free again and results are meaningless.
int32_t mx_gpu_run(struct mx_gpu_program *program, void (*body)(void **values),
                   void **values, void *stream);

/// The text of this thread's last error, or "" if its last run had none. Valid
/// until the thread calls the runtime again.
const char *mx_gpu_error(void);

/// Runs a kernel; `parameters` points to each of its arguments. `kernel` is a
/// null pointer at first and belongs to the runtime. A grid may be empty:
/// nothing runs then.
void mx_gpu_launch(struct mx_gpu_program *program, void **kernel,
                   const char *name, int64_t gridX, int64_t gridY,
                   int64_t gridZ, int64_t blockX, int64_t blockY,
                   int64_t blockZ, int32_t dynamicSharedBytes,
                   void **parameters);

/// Device memory, usable by what follows on the stream; null on failure.
void *mx_gpu_alloc(int64_t bytes);

/// Frees what mx_gpu_alloc returned, once the stream is past it. That is the
/// default one outside of a run: other streams must be done with it then.
void mx_gpu_free(void *memory);

/// Copies between places in device memory, on the stream.
void mx_gpu_copy(void *to, const void *from, int64_t bytes);

/// Copies to the host and waits for it. After an error it does not return if
/// mx_gpu_run can return instead, since the host decides by what it reads.
void mx_gpu_load(void *to, const void *from, int64_t bytes);

/// Copies to new memory of the host, which the run frees when it ends; outside
/// of a run nobody does. Otherwise as mx_gpu_load.
void *mx_gpu_fetch(const void *from, int64_t bytes);

/// Copies to the device and waits for it.
void mx_gpu_upload(void *to, const void *from, int64_t bytes);

/// The device's copy of host memory that never changes, made once for each
/// context. `place` is a null pointer at first and belongs to the runtime.
void *mx_gpu_constant(void **place, const void *host, int64_t bytes);

/// Describes a tensor for copies: as cuTensorMapEncodeTiled with boxes of
/// unsigned numbers of `elementBits` bits (4, 8, 16, 32, 64), a swizzle of 0,
/// 32, 64 or 128 bytes, and no interleaving; null where the tensor does not
/// fit, or after an error. What is returned is passed to kernels by value, and
/// stays until the thread has asked for 63 more.
void *mx_gpu_encode_tensor_map(void *address, int32_t rank, int32_t elementBits,
                               const int64_t *extents, const int64_t *strides,
                               const int32_t *box, int32_t swizzle);

/// Waits for the device; returns the status.
int32_t mx_gpu_synchronize(void);

/// Makes an event on the default stream; null on failure.
void *mx_gpu_record_event(void);

/// Waits for `last`; returns the milliseconds from `first` to it and destroys
/// both. Negative on failure.
float mx_gpu_elapsed(void *first, void *last);

#ifdef __cplusplus
}
#endif
#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#endif // MX_RUNTIME_GPURUNTIME_H

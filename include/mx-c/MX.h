//===- MX.h - the compiler and its numbers, from C ----------------*- C -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A plain C interface of libMXC, for programs and languages that embed mx: read
// IR, look at it after any phase, write objects and libraries, run it in this
// process, and quantise arrays without any IR. docs/Embedding.md tells about
// it.
//
// Objects made here are immutable but for MXOptions. Every function may be
// called from any thread at any time, on the same objects too, while nobody
// destroys them. Nothing here ends the process or prints. Pointers may be null
// where it is said.
//===----------------------------------------------------------------------===//

#ifndef MX_C_MX_H
#define MX_C_MX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) || !defined(__GNUC__)
#define MX_C_API
#else
#define MX_C_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the project, e.g. "0.1.0". */
MX_C_API const char *mxGetVersion(void);

/*===--- texts ------------------------------------------------------------===*/

/* A text that its receiver destroys.
 *
 * Functions that can fail take `MXText **messages` last. Where it is not null,
 * it receives what there was to say, or null if there was nothing: diagnostics
 * with file, line, column and the line itself, warnings and remarks too after
 * success. */
typedef struct MXText MXText;

/* The bytes, followed by a zero. Null is the empty text. */
MX_C_API const char *mxTextGet(const MXText *text);
MX_C_API size_t mxTextGetSize(const MXText *text);
/* As every function that destroys, takes null too. */
MX_C_API void mxTextDestroy(MXText *text);

/*===--- compiling --------------------------------------------------------===*/

/* What programs are compiled with: the dialects of MLIR and mx. */
typedef struct MXContext MXContext;

/* The flags of mx-compile: target, fail-on-emulation, threads, openmp,
 * remarks-filter, cuda-path, and those that decide on quantisation (quantize,
 * formats, rotation, method, calibration, ...). Not to be changed on two
 * threads. */
typedef struct MXOptions MXOptions;

/* A program as it was read, with the options that it is compiled with. */
typedef struct MXModule MXModule;

/* Compiled code in this process. */
typedef struct MXProgram MXProgram;

MX_C_API MXContext *mxContextCreate(void);
MX_C_API void mxContextDestroy(MXContext *context);

MX_C_API MXOptions *mxOptionsCreate(void);
MX_C_API void mxOptionsDestroy(MXOptions *options);
/* Sets the option called `name`, without dashes, to what stands behind "=" on a
 * command line; a flag is "true" or "false". */
MX_C_API bool mxOptionsSet(MXOptions *options, const char *name,
                           const char *value, MXText **messages);

/* Reads `size` bytes of IR, as text or bytecode, which messages call `name`.
 * The bytes are copied. `options` may be null. Returns null on failure. */
MX_C_API MXModule *mxModuleParse(const MXContext *context, const char *bytes,
                                 size_t size, const char *name,
                                 const MXOptions *options, MXText **messages);
/* The same with a file, which must stay as it is while the module exists. */
MX_C_API MXModule *mxModuleOpen(const MXContext *context, const char *path,
                                const MXOptions *options, MXText **messages);
MX_C_API void mxModuleDestroy(MXModule *module);

/* The IR after `phase` (import, format, rotate, quantize, select, pack, lower
 * or llvm), or as it was read if it is null. Returns null on failure. */
MX_C_API MXText *mxModulePrint(const MXModule *module, const char *phase,
                               MXText **messages);
/* Compiles to a file; its extension says what is written (.mlir, .mlirbc, .ll,
 * .o, .so, and for a GPU .ptx, .cubin, .fatbin). An older file is replaced when
 * all is written. */
MX_C_API bool mxModuleWrite(const MXModule *module, const char *path,
                            MXText **messages);
/* Compiles into this process. The module may be destroyed afterwards. Returns
 * null on failure. */
MX_C_API MXProgram *mxModuleLink(const MXModule *module, MXText **messages);

/* Loads a shared library that mxModuleWrite or mx-compile wrote. Loading runs
 * its code. */
MX_C_API MXProgram *mxProgramLoad(const char *path, MXText **messages);
MX_C_API void mxProgramDestroy(MXProgram *program);

/*===--- running ----------------------------------------------------------===*/

/* Element types of arrays. Narrow formats cross the boundary as bytes. */
typedef enum MXType {
  MX_BOOL,
  MX_I8,
  MX_I16,
  MX_I32,
  MX_I64,
  MX_U8,
  MX_U16,
  MX_U32,
  MX_U64,
  MX_F16,
  MX_BF16,
  MX_F32,
  MX_F64
} MXType;

/* A row-major array without gaps. */
typedef struct MXArray {
  MXType type;
  int64_t rank;
  const int64_t *shape;
  void *data;
} MXArray;

/* An argument or a result, as the program declares it. */
typedef struct MXValue {
  /* What the source calls it, e.g. "'tensor<4x32xf32>'" or "scales of
   * '!mx.tensor<...>'". */
  const char *description;
  MXType type;
  int64_t rank;
  /* Negative sizes may have any value. */
  const int64_t *shape;
  /* Whether a call may write to the caller's memory (`memref` arguments). */
  bool isWritable;
} MXValue;

/* The results of a call. */
typedef struct MXResults MXResults;

/* Functions are numbered from 0 in the order of the program; other numbers give
 * null or 0. Names and values live as long as the program. */
MX_C_API size_t mxProgramCountFunctions(const MXProgram *program);
MX_C_API const char *mxProgramGetName(const MXProgram *program,
                                      size_t function);
MX_C_API size_t mxProgramCountArguments(const MXProgram *program,
                                        size_t function);
MX_C_API size_t mxProgramCountResults(const MXProgram *program,
                                      size_t function);
MX_C_API const MXValue *mxProgramGetArgument(const MXProgram *program,
                                             size_t function, size_t index);
MX_C_API const MXValue *mxProgramGetResult(const MXProgram *program,
                                           size_t function, size_t index);

/* Calls a function; null names the only one. A block-scaled argument is passed
 * as its parts: payload, scales and, if its format has one, tensor scale. A
 * fault of the program is a failure like any other. Returns null on failure. */
MX_C_API MXResults *mxProgramCall(const MXProgram *program,
                                  const char *function,
                                  const MXArray *arguments, size_t count,
                                  MXText **messages);
MX_C_API size_t mxResultsCount(const MXResults *results);
/* A result; it lives as long as `results`, also if the program does not. */
MX_C_API MXArray mxResultsGet(const MXResults *results, size_t index);
MX_C_API void mxResultsDestroy(MXResults *results);

/*===--- numbers ----------------------------------------------------------===*/

/* docs/Numerics.md is the meaning of all of this, to the bit; N1, N2, ... are
 * its clauses. */

/* Element types (N1.1). */
typedef enum MXElement {
  MX_E2M1,
  MX_E2M3,
  MX_E3M2,
  MX_E4M3,
  MX_E5M2
} MXElement;

/* Types of block scales (N1.2, N1.3). */
typedef enum MXScale { MX_E8M0, MX_UE4M3 } MXScale;

/* What the bits of a block-scaled tensor mean (N1.5). */
typedef struct MXFormat {
  MXElement element;
  MXScale scale;
  /* Elements that share a scale. */
  int64_t block;
  /* Whether one f32 factor covers the tensor. */
  bool hasTensorScale;
} MXFormat;

/* Everything that decides the bits of a quantisation, beside its input. */
typedef struct MXQuantization {
  MXFormat format;
  /* floor, ceil, rceil, even, mse, abs3, amax, four_over_six_mse,
   * four_over_six_mae or sweep (N3, N4). */
  const char *scaleRule;
  /* Round stochastically (N5) with `randomBits` (1 to 23) bits for each
   * element, drawn from `seed`. */
  bool isStochastic;
  uint32_t randomBits;
  uint64_t seed;
  /* Infinities count as the largest finite number (N3.7). */
  bool isSatfinite;
  /* Used instead of the tensor scale of N4.1, if not null. */
  const float *tensorScale;
} MXQuantization;

/* A block-scaled tensor: its shape in elements, blocked along `axis`, and its
 * parts. Payload and scales are bytes in canonical order (N8.1). */
typedef struct MXBlocks {
  MXFormat format;
  int64_t rank;
  const int64_t *shape;
  int64_t axis;
  uint8_t *payload;
  uint8_t *scales;
  float tensorScale;
} MXBlocks;

/* Looks up a format by its name in N1.5, e.g. "mxfp4". */
MX_C_API bool mxFormatLookup(const char *name, MXFormat *format,
                             MXText **messages);

/* The lengths of the parts of `blocks`, of which payload and scales are not
 * looked at. */
MX_C_API bool mxBlocksMeasure(const MXBlocks *blocks, int64_t *payloadBytes,
                              int64_t *scaleCount, MXText **messages);

/* Quantises a row-major array of `blocks->shape` to the memory that `blocks`
 * points to, and sets its format and its tensor scale. */
MX_C_API bool mxQuantize(const MXQuantization *quantization,
                         const float *values, MXBlocks *blocks,
                         MXText **messages);
/* Dequantises to a row-major array of f32, f64, bf16 or f16, with one
 * rounding. */
MX_C_API bool mxDequantize(const MXBlocks *blocks, MXType type, void *values,
                           MXText **messages);

/* Multiplies groups of `size` neighbours along `axis` by a Hadamard matrix (N6)
 * in place, or by its transpose. `signs` is null or points to `size` numbers
 * that are 1 or -1. */
MX_C_API bool mxRotate(float *values, int64_t rank, const int64_t *shape,
                       int64_t axis, int64_t size, const int8_t *signs,
                       bool isInverse, MXText **messages);
/* Draws the signs that rotations of a program get from `seed`; all are 1 for
 * seed 0. */
MX_C_API bool mxDrawSigns(uint64_t seed, int64_t size, int8_t *signs,
                          MXText **messages);

/* Weights that are quantised against the error of a product (GPTQ) need the
 * second moments of the activations that they multiply: the sum of x * x^T over
 * rows x, a symmetric f64 matrix [columns, columns]. This adds `count`
 * row-major rows, which must be finite, to it. */
MX_C_API bool mxMomentsAdd(const float *rows, int64_t count, int64_t columns,
                           double *moments, MXText **messages);
/* Turns moments of rows into those of the same rows rotated along their columns
 * as mxRotate does it. */
MX_C_API bool mxMomentsRotate(double *moments, int64_t columns, int64_t size,
                              const int8_t *signs, MXText **messages);

/* How GPTQ works, beside the quantisation itself. */
typedef struct MXGptq {
  /* Of the activations, in the rotation of the weights. */
  const double *moments;
  /* Begin with the columns of the largest activations. */
  bool isActOrder;
  /* What is added to the diagonal, as a part of its mean; 0.01 is usual. */
  double damping;
} MXGptq;

/* What became of it. */
typedef struct MXGptqOutcome {
  /* The damping that sufficed; 0 if none did. */
  double damping;
  /* None sufficed: numbers are rounded to nearest. */
  bool isNearest;
  /* Columns that no activation reaches, whose weights became zero. */
  int64_t deadColumns;
} MXGptqOutcome;

/* mxQuantize for a matrix [rows, columns] with blocks along its columns, by
 * GPTQ. `outcome` may be null. */
MX_C_API bool mxQuantizeGptq(const MXQuantization *quantization,
                             const MXGptq *gptq, const float *values,
                             MXBlocks *blocks, MXGptqOutcome *outcome,
                             MXText **messages);

/* Encodes numbers one by one (N2), one code in each byte, and back. */
MX_C_API bool mxEncode(MXElement element, const float *values, int64_t count,
                       uint8_t *codes, MXText **messages);
MX_C_API bool mxDecode(MXElement element, const uint8_t *codes, int64_t count,
                       float *values, MXText **messages);

/* ggml's structs of mxfp4 (17 bytes for 32 elements, N8.3) and nvfp4 (36 bytes
 * for 64, N8.4): to and from canonical parts, whose rows are blocked along the
 * last axis. `count` is the number of elements. */
MX_C_API bool mxToGgml(const MXFormat *format, const uint8_t *payload,
                       const uint8_t *scales, int64_t count, uint8_t *structs,
                       MXText **messages);
MX_C_API bool mxFromGgml(const MXFormat *format, const uint8_t *structs,
                         int64_t count, uint8_t *payload, uint8_t *scales,
                         MXText **messages);

/* Tiles of 128 x 4 scales (N8.5): their bytes, and conversions from and to a
 * row-major matrix. */
MX_C_API bool mxScaleTilesMeasure(int64_t rows, int64_t columns, int64_t *bytes,
                                  MXText **messages);
MX_C_API bool mxToScaleTiles(const uint8_t *scales, int64_t rows,
                             int64_t columns, uint8_t *tiles,
                             MXText **messages);
MX_C_API bool mxFromScaleTiles(const uint8_t *tiles, int64_t rows,
                               int64_t columns, uint8_t *scales,
                               MXText **messages);

#ifdef __cplusplus
}
#endif

#endif /* MX_C_MX_H */

/* A C program that embeds mx: it quantises weights, compiles a layer, runs it
 * in this process and prints what comes out. docs/Embedding.md tells about it. */
#include <mx-c/MX.h>
#include <stdio.h>
#include <string.h>

static const char source[] =
    "func.func @layer(%x: tensor<?x32xf32>,\n"
    "                 %w: !mx.tensor<2x32, mxfp4, axis = 1>,\n"
    "                 %init: tensor<?x2xf32>) -> tensor<?x2xf32> {\n"
    "  %y = mx.matmul ins(%x, %w : tensor<?x32xf32>,\n"
    "                              !mx.tensor<2x32, mxfp4, axis = 1>)\n"
    "                 outs(%init : tensor<?x2xf32>)\n"
    "  return %y : tensor<?x2xf32>\n"
    "}\n";

enum { ROWS = 3, OUTPUTS = 2, INPUTS = 32 };

/* Prints what the compiler said; the end of a program that has no use for it. */
static int report(MXText *messages) {
  fputs(mxTextGet(messages), stderr);
  mxTextDestroy(messages);
  return 1;
}

int main(void) {
  MXText *messages = NULL;

  /* Weights of 0, 1, 2, ... sixteenths, in blocks of 32 along each row. */
  float weights[OUTPUTS * INPUTS];
  for (int i = 0; i < OUTPUTS * INPUTS; ++i)
    weights[i] = (float)(i % INPUTS) / 16;
  int64_t weightShape[] = {OUTPUTS, INPUTS};
  uint8_t payload[OUTPUTS * INPUTS / 2], scales[OUTPUTS];
  MXQuantization quantization = {0};
  quantization.scaleRule = "even";
  if (!mxFormatLookup("mxfp4", &quantization.format, &messages))
    return report(messages);
  MXBlocks blocks = {quantization.format, 2, weightShape, 1, payload, scales, 1};
  if (!mxQuantize(&quantization, weights, &blocks, &messages))
    return report(messages);

  /* A program for this machine. */
  MXContext *context = mxContextCreate();
  MXOptions *options = mxOptionsCreate();
  if (!mxOptionsSet(options, "target", "native", &messages))
    return report(messages);
  MXModule *module = mxModuleParse(context, source, strlen(source), "layer.mlir",
                                   options, &messages);
  mxOptionsDestroy(options);
  if (!module)
    return report(messages);
  MXProgram *program = mxModuleLink(module, &messages);
  mxModuleDestroy(module);
  mxContextDestroy(context);
  if (!program)
    return report(messages);

  /* A block-scaled argument is passed as its parts. */
  float x[ROWS * INPUTS], init[ROWS * OUTPUTS] = {0};
  for (int i = 0; i < ROWS * INPUTS; ++i)
    x[i] = (float)(1 + i / INPUTS);
  int64_t xShape[] = {ROWS, INPUTS}, initShape[] = {ROWS, OUTPUTS};
  int64_t payloadShape[] = {OUTPUTS, INPUTS / 2}, scaleShape[] = {OUTPUTS, 1};
  MXArray arguments[] = {{MX_F32, 2, xShape, x},
                         {MX_U8, 2, payloadShape, payload},
                         {MX_U8, 2, scaleShape, scales},
                         {MX_F32, 2, initShape, init}};
  MXResults *results = mxProgramCall(program, "layer", arguments, 4, &messages);
  if (!results)
    return report(messages);
  MXArray y = mxResultsGet(results, 0);
  for (int64_t row = 0; row < y.shape[0]; ++row)
    printf("%g %g\n", ((float *)y.data)[2 * row], ((float *)y.data)[2 * row + 1]);
  mxResultsDestroy(results);
  mxProgramDestroy(program);
  return 0;
}

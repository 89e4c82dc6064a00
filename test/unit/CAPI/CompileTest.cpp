//===- CompileTest.cpp - programs through the C interface -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Messages.h"
#include "gtest/gtest.h"
#include <cstdio>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

namespace {

class CompileTest : public ::testing::Test {
protected:
  ~CompileTest() override {
    mxOptionsDestroy(options);
    mxContextDestroy(context);
  }

  void set(const char *name, const char *value) {
    Messages messages;
    EXPECT_TRUE(mxOptionsSet(options, name, value, messages)) << messages.get();
  }

  MXModule *parse(const char *text) {
    return mxModuleParse(context, text, std::strlen(text), "test.mlir", options,
                         messages);
  }

  MXProgram *link(const char *text) {
    MXModule *module = parse(text);
    EXPECT_TRUE(module) << messages.get();
    MXProgram *program = mxModuleLink(module, messages);
    mxModuleDestroy(module);
    return program;
  }

  MXContext *context = mxContextCreate();
  MXOptions *options = mxOptionsCreate();
  Messages messages;
};

} // namespace

static constexpr const char *doubling = R"(
func.func @double(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = linalg.add ins(%x, %x : tensor<?xf32>, tensor<?xf32>) outs(%x : tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
})";

TEST_F(CompileTest, resultsAreComputedAndArgumentsKept) {
  MXProgram *program = link(doubling);
  ASSERT_TRUE(program) << messages.get();
  ASSERT_EQ(mxProgramCountFunctions(program), 1u);
  EXPECT_STREQ(mxProgramGetName(program, 0), "double");
  EXPECT_STREQ(mxProgramGetArgument(program, 0, 0)->description,
               "'tensor<?xf32>'");
  EXPECT_FALSE(mxProgramGetArgument(program, 0, 0)->isWritable);
  EXPECT_EQ(mxProgramGetName(program, 1), nullptr);
  EXPECT_EQ(mxProgramGetArgument(program, 0, 1), nullptr);
  EXPECT_EQ(mxProgramCountResults(program, 7), 0u);
  // Not aligned for vectors.
  float values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  int64_t shape[] = {8};
  MXArray argument{MX_F32, 1, shape, values + 1};
  MXResults *results = mxProgramCall(program, nullptr, &argument, 1, messages);
  ASSERT_TRUE(results) << messages.get();
  mxProgramDestroy(program);
  ASSERT_EQ(mxResultsCount(results), 1u);
  MXArray result = mxResultsGet(results, 0);
  ASSERT_EQ(result.rank, 1);
  ASSERT_EQ(result.shape[0], 8);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(static_cast<float *>(result.data)[i], 2 * values[i + 1]);
    EXPECT_EQ(values[i + 1], i + 1);
  }
  EXPECT_EQ(mxResultsGet(results, 1).data, nullptr);
  mxResultsDestroy(results);
}

TEST_F(CompileTest, buffersOfTheSourceAreWrittenTo) {
  MXProgram *program = link(R"(
    func.func @fill(%x: memref<4xf32>) {
      %c = arith.constant 2.5 : f32
      linalg.fill ins(%c : f32) outs(%x : memref<4xf32>)
      return
    })");
  ASSERT_TRUE(program) << messages.get();
  EXPECT_TRUE(mxProgramGetArgument(program, 0, 0)->isWritable);
  float values[4] = {};
  int64_t shape[] = {4};
  MXArray argument{MX_F32, 1, shape, values};
  MXResults *results = mxProgramCall(program, "fill", &argument, 1, messages);
  ASSERT_TRUE(results) << messages.get();
  EXPECT_EQ(values[3], 2.5f);
  mxResultsDestroy(results);
  mxProgramDestroy(program);
}

TEST_F(CompileTest, diagnosticsHaveTheirPlace) {
  EXPECT_EQ(parse("func.func @f() {\n  return %x : f32\n}"), nullptr);
  EXPECT_NE(messages.get().find("test.mlir:2:10: error: use of undeclared SSA "
                                "value name"),
            std::string::npos)
      << messages.get();
  EXPECT_NE(messages.get().find("return %x : f32"), std::string::npos);
  Messages absent;
  EXPECT_EQ(mxModuleOpen(context, "/nowhere/x.mlir", nullptr, absent), nullptr);
  EXPECT_EQ(absent.get(), "error: cannot open input file '/nowhere/x.mlir': No "
                          "such file or directory\n");
  EXPECT_EQ(mxModuleOpen(context, "-", nullptr, absent), nullptr);
  EXPECT_EQ(absent.get(), "error: cannot open input file './-': No such file "
                          "or directory\n");
}

TEST_F(CompileTest, anyPhaseCanBePrinted) {
  MXModule *module = parse(R"(
    func.func @f(%x: tensor<2x32xf32>) -> !mx.tensor<2x32, mxfp4, axis = 1> {
      %0 = mx.quantize %x scale_rule(even) : tensor<2x32xf32> to !mx.tensor<2x32, mxfp4, axis = 1>
      return %0 : !mx.tensor<2x32, mxfp4, axis = 1>
    })");
  ASSERT_TRUE(module) << messages.get();
  const std::pair<const char *, const char *> expected[] = {
      {nullptr, "mx.quantize %arg0 scale_rule"},
      {"select", "quantize_emulated"},
      {"pack", "mx.packed.quantize"},
      {"llvm", "llvm.func @f"}};
  for (auto [phase, text] : expected) {
    MXText *ir = mxModulePrint(module, phase, messages);
    ASSERT_TRUE(ir) << messages.get();
    EXPECT_NE(std::string(mxTextGet(ir)).find(text), std::string::npos)
        << mxTextGet(ir);
    mxTextDestroy(ir);
  }
  EXPECT_EQ(mxModulePrint(module, "late", messages), nullptr);
  EXPECT_EQ(messages.get(),
            "error: expected a phase ('import', 'format', 'rotate', "
            "'quantize', 'select', 'pack', 'lower', 'llvm'), got 'late'\n");
  mxModuleDestroy(module);
}

TEST_F(CompileTest, librariesAreWrittenAndLoaded) {
  std::string path = ::testing::TempDir() + "/mx-capi-test.so";
  MXModule *module = parse(doubling);
  ASSERT_TRUE(module);
  EXPECT_FALSE(mxModuleWrite(module, "out.txt", messages));
  EXPECT_EQ(messages.get(), "error: expected a path that ends in .mlir, "
                            ".mlirbc, .ll, .o, .so, .ptx, .cubin or .fatbin, "
                            "got 'out.txt'\n");
  ASSERT_TRUE(mxModuleWrite(module, path.c_str(), messages)) << messages.get();
  mxModuleDestroy(module);
  MXProgram *program = mxProgramLoad(path.c_str(), messages);
  ASSERT_TRUE(program) << messages.get();
  float values[] = {3};
  int64_t shape[] = {1};
  MXArray argument{MX_F32, 1, shape, values};
  MXResults *results = mxProgramCall(program, "double", &argument, 1, messages);
  ASSERT_TRUE(results) << messages.get();
  EXPECT_EQ(*static_cast<float *>(mxResultsGet(results, 0).data), 6.0f);
  mxResultsDestroy(results);
  mxProgramDestroy(program);
  std::remove(path.c_str());
  EXPECT_EQ(mxProgramLoad("/nowhere/x.so", messages), nullptr);
  EXPECT_NE(messages.get().find("/nowhere/x.so: expected a shared library"),
            std::string::npos);
}

TEST_F(CompileTest, aFileIsNotReplacedByWhatItBecame) {
  std::string path = ::testing::TempDir() + "/mx-capi-test.mlir";
  std::ofstream(path) << doubling;
  MXModule *module = mxModuleOpen(context, path.c_str(), nullptr, messages);
  ASSERT_TRUE(module) << messages.get();
  EXPECT_FALSE(mxModuleWrite(module, path.c_str(), messages));
  EXPECT_EQ(messages.get(), "error: expected an output that is not the input, "
                            "got '" +
                                path + "' twice\n");
  mxModuleDestroy(module);
  std::remove(path.c_str());
}

//===----------------------------------------------------------------------===//
// What callers do wrong
//===----------------------------------------------------------------------===//

TEST_F(CompileTest, argumentsAreChecked) {
  MXProgram *program = link(doubling);
  ASSERT_TRUE(program) << messages.get();
  float value = 0;
  int64_t shape[] = {1, 1}, negative[] = {-1};
  MXArray matrix{MX_F32, 2, shape, &value}, bytes{MX_U8, 1, shape, &value};
  MXArray less{MX_F32, 1, negative, &value};
  MXArray unknown{static_cast<MXType>(99), 1, shape, &value};
  auto call = [&](const char *function, const MXArray *argument, size_t count) {
    EXPECT_EQ(mxProgramCall(program, function, argument, count, messages),
              nullptr);
    return messages.get();
  };
  EXPECT_EQ(call(nullptr, &matrix, 1),
            "error: argument 0 of 'double', 'tensor<?xf32>': expected '?xf32', "
            "got '1x1xf32'\n");
  EXPECT_EQ(call(nullptr, &bytes, 1),
            "error: argument 0 of 'double', 'tensor<?xf32>': expected '?xf32', "
            "got '1xu8'\n");
  EXPECT_EQ(call(nullptr, &matrix, 0),
            "error: expected 1 arguments of 'double' ('tensor<?xf32>'), got "
            "0\n");
  EXPECT_EQ(call("half", &matrix, 1),
            "error: expected a function of the program ('double'), got "
            "'half'\n");
  EXPECT_EQ(call(nullptr, &less, 1), "error: expected an array of less than "
                                     "2^62 bytes, got '?xf32'\n");
  EXPECT_EQ(call(nullptr, &unknown, 1),
            "error: expected argument 0 to be an array with a type of MXType, "
            "got type 99 and rank 1\n");
  mxProgramDestroy(program);
}

TEST_F(CompileTest, optionsAreChecked) {
  auto set = [&](const char *name, const char *value) {
    EXPECT_FALSE(mxOptionsSet(options, name, value, messages));
    return messages.get();
  };
  EXPECT_EQ(set("size", "3"),
            "error: expected an option of mx-compile, got 'size'\n");
  EXPECT_EQ(set("threads", "many"), "error: expected 'threads' to be a number "
                                    "from 0 to 1024, got 'many'\n");
  EXPECT_EQ(set("fail-on-emulation", "1"),
            "error: expected 'fail-on-emulation' to be 'true' or 'false', got "
            "'1'\n");
  EXPECT_EQ(set("bits-per-weight", "few"),
            "error: expected 'bits-per-weight' to be a number, got 'few'\n");
  EXPECT_EQ(set("rotation-seed", "-"),
            "error: expected 'rotation-seed' to be a whole number, got '-'\n");
  EXPECT_TRUE(mxOptionsSet(options, "formats", "mxfp4,nvfp4", messages));
  EXPECT_EQ(parse(doubling), nullptr);
  EXPECT_EQ(messages.get(),
            "error: expected 'quantize' with 'formats', got 'formats' alone\n");
  mxOptionsSet(options, "quantize", "accuracy", messages);
  mxOptionsSet(options, "target", "mill", messages);
  EXPECT_EQ(parse(doubling), nullptr);
  EXPECT_NE(messages.get().find("error: expected the target 'cpu'"),
            std::string::npos);
}

TEST_F(CompileTest, aFaultIsAFailureLikeAnyOther) {
  MXProgram *program = link(R"(
    func.func @fault() -> i32 {
      %null = llvm.mlir.zero : !llvm.ptr
      %0 = llvm.load volatile %null : !llvm.ptr -> i32
      return %0 : i32
    }
    func.func @stop(%x: i1) {
      cf.assert %x, "expected the truth"
      return
    })");
  ASSERT_TRUE(program) << messages.get();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(mxProgramCall(program, "fault", nullptr, 0, messages), nullptr);
    EXPECT_EQ(messages.get(), "error: expected 'fault' to return, got signal "
                              "11 (Segmentation fault)\n");
    bool truth = false;
    MXArray argument{MX_BOOL, 0, nullptr, &truth};
    EXPECT_EQ(mxProgramCall(program, "stop", &argument, 1, messages), nullptr);
    EXPECT_EQ(messages.get(),
              "error: expected 'stop' to return, got a failed assertion: "
              "expected the truth\n");
  }
  mxProgramDestroy(program);
}

TEST_F(CompileTest, threadsShareEverything) {
  MXModule *module = parse(doubling);
  MXProgram *program = mxModuleLink(module, messages);
  ASSERT_TRUE(program) << messages.get();
  auto work = [&](int seed) {
    MXProgram *own = mxModuleLink(module, nullptr);
    for (int i = 0; i < 50; ++i) {
      std::vector<float> values(100, static_cast<float>(seed + i));
      int64_t shape[] = {100};
      MXArray argument{MX_F32, 1, shape, values.data()};
      MXResults *results =
          mxProgramCall(i % 2 ? own : program, nullptr, &argument, 1, nullptr);
      ASSERT_TRUE(results);
      EXPECT_EQ(static_cast<float *>(mxResultsGet(results, 0).data)[99],
                2.0f * static_cast<float>(seed + i));
      mxResultsDestroy(results);
    }
    mxProgramDestroy(own);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back(work, 100 * i);
  for (std::thread &thread : threads)
    thread.join();
  mxProgramDestroy(program);
  mxModuleDestroy(module);
}

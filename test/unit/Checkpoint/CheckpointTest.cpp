//===- CheckpointTest.cpp - the tensors of a model, in files --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A checkpoint of several files reads as one of a single file; an index that
// does not say what the files hold is refused, and so is every name of a file
// that leads elsewhere.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/Checkpoint.h"
#include "TemporaryFile.h"
#include "llvm/ADT/StringExtras.h"
#include "gtest/gtest.h"
#include <sys/stat.h>
#include <unistd.h>

using namespace mlir::mx;
using llvm::StringRef;

namespace {

/// A folder with an index.
class ShardedFolder : public TemporaryFile {
public:
  std::string getPathOf(StringRef name) const {
    return (getFolder() + "/" + name).str();
  }
  void write(StringRef name, StringRef text) const {
    std::error_code error;
    llvm::raw_fd_ostream(getPathOf(name), error) << text;
  }
  /// A file with one tensor of four bytes.
  void addShard(StringRef name, StringRef tensor, StringRef bytes) const {
    ASSERT_FALSE(writeSafetensors(
        getPathOf(name),
        {{tensor.str(), {"U8", {4}, {bytes.data(), bytes.size()}}}},
        {{"from", name.str()}}));
  }
  void writeIndex(StringRef text) const {
    write("model.safetensors.index.json", text);
  }
  /// The message about the folder, from the name of a file on; empty if it is
  /// accepted.
  std::string refuse(LinkPolicy links = LinkPolicy::Refuse) const {
    llvm::Expected<Checkpoint> opened = Checkpoint::open(getFolder(), links);
    if (opened)
      return "";
    std::string message = llvm::toString(opened.takeError());
    EXPECT_TRUE(StringRef(message).starts_with(getFolder())) << message;
    return StringRef(message).drop_front(getFolder().size() + 1).str();
  }
  std::string refuseIndex(StringRef text) const {
    writeIndex(text);
    return refuse();
  }
};

constexpr const char *kGoodIndex =
    R"({"metadata":{"total_size":8,"other":[1,{"a":null}]},
        "weight_map":{"a":"x-1.safetensors","b":"x-2.safetensors"},"more":1})";

} // namespace

static void addTwo(const ShardedFolder &folder) {
  folder.addShard("x-1.safetensors", "a", "abcd");
  folder.addShard("x-2.safetensors", "b", "efgh");
}

static std::string readAll(const Checkpoint &checkpoint, StringRef name) {
  const CheckpointTensor *tensor = checkpoint.lookup(name);
  std::string bytes(tensor->bytes, '\0');
  EXPECT_FALSE(checkpoint.read(*tensor, 0, {bytes.data(), bytes.size()}));
  return bytes;
}

TEST(CheckpointTest, filesWithAnIndexReadAsOne) {
  ShardedFolder folder;
  addTwo(folder);
  ASSERT_EQ(folder.refuseIndex(kGoodIndex), "");
  auto opened = Checkpoint::open(folder.getFolder());
  EXPECT_TRUE(opened->isSharded());
  EXPECT_EQ(opened->getTensors().size(), 2u);
  EXPECT_EQ(readAll(*opened, "a"), "abcd");
  EXPECT_EQ(readAll(*opened, "b"), "efgh");
  EXPECT_EQ(opened->getMetadata().at("from"), "x-1.safetensors");
}

TEST(CheckpointTest, aFolderWithoutAnIndexHoldsOneFile) {
  ShardedFolder folder;
  EXPECT_EQ(llvm::toString(Checkpoint::open(folder.getFolder()).takeError()),
            (folder.getFolder() +
             ": expected a folder with 'model.safetensors.index.json' or "
             "'model.safetensors', got neither")
                .str());
  folder.addShard("model.safetensors", "a", "abcd");
  EXPECT_EQ(folder.refuse(), "");
}

TEST(CheckpointTest, anIndexSaysWhatTheFilesHold) {
  ShardedFolder folder;
  addTwo(folder);
  StringRef path = "model.safetensors.index.json: ";
  EXPECT_EQ(folder.refuseIndex(R"({"weight_map":{"a":"x-1.safetensors",
      "b":"x-1.safetensors"}})"),
            path.str() + "expected tensor 'b' in 'x-1.safetensors', got a file "
                         "without it");
  EXPECT_EQ(folder.refuseIndex(R"({"weight_map":{"c":"x-1.safetensors"}})"),
            path.str() + "expected tensor 'a' of 'x-1.safetensors' to be "
                         "listed there, got no entry");
  EXPECT_EQ(folder.refuseIndex(R"({"weight_map":{"a":"x-2.safetensors",
      "b":"x-1.safetensors"}})"),
            path.str() + "expected tensor 'a' of 'x-1.safetensors' to be "
                         "listed there, got 'x-2.safetensors'");
  EXPECT_EQ(folder.refuseIndex(R"({"metadata":{"total_size":9},"weight_map":
      {"a":"x-1.safetensors","b":"x-2.safetensors"}})"),
            path.str() + "expected a 'total_size' of 8, got 9");
  EXPECT_EQ(folder.refuseIndex(R"({"weight_map":{"a":"y.safetensors"}})"),
            "y.safetensors: No such file or directory");
  folder.addShard("x-3.safetensors", "a", "abcd");
  EXPECT_EQ(folder.refuseIndex(R"({"weight_map":{"a":"x-1.safetensors",
      "c":"x-3.safetensors"}})"),
            "x-3.safetensors: expected tensor 'a' in one file, got it in '" +
                folder.getPathOf("x-1.safetensors") + "' too");
}

TEST(CheckpointTest, namesOfFilesDoNotLeadElsewhere) {
  ShardedFolder folder;
  std::string longName(300, 'a');
  for (StringRef name :
       {"../x.safetensors", "/x.safetensors", "a/b.safetensors",
        "a\\\\b.safetensors", "C:x.safetensors", "x\\u0000.safetensors",
        ".safetensors", "..safetensors", "", ".", "..", "x.bin", "/dev/zero",
        "x.safetensors ", "\\u202Ex.safetensors", "x\\n.safetensors"}) {
    std::string message =
        folder.refuseIndex(("{\"weight_map\":{\"a\":\"" + name + "\"}}").str());
    EXPECT_NE(message.find("index.json:19: expected a file beside the index, "
                           "of letters, digits and '._-+=@', that ends in "
                           "'.safetensors', got '"),
              std::string::npos)
        << name.str() << message;
  }
  EXPECT_NE(folder.refuseIndex("{\"weight_map\":{\"a\":\"" + longName +
                               ".safetensors\"}}"),
            "");
}

TEST(CheckpointTest, linksAreFollowedOnDemandOnly) {
  ShardedFolder folder;
  folder.addShard("blob", "a", "abcd");
  ASSERT_EQ(::symlink("blob", folder.getPathOf("l.safetensors").c_str()), 0);
  EXPECT_EQ(folder.refuseIndex(R"({"weight_map":{"a":"l.safetensors"}})"),
            "l.safetensors: expected a file, got a symbolic link");
  EXPECT_EQ(folder.refuse(LinkPolicy::Follow), "");
  ASSERT_EQ(::mkfifo(folder.getPathOf("p.safetensors").c_str(), 0600), 0);
  EXPECT_EQ(folder.refuseIndex(R"({"weight_map":{"a":"p.safetensors"}})"),
            "p.safetensors: expected a regular file, got something else");
}

TEST(CheckpointTest, wrongIndexesAreRefused) {
  ShardedFolder folder;
  std::string deep(100'000, '['), blank((1 << 20) + 1, ' ');
  const std::pair<std::string, const char *> cases[] = {
      {"", ":0: expected an index that begins with '{', got an empty one"},
      {"[]", ":0: expected an index that begins with '{', got '[]'"},
      {"{", ":1: expected a name in quotes, got the end of the index"},
      {"{}", ":0: expected 'weight_map', got none"},
      {"{}x", ":2: expected the end of the index, got 'x'"},
      {R"({"weight_map":{},"weight_map":{}})",
       ":17: expected each member once, got 'weight_map' twice"},
      {R"({"metadata":{"total_size":1,"total_size":1}})",
       ":28: expected 'total_size' once, got it twice"},
      {R"({"metadata":{"total_size":-1}})",
       ":26: expected a number below 2^64, got '-1}}'"},
      {R"({"weight_map":{"a":1}})",
       ":19: expected the name of a file, got '1}}'"},
      {R"({"weight_map":{"a":"x.safetensors","\u0061":"x.safetensors"}})",
       ":35: expected each tensor once, got 'a' twice"},
      {R"({"weight_map":{"a\u0000":"x.safetensors"}})",
       ":15: expected a name without NUL, got 'a\\00'"},
      {"{\"weight_map\":{\"" + std::string(5000, 'a') + "\":\"\"}}",
       ":15: expected a name of at most 4096 bytes, got 5000"},
      {"{\"x\":" + deep, ":69: expected at most 64 levels of nesting, got "
                         "'[[[[[[[[[[[[[[[[[[[[[[[['"},
      {"{" + blank, ":1048578: expected at most 1048576 spaces in a row, got "
                    "more"},
      {"{\"x\":?}", ":5: expected a value, got '?}'"},
  };
  for (auto &[text, message] : cases)
    EXPECT_EQ(folder.refuseIndex(text),
              std::string("model.safetensors.index.json") + message);
}

TEST(CheckpointTest, aFileThatGetsShorterIsAnError) {
  TemporaryFile file;
  char bytes[64] = {};
  ASSERT_FALSE(
      writeSafetensors(file.getPath(), {{"a", {"U8", {64}, bytes}}}, {}));
  auto opened = Checkpoint::open(file.getPath());
  ASSERT_TRUE(static_cast<bool>(opened));
  ASSERT_EQ(::truncate(file.getPath().c_str(), 70), 0);
  const CheckpointTensor *tensor = opened->lookup("a");
  EXPECT_EQ(llvm::toString(opened->read(*tensor, 0, bytes)),
            file.getPath() +
                ": expected a file that stays as it is, got one of less than " +
                std::to_string(tensor->begin + 64) + " bytes");
}

TEST(CheckpointTest, errorsNameATensorAndItsPlace) {
  TemporaryFile file;
  char bytes[8] = {};
  ASSERT_FALSE(
      writeSafetensors(file.getPath(), {{"a\u202E", {"U8", {8}, bytes}}}, {}));
  auto opened = Checkpoint::open(file.getPath());
  ASSERT_TRUE(static_cast<bool>(opened));
  EXPECT_EQ(llvm::toString(opened->makeError("a\u202E", "text")),
            file.getPath() + ":" +
                std::to_string(opened->lookup("a\u202E")->begin) +
                ": tensor 'a\\E2\\80\\AE': text");
}

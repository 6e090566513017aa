// SPDX-License-Identifier: MIT
// Reading small files: the limit from both sides, and every kind that is refused.
#include "config/input_file.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

TEST_CASE("input file: is read whole at the limit and refused beyond it", "[input_file]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("f", std::string(40'000, 'x'));
  const auto whole = read_input_file(path, {40'000, InputKind::kRegularFile});
  REQUIRE(std::holds_alternative<std::string>(whole));
  CHECK(std::get<std::string>(whole).size() == 40'000);
  const auto over = read_input_file(path, {39'999, InputKind::kRegularFile});
  REQUIRE(std::holds_alternative<InputFailure>(over));
  CHECK(std::get<InputFailure>(over).error_number == EFBIG);
}

TEST_CASE("input file: an endless device is bounded like a file", "[input_file]") {
  const auto zeros = read_input_file("/dev/zero", {100'000, InputKind::kAnyFile});
  REQUIRE(std::holds_alternative<InputFailure>(zeros));
  CHECK(std::get<InputFailure>(zeros).reason == "is larger than 97 KiB");
}

TEST_CASE("input file: what cannot be read says why", "[input_file]") {
  const TemporaryFolder folder;
  CHECK(refuse_unreadable(folder.path("none")) == "No such file or directory");
  CHECK(refuse_unreadable(folder.path("")) == "is a directory, not a file");
  CHECK(refuse_unreadable("/dev/null") == "is not a regular file");
  CHECK(refuse_unreadable(folder.write("f", "")).empty());
  std::filesystem::create_symlink("f", folder.path("link"));
  CHECK(refuse_unreadable(folder.path("link")).empty());
}

}  // namespace
}  // namespace wsbridged::config

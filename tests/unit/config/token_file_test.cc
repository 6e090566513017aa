// SPDX-License-Identifier: MIT
#include "config/token_file.h"

#include <sys/stat.h>

#include <cerrno>

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

std::string fault_of(const std::string& path) {
  const auto read = read_token_file(path);
  const auto* fault = std::get_if<TokenFault>(&read);
  return fault == nullptr ? "none" : fault->what;
}

TEST_CASE("token file: it has 16 bytes to 4 KiB, and one newline at its end is not of them",
          "[admin]") {
  const TemporaryFolder folder;
  const auto fault_with = [&folder](const std::string& content) {
    return fault_of(folder.write("token", content));
  };
  CHECK(fault_with(std::string(15, 'x') + "\n") == "holds less than 16 bytes or more than 4 KiB");
  CHECK(fault_with(std::string(16, 'x')) == "none");
  CHECK(fault_with(std::string(4096, 'x') + "\n") == "none");
  CHECK(fault_with(std::string(4097, 'x')) == "holds less than 16 bytes or more than 4 KiB");
  const std::string path = folder.write("token", "a token of 19 bytes\n\n");
  CHECK(std::get<std::string>(read_token_file(path)) == "a token of 19 bytes\n");
}

TEST_CASE("token file: who else may write it, what is no file and what is not there are told",
          "[admin]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("token", "a-token-of-some-length");
  for (const mode_t mode : {0620, 0602}) {
    chmod(path.c_str(), mode);
    CHECK(fault_of(path) == "may be written by others than its owner: chmod go-w");
  }
  CHECK(fault_of(folder.path("")) == "is no regular file");
  CHECK(std::get<TokenFault>(read_token_file("/nowhere/token")).system_errno == ENOENT);
}

}  // namespace
}  // namespace wsbridged::config

// SPDX-License-Identifier: MIT
// A bridge read again: the files of its references, and nothing else, count.
#include "config/bridge_source.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

std::string token_of(const Loaded& loaded) {
  REQUIRE(joined(loaded.errors).empty());
  return loaded.config.bridges.at(0).upstream.headers.at(0).value;
}

TEST_CASE("bridge source: a file is read again, a variable and the file's text are not",
          "[bridge_source]") {
  const TemporaryFolder folder;
  const std::string token = folder.write("token", "one\n");
  Variables variables = {{"X", "x"}};
  const Loaded loaded = load(
      bridge_with("      headers: {A: \"$${a} ${env:X} ${file:" + token + "}\"}\n"), variables);
  REQUIRE(loaded.config.bridges.at(0).source != nullptr);
  const BridgeSource& source = *loaded.config.bridges.at(0).source;
  CHECK(source.files() == std::vector{token});
  CHECK(token_of(loaded) == "${a} x one");
  CHECK(token_of(source.read()) == "${a} x one");
  (void)folder.write("token", "${env:X}");
  CHECK(token_of(source.read()) == "${a} x ${env:X}");
  (void)folder.write("token", "two\r\nB: c");
  CHECK(joined(source.read().errors) ==
        "f:6:20: headers must have values of at most 8 KiB without control characters");
  std::filesystem::remove(token);
  CHECK_THAT(joined(source.read().errors), ContainsSubstring("cannot be read: No such file"));
}

TEST_CASE("bridge source: a bridge without files has none, whatever its neighbours do",
          "[bridge_source]") {
  const TemporaryFolder folder;
  const std::string a = folder.write("a", "1");
  const std::string b = folder.write("b", "2");
  const std::string unused = folder.write("unused", "3");
  const Loaded loaded = load(
      "defaults: {upstream: {url: ws://h, headers: {D: '${file:" + a + "}', E: '${file:" + unused +
          "}'}}}\n"
          "bridges:\n"
          "- {name: a, listen: unix:/a, upstream: {headers: {e: x}}}\n"
          "- {name: b, listen: unix:/b, upstream: {headers: {d: '${credential:b}', E: ~}}}\n"
          "- {name: c, listen: unix:/c, upstream: {headers: ~}}\n",
      {{"CREDENTIALS_DIRECTORY", folder.path("")}});
  REQUIRE(joined(loaded.errors).empty());
  const auto& bridges = loaded.config.bridges;
  CHECK(bridges[0].source->files() == std::vector{a});
  CHECK(bridges[1].source->files() == std::vector{folder.path("") + "/b"});
  CHECK(bridges[2].source == nullptr);
  // What a bridge replaces need not be readable for it.
  std::filesystem::remove(unused);
  std::filesystem::remove(b);
  CHECK(joined(bridges[0].source->read().errors).empty());
  CHECK_FALSE(joined(bridges[1].source->read().errors).empty());
}

TEST_CASE("bridge source: flags are read again too", "[bridge_source]") {
  const TemporaryFolder folder;
  const std::string header = folder.write("header", "A: one\n");
  const Loaded loaded = load_quick_bridge({.listen = "unix:/b",
                                           .upstream = "ws://h",
                                           .subprotocols = {},
                                           .cookie_jar = {},
                                           .headers = {"${file:" + header + "}"}},
                                          environment_of({}));
  CHECK(token_of(loaded) == "one");
  (void)folder.write("header", "A: two\n");
  CHECK(loaded.config.bridges.at(0).source->files() == std::vector{header});
  CHECK(token_of(loaded.config.bridges.at(0).source->read()) == "two");
}

}  // namespace
}  // namespace wsbridged::config

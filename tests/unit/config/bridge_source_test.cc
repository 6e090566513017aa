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
  REQUIRE(loaded.config.bridges.at(0).source.shared != nullptr);
  const BridgeSource& source = *loaded.config.bridges.at(0).source.shared;
  CHECK(source.references().files == std::vector{token});
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
  CHECK(bridges[0].source.shared->references().files == std::vector{a});
  CHECK(bridges[1].source.shared->references().files == std::vector{folder.path("") + "/b"});
  CHECK(bridges[2].source.shared == nullptr);
  // What a bridge replaces need not be readable for it.
  std::filesystem::remove(unused);
  std::filesystem::remove(b);
  CHECK(joined(bridges[0].source.shared->read().errors).empty());
  CHECK_FALSE(joined(bridges[1].source.shared->read().errors).empty());
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
  CHECK(loaded.config.bridges.at(0).source.shared->references().files == std::vector{header});
  CHECK(token_of(loaded.config.bridges.at(0).source.shared->read()) == "two");
}

// What a reload keeps of its check is not replaced by what is loaded in the end.
TEST_CASE("bridge source: is there when the bridge is checked, of files and of flags",
          "[bridge_source]") {
  const TemporaryFolder folder;
  const std::string token = folder.write("token", "X: one\n");
  std::vector<Bridge> checked;
  const BridgeCheck check = [&checked](const Bridge& bridge) {
    checked.push_back(bridge);
    return std::vector<Misfit>();
  };
  const auto file = load_text(bridge_with("      headers: {A: \"${file:" + token + "}\"}\n"), "f",
                              environment_of({}), check);
  QuickBridge quick;
  quick.listen = "127.0.0.1:1";
  quick.upstream = "ws://h/";
  quick.headers = {"${file:" + token + "}"};
  const auto flags = load_quick_bridge(quick, environment_of({}), check);
  REQUIRE(checked.size() == 2);
  for (const Bridge& bridge : checked) {
    REQUIRE(bridge.source.shared != nullptr);
    CHECK(bridge.source.shared->references().files == std::vector{token});
  }
  CHECK(checked[0] == file.config.bridges.at(0));
  CHECK(checked[1] == flags.config.bridges.at(0));
}

TEST_CASE("bridge source: two readings of the same references are equal, of others they are not",
          "[bridge_source]") {
  const TemporaryFolder folder;
  const std::string a = "${file:" + folder.write("a", "same") + "}";
  const std::string b = "${file:" + folder.write("b", "same") + "}";
  const auto bridge = [](const std::string& headers) {
    const Loaded loaded = load(bridge_with("      headers: {" + headers + "}\n"));
    REQUIRE(joined(loaded.errors).empty());
    return loaded.config.bridges.at(0);
  };
  const auto of = [&](const std::string& x, const std::string& y) {
    return bridge("X: '" + x + "', Y: '" + y + "'");
  };
  CHECK(of(a, b) == of(a, b));
  CHECK_FALSE(of(a, b) == of(b, a));
  CHECK_FALSE(of(a, b) == of(a, a));
  CHECK_FALSE(of(a, "same") == of("same", a));
  CHECK_FALSE(of(a, "same") == of("same", "same"));
  CHECK(of("same", "same") == of("same", "same"));
  CHECK(bridge("X: '" + a + "', Y: '" + b + "'").source ==
        bridge("Y: '" + b + "', X: '" + a + "'").source);
  CHECK_FALSE(bridge("'" + a + "': 1").source == bridge("'" + b + "': 1").source);
}

}  // namespace
}  // namespace wsbridged::config

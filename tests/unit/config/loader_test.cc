// SPDX-License-Identifier: MIT
// Whole files: all errors at once, files that cannot be read, the shipped files, broken copies.
#include "config/loader.h"

#include <sstream>

#include "config/binder.h"
#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

// The shipped files lie beside the sources. (A compiler cache may shorten __FILE__.)
std::filesystem::path shipped(std::string_view name) {
  return std::filesystem::path(WSBRIDGED_CONFIG_DIR) / name;
}

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

TEST_CASE("loader: all errors of a file come in one go, in the order of the file", "[loader]") {
  CHECK(errors_of("log: {level: loud}\n"
                  "threads: 0\n"
                  "threads: 1\n"
                  "bridges:\n"
                  "  - name: Chat\n"
                  "    lisen: 127.0.0.1:1\n"
                  "    upstream:\n"
                  "      url: ${env:NO}\n"
                  "      ping_interval: 25\n"
                  "      require_subprotocol: no\n"
                  "    session: {buffer: 64KB}\n") ==
        "f:1:14: level must be debug, info, warn or error, not 'loud'\n"
        "f:2:10: threads must be auto or a number from 1 to 256, not '0'\n"
        "f:3:1: duplicate key 'threads', first at line 2\n"
        "f:5:5: bridge needs listen\n"
        "f:5:11: name must be 1 to 64 of a-z, 0-9, '_' and '-', not 'Chat'\n"
        "f:6:5: unknown key 'lisen' (did you mean 'listen'?)\n"
        "f:8:12: '${env:NO}' is not set\n"
        "f:9:22: ping_interval must be a duration such as 250ms, 10s, 5m or 1h, not '25' (did you "
        "mean '25s'?)\n"
        "f:10:28: require_subprotocol must be true or false, not 'no' (did you mean 'false'?)\n"
        "f:11:23: buffer must be a size in bytes such as 4096, 64KiB or 1MiB, not '64KB' (did you "
        "mean '64KiB'?)");
}

TEST_CASE("loader: a file of errors is bounded in time and in its report", "[loader]") {
  std::string text = "bridges:\n";
  for (int i = 0; i < 900; ++i) {
    text += "- {naem: a, upstreem: b, lisen: c}\n";
  }
  CHECK(load(text).errors.size() == 101);
}

TEST_CASE("loader: a file that cannot be read is named, with advice", "[loader]") {
  const TemporaryFolder folder;
  const auto errors = [](const std::string& path) {
    return joined(load_file(path, environment_of({})).errors);
  };
  CHECK(errors(folder.path("none")) ==
        folder.path("none") +
            ": cannot be read: No such file or directory (write it, or name another file with -c)");
  CHECK(errors(folder.path("")) ==
        folder.path("") + ": is a directory, not a file (name a file in it with -c)");
  CHECK(errors(folder.write("big", std::string((std::size_t{1} << 20U) + 1, ' '))) ==
        folder.path("big") + ": is larger than 1024 KiB");
  CHECK(errors(folder.write("bad", "x: 1\n")).starts_with(folder.path("bad") + ":1:1: "));
}

TEST_CASE("loader: a text of another kind than a map is refused", "[loader]") {
  CHECK(errors_of("just text") == "f:1:1: the configuration must be a map of keys");
  CHECK(errors_of("[a]") == "f:1:1: the configuration must be a map of keys");
  CHECK(errors_of("~") == "f:1:1: the configuration must be a map of keys");
}

TEST_CASE("loader: variables make a file (SPEC: Configuration)", "[loader]") {
  const Loaded loaded = load(
      "bridges:\n"
      "  - name: ${env:NAME}\n"
      "    listen: 127.0.0.1:${env:PORT}\n"
      "    upstream:\n"
      "      url: wss://${env:HOST}/$${x}\n"
      "      headers: {Authorization: \"Bearer ${env:TOKEN}\"}\n"
      "    session: {max_connections: \"${env:COUNT}\"}\n",
      {{"NAME", "n"}, {"PORT", "7"}, {"HOST", "h"}, {"TOKEN", "${env:NAME}"}, {"COUNT", "5"}});
  REQUIRE(joined(loaded.errors).empty());
  const Bridge& bridge = loaded.config.bridges[0];
  CHECK(bridge.name == "n");
  CHECK(bridge.listen[0].address == Address(TcpAddress{"127.0.0.1", 7}));
  CHECK(bridge.upstream.url == "wss://h/${x}");
  CHECK(bridge.upstream.headers[0].value == "Bearer ${env:NAME}");
  CHECK(bridge.session.max_connections == 5);
}

TEST_CASE("loader: the process' environment is looked up", "[loader]") {
  CHECK(process_environment()("PATH").has_value());
  CHECK_FALSE(process_environment()("NO_SUCH_VARIABLE_OF_ANYONE").has_value());
}

TEST_CASE("loader: the shipped files load, and the reference is all defaults", "[loader]") {
  const Loaded reference = load_file(shipped("wsbridged.yaml").string(), environment_of({}));
  CHECK(joined(reference.errors).empty());
  CHECK(joined(reference.warnings).empty());
  const Loaded minimal = load_file(shipped("minimal.yaml").string(), environment_of({}));
  REQUIRE(joined(minimal.errors).empty());
  Config same = reference.config;
  same.bridges.at(0).listen = minimal.config.bridges.at(0).listen;
  CHECK(print(same) == print(minimal.config));
}

TEST_CASE("loader: no truncation of the reference file crashes or throws", "[loader]") {
  const std::string whole = content_of(shipped("wsbridged.yaml"));
  REQUIRE(whole.size() > 4000);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Loaded loaded = load(std::string_view(whole).substr(0, length));
    for (const Problem& problem : loaded.errors) {
      REQUIRE(problem.line >= 1);
      REQUIRE(problem.column >= 1);
    }
  }
}

TEST_CASE("loader: no single wrong byte in the reference file crashes or throws", "[loader]") {
  const std::string whole = content_of(shipped("wsbridged.yaml"));
  using std::string_view_literals::operator""sv;
  static constexpr std::string_view bytes = "\0\n\t :-[]{},#&*!|>'\"%@`?~<$\\\xff\xc3z0"sv;
  for (std::size_t i = 0; i < whole.size(); i += 3) {
    std::string spoiled = whole;
    spoiled[i] = bytes[(i / 3) % bytes.size()];
    (void)load(spoiled);
    spoiled.insert(i, 1, bytes[(i / 7) % bytes.size()]);
    (void)load(spoiled);
  }
}

}  // namespace
}  // namespace wsbridged::config

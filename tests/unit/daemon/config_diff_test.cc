// SPDX-License-Identifier: MIT
#include "daemon/config_diff.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

config::Bridge bridge(const std::string& name, std::uint16_t port) {
  config::Listen listen;
  listen.address = config::TcpAddress{"127.0.0.1", port};
  config::Bridge made;
  made.name = name;
  made.listen = {listen};
  made.upstream.url = "ws://user:hunter2@h/" + name + "?hunter2";
  return made;
}

config::Config config_of(std::vector<config::Bridge> bridges) {
  config::Config config;
  config.bridges = std::move(bridges);
  return config;
}

// One change a line.
std::string diff(const config::Config& before, const config::Config& after) {
  std::string text;
  for (const ConfigChange& change : config_diff(before, after)) {
    text += change.path + ": " + change.before + " -> " + change.after + "\n";
  }
  return text;
}

TEST_CASE("config_diff: nothing changed") {
  const auto config = config_of({bridge("a", 1), bridge("b", 2)});
  CHECK(diff(config, config).empty());
  CHECK(config == config_of({bridge("a", 1), bridge("b", 2)}));
}

TEST_CASE("config_diff: a value by its path, with what it was and is") {
  auto before = config_of({bridge("a", 1)});
  auto after = before;
  after.log.level = config::LogLevel::kDebug;
  after.threads = 2;
  after.bridges[0].upstream.ping_interval = std::chrono::seconds(1);
  after.bridges[0].upstream.subprotocols = {"x", "y"};
  CHECK(diff(before, after) ==
        "log.level: info -> debug\n"
        "threads: auto -> 2\n"
        "bridges.a.upstream.subprotocols: [] -> \"x\", \"y\"\n"
        "bridges.a.upstream.ping_interval: 25s -> 1s\n");
  CHECK_FALSE(before == after);
}

TEST_CASE("config_diff: a secret that changed is told and not shown") {
  auto before = config_of({bridge("a", 1)});
  before.bridges[0].upstream.headers = {{"Authorization", "hunter3"}};
  before.bridges[0].upstream.on_open = {"hunter4"};
  auto after = before;
  after.bridges[0].upstream.url = "ws://user:hunter5@h/a";
  after.bridges[0].upstream.headers[0].value = "hunter6";
  after.bridges[0].upstream.on_open = {"hunter4", "hunter7"};
  const std::string text = diff(before, after);
  CHECK_THAT(text, !ContainsSubstring("hunter"));
  CHECK(text ==
        "bridges.a.upstream.url: \"ws://h/a\" -> \"ws://h/a\"\n"
        "bridges.a.upstream.headers.\"Authorization\": \"(redacted)\" -> \"(redacted)\"\n"
        "bridges.a.upstream.on_open: \"(redacted)\" -> \"(redacted)\", \"(redacted)\"\n");
}

TEST_CASE("config_diff: bridges and listeners come and go as one change each") {
  auto before = config_of({bridge("gone", 1), bridge("stays", 2)});
  auto after = config_of({bridge("stays", 3), bridge("new", 4)});
  CHECK(diff(before, after) ==
        "bridges.gone: present -> \n"
        "bridges.stays.listen.127.0.0.1:2: present -> \n"
        "bridges.stays.listen.127.0.0.1:3:  -> present\n"
        "bridges.new:  -> present\n");
}

TEST_CASE("config_diff: keys that come and go with another are told one by one") {
  auto before = config_of({bridge("a", 1)});
  auto after = before;
  after.bridges[0].framing.mode = config::FramingMode::kRaw;
  const std::string text = diff(before, after);
  CHECK_THAT(text, ContainsSubstring("bridges.a.framing.delimiter: \"\\n\" -> \n"));
  CHECK_THAT(text, ContainsSubstring("bridges.a.framing.mode: line -> raw\n"));
}

TEST_CASE("config_diff: the order of bridges is no change") {
  CHECK(
      diff(config_of({bridge("a", 1), bridge("b", 2)}), config_of({bridge("b", 2), bridge("a", 1)}))
          .empty());
}

}  // namespace
}  // namespace wsbridged

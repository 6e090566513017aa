// SPDX-License-Identifier: MIT
// The command line: verbs, flags, what is refused, and that no value is echoed.
#include "daemon/cli.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

using Verb = Command::Verb;

std::variant<Command, Answer> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "wsbridged");
  return parse_command_line(static_cast<int>(words.size()), words.data(),
                            [](const std::string&) { return std::nullopt; }, {});
}

Command command(const std::vector<const char*>& words) {
  auto result = parse(words);
  if (const auto* const answer = std::get_if<Answer>(&result)) {
    FAIL(answer->text);
  }
  return std::get<Command>(result);
}

Answer answer(const std::vector<const char*>& words) {
  auto result = parse(words);
  REQUIRE(std::holds_alternative<Answer>(result));
  return std::get<Answer>(result);
}

void check_usage_error(const std::vector<const char*>& words, const std::string& part) {
  const Answer refused = answer(words);
  CHECK(refused.status == 2);
  CHECK_THAT(refused.text, StartsWith("wsbridged: "));
  CHECK_THAT(refused.text, ContainsSubstring(part));
  CHECK_THAT(refused.text, ContainsSubstring("--help"));
}

}  // namespace

TEST_CASE("command line: without words it is run with the default file", "[cli]") {
  const Command parsed = command({});
  CHECK(parsed.verb == Verb::kRun);
  CHECK(parsed.config_file == "/etc/wsbridged/wsbridged.yaml");
  CHECK_FALSE(parsed.config_yaml);
  CHECK_FALSE(parsed.quick_bridge);
  CHECK(parsed.warnings.empty());
  CHECK(std::get<Command>(
            parse_command_line(0, nullptr, [](const std::string&) { return std::nullopt; }, {}))
            .verb == Verb::kRun);
}

TEST_CASE("command line: run takes a file, with or without the verb", "[cli]") {
  CHECK(command({"run"}).config_file == "/etc/wsbridged/wsbridged.yaml");
  CHECK(command({"run", "-c", "a.yaml"}).config_file == "a.yaml");
  CHECK(command({"-c", "a.yaml"}).config_file == "a.yaml");
  CHECK(command({"-c", "-"}).config_file == "-");
}

TEST_CASE("command line: run --listen --upstream makes a quick bridge", "[cli]") {
  const Command parsed = command({"--listen", "[::1]:7001", "--upstream", "wss://example.com/s",
                                  "--subprotocol", "b", "--subprotocol", "a", "--cookie-jar", "jar",
                                  "--header", "A: b c", "--header", "C: [d]", "--allow-remote"});
  CHECK(parsed.verb == Verb::kRun);
  CHECK(parsed.config_file.empty());
  REQUIRE(parsed.quick_bridge);
  CHECK(parsed.quick_bridge->listen == "[::1]:7001");
  CHECK(parsed.quick_bridge->upstream == "wss://example.com/s");
  CHECK(parsed.quick_bridge->subprotocols == std::vector<std::string>{"b", "a"});
  CHECK(parsed.quick_bridge->cookie_jar == "jar");
  CHECK(parsed.quick_bridge->headers == std::vector<std::string>{"A: b c", "C: [d]"});
  CHECK(parsed.quick_bridge->allow_remote);
  CHECK_FALSE(
      command({"run", "--listen", ":1", "--upstream", "ws://h"}).quick_bridge->allow_remote);
}

TEST_CASE("command line: values that look like lists stay what they are", "[cli]") {
  const Command parsed = command({"--listen=:1", "--upstream=ws://h", "--header", "[a,b]",
                                  "--subprotocol", "[c]", "--header", "-x: y"});
  CHECK(parsed.quick_bridge->headers == std::vector<std::string>{"[a,b]", "-x: y"});
  CHECK(parsed.quick_bridge->subprotocols == std::vector<std::string>{"[c]"});
}

TEST_CASE("command line: check takes a file and --print", "[cli]") {
  CHECK(command({"check"}).verb == Verb::kCheck);
  CHECK_FALSE(command({"check"}).print);
  const Command parsed = command({"check", "-c", "a.yaml", "--print"});
  CHECK(parsed.config_file == "a.yaml");
  CHECK(parsed.print);
}

TEST_CASE("command line: demo reads no configuration", "[cli]") {
  const Command parsed = command({"demo"});
  CHECK(parsed.verb == Verb::kDemo);
  CHECK(parsed.config_file.empty());
  check_usage_error({"demo", "-c", "a.yaml"}, "'-c'");
}

TEST_CASE("command line: --version and --help answer with 0", "[cli]") {
  CHECK(answer({"--version"}).text == "wsbridged 0.1.0\n");
  CHECK(answer({"--version"}).status == 0);
  for (const char* const flag : {"--help", "-h"}) {
    CHECK(answer({flag}).status == 0);
    CHECK_THAT(answer({flag}).text, ContainsSubstring("Usage:\n"));
  }
  for (const char* const verb : {"run", "check", "demo"}) {
    const Answer help = answer({verb, "--help"});
    CHECK(help.status == 0);
    CHECK_THAT(help.text, ContainsSubstring("Usage:\n  wsbridged " + std::string(verb)));
    CHECK_THAT(help.text, ContainsSubstring("Example:\n  wsbridged " + std::string(verb)));
  }
  CHECK_THAT(answer({"-c", "f", "--help"}).text, ContainsSubstring("wsbridged run"));
}

TEST_CASE("command line: the help fits a terminal", "[cli]") {
  for (const std::vector<const char*>& words : {std::vector<const char*>{"--help"},
                                                {"run", "-h"},
                                                {"check", "-h"},
                                                {"demo", "-h"},
                                                {"ctl", "-h"},
                                                {"healthcheck", "-h"}}) {
    const Answer help = answer(words);
    for (std::string_view text = help.text; !text.empty();) {
      const std::size_t width = text.find('\n');
      CHECK(width <= 96);
      text.remove_prefix(width + 1);
    }
  }
}

TEST_CASE("command line: usage errors answer with 2 and say what to do", "[cli]") {
  check_usage_error({"frobnicate"}, "use run, check, ctl, healthcheck or demo");
  check_usage_error({"probe"}, "unknown command 'probe'");
  check_usage_error({""}, "unknown command ''");
  check_usage_error({"--nonsense"}, "unknown option '--nonsense'");
  check_usage_error({"check", "--admin", "x"}, "unknown option '--admin'");
  check_usage_error({"run", "--admin", ""}, "--admin needs a value");
  check_usage_error({"ctl", "jump"}, "say what to do");
  check_usage_error({"healthcheck", "now"}, "without an option");
  check_usage_error({"run", "a.yaml"}, "-c FILE");
  check_usage_error({"run", "-c"}, "-c");
  check_usage_error({"run", "--print"}, "'--print'");
  check_usage_error({"check", "--upstream", "ws://h"}, "'--upstream'");
  check_usage_error({"run", "-c", ""}, "-c needs a value");
  check_usage_error({"run", "--listen", ":1", "--upstream", ""}, "--upstream needs a value");
  check_usage_error({"run", "--listen", ":1", "--listen", ":2", "--upstream", "ws://h"},
                    "--listen");
  check_usage_error({"--listen", ":1", "--upstream", "ws://h", "--allow-remote=maybe"},
                    "allow-remote");
}

TEST_CASE("command line: sources that exclude or need each other", "[cli]") {
  check_usage_error({"-c", "f", "--upstream", "ws://h", "--listen", ":1"},
                    "-c and --upstream exclude each other");
  check_usage_error({"-c", "f", "--listen", ":1"}, "-c and --listen exclude each other");
  check_usage_error({"--listen", ":1"}, "--listen needs --upstream");
  check_usage_error({"--upstream", "ws://h"}, "--upstream needs --listen");
  check_usage_error({"--subprotocol", "a"}, "--subprotocol needs --listen and --upstream");
  check_usage_error({"-c", "f", "--header", "A: b"}, "--header needs");
  check_usage_error({"-c", "f", "--cookie-jar", "j"}, "--cookie-jar needs");
  check_usage_error({"-c", "f", "--allow-remote"}, "--allow-remote needs");
}

TEST_CASE("command line: a value that lost its quotes is not echoed", "[cli]") {
  const Answer refused = answer({"--listen", ":1", "--upstream", "ws://h", "--header",
                                 "Authorization:", "Bearer", "hunter2"});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.text, ContainsSubstring("quotes"));
  CHECK_THAT(refused.text, !ContainsSubstring("hunter2"));
  CHECK_THAT(answer({"--password=hunter2"}).text, !ContainsSubstring("hunter2"));
}

}  // namespace wsbridged

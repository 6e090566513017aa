// SPDX-License-Identifier: MIT
// Environment variables, and who wins between them and flags.
#include "daemon/cli_source.h"

#include <map>

#include "support/catch.h"

namespace wsbridged {
namespace {

using Variables = std::map<std::string, std::string>;
using Texts = std::vector<std::string>;

std::variant<Command, std::string> choose(const CommandSettings& flags,
                                          const Variables& variables) {
  return choose_source(flags, [&variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

Command command(const CommandSettings& flags, const Variables& variables) {
  auto result = choose(flags, variables);
  if (const auto* const problem = std::get_if<std::string>(&result)) {
    FAIL(*problem);
  }
  return std::get<Command>(result);
}

std::string problem(const CommandSettings& flags, const Variables& variables) {
  const auto result = choose(flags, variables);
  REQUIRE(std::holds_alternative<std::string>(result));
  return std::get<std::string>(result);
}

Variables quick() {
  return {{"WSBRIDGED_LISTEN", ":1"}, {"WSBRIDGED_UPSTREAM", "ws://h"}};
}

Variables quick_and(Variables variables) {
  variables.merge(quick());
  return variables;
}

}  // namespace

TEST_CASE("sources: WSBRIDGED_CONFIG names the file, and -c beats it", "[cli]") {
  CHECK(command({}, {{"WSBRIDGED_CONFIG", "v.yaml"}}).config_file == "v.yaml");
  const Command parsed = command({.config = "f.yaml"}, {{"WSBRIDGED_CONFIG", "v.yaml"}});
  CHECK(parsed.config_file == "f.yaml");
  CHECK(parsed.warnings.empty());
}

TEST_CASE("sources: WSBRIDGED_CONFIG_YAML is the configuration", "[cli]") {
  const Command parsed = command({}, {{"WSBRIDGED_CONFIG_YAML", "bridges: []"}});
  CHECK(parsed.config_yaml == "bridges: []");
  CHECK(parsed.config_file.empty());
  CHECK_FALSE(parsed.quick_bridge);
}

TEST_CASE("sources: variables make a quick bridge, lists by line", "[cli]") {
  const Command parsed = command({}, quick_and({{"WSBRIDGED_SUBPROTOCOL", "a\nb\n\nc\n"},
                                                {"WSBRIDGED_COOKIE_JAR", "jar"},
                                                {"WSBRIDGED_HEADER", "A: b, c"},
                                                {"WSBRIDGED_ALLOW_REMOTE", "true"}}));
  REQUIRE(parsed.quick_bridge);
  CHECK(parsed.quick_bridge->listen == ":1");
  CHECK(parsed.quick_bridge->upstream == "ws://h");
  CHECK(parsed.quick_bridge->subprotocols == Texts{"a", "b", "c"});
  CHECK(parsed.quick_bridge->cookie_jar == "jar");
  CHECK(parsed.quick_bridge->headers == Texts{"A: b, c"});
  CHECK(parsed.quick_bridge->allow_remote);
  CHECK(parsed.config_file.empty());
}

TEST_CASE("sources: each flag beats its variable, a list as a whole", "[cli]") {
  const Command parsed = command({.upstream = "ws://flag",
                                  .cookie_jar = "flag",
                                  .subprotocols = {"flag"},
                                  .headers = {"F: f"},
                                  .allow_remote = true},
                                 quick_and({{"WSBRIDGED_SUBPROTOCOL", "a\nb"},
                                            {"WSBRIDGED_COOKIE_JAR", "jar"},
                                            {"WSBRIDGED_HEADER", "A: b"},
                                            {"WSBRIDGED_ALLOW_REMOTE", "false"}}));
  REQUIRE(parsed.quick_bridge);
  CHECK(parsed.quick_bridge->listen == ":1");
  CHECK(parsed.quick_bridge->upstream == "ws://flag");
  CHECK(parsed.quick_bridge->subprotocols == Texts{"flag"});
  CHECK(parsed.quick_bridge->cookie_jar == "flag");
  CHECK(parsed.quick_bridge->headers == Texts{"F: f"});
  CHECK(parsed.quick_bridge->allow_remote);
  CHECK(parsed.warnings.empty());
}

TEST_CASE("sources: an empty variable is unset", "[cli]") {
  const Command parsed = command({}, {{"WSBRIDGED_CONFIG", ""},
                                      {"WSBRIDGED_CONFIG_YAML", ""},
                                      {"WSBRIDGED_LISTEN", ""},
                                      {"WSBRIDGED_UPSTREAM", ""},
                                      {"WSBRIDGED_ALLOW_REMOTE", ""}});
  CHECK(parsed.config_file == "/etc/wsbridged/wsbridged.yaml");
  CHECK(parsed.warnings.empty());
}

TEST_CASE("sources: two of them among the variables are an error", "[cli]") {
  CHECK_THAT(problem({}, quick_and({{"WSBRIDGED_CONFIG", "f"}})),
             ContainsSubstring("WSBRIDGED_CONFIG and WSBRIDGED_UPSTREAM exclude each other"));
  CHECK_THAT(problem({}, {{"WSBRIDGED_CONFIG", "f"}, {"WSBRIDGED_CONFIG_YAML", "y"}}),
             ContainsSubstring("WSBRIDGED_CONFIG and WSBRIDGED_CONFIG_YAML"));
  CHECK_THAT(problem({}, {{"WSBRIDGED_CONFIG", "f"}, {"WSBRIDGED_LISTEN", ":1"}}),
             ContainsSubstring("WSBRIDGED_LISTEN"));
}

TEST_CASE("sources: a flag of one beats variables of the others, with a warning", "[cli]") {
  const Command file = command({.config = "f"}, quick_and({{"WSBRIDGED_CONFIG_YAML", "y"}}));
  CHECK(file.config_file == "f");
  CHECK_FALSE(file.config_yaml);
  CHECK_FALSE(file.quick_bridge);
  CHECK(file.warnings == Texts{"WSBRIDGED_CONFIG_YAML is ignored: -c was given",
                               "WSBRIDGED_UPSTREAM is ignored: -c was given"});
  const Command quick =
      command({.listen = ":1", .upstream = "ws://h"}, {{"WSBRIDGED_CONFIG", "f"}});
  CHECK(quick.quick_bridge);
  CHECK(quick.config_file.empty());
  CHECK(quick.warnings == Texts{"WSBRIDGED_CONFIG is ignored: --upstream was given"});
}

TEST_CASE("sources: listen and upstream may come from different sides, but both must come",
          "[cli]") {
  CHECK(command({.listen = ":2"}, quick()).quick_bridge->listen == ":2");
  CHECK(command({.upstream = "ws://u"}, {{"WSBRIDGED_LISTEN", ":1"}}).quick_bridge->listen == ":1");
  CHECK_THAT(problem({}, {{"WSBRIDGED_LISTEN", ":1"}}), ContainsSubstring("needs --upstream"));
  CHECK_THAT(problem({}, {{"WSBRIDGED_UPSTREAM", "ws://h"}}), ContainsSubstring("needs --listen"));
}

TEST_CASE("sources: variables that need an upstream are ignored without one, with a warning",
          "[cli]") {
  const Command parsed = command({.config = "f"}, {{"WSBRIDGED_SUBPROTOCOL", "a"},
                                                   {"WSBRIDGED_HEADER", "A: secret"},
                                                   {"WSBRIDGED_COOKIE_JAR", "j"},
                                                   {"WSBRIDGED_ALLOW_REMOTE", "true"}});
  CHECK(parsed.warnings ==
        Texts{"WSBRIDGED_SUBPROTOCOL is ignored: it only counts with --upstream",
              "WSBRIDGED_COOKIE_JAR is ignored: it only counts with --upstream",
              "WSBRIDGED_HEADER is ignored: it only counts with --upstream",
              "WSBRIDGED_ALLOW_REMOTE is ignored: it only counts with --upstream"});
}

TEST_CASE("sources: Landlock is on unless flag or variable turn it off", "[cli]") {
  const auto off = [](const char* value) {
    return command({}, quick_and({{"WSBRIDGED_NO_LANDLOCK", value}})).no_landlock;
  };
  CHECK_FALSE(command({}, quick_and({})).no_landlock);
  CHECK(off("true"));
  CHECK_FALSE(off("false"));
  CHECK_FALSE(off(""));
  CHECK(command({.config = "f", .no_landlock = true}, {}).no_landlock);
  CHECK_THAT(problem({}, quick_and({{"WSBRIDGED_NO_LANDLOCK", "yes"}})),
             ContainsSubstring("WSBRIDGED_NO_LANDLOCK must be true or false"));
}

TEST_CASE("sources: WSBRIDGED_ALLOW_REMOTE is true or false", "[cli]") {
  CHECK_FALSE(
      command({}, quick_and({{"WSBRIDGED_ALLOW_REMOTE", "false"}})).quick_bridge->allow_remote);
  for (const std::string value : {"yes", "1", "TRUE", " true"}) {
    CHECK_THAT(problem({}, quick_and({{"WSBRIDGED_ALLOW_REMOTE", value}})),
               ContainsSubstring("must be true or false"));
  }
}

TEST_CASE("sources: unknown variables of our prefix are warned of, others are nobody's business",
          "[cli]") {
  const Texts warnings = warn_of_unknown_variables(
      {"PATH", "WSBRIDGED_CONFIG", "WSBRIDGED_CONFIG_YAML", "WSBRIDGED_LISTEN",
       "WSBRIDGED_UPSTREAM", "WSBRIDGED_SUBPROTOCOL", "WSBRIDGED_COOKIE_JAR", "WSBRIDGED_HEADER",
       "WSBRIDGED_ALLOW_REMOTE", "WSBRIDGED_SERVICE_HOST", "WSBRIDGED_", "WSBRIDGEDX"});
  CHECK(warnings == Texts{"WSBRIDGED_SERVICE_HOST is ignored: no such variable is known",
                          "WSBRIDGED_ is ignored: no such variable is known"});
}

}  // namespace wsbridged

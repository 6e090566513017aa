// SPDX-License-Identifier: MIT
// Any text as a configuration: it is taken or refused, each error with its place in the text, and
// what is taken can be printed, read again and means the same.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "config/loader.h"
#include "fuzz/support/input.h"
#include "fuzz/support/require.h"
#include "fuzz_targets.h"
#include "unit/daemon/reference_framing.h"
#include "unit/daemon/reference_text.h"

namespace fuzz {
namespace {

namespace config = wsbridged::config;

constexpr std::string_view kBridge =
    "bridges:\n"
    "  - name: b\n"
    "    listen: 127.0.0.1:1\n"
    "    upstream:\n"
    "      url: ws://h/\n";
constexpr std::string_view kSecret = "s3cr3t-of-the-environment";

std::optional<std::string> look_up(const std::string& name) {
  if (name == "NAME") {
    return std::string(kSecret);
  }
  return name == "EMPTY" ? std::optional<std::string>("") : std::nullopt;
}

void check_problem(const config::Problem& problem, std::string_view yaml) {
  const auto lines = static_cast<int>(std::count(yaml.begin(), yaml.end(), '\n')) +
                     static_cast<int>(std::count(yaml.begin(), yaml.end(), '\r')) + 1;
  require(problem.source == "f", "an error names its file");
  require(problem.line >= 1 && problem.line <= lines + 1, "and its line");
  require(problem.column >= 1, "and its column");
  require(!problem.message.empty(), "and says what is wrong");
  require(to_string(problem).starts_with("f:" + std::to_string(problem.line) + ":" +
                                         std::to_string(problem.column) + ": "),
          "as FILE:LINE:COLUMN");
  require(
      problem.message.find(kSecret) == std::string::npos || yaml.find(kSecret) != std::string::npos,
      "expanded text is not shown");
  require(std::none_of(problem.message.begin(), problem.message.end(),
                       [](char c) { return c >= 0 && c < ' '; }),
          "in one line");
  require(wsbridged::reference::is_utf8(problem.message), "of UTF-8");
}

// A world that nothing fits into: each place that it names must be found.
std::vector<config::Misfit> misfits_of(const config::Bridge& bridge) {
  std::vector<config::Misfit> misfits{{.keys = {"upstream", "url"}, .message = "does not fit"},
                                      {.keys = {"upstream", "tls", "ca_file"},
                                       .message = "does not fit",
                                       .kind = config::Misfit::Kind::kWarning}};
  for (std::size_t i = 0; i < bridge.listen.size(); ++i) {
    misfits.push_back({.keys = {"listen"}, .listener = i, .message = "does not fit"});
  }
  for (const auto& [key, value] : bridge.upstream.resolve) {
    misfits.push_back({.keys = {"upstream", "resolve"}, .message = "does not fit", .item = key});
  }
  return misfits;
}

void check_taken(const config::Loaded& loaded) {
  for (const config::Bridge& bridge : loaded.config.bridges) {
    require(!bridge.name.empty() && bridge.name != "admin", "a bridge has a name");
    require(!bridge.listen.empty(), "and somewhere to listen");
    require(bridge.upstream.url.empty() != bridge.upstream.urls.empty(), "and somewhere to go");
    require(!bridge.framing.delimiter.empty() && bridge.framing.delimiter.size() <= 16,
            "a delimiter is one");
  }
  const std::string printed = config::print(loaded.config);
  for (const config::Setting& setting : config::settings_of(loaded.config)) {
    require(!setting.path.empty(), "a setting has its path");
  }
  const auto again = config::load_text(printed, "f", look_up);
  require(again.errors.empty(), "what is printed can be read");
  require(config::print(again.config) == printed, "and means the same");
}

}  // namespace

void config(std::string_view bytes) {
  Input input(bytes);
  const std::size_t choice = input.below(4);
  std::string yaml(choice % 2 == 1 ? kBridge : "");
  yaml += input.rest();
  const auto loaded =
      config::load_text(yaml, "f", look_up, choice < 2 ? config::BridgeCheck() : misfits_of);
  require(loaded.errors.size() <= 101, "errors are bounded");
  constexpr std::size_t kMost = 100;
  for (std::size_t i = 0; i < std::min(kMost, loaded.errors.size()); ++i) {
    check_problem(loaded.errors[i], yaml);
  }
  for (const config::Problem& problem : loaded.warnings) {
    check_problem(problem, yaml);
  }
  if (loaded.errors.empty()) {
    check_taken(loaded);
  }
}

}  // namespace fuzz

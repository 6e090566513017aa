// SPDX-License-Identifier: MIT
#include "daemon/cli_ctl.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "config/words.h"

namespace wsbridged {

namespace {

using CtlVerb = CtlCommand::Verb;

struct CtlWord {
  std::string_view name;
  CtlVerb verb;
  std::string_view argument;  // how it is called; empty: none
};

constexpr std::array<CtlWord, 6> kWords = {{{"ps", CtlVerb::kPs, ""},
                                            {"kill", CtlVerb::kKill, "ID"},
                                            {"tap", CtlVerb::kTap, "ID"},
                                            {"drain", CtlVerb::kDrain, ""},
                                            {"reload", CtlVerb::kReload, ""},
                                            {"log-level", CtlVerb::kLogLevel, "LEVEL"}}};

bool is_number(const std::string& text) {
  return !text.empty() && text.size() <= 20 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_level(const std::string& text) {
  return std::any_of(std::begin(config::kLogLevels), std::end(config::kLogLevels),
                     [&text](const auto& word) { return word.text == text; });
}

}  // namespace

std::optional<std::string> read_ctl_words(const std::vector<std::string>& words, CtlCommand& ctl) {
  const auto* const found =
      words.empty() ? kWords.end()
                    : std::find_if(kWords.begin(), kWords.end(), [&words](const CtlWord& known) {
                        return known.name == words.front();
                      });
  if (found == kWords.end()) {
    return "say what to do: ps, kill ID, tap ID, drain, reload or log-level LEVEL";
  }
  const std::size_t wanted = found->argument.empty() ? 1 : 2;
  if (words.size() != wanted) {
    return std::string(found->name) +
           (wanted == 1 ? " takes no argument"
                        : " takes one argument: " + std::string(found->argument));
  }
  ctl.verb = found->verb;
  ctl.argument = wanted == 2 ? words[1] : "";
  if (found->argument == "ID" && !is_number(ctl.argument)) {
    return "ID is the number of a session, as 'wsbridged ctl ps' shows it";
  }
  if (found->verb == CtlVerb::kLogLevel && !is_level(ctl.argument)) {
    return std::string("LEVEL is debug, info, warn or error");
  }
  return std::nullopt;
}

}  // namespace wsbridged

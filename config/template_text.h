// SPDX-License-Identifier: MIT
// Templates in texts of the configuration: {peer.addr} and its kind, which each session fills in
// for itself. Here is what stands in a text; what it becomes is the daemon's.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wsbridged::config {

enum class TemplateName : unsigned char {
  kPeerAddr,
  kPeerPort,
  kPeerUid,
  kPeerGid,
  kPeerPid,
  kBridge,
  kSession
};

inline constexpr std::size_t kTemplateCount = 7;

// As it is written: "{peer.addr}".
[[nodiscard]] std::string_view to_string(TemplateName name);

// Text as it stands, or a template in place of it.
struct TemplatePart {
  std::string_view text;
  std::optional<TemplateName> name{};
};

// The parts point into `text`. A known template between another pair of braces, {{bridge}}, is the
// literal {bridge}; every other brace is one.
[[nodiscard]] std::vector<TemplatePart> parse_template(std::string_view text);

// The names that `text` holds, each once.
[[nodiscard]] std::vector<TemplateName> templates_in(std::string_view text);

// `text` without any template, {{bridge}} turned into {bridge}. Precondition: templates_in() is
// empty.
[[nodiscard]] std::string literal_text(std::string_view text);

struct TextRange {
  std::size_t begin;
  std::size_t end;
};

// Doubles the braces of every template of which a byte lies in one of `foreign`, the ranges that
// came out of ${…}, in order: what a file or a variable holds is never a template.
[[nodiscard]] std::string quote_templates(std::string_view text,
                                          std::span<const TextRange> foreign);

}  // namespace wsbridged::config

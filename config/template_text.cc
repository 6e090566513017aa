// SPDX-License-Identifier: MIT
#include "config/template_text.h"

#include <algorithm>
#include <array>

namespace wsbridged::config {
namespace {

constexpr std::array<std::string_view, kTemplateCount> kNames = {
    "{peer.addr}", "{peer.port}", "{peer.uid}", "{peer.gid}",
    "{peer.pid}",  "{bridge}",    "{session}"};

// The template that `text` begins with.
std::optional<TemplateName> template_at(std::string_view text) {
  const auto* found = std::find_if(kNames.begin(), kNames.end(), [text](std::string_view name) {
    return text.starts_with(name);
  });
  if (found == kNames.end()) {
    return std::nullopt;
  }
  return static_cast<TemplateName>(found - kNames.begin());
}

// The size of the {{…}} that `text` begins with; 0: none.
std::size_t quoted_size(std::string_view text) {
  const auto inner = text.starts_with("{{") ? template_at(text.substr(1)) : std::nullopt;
  const std::size_t size = inner ? to_string(*inner).size() + 2 : 0;
  return size > 0 && text.size() >= size && text[size - 1] == '}' ? size : 0;
}

bool is_in(std::span<const TextRange> ranges, std::size_t begin, std::size_t end) {
  return std::any_of(ranges.begin(), ranges.end(), [begin, end](const TextRange& range) {
    return range.begin < end && begin < range.end;
  });
}

}  // namespace

std::string_view to_string(TemplateName name) {
  return kNames[static_cast<std::size_t>(name)];
}

std::vector<TemplatePart> parse_template(std::string_view text) {
  std::vector<TemplatePart> parts;
  std::size_t start = 0;  // of the literal that is being collected
  const auto end_literal = [&](std::size_t end) {
    if (end > start) {
      parts.push_back({.text = text.substr(start, end - start)});
    }
  };
  std::size_t at = text.find('{');
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (const std::size_t quoted = quoted_size(rest)) {
      end_literal(at);
      parts.push_back({.text = rest.substr(1, quoted - 2)});
      start = at + quoted;
    } else if (const auto name = template_at(rest)) {
      end_literal(at);
      parts.push_back({.text = to_string(*name), .name = name});
      start = at + to_string(*name).size();
    }
    at = text.find('{', std::max(at + 1, start));
  }
  end_literal(text.size());
  return parts;
}

std::vector<TemplateName> templates_in(std::string_view text) {
  std::vector<TemplateName> names;
  for (const TemplatePart& part : parse_template(text)) {
    if (part.name && std::find(names.begin(), names.end(), *part.name) == names.end()) {
      names.push_back(*part.name);
    }
  }
  return names;
}

std::string literal_text(std::string_view text) {
  std::string literal;
  for (const TemplatePart& part : parse_template(text)) {
    literal += part.text;
  }
  return literal;
}

std::string quote_templates(std::string_view text, std::span<const TextRange> foreign) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    const auto name = template_at(rest);
    const std::size_t quoted = quoted_size(rest);
    if (quoted > 0 && !is_in(foreign, at, at + quoted)) {
      out += rest.substr(0, quoted);
      at += quoted;
    } else if (name && is_in(foreign, at, at + to_string(*name).size())) {
      out.append("{").append(to_string(*name)).append("}");
      at += to_string(*name).size();
    } else {
      out += rest.front();
      ++at;
    }
  }
  return out;
}

}  // namespace wsbridged::config

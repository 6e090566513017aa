// SPDX-License-Identifier: MIT
#include "daemon/template.h"

#include <algorithm>
#include <limits>

namespace wsbridged {
namespace {

using config::TemplateName;

std::optional<std::string>& value_of(TemplateValues& values, TemplateName name) {
  return values[static_cast<std::size_t>(name)];
}

template <class Number>
std::optional<std::string> number(const std::optional<Number>& value) {
  return value ? std::optional(std::to_string(*value)) : std::nullopt;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// RFC 3986 section 2.1
std::string percent_encoded(std::string_view value) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(c)) {
      out += c;
    } else {
      out.append("%").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
    }
  }
  return out;
}

bool has_control(std::string_view value) {
  return std::any_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

bool is_path_part(std::string_view value) {
  return !value.empty() && !value.starts_with('.') && value.find('/') == std::string_view::npos &&
         value.find("..") == std::string_view::npos;
}

bool may_stand(std::string_view value, TemplateUse use) {
  switch (use) {
    case TemplateUse::kUrl:
      return true;
    case TemplateUse::kHeader:
    case TemplateUse::kLine:
      return !has_control(value);
    case TemplateUse::kPath:
      return !has_control(value) && is_path_part(value);
  }
  return false;
}

TemplateRefusal refuse(TemplateName name, std::string_view why) {
  return {std::string(to_string(name)).append(why)};
}

}  // namespace

TemplateValues template_values(const Peer& peer, const std::string& bridge, std::uint64_t session) {
  TemplateValues values = bridge_values(bridge);
  const std::string& address = peer.announced ? peer.announced->address : peer.address;
  if (!address.empty()) {
    value_of(values, TemplateName::kPeerAddr) = address;
    value_of(values, TemplateName::kPeerPort) =
        std::to_string(peer.announced ? peer.announced->port : peer.port);
  }
  value_of(values, TemplateName::kPeerUid) = number(peer.uid);
  value_of(values, TemplateName::kPeerGid) = number(peer.gid);
  value_of(values, TemplateName::kPeerPid) = number(peer.pid);
  value_of(values, TemplateName::kSession) = std::to_string(session);
  return values;
}

TemplateValues bridge_values(const std::string& bridge) {
  TemplateValues values;
  value_of(values, TemplateName::kBridge) = bridge;
  return values;
}

std::variant<std::string, TemplateRefusal> substitute(std::string_view text, TemplateUse use,
                                                      const TemplateValues& values) {
  std::string out;
  for (const config::TemplatePart& part : config::parse_template(text)) {
    if (!part.name) {
      out += part.text;
      continue;
    }
    const auto& value = values[static_cast<std::size_t>(*part.name)];
    if (!value) {
      return refuse(*part.name, " is not known of this connection");
    }
    if (!may_stand(*value, use)) {
      return refuse(*part.name, " has a value that must not stand there");
    }
    out += use == TemplateUse::kUrl ? percent_encoded(*value) : *value;
  }
  return out;
}

std::string sample_text(std::string_view text, TemplateUse use, const std::string& bridge) {
  constexpr auto largest = std::numeric_limits<std::uint32_t>::max();
  const Peer peer{.address = "192.0.2.1",
                  .port = 65'535,
                  .uid = uid_t{largest - 1},
                  .gid = gid_t{largest - 1},
                  .pid = pid_t{4'194'304}};
  const auto filled = substitute(
      text, use, template_values(peer, bridge, std::numeric_limits<std::uint64_t>::max()));
  return std::get<std::string>(filled);  // none of these values is ever refused
}

std::optional<std::string> shared_cookie_jar(const config::Bridge& bridge) {
  const auto result =
      substitute(bridge.upstream.cookie_jar, TemplateUse::kPath, bridge_values(bridge.name));
  const auto* path = std::get_if<std::string>(&result);
  return path != nullptr ? std::optional(*path) : std::nullopt;
}

std::string shared_directory(const config::Bridge& bridge) {
  // No template holds a '/'.
  const std::string& path = bridge.upstream.cookie_jar;
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return ".";
  }
  const auto result = substitute(path.substr(0, std::max<std::size_t>(slash, 1)),
                                 TemplateUse::kPath, bridge_values(bridge.name));
  const auto* directory = std::get_if<std::string>(&result);
  return directory != nullptr ? *directory : "";
}

std::optional<TemplateRefusal> refuse_values(const config::Upstream& upstream,
                                             const TemplateValues& values) {
  std::optional<TemplateRefusal> first;
  const auto check = [&](std::string_view text, TemplateUse use) {
    auto result = substitute(text, use, values);
    if (auto* refusal = std::get_if<TemplateRefusal>(&result); refusal != nullptr && !first) {
      first = std::move(*refusal);
    }
  };
  check(upstream.url, TemplateUse::kUrl);
  check(upstream.cookie_jar, TemplateUse::kPath);
  for (const std::string& url : upstream.urls) {
    check(url, TemplateUse::kUrl);
  }
  for (const config::Header& header : upstream.headers) {
    check(header.value, TemplateUse::kHeader);
  }
  for (const std::string& line : upstream.on_open) {
    check(line, TemplateUse::kLine);
  }
  return first;
}

std::string filled(std::string_view text, TemplateUse use, const TemplateValues& values) {
  return std::get<std::string>(substitute(text, use, values));
}

void apply_templates(const TemplateValues& values, ws::Options& options, std::string& url) {
  url = filled(url, TemplateUse::kUrl, values);
  for (ws::Header& header : options.headers) {
    header.value = filled(header.value, TemplateUse::kHeader, values);
  }
}

}  // namespace wsbridged

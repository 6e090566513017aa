// SPDX-License-Identifier: MIT
#include "protocol/resolve_override.h"

#include <algorithm>
#include <utility>

#include "protocol/authority.h"
#include "protocol/http_field.h"

namespace ws::protocol {
namespace {

constexpr std::string_view kAnyHost = "*";
constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kMaxAddresses = 32;

Error invalid(const std::string& key, const std::string& what) {
  return {.phase = Phase::kOptions,
          .code = ErrorCode::kInvalidOption,
          .message = "resolve " + key + ": " + what};
}

Result<ResolveOverride> parse_key(const std::string& key) {
  const bool is_any = key.starts_with("*:");
  auto authority = parse_authority(is_any ? "any" + key.substr(1) : key);
  if (!authority) {
    return invalid(key, authority.error().message);
  }
  if (!authority->port || key.find('@') != std::string::npos) {
    return invalid(key, "it must be written host:port");
  }
  return ResolveOverride{.host = is_any ? std::string(kAnyHost) : std::move(authority->host.name),
                         .port = *authority->port};
}

// An address out of the list, without brackets; empty when it is none.
std::string parse_address(std::string_view text) {
  text = trim(text);
  const bool has_brackets = text.starts_with('[') && text.ends_with(']');
  if (has_brackets) {
    text = text.substr(1, text.size() - 2);
  }
  const bool is_valid = has_brackets ? is_ipv6_address(text) : is_ip_address(text);
  return is_valid ? std::string(text) : std::string();
}

}  // namespace

Result<std::vector<ResolveOverride>> parse_resolve(
    const std::map<std::string, std::string>& entries) {
  std::vector<ResolveOverride> overrides;
  for (const auto& [key, value] : entries) {
    auto entry = parse_key(key);
    if (!entry) {
      return entry.error();
    }
    if (value.starts_with(kUnix) && value.size() > kUnix.size()) {
      entry->unix_path = value.substr(kUnix.size());
    }
    for (std::string_view list = value; entry->unix_path.empty();) {
      const std::size_t end = std::min(list.find(','), list.size());
      entry->addresses.push_back(parse_address(list.substr(0, end)));
      if (entry->addresses.back().empty() || entry->addresses.size() > kMaxAddresses) {
        return invalid(key, "its value must be IP addresses, 32 at most, or unix:PATH");
      }
      if (end == list.size()) {
        break;
      }
      list.remove_prefix(end + 1);
    }
    overrides.push_back(std::move(*entry));
  }
  return overrides;
}

const ResolveOverride* find_override(std::span<const ResolveOverride> overrides,
                                     std::string_view host, std::uint16_t port) {
  const ResolveOverride* for_any = nullptr;
  for (const ResolveOverride& entry : overrides) {
    if (entry.port == port && entry.host == host) {
      return &entry;
    }
    if (entry.port == port && entry.host == kAnyHost) {
      for_any = &entry;
    }
  }
  return for_any;
}

}  // namespace ws::protocol

// SPDX-License-Identifier: MIT
// Members of NO_PROXY, one after the other.
#include "protocol/no_proxy.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <system_error>

#include "protocol/ascii.h"
#include "protocol/host.h"

namespace ws::protocol {
namespace {

constexpr std::string_view kSeparators = ", \t\r\n";
constexpr unsigned kByteBits = 8;

std::optional<unsigned> parse_number(std::string_view text) {
  unsigned number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = status == std::errc{} && end == text.data() + text.size();
  return is_whole ? std::optional(number) : std::nullopt;
}

std::string_view without_brackets(std::string_view text) {
  const bool has_them = text.starts_with('[') && text.ends_with(']');
  return has_them ? text.substr(1, text.size() - 2) : text;
}

// Are the first `bits` of two addresses of one family equal?
bool have_same_prefix(std::string_view a, std::string_view b, unsigned bits) {
  const std::size_t whole = bits / kByteBits;
  if (a.substr(0, whole) != b.substr(0, whole)) {
    return false;
  }
  const unsigned left = bits % kByteBits;
  return left == 0 || (static_cast<unsigned char>(a[whole]) >> (kByteBits - left)) ==
                          (static_cast<unsigned char>(b[whole]) >> (kByteBits - left));
}

bool network_matches(std::string_view network, std::string_view length, std::string_view host) {
  const auto base = address_bytes(without_brackets(network));
  const auto address = address_bytes(host);
  const auto bits = parse_number(length);
  return base && address && bits && base->size() == address->size() &&
         *bits <= address->size() * kByteBits && have_same_prefix(*base, *address, *bits);
}

// Where the port begins in a member (behind its colon), npos when it has none.
std::size_t find_port(std::string_view member) {
  if (member.starts_with('[')) {
    const std::size_t end = member.find("]:");
    return end == std::string_view::npos ? end : end + 2;
  }
  const std::size_t colon = member.find(':');
  const bool is_only_one =
      colon != std::string_view::npos && member.find(':', colon + 1) == std::string_view::npos;
  return is_only_one ? colon + 1 : std::string_view::npos;
}

bool host_matches(std::string_view member, std::string_view host) {
  member = without_brackets(member);
  if (const auto address = address_bytes(member)) {
    return address_bytes(host) == address;
  }
  member.remove_prefix(member.starts_with("*.") ? 1 : 0);
  member.remove_prefix(member.starts_with('.') ? 1 : 0);
  const auto parsed = parse_host_name(member);
  if (!parsed || is_ip_address(host)) {
    return false;
  }
  const std::string& name = parsed.value().name;
  return host == name || (host.size() > name.size() && host.ends_with(name) &&
                          host[host.size() - name.size() - 1] == '.');
}

bool member_matches(std::string_view member, std::string_view host, std::uint16_t port) {
  if (member == "*") {
    return true;
  }
  if (const std::size_t slash = member.find('/'); slash != std::string_view::npos) {
    return network_matches(member.substr(0, slash), member.substr(slash + 1), host);
  }
  if (const std::size_t begin = find_port(member); begin != std::string_view::npos) {
    return parse_number(member.substr(begin)) == port &&
           host_matches(member.substr(0, begin - 1), host);
  }
  return host_matches(member, host);
}

}  // namespace

bool is_in_no_proxy(std::string_view list, std::string_view host, std::uint16_t port) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(kSeparators), list.size());
    if (end > 0 && member_matches(list.substr(0, end), host, port)) {
      return true;
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

}  // namespace ws::protocol

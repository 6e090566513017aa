// SPDX-License-Identifier: MIT
// PROXY protocol headers: judged the same in any chunking, which here means for every prefix; what
// is told is an address.
#include "daemon/proxy_header.h"

#include <string>
#include <variant>

#include "config/cidr.h"
#include "fuzz/support/pieces.h"
#include "fuzz/support/require.h"
#include "fuzz_targets.h"

namespace fuzz {
namespace {

using wsbridged::ProxyHeader;
using wsbridged::ProxyIncomplete;
using wsbridged::ProxyRefusal;

std::string seen(std::string_view bytes) {
  const auto outcome = wsbridged::parse_proxy_header(exact_copy(bytes));
  if (const auto* refusal = std::get_if<ProxyRefusal>(&outcome)) {
    require(!refusal->reason.empty(), "a refusal has its reason");
    return "refused";
  }
  const auto* header = std::get_if<ProxyHeader>(&outcome);
  if (header == nullptr) {
    require(bytes.size() < wsbridged::kMaxProxyHeader, "no header goes on for ever");
    return "";
  }
  require(header->size > 0 && header->size <= bytes.size(), "a header is in what was received");
  require(header->size <= wsbridged::kMaxProxyHeader, "and bounded");
  const bool has_address = header->source == ProxyHeader::Source::kAddress;
  require(has_address == wsbridged::config::parse_ip(header->address).has_value(),
          "an address is one");
  require(has_address || (header->address.empty() && header->port == 0), "or there is none");
  return header->address + ' ' + std::to_string(header->port) + ' ' + std::to_string(header->size) +
         ' ' + std::to_string(static_cast<int>(header->source));
}

}  // namespace

void proxy_header(std::string_view bytes) {
  std::string before;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const std::string now = seen(bytes.substr(0, size));
    require(before.empty() || now == before, "what follows changes no verdict");
    before = now;
  }
}

}  // namespace fuzz

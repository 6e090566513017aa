// SPDX-License-Identifier: MIT
// The list of the NO_PROXY variable: for which servers no proxy is asked. Pure text; no name is
// looked up, so a name never matches an address or the reverse.
#pragma once

#include <cstdint>
#include <string_view>

namespace ws::protocol {

// Does the list name this server? Its members are separated by commas or white space:
//   *                  every server
//   example.com        this host and all below it, by whole labels; so do .example.com (as curl
//                      reads it) and *.example.com
//   192.0.2.1, ::1     this address; brackets are allowed
//   192.0.2.0/24       the addresses of this network, also IPv6
// Any but the first and the last may end in :port and is then for that port alone (IPv6 in
// brackets). What cannot be understood matches nothing. `host` is a Url's.
[[nodiscard]] bool is_in_no_proxy(std::string_view list, std::string_view host, std::uint16_t port);

}  // namespace ws::protocol

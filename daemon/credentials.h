// SPDX-License-Identifier: MIT
// What a dial shows of us to the server, to see whether it has changed since a refusal. Nothing of
// it is ever logged.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ws/options.h>

namespace wsbridged {

// Where a dial goes and what it takes along.
struct DialTarget {
  std::string url;
  ws::Options options;  // without callbacks
};

class Credentials {
 public:
  Credentials() = default;
  // Reads the cookie jar's file again when it has changed. `unix_now` is for cookies that expire.
  Credentials(const DialTarget& target, std::int64_t unix_now);

  [[nodiscard]] bool operator==(const Credentials& other) const;

 private:
  std::string url_;  // its user information and query
  std::vector<ws::Header> headers_;
  std::optional<ws::BasicAuth> basic_auth_;
  std::string cookie_;
  std::shared_ptr<const ws::TlsContext> tls_context_;  // the client's certificate
};

}  // namespace wsbridged

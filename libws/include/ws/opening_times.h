// SPDX-License-Identifier: MIT
// How long each phase of an opening took.
#pragma once

#include <chrono>

namespace ws {

/// By phase, as in Phase; 0 for a phase that it did not come to. Redirects add up. The one that was
/// under way when an opening failed counts up to then. Exact to one turn of the loop.
struct OpeningTimes {
  std::chrono::microseconds resolve{0};  ///< the host's name, or the proxy's
  std::chrono::microseconds connect{0};  ///< TCP or Unix, all addresses that were tried
  std::chrono::microseconds proxy{0};    ///< asking a proxy
  std::chrono::microseconds tls{0};      ///< TLS handshake
  std::chrono::microseconds http{0};     ///< upgrade request and response
};

}  // namespace ws

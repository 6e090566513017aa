// SPDX-License-Identifier: MIT
// Everything that an opening does before it dials.
#include <ws/options.h>

#include "websocket_plan.h"
#include "websocket_route.h"

namespace ws {

std::optional<Error> check_options(std::string_view url, const Options& options) {
  const auto parsed = parse_url(url);
  if (!parsed) {
    return parsed.error();
  }
  const auto plan = plan_opening(parsed.value(), options);
  if (!plan) {
    return plan.error();
  }
  const auto target = route_to(parsed.value(), plan->route, environment_variable);
  return target ? std::nullopt : std::optional(target.error());
}

}  // namespace ws

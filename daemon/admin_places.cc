// SPDX-License-Identifier: MIT
#include "daemon/admin_places.h"

#include <utility>

namespace wsbridged {

AdminPlaces look_up(const config::Admin& admin) {
  AdminPlaces places;
  const auto add = [&places](const config::Address& address, AdminDoor::Serves serves) {
    config::Listen listen;
    listen.address = address;
    listen.allow_remote = serves == AdminDoor::Serves::kMetrics;
    auto target = look_up(listen);
    places.push_back({.serves = serves, .listen = std::move(listen), .target = std::move(target)});
  };
  if (admin.listen) {
    add(*admin.listen, AdminDoor::Serves::kAll);
  }
  if (admin.metrics) {
    add(*admin.metrics, AdminDoor::Serves::kMetrics);
  }
  return places;
}

}  // namespace wsbridged

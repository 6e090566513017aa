// SPDX-License-Identifier: MIT
// The admin listener's part of a reload, in two steps as ServingPlan's: everything that can fail
// first, beside what is served already, then the change itself, which cannot.
#pragma once

#include <memory>
#include <optional>

#include <ws/error.h>

#include "daemon/admin_places.h"
#include "daemon/admin_server.h"
#include "daemon/admin_target.h"
#include "daemon/log.h"

namespace wsbridged {

// Belongs to the thread that `server` was made on. A plan that is given up closes what it opened.
class AdminPlan {
 public:
  // `server` is what runs now, null when nothing does. All must outlive the plan.
  AdminPlan(std::unique_ptr<AdminServer>& server, AdminTarget& target, Log& log);
  ~AdminPlan();
  AdminPlan(const AdminPlan&) = delete;
  AdminPlan& operator=(const AdminPlan&) = delete;

  // Opens those of its addresses that are not bound yet; at most once. It looks no name up.
  [[nodiscard]] std::optional<ws::Error> prepare(const AdminServer::Settings& settings,
                                                 const AdminPlaces& places);
  // Nothing without prepare().
  void commit();

 private:
  std::unique_ptr<AdminServer>& server_;
  AdminTarget& target_;
  Log& log_;
  std::unique_ptr<AdminServer> first_;  // there was none before
  bool is_prepared_ = false;            // server_ is, and not committed yet
};

}  // namespace wsbridged

// SPDX-License-Identifier: MIT
#include "daemon/admin_plan.h"

#include <utility>

namespace wsbridged {

AdminPlan::AdminPlan(std::unique_ptr<AdminServer>& server, AdminTarget& target, Log& log)
    : server_(server), target_(target), log_(log) {}

AdminPlan::~AdminPlan() {
  try {
    if (is_prepared_) {
      server_->give_up();
    }
  } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory, and the error is told already
  }
}

std::optional<ws::Error> AdminPlan::prepare(const AdminServer::Settings& settings,
                                            const AdminPlaces& places) {
  if (server_) {
    if (server_->is_as(settings)) {
      return std::nullopt;
    }
    is_prepared_ = true;
    return server_->prepare(settings, places);
  }
  if (settings.admin.listen || settings.admin.metrics) {
    auto opened = AdminServer::open(settings, places, target_, log_);
    if (!opened) {
      return opened.error();
    }
    first_ = std::move(opened.value());
  }
  return std::nullopt;
}

void AdminPlan::commit() {
  if (std::exchange(is_prepared_, false)) {
    server_->commit();
  } else if (first_) {
    server_ = std::move(first_);
    server_->start();
  }
}

}  // namespace wsbridged

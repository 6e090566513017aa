// SPDX-License-Identifier: MIT
// The cookies of one session, through all of its dials: those of the file, and over them the ones
// that servers set, which live in the session or, with store_cookies, go into the file.
#pragma once

#include <memory>

#include <ws/cookie_jar.h>
#include <ws/options.h>

#include "config/config.h"

namespace wsbridged {

// Belongs to one thread, as its jar does. Servers' cookies of a session take at most what a jar
// takes (50 of 4 KiB for each domain that they may set them for).
class SessionCookies {
 public:
  // `file` is the jar of the bridge's file; null: none.
  explicit SessionCookies(std::shared_ptr<ws::CookieJar> file)
      : file_(std::move(file)), session_(std::make_shared<ws::CookieJar>()) {}

  // The file is found anew for each dial: it may come later.
  void use_file(std::shared_ptr<ws::CookieJar> file) { file_ = std::move(file); }

  // For the next dial.
  void add_to(ws::Options& options, const config::Upstream& upstream) const;

  // Has the session cookies of its own?
  [[nodiscard]] bool has_own() const { return session_->size() > 0; }

  // Where that dial's responses put their cookies.
  [[nodiscard]] const ws::CookieJar& receiving(const config::Upstream& upstream) const;

 private:
  [[nodiscard]] bool stores(const config::Upstream& upstream) const;

  std::shared_ptr<ws::CookieJar> file_;
  std::shared_ptr<ws::CookieJar> session_;
};

}  // namespace wsbridged

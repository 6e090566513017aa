// SPDX-License-Identifier: MIT
// The jar: when its file is read again, what servers put into it, and what lies under it. Format
// and rules are in protocol/, the file is cookie_storage.h.
#include <sys/stat.h>

#include <cerrno>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include <ws/cookie_jar.h>

#include "cookie_storage.h"
#include "protocol/cookie_file.h"
#include "protocol/cookie_match.h"
#include "protocol/http_field.h"
#include "protocol/set_cookie.h"

namespace ws {
namespace {

constexpr std::string_view kNotWritten = "not written: ";

}  // namespace

struct CookieJar::Impl {
  protocol::CookieFile content;
  std::string path;  // empty: no file is watched
  FileState state;
  bool settled = false;
  std::size_t text_hash = 0;
  std::shared_ptr<const CookieJar> under;   // nullptr: nothing
  std::function<void(CookieWrite)> writer;  // empty: none
  std::vector<CookieWrite> unwritten;       // in order; the file may not hold them yet

  void take(const FileContent& file);
  void hand_over(const std::vector<Cookie>& taken, std::int64_t now);
  void drop_written();
  [[nodiscard]] std::vector<Cookie> store(const Url& url, const HttpResponse& response,
                                          std::int64_t now);
  [[nodiscard]] bool may_take(const Cookie& cookie, const Url& url) const;
  // All there is, sorted and judged, for `use`.
  template <typename Use>
  [[nodiscard]] auto judge(const Url& url, std::int64_t now, Use use) const;
};

void CookieJar::Impl::take(const FileContent& file) {
  content = protocol::parse_cookie_file(file.text);
  content.other_lines = {};  // the writer reads them from the file
  state = file.state;
  settled = file.settled;
  text_hash = std::hash<std::string>{}(file.text);
  for (const CookieWrite& write : unwritten) {
    for (const Cookie& cookie : write.cookies) {
      (void)content.cookies.put(cookie, write.now);
    }
  }
}

void CookieJar::Impl::hand_over(const std::vector<Cookie>& taken, std::int64_t now) {
  drop_written();
  unwritten.push_back({.path = path,
                       .cookies = taken,
                       .now = now,
                       .is_done = std::make_shared<std::atomic<bool>>(false)});
  writer(unwritten.back());
}

// To be called before the file is read: then it holds them.
void CookieJar::Impl::drop_written() {
  std::erase_if(unwritten, [](const CookieWrite& write) { return write.is_done->load(); });
}

CookieJar::CookieJar() : impl_(std::make_unique<Impl>()) {}

CookieJar::~CookieJar() = default;

Result<std::size_t> CookieJar::load(const std::string& path) {
  const auto file = read_cookie_file(path);
  if (!file) {
    return file.error();
  }
  impl_->path = path;
  impl_->unwritten.clear();
  impl_->take(file.value());
  return size();
}

Result<std::size_t> CookieJar::load_text(std::string_view text) {
  if (text.size() > kMaxCookieFile) {
    return jar_error("text", "larger than 4 MiB", EFBIG);
  }
  impl_->path.clear();
  impl_->content = protocol::parse_cookie_file(text);
  return size();
}

Result<bool> CookieJar::refresh() {
  if (impl_->path.empty()) {
    return false;
  }

  struct stat status {};

  if (::stat(impl_->path.c_str(), &status) != 0) {
    return jar_error(impl_->path, std::generic_category().message(errno), errno);
  }
  impl_->drop_written();
  const bool same_state = state_of(status) == impl_->state;
  if (same_state && impl_->settled) {
    return false;
  }
  const auto file = read_cookie_file(impl_->path);
  if (!file) {
    return file.error();
  }
  if (same_state && std::hash<std::string>{}(file.value().text) == impl_->text_hash) {
    impl_->state = file.value().state;
    impl_->settled = file.value().settled;
    return false;
  }
  impl_->take(file.value());
  return true;
}

const std::vector<CookieFileProblem>& CookieJar::problems() const {
  return impl_->content.problems;
}

void CookieJar::add(Cookie cookie) {
  if (auto reason = impl_->content.cookies.add(std::move(cookie))) {
    impl_->content.add_problem(0, *std::move(reason));
  }
}

std::size_t CookieJar::size() const {
  return impl_->content.cookies.cookies().size();
}

bool CookieJar::Impl::may_take(const Cookie& cookie, const Url& url) const {
  return !protocol::hides_secure_cookie(cookie, url, content.cookies) &&
         (under == nullptr ||
          !protocol::hides_secure_cookie(cookie, url, under->impl_->content.cookies));
}

// Returns what was taken.
std::vector<Cookie> CookieJar::Impl::store(const Url& url, const HttpResponse& response,
                                           std::int64_t now) {
  std::vector<Cookie> taken;
  const auto refuse = [this](std::string reason) {
    content.add_problem(0, "Set-Cookie of a server: " + std::move(reason));
  };
  for (const std::string_view field : protocol::field_values(response.headers, "Set-Cookie")) {
    auto parsed = protocol::parse_set_cookie(field, url, now);
    if (auto* reason = std::get_if<std::string>(&parsed)) {
      refuse(std::move(*reason));
      continue;
    }
    const Cookie& cookie = std::get<Cookie>(parsed);
    if (!may_take(cookie, url)) {
      refuse("it would hide a Secure cookie without TLS");
    } else if (auto reason = content.cookies.put(cookie, now)) {
      refuse(*std::move(reason));
    } else {
      taken.push_back(cookie);
    }
  }
  return taken;
}

std::size_t CookieJar::store(const Url& url, const HttpResponse& response, std::int64_t now) {
  return impl_->store(url, response, now).size();
}

Result<std::size_t> CookieJar::store_in_file(const Url& url, const HttpResponse& response,
                                             std::int64_t now) {
  const std::vector<Cookie> taken = impl_->store(url, response, now);
  if (taken.empty() || impl_->path.empty()) {
    return taken.size();
  }
  if (impl_->writer) {
    impl_->hand_over(taken, now);
    return taken.size();
  }
  const auto file = merge_into_cookie_file(impl_->path, taken, now, kMaxLockWait);
  if (!file) {
    impl_->content.add_problem(0, std::string(kNotWritten) + file.error().message);
    return file.error();
  }
  const std::vector<CookieFileProblem> problems = std::move(impl_->content.problems);
  impl_->take(file.value());
  for (const CookieFileProblem& problem : problems) {
    // Those of lines were found again, and what could not be written before is written now.
    if (problem.line == 0 && !problem.message.starts_with(kNotWritten)) {
      impl_->content.add_problem(0, problem.message);
    }
  }
  return taken.size();
}

void CookieJar::write_through(std::function<void(CookieWrite)> writer) {
  impl_->writer = std::move(writer);
}

std::optional<Error> write_cookies(const CookieWrite& write, std::chrono::milliseconds max_wait) {
  const auto file = merge_into_cookie_file(write.path, write.cookies, write.now, max_wait);
  return file ? std::nullopt : std::optional(file.error());
}

std::optional<Error> CookieJar::check_storable() const {
  return impl_->path.empty() ? std::nullopt : refuse_unwritable(impl_->path);
}

void CookieJar::lie_over(std::shared_ptr<const CookieJar> under) {
  impl_->under = std::move(under);
}

template <typename Use>
auto CookieJar::Impl::judge(const Url& url, std::int64_t now, Use use) const {
  if (under == nullptr) {
    return use(protocol::judge_cookies(content.cookies.cookies(), url, now));
  }
  if (content.cookies.cookies().empty()) {
    return use(protocol::judge_cookies(under->impl_->content.cookies.cookies(), url, now));
  }
  protocol::CookieSet all = under->impl_->content.cookies;
  for (const Cookie& cookie : content.cookies.cookies()) {
    (void)all.put(cookie, now);  // each was taken before
  }
  return use(protocol::judge_cookies(all.cookies(), url, now));
}

std::string CookieJar::header_for(const Url& url, std::int64_t now) const {
  return impl_->judge(url, now, [](const auto& judged) { return protocol::cookie_header(judged); });
}

std::vector<CookieDecision> CookieJar::explain(const Url& url, std::int64_t now) const {
  return impl_->judge(url, now, [](const auto& judged) {
    std::vector<CookieDecision> decisions;
    decisions.reserve(judged.size());
    for (const auto& one : judged) {
      decisions.push_back({.cookie = *one.cookie, .verdict = one.verdict});
    }
    return decisions;
  });
}

}  // namespace ws

// SPDX-License-Identifier: MIT
// The jar and its file: reading, and noticing that it has changed. Format and matching are in
// protocol/.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <functional>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include <ws/cookie_jar.h>

#include "protocol/cookie_file.h"
#include "protocol/cookie_match.h"

namespace ws {
namespace {

constexpr std::size_t kMaxFile = std::size_t{4} << 20;
constexpr std::size_t kReadSize = std::size_t{64} << 10;
// Times of files stand still for up to one tick of the kernel (10 ms at 100 Hz): a file that was
// written this shortly before it was read may be written again without a visible change.
constexpr std::chrono::milliseconds kSettled{50};

Error jar_error(const std::string& path, const std::string& what, int system_errno = 0) {
  return {.phase = Phase::kOptions,
          .code = ErrorCode::kInvalidOption,
          .message = "cookie jar " + path + ": " + what,
          .system_errno = system_errno};
}

Error system_error(const std::string& path, int system_errno) {
  return jar_error(path, std::generic_category().message(system_errno), system_errno);
}

std::chrono::nanoseconds since_epoch(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// What tells one state of a file from another without reading it.
struct FileState {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::chrono::nanoseconds modified{};
  std::chrono::nanoseconds changed{};
  bool operator==(const FileState&) const = default;
};

FileState state_of(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .modified = since_epoch(status.st_mtim),
          .changed = since_epoch(status.st_ctim)};
}

bool is_settled(const FileState& state) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return now - std::max(state.modified, state.changed) > kSettled;
}

struct FileContent {
  std::string text;
  FileState state;  // before the reading: what changes during it is noticed next time
  bool settled = false;
};

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}

  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;

  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

// At most kMaxFile bytes, or an errno; EFBIG when there are more.
std::variant<std::string, int> read_text(int descriptor) {
  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + kReadSize);
    const ssize_t count = ::read(descriptor, text.data() + before, kReadSize);
    if (count < 0 && errno != EINTR) {
      return errno;
    }
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) {
      return text;
    }
    if (text.size() > kMaxFile) {
      return EFBIG;
    }
  }
}

Result<FileContent> read_file(const std::string& path) {
  // Non-blocking, so that a FIFO without a writer does not hold us up before it is refused.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));

  struct stat status {};

  if (file.number() < 0 || ::fstat(file.number(), &status) != 0) {
    return system_error(path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return jar_error(path, "not a regular file");
  }
  FileContent content;
  content.state = state_of(status);
  content.settled = is_settled(content.state);
  auto text = read_text(file.number());
  if (const int* failure = std::get_if<int>(&text)) {
    return *failure == EFBIG ? jar_error(path, "larger than 4 MiB", EFBIG)
                             : system_error(path, *failure);
  }
  content.text = std::get<std::string>(std::move(text));
  return content;
}

}  // namespace

struct CookieJar::Impl {
  protocol::CookieFile content;
  std::string path;  // empty: no file is watched
  FileState state;
  bool settled = false;
  std::size_t text_hash = 0;

  void take(const FileContent& file);
};

void CookieJar::Impl::take(const FileContent& file) {
  content = protocol::parse_cookie_file(file.text);
  state = file.state;
  settled = file.settled;
  text_hash = std::hash<std::string>{}(file.text);
}

CookieJar::CookieJar() : impl_(std::make_unique<Impl>()) {}

CookieJar::~CookieJar() = default;

Result<std::size_t> CookieJar::load(const std::string& path) {
  const auto file = read_file(path);
  if (!file) {
    return file.error();
  }
  impl_->path = path;
  impl_->take(file.value());
  return size();
}

Result<std::size_t> CookieJar::load_text(std::string_view text) {
  if (text.size() > kMaxFile) {
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
    return system_error(impl_->path, errno);
  }
  const bool same_state = state_of(status) == impl_->state;
  if (same_state && impl_->settled) {
    return false;
  }
  const auto file = read_file(impl_->path);
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

std::string CookieJar::header_for(const Url& url, std::int64_t now) const {
  return protocol::cookie_header(
      protocol::judge_cookies(impl_->content.cookies.cookies(), url, now));
}

std::vector<CookieDecision> CookieJar::explain(const Url& url, std::int64_t now) const {
  std::vector<CookieDecision> decisions;
  for (const auto& judged : protocol::judge_cookies(impl_->content.cookies.cookies(), url, now)) {
    decisions.push_back({.cookie = *judged.cookie, .verdict = judged.verdict});
  }
  return decisions;
}

}  // namespace ws

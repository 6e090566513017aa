// SPDX-License-Identifier: MIT
#include "cookie_storage.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include "protocol/cookie_file.h"

namespace ws {
namespace {

constexpr std::size_t kReadSize = std::size_t{64} << 10;
// Times of files stand still for up to one tick of the kernel (10 ms at 100 Hz): a file that was
// written this shortly before it was read may be written again without a visible change.
constexpr std::chrono::milliseconds kSettled{50};

Error system_error(const std::string& path, int system_errno) {
  return jar_error(path, std::generic_category().message(system_errno), system_errno);
}

std::chrono::nanoseconds since_epoch(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

bool is_settled(const FileState& state) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return now - std::max(state.modified, state.changed) > kSettled;
}

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

  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

// At most kMaxCookieFile bytes, or an errno; EFBIG when there are more.
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
    if (text.size() > kMaxCookieFile) {
      return EFBIG;
    }
  }
}

// Where a path leads to: a file that may not be there yet, in a directory that is.
struct Place {
  std::string directory;
  std::string name;

  [[nodiscard]] std::string path() const { return directory + "/" + name; }

  // Several jars may lie in one directory.
  [[nodiscard]] std::string lock_path() const { return directory + "/." + name + ".lock"; }
};

std::optional<std::string> real_path(const std::string& path) {
  char* const resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) {
    return std::nullopt;
  }
  std::string result(resolved);
  std::free(resolved);  // NOLINT(cppcoreguidelines-no-malloc): realpath() says so
  return result;
}

Result<Place> resolve(const std::string& path) {
  if (const auto whole = real_path(path)) {
    const std::size_t slash = whole->rfind('/');
    return Place{.directory = whole->substr(0, slash), .name = whole->substr(slash + 1)};
  }

  struct stat status {};

  const int reason = errno;
  if (reason != ENOENT || ::lstat(path.c_str(), &status) == 0) {
    return system_error(path, reason);  // a link to nowhere is somebody's mistake
  }
  const std::size_t slash = path.rfind('/');
  const bool has_directory = slash != std::string::npos;
  const auto directory = real_path(has_directory ? path.substr(0, slash + 1) : ".");
  if (!directory) {
    return system_error(path, errno);
  }
  return Place{.directory = *directory, .name = has_directory ? path.substr(slash + 1) : path};
}

// 0, or the errno of the failure. By the clock: on a busy machine a nap is longer than it was asked
// for.
int lock(const Descriptor& file, std::chrono::milliseconds max_wait) {
  constexpr timespec duration{0, std::chrono::nanoseconds(std::chrono::milliseconds(1)).count()};
  const auto end = std::chrono::steady_clock::now() + max_wait;
  for (;;) {
    if (::flock(file.number(), LOCK_EX | LOCK_NB) == 0) {
      return 0;
    }
    if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= end) {
      return errno;
    }
    ::nanosleep(&duration, nullptr);
  }
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
  return true;
}

// Beside the file, as only there a rename is one step.
int replace_file(const Place& place, std::string_view text) {
  std::string temporary = place.directory + "/." + place.name + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));  // of mode 0600
  if (!file.is_open()) {
    return errno;
  }

  struct stat before {};

  if (::stat(place.path().c_str(), &before) == 0) {
    // Only root can give a file away, and only root has to.
    (void)!::fchown(file.number(), before.st_uid, before.st_gid);
  }
  if (!write_all(file.number(), text) || ::fchmod(file.number(), S_IRUSR | S_IWUSR) != 0 ||
      ::fsync(file.number()) != 0 || ::rename(temporary.c_str(), place.path().c_str()) != 0) {
    const int reason = errno;
    ::unlink(temporary.c_str());
    return reason;
  }
  const Descriptor directory(::open(place.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  (void)::fsync(directory.number());  // the content is safe; a lost rename leaves the old file
  return 0;
}

std::string merged(const std::string& text, std::span<const Cookie> received, std::int64_t now) {
  protocol::CookieFile file = protocol::parse_cookie_file(text);
  for (const Cookie& cookie : received) {
    (void)file.cookies.put(cookie, now);  // what is refused here was refused in memory, too
  }
  file.cookies.drop_expired(now);
  return protocol::format_cookie_file(file);
}

// 0 when a file can be made in the directory of `place`, else the errno.
int try_directory(const Place& place) {
  constexpr mode_t mode = S_IRUSR | S_IWUSR;
  const Descriptor nameless(::open(place.directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
  if (nameless.is_open() || (errno != EOPNOTSUPP && errno != EISDIR)) {
    return nameless.is_open() ? 0 : errno;
  }
  std::string temporary = place.directory + "/." + place.name + ".XXXXXX";
  const Descriptor named(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!named.is_open()) {
    return errno;
  }
  ::unlink(temporary.c_str());
  return 0;
}

}  // namespace

std::optional<Error> refuse_unwritable(const std::string& path) {
  const auto place = resolve(path);
  if (!place) {
    return place.error();
  }
  const std::string lock_path = place.value().lock_path();
  const Descriptor lock_file(::open(lock_path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!lock_file.is_open() && errno != ENOENT) {
    return system_error(lock_path, errno);
  }
  if (const int failure = try_directory(place.value()); failure != 0) {
    return system_error(place.value().directory, failure);
  }
  return std::nullopt;
}

FileState state_of(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .modified = since_epoch(status.st_mtim),
          .changed = since_epoch(status.st_ctim)};
}

Error jar_error(const std::string& path, const std::string& what, int system_errno) {
  return {.phase = Phase::kOptions,
          .code = ErrorCode::kInvalidOption,
          .message = "cookie jar " + path + ": " + what,
          .system_errno = system_errno};
}

Result<FileContent> read_cookie_file(const std::string& path) {
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

Result<FileContent> merge_into_cookie_file(const std::string& path,
                                           std::span<const Cookie> received, std::int64_t now,
                                           std::chrono::milliseconds max_wait) {
  const auto place = resolve(path);
  if (!place) {
    return place.error();
  }
  const std::string lock_path = place.value().lock_path();
  const Descriptor lock_file(
      ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  const int lock_failure = lock_file.is_open() ? lock(lock_file, max_wait) : errno;
  if (lock_failure != 0) {
    return system_error(lock_path, lock_failure);
  }
  auto before = read_cookie_file(place.value().path());
  const bool is_missing = !before && before.error().system_errno == ENOENT;
  if (!before && !is_missing) {
    return before.error();
  }
  const std::string text = merged(is_missing ? "" : before.value().text, received, now);
  if (!is_missing && text == before.value().text) {
    return before;
  }
  if (text.size() > kMaxCookieFile) {
    return jar_error(path, "would become larger than 4 MiB", EFBIG);
  }
  if (const int failure = replace_file(place.value(), text); failure != 0) {
    return system_error(path, failure);
  }
  return read_cookie_file(place.value().path());
}

}  // namespace ws

// SPDX-License-Identifier: MIT
// Which jars a dial gets, what is said of refused cookies, and the thread that writes the others.
#include "daemon/session_cookies.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "daemon/cookie_problems.h"
#include "daemon/cookie_writer.h"
#include "support/catch.h"
#include "unit/config/loading.h"

namespace wsbridged {
namespace {

using config::TemporaryFolder;
constexpr std::int64_t kNow = 1'800'000'000;
const char* const kTitle = "# Netscape HTTP Cookie File\n";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A log and what it wrote.
class LogFile {
 public:
  LogFile()
      : descriptor_(::open(folder_.path("log").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)),
        log_({.format = config::LogFormat::kJson}, descriptor_) {}

  ~LogFile() { ::close(descriptor_); }

  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  LogFile(LogFile&&) = delete;
  LogFile& operator=(LogFile&&) = delete;

  Log& log() { return log_; }

  [[nodiscard]] std::size_t count(const std::string& words) const {
    const std::string text = text_of(folder_.path("log"));
    std::size_t found = 0;
    for (std::size_t at = text.find(words); at != std::string::npos;
         at = text.find(words, at + 1)) {
      ++found;
    }
    return found;
  }

 private:
  TemporaryFolder folder_;
  int descriptor_;
  Log log_;
};

ws::HttpResponse setting(const std::vector<std::string>& cookies) {
  ws::HttpResponse response;
  for (const std::string& cookie : cookies) {
    response.headers.push_back({"Set-Cookie", cookie});
  }
  return response;
}

const ws::Url kUrl = ws::parse_url("ws://a.example/").value();

ws::CookieWrite a_write(const std::string& path, const std::string& name) {
  return {.path = path,
          .cookies = {{.name = name, .value = "1", .domain = "a.example", .expires = kNow + 1000}},
          .now = kNow,
          .is_done = std::make_shared<std::atomic<bool>>(false)};
}

}  // namespace

TEST_CASE("session cookies: servers' cookies go to the session, or into the file",
          "[session_cookies]") {
  const auto file = std::make_shared<ws::CookieJar>();
  config::Upstream upstream;
  ws::Options options;
  SECTION("for the session only") {
    const SessionCookies cookies(file);
    cookies.add_to(options, upstream);
    CHECK(options.cookie_jar == file);
    CHECK_FALSE(options.store_cookies);
    REQUIRE(options.session_cookies != nullptr);
    CHECK(&cookies.receiving(upstream) == options.session_cookies.get());
    ws::Options next;
    cookies.add_to(next, upstream);
    CHECK(next.session_cookies == options.session_cookies);
    ws::Options of_another;
    SessionCookies(file).add_to(of_another, upstream);
    CHECK(of_another.session_cookies != options.session_cookies);
  }
  SECTION("into the file") {
    upstream.store_cookies = true;
    const SessionCookies cookies(file);
    cookies.add_to(options, upstream);
    CHECK(options.store_cookies);
    CHECK(options.session_cookies == nullptr);
    CHECK(&cookies.receiving(upstream) == file.get());
  }
  SECTION("not into a file that could not be read") {
    upstream.store_cookies = true;
    SessionCookies(nullptr).add_to(options, upstream);
    CHECK_FALSE(options.store_cookies);
    CHECK(options.session_cookies != nullptr);
  }
  SECTION("nowhere beside a Cookie header") {
    upstream.headers = {{"cookie", "a=b"}};
    SessionCookies(nullptr).add_to(options, upstream);
    CHECK(options.session_cookies == nullptr);
  }
  CHECK_FALSE(ws::check_options("ws://h/", options));
}

TEST_CASE("cookie problems: each is told once, of each bridge, until some time has passed",
          "[cookie_problems]") {
  LogFile log;
  CookieProblems problems(log.log());
  ws::CookieJar jar;
  (void)jar.load_text("no cookie\n");
  jar.store(kUrl, setting({"=", "a=b; Domain=other.example", "c=d; Domain=else.example"}), kNow);
  const auto start = CookieProblems::Clock::now();
  problems.tell(jar, "one", start);
  CHECK(log.count("not kept") == 2);
  CHECK(log.count("not the server's") == 1);
  problems.tell(jar, "one", start + std::chrono::minutes(9));
  CHECK(log.count("not kept") == 2);
  problems.tell(jar, "two", start + std::chrono::minutes(9));
  CHECK(log.count("not kept") == 4);
  problems.tell(jar, "one", start + CookieProblems::kSilence);
  CHECK(log.count("not kept") == 6);
}

TEST_CASE("cookie problems: a server cannot fill the log", "[cookie_problems]") {
  LogFile log;
  CookieProblems problems(log.log());
  ws::CookieJar jar;
  jar.store(kUrl, setting({"="}), kNow);
  const auto start = CookieProblems::Clock::now();
  for (std::size_t i = 0; i < 2 * CookieProblems::kMaxTold; ++i) {
    problems.tell(jar, "bridge" + std::to_string(i), start);
  }
  CHECK(log.count("not kept") == CookieProblems::kMaxTold);
}

TEST_CASE("cookie writer: writes what it was given before it ends", "[cookie_writer]") {
  const TemporaryFolder folder;
  const std::string a = folder.write("a", kTitle);
  const std::string b = folder.write("b", kTitle);
  LogFile log;
  std::vector<std::shared_ptr<std::atomic<bool>>> done;
  {
    CookieWriter writer(log.log());
    for (int i = 0; i < 40; ++i) {
      ws::CookieWrite write = a_write(i % 2 == 0 ? a : b, "n" + std::to_string(i));
      done.push_back(write.is_done);
      writer.write(std::move(write));
    }
  }
  ws::CookieJar jar;
  CHECK(jar.load(a).value() == 20);
  CHECK(jar.load(b).value() == 20);
  for (const auto& each : done) {
    CHECK(*each);
  }
  CHECK(log.count("cookies") == 0);
}

TEST_CASE("cookie writer: a failure is told once, and its end", "[cookie_writer]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("jar", kTitle);
  const std::string lock = folder.path(".jar.lock");
  LogFile log;
  CookieWriter writer(log.log());
  std::vector<std::shared_ptr<std::atomic<bool>>> done;
  const auto write = [&](const std::string& name) {
    ws::CookieWrite one = a_write(path, name);
    done.push_back(one.is_done);
    writer.write(std::move(one));
  };
  const auto wait_until = [](const auto& condition) {
    while (!condition()) {
      std::this_thread::yield();
    }
  };
  std::filesystem::create_directory(lock);
  write("a");
  wait_until([&] { return !writer.faults().empty(); });
  write("b");
  CHECK_FALSE(*done.front());
  std::filesystem::remove(lock);
  if (GENERATE(true, false)) {  // or it is tried again without
    write("c");
  }
  wait_until([&] { return *done.front() && *done.back(); });
  CHECK(writer.faults().empty());
  CHECK(log.count("cookies not stored") == 1);
  CHECK(log.count("stored again") == 1);
  CHECK_THAT(text_of(path), ContainsSubstring("\ta\t1") && ContainsSubstring("\tb\t1"));
}

TEST_CASE("cookie writer: what cannot be written until the stop is told", "[cookie_writer]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("jar", kTitle);
  std::filesystem::create_directory(folder.path(".jar.lock"));
  LogFile log;
  std::shared_ptr<std::atomic<bool>> is_done;
  {
    CookieWriter writer(log.log());
    ws::CookieWrite one = a_write(path, "a");
    is_done = one.is_done;
    writer.write(std::move(one));
  }
  CHECK(*is_done);
  CHECK(log.count("are lost with the stop") == 1);
  CHECK(text_of(path) == kTitle);
}

TEST_CASE("cookie writer: what waits for another program's lock is bounded", "[cookie_writer]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("jar", kTitle);
  LogFile log;
  const int lock = ::open(folder.path(".jar.lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  REQUIRE(::flock(lock, LOCK_EX) == 0);
  {
    CookieWriter writer(log.log());
    // However many are taken out before the lock is waited for: so many do not fit.
    for (std::size_t i = 0; i < 2 * CookieWriter::kMaxWaiting + 2; ++i) {
      writer.write(a_write(path, "n" + std::to_string(i)));
    }
    CHECK(log.count("too many are waiting") > 0);
    REQUIRE(::flock(lock, LOCK_UN) == 0);
  }
  ::close(lock);
  ws::CookieJar jar;
  CHECK(jar.load(path).value() <= 51);  // of one domain, and one of before
  CHECK_THAT(text_of(path),
             ContainsSubstring("n" + std::to_string(2 * CookieWriter::kMaxWaiting + 1)));
}

}  // namespace wsbridged

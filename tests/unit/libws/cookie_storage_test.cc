// SPDX-License-Identifier: MIT
// Cookies of servers in a jar and in its file: what is kept where, and that no reader and no other
// writer is hurt.
#include "cookie_storage.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <ws/cookie_jar.h>

#include "support/catch.h"

namespace {

namespace fs = std::filesystem;
using ws::CookieJar;
using ws::HttpResponse;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr const char* kTitle = "# Netscape HTTP Cookie File\n";

class Directory {
 public:
  Directory() {
    std::string name = (fs::temp_directory_path() / "cookie_storage_test.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }

  ~Directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  Directory(Directory&&) = delete;
  Directory& operator=(Directory&&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  fs::path path_;
};

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

ws::Url url_of(const std::string& text = "wss://example.com/") {
  return ws::parse_url(text).value();
}

HttpResponse setting(const std::vector<std::string>& fields) {
  HttpResponse response{.status = 101, .reason = {}, .headers = {}, .body = {}};
  for (const std::string& field : fields) {
    response.headers.push_back({"set-cookie", field});
  }
  return response;
}

std::shared_ptr<CookieJar> loaded(const std::string& path) {
  auto jar = std::make_shared<CookieJar>();
  REQUIRE(jar->load(path));
  return jar;
}

std::string line(const std::string& name, const std::string& value, const char* expires = "0") {
  return "example.com\tFALSE\t/\tFALSE\t" + std::string(expires) + "\t" + name + "\t" + value +
         "\n";
}

mode_t mode_of(const std::string& path) {
  struct stat status {};

  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

TEST_CASE("jar: every Set-Cookie of a response is taken or told", "[cookie_jar]") {
  CookieJar jar;
  CHECK(jar.store(url_of(), setting({"a=1", "b=2; Path=/x", "c=3; Domain=other.org", "nonsense"}),
                  kNow) == 2);
  CHECK(jar.header_for(url_of(), kNow) == "a=1");
  REQUIRE(jar.problems().size() == 2);
  CHECK(jar.problems()[0].message == "Set-Cookie of a server: the domain is not the server's");
  CHECK(jar.store(url_of(), setting({"a=; Max-Age=0"}), kNow) == 1);
  CHECK(jar.header_for(url_of(), kNow).empty());
  CHECK(jar.store(url_of(), setting({"s=1; Secure"}), kNow) == 1);
  CHECK(jar.store(url_of("ws://example.com/"), setting({"s=2"}), kNow) == 0);
  CHECK(jar.header_for(url_of(), kNow) == "s=1");
}

TEST_CASE("jar: one that lies over another adds, replaces and hides, and changes nothing below",
          "[cookie_jar]") {
  const auto below = std::make_shared<CookieJar>();
  REQUIRE(
      below->load_text(line("a", "1") + line("b", "2") + "example.com\tFALSE\t/\tTRUE\t0\ts\t3\n"));
  CookieJar session;
  session.lie_over(below);
  CHECK(session.header_for(url_of(), kNow) == "a=1; b=2; s=3");
  CHECK(session.store(url_of(), setting({"a=9", "b=; Max-Age=0", "c=4"}), kNow) == 3);
  CHECK(session.header_for(url_of(), kNow) == "a=9; s=3; c=4");
  CHECK(session.explain(url_of(), kNow).size() == 4);
  CHECK(below->header_for(url_of(), kNow) == "a=1; b=2; s=3");
  // A Secure cookie below is protected like one's own.
  CHECK(session.store(url_of("ws://example.com/"), setting({"s=stolen"}), kNow) == 0);
  session.lie_over(nullptr);
  CHECK(session.header_for(url_of(), kNow) == "a=9; c=4");
}

TEST_CASE("cookie storage: cookies of a server are merged into the file, all else stays",
          "[cookie_jar]") {
  const Directory directory;
  const std::string path = directory.file("cookies.txt");
  write(path, std::string(kTitle) + "# mine\n" + line("a", "1") + "not a cookie\n" +
                  line("old", "x", "1700000000"));
  const auto jar = loaded(path);
  // Somebody else writes meanwhile.
  write(path, read(path) + line("theirs", "7"));
  CHECK(jar->store_in_file(
               url_of(), setting({"a=2; Max-Age=60", "sub=1; Domain=example.com; HttpOnly"}), kNow)
            .value() == 2);
  CHECK(read(path) == std::string(kTitle) + "# mine\nnot a cookie\n" +
                          line("a", "2", "1800000060") + line("theirs", "7") +
                          "#HttpOnly_.example.com\tTRUE\t/\tFALSE\t0\tsub\t1\n");
  CHECK(mode_of(path) == 0600);
  CHECK(directory.names() == std::vector<std::string>{".cookies.txt.lock", "cookies.txt"});
  CHECK(jar->header_for(url_of(), kNow) == "a=2; theirs=7; sub=1");
  CHECK_FALSE(jar->refresh().value());
  // Deleted by the server, so gone from the file.
  CHECK(jar->store_in_file(url_of(), setting({"a=; Max-Age=0"}), kNow));
  CHECK_THAT(read(path), !ContainsSubstring("\ta\t"));
}

TEST_CASE("cookie storage: what it writes is what it reads", "[cookie_jar]") {
  const Directory directory;
  const std::string path = directory.file("jar");
  write(path, "");
  const auto jar = loaded(path);
  REQUIRE(jar->store_in_file(url_of("wss://[::1]/"),
                             setting({"v6=1; Secure", "e=", "__Host-h=\"x=y\"; Secure; Path=/"}),
                             kNow));
  const auto again = loaded(path);
  CHECK(again->problems().empty());
  CHECK(again->header_for(url_of("wss://[::1]/"), kNow) == "v6=1; e=; __Host-h=\"x=y\"");
  CHECK_THAT(read(path), StartsWith(kTitle));
}

TEST_CASE("cookie storage: a symbolic link stays one, its file is replaced", "[cookie_jar]") {
  const Directory directory;
  fs::create_directory(directory.file("real"));
  const std::string target = directory.file("real/jar");
  write(target, kTitle);
  const std::string path = directory.file("link");
  fs::create_symlink("real/jar", path);
  const auto jar = loaded(path);
  REQUIRE(jar->store_in_file(url_of(), setting({"a=1"}), kNow));
  CHECK(fs::is_symlink(path));
  CHECK_THAT(read(target), ContainsSubstring("\ta\t1\n"));
  CHECK(directory.names() == std::vector<std::string>{"link", "real"});
}

TEST_CASE("cookie storage: nothing is written when nothing changes", "[cookie_jar]") {
  const Directory directory;
  const std::string path = directory.file("jar");
  write(path, std::string(kTitle) + line("a", "1"));
  ::chmod(path.c_str(), 0640);
  const auto inode = [&path] {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_ino;
  };
  const auto before = inode();
  const auto jar = loaded(path);
  REQUIRE(jar->store_in_file(url_of(), setting({"a=1"}), kNow));
  REQUIRE(jar->store_in_file(url_of(), setting({}), kNow));
  CHECK(inode() == before);
  REQUIRE(jar->store_in_file(url_of(), setting({"a=2"}), kNow));
  CHECK(inode() != before);
  CHECK(mode_of(path) == 0600);
}

TEST_CASE("cookie storage: a file that has vanished is made again", "[cookie_jar]") {
  const Directory directory;
  const std::string path = directory.file("jar");
  write(path, line("a", "1"));
  const auto jar = loaded(path);
  fs::remove(path);
  REQUIRE(jar->store_in_file(url_of(), setting({"b=2"}), kNow));
  CHECK(read(path) == std::string(kTitle) + line("b", "2"));
  CHECK(mode_of(path) == 0600);
}

TEST_CASE("cookie storage: what cannot be written is told, and is in memory", "[cookie_jar]") {
  const Directory directory;
  const std::string path = directory.file("jar");
  write(path, line("a", "1"));
  const auto jar = loaded(path);
  SECTION("somebody holds the lock") {
    const int held =
        ::open(directory.file(".jar.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(::flock(held, LOCK_EX) == 0);
    CHECK_FALSE(jar->store_in_file(url_of(), setting({"b=2"}), kNow));
    ::close(held);
    CHECK(read(path) == line("a", "1"));
  }
  SECTION("the lock is a link to somewhere else") {
    fs::create_symlink(directory.file("elsewhere"), directory.file(".jar.lock"));
    CHECK_FALSE(jar->store_in_file(url_of(), setting({"b=2"}), kNow));
    CHECK_FALSE(fs::exists(directory.file("elsewhere")));
  }
  SECTION("it is a directory now") {
    fs::remove(path);
    fs::create_directory(path);
    CHECK_FALSE(jar->store_in_file(url_of(), setting({"b=2"}), kNow));
  }
  SECTION("it is a link to nowhere now") {
    fs::remove(path);
    fs::create_symlink("nowhere", path);
    CHECK_FALSE(jar->store_in_file(url_of(), setting({"b=2"}), kNow));
  }
  CHECK(jar->header_for(url_of(), kNow) == "a=1; b=2");
  REQUIRE(jar->problems().size() == 1);
  CHECK_THAT(jar->problems().front().message, StartsWith("not written: cookie jar "));
}

TEST_CASE("cookie storage: a jar without a file stays in memory", "[cookie_jar]") {
  CookieJar jar;
  CHECK(jar.store_in_file(url_of(), setting({"a=1"}), kNow).value() == 1);
  CHECK(jar.header_for(url_of(), kNow) == "a=1");
}

TEST_CASE("cookie storage: written through somebody else, cookies stay until they are in the file",
          "[cookie_jar]") {
  const Directory directory;
  const std::string path = directory.file("jar");
  write(path, std::string(kTitle) + line("a", "1"));
  const auto jar = loaded(path);
  std::vector<ws::CookieWrite> writes;
  jar->write_through([&writes](ws::CookieWrite one) { writes.push_back(std::move(one)); });
  CHECK(jar->store_in_file(url_of(), setting({"b=2", "a=; Max-Age=0"}), kNow).value() == 2);
  REQUIRE(writes.size() == 1);
  CHECK(writes[0].path == path);
  CHECK(writes[0].cookies.size() == 2);
  CHECK(read(path) == std::string(kTitle) + line("a", "1"));
  CHECK(jar->header_for(url_of(), kNow) == "b=2");
  // Another program's change does not take them away, ...
  write(path, std::string(kTitle) + line("a", "1") + line("c", "3"));
  CHECK(jar->refresh().value());
  CHECK(jar->header_for(url_of(), kNow) == "c=3; b=2");
  // ... and what is in the file is the file's again.
  CHECK_FALSE(ws::write_cookies(writes[0], std::chrono::milliseconds(100)));
  *writes[0].is_done = true;
  CHECK(jar->refresh().value());
  CHECK(jar->header_for(url_of(), kNow) == "c=3; b=2");
  write(path, std::string(kTitle) + line("c", "3"));
  CHECK(jar->refresh().value());
  CHECK(jar->header_for(url_of(), kNow) == "c=3");
}

TEST_CASE("cookie storage: what would keep it from being written can be told beforehand",
          "[cookie_jar]") {
  const Directory directory;
  const std::string path = directory.file("jar");
  write(path, kTitle);
  CHECK_FALSE(loaded(path)->check_storable());
  CHECK_FALSE(CookieJar().check_storable());
  CHECK(directory.names() == std::vector<std::string>{"jar"});
  fs::create_directory(directory.file(".jar.lock"));
  CHECK(loaded(path)->check_storable());
  // A regular file beside which nobody can make one, root included.
  CHECK(loaded("/proc/version")->check_storable());
}

// Under load the lock may be busy for longer than it is waited for.
void store_in_the_end(CookieJar& jar, const std::string& field) {
  while (!jar.store_in_file(url_of(), setting({field}), kNow)) {
  }
}

TEST_CASE("cookie storage: writers at the same time lose none of each other's cookies",
          "[cookie_jar]") {
  const Directory directory;
  const std::string path = directory.file("jar");
  write(path, kTitle);
  constexpr int writers = 4;
  constexpr int cookies = 8;
  std::vector<std::thread> threads;
  threads.reserve(writers);
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&path, writer] {
      CookieJar jar;
      (void)jar.load(path);
      for (int i = 0; i < cookies; ++i) {
        store_in_the_end(jar, "w" + std::to_string(writer) + "_" + std::to_string(i) + "=1");
      }
    });
  }
  std::size_t read_count = 0;
  for (bool is_whole = true; is_whole && read_count < 200; ++read_count) {
    const std::string text = read(path);  // at any moment it is a whole file
    is_whole = text.starts_with(kTitle) && text.ends_with('\n');
    CHECK(is_whole);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(loaded(path)->size() == std::size_t{writers} * cookies);
}

}  // namespace

// SPDX-License-Identifier: MIT
// CookieJar and its file: loading, limits, and noticing every way in which a file changes.
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <ws/cookie_jar.h>

#include "support/catch.h"

namespace {

namespace fs = std::filesystem;
using ws::CookieJar;
using ws::CookieVerdict;

constexpr std::int64_t kNow = 1'800'000'000;

// A directory of its own, removed at the end.
class Directory {
 public:
  Directory() {
    std::string name = (fs::temp_directory_path() / "cookie_jar_test.XXXXXX").string();
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

 private:
  fs::path path_;
};

std::string line(const std::string& value) {
  return "example.com\tFALSE\t/\tFALSE\t0\tsid\t" + value + "\n";
}

// In place: the same inode.
void write(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  REQUIRE(file.good());
}

std::string header(const CookieJar& jar, std::string_view url = "ws://example.com/") {
  return jar.header_for(ws::parse_url(url).value(), kNow);
}

// Whether it was read again; fails the test on an error.
bool refreshed(CookieJar& jar) {
  const auto result = jar.refresh();
  INFO((result ? std::string() : result.error().message));
  REQUIRE(result);
  return result.value();
}

TEST_CASE("jar: text is loaded and replaced, problems and all", "[cookie_jar]") {
  CookieJar jar;
  CHECK(jar.size() == 0);
  CHECK(header(jar).empty());
  CHECK(jar.load_text(line("1") + "nonsense\n").value() == 1);
  CHECK(header(jar) == "sid=1");
  REQUIRE(jar.problems().size() == 1);
  CHECK(jar.problems().front().line == 2);
  CHECK(jar.load_text("").value() == 0);
  CHECK(jar.problems().empty());
  CHECK(header(jar).empty());
  CHECK_FALSE(refreshed(jar));
}

TEST_CASE("jar: a cookie that is added replaces its like, a bad one is told", "[cookie_jar]") {
  CookieJar jar;
  CHECK(jar.load_text(line("1")).value() == 1);
  ws::Cookie cookie;
  cookie.name = "sid";
  cookie.value = "2";
  cookie.domain = "example.com";
  jar.add(cookie);
  CHECK(jar.size() == 1);
  CHECK(header(jar) == "sid=2");
  cookie.value = "a\r\nX: y";
  jar.add(cookie);
  CHECK(header(jar) == "sid=2");
  REQUIRE(jar.problems().size() == 1);
  CHECK(jar.problems().front().line == 0);
}

TEST_CASE("jar: explain lists the sent in order, then the others with their reasons",
          "[cookie_jar]") {
  CookieJar jar;
  REQUIRE(
      jar.load_text("example.org\tFALSE\t/\tFALSE\t0\tforeign\t1\n"
                    "example.com\tFALSE\t/\tFALSE\t0\tshort\t1\n"
                    "example.com\tFALSE\t/\tTRUE\t0\tsecure\t1\n"
                    "example.com\tFALSE\t/a\tFALSE\t0\tlong\t1\n"));
  std::string told;
  for (const auto& decision : jar.explain(ws::parse_url("ws://example.com/a").value(), kNow)) {
    told += decision.cookie.name + ":" + std::string(ws::to_string(decision.verdict)) + " ";
  }
  CHECK(told == "long:sent short:sent foreign:domain secure:secure ");
}

TEST_CASE("jar: a file is loaded, an unchanged one is not read again", "[cookie_jar]") {
  const Directory directory;
  const std::string path = directory.file("jar");
  write(path, line("1"));
  CookieJar jar;
  CHECK(jar.load(path).value() == 1);
  CHECK(header(jar) == "sid=1");
  CHECK_FALSE(refreshed(jar));
  CHECK_FALSE(refreshed(jar));
}

TEST_CASE("jar: a file rewritten in place is read again, even at once and in the same size",
          "[cookie_jar]") {
  const Directory directory;
  const std::string path = directory.file("jar");
  write(path, line("0"));
  CookieJar jar;
  REQUIRE(jar.load(path));
  for (int i = 1; i < 50; ++i) {
    const std::string value(1, static_cast<char>('0' + i % 10));
    write(path, line(value));
    CHECK(refreshed(jar));
    CHECK(header(jar) == "sid=" + value);
    CHECK_FALSE(refreshed(jar));
  }
}

TEST_CASE("jar: a file of the old size and time but another inode is read again", "[cookie_jar]") {
  const Directory directory;
  const std::string path = directory.file("jar");
  write(path, line("1"));
  CookieJar jar;
  REQUIRE(jar.load(path));
  const auto time = fs::last_write_time(path);
  write(directory.file("new"), line("2"));
  fs::last_write_time(directory.file("new"), time);
  fs::rename(directory.file("new"), path);
  CHECK(refreshed(jar));
  CHECK(header(jar) == "sid=2");
}

TEST_CASE("jar: a swapped symbolic link is noticed, as mounted secrets are updated",
          "[cookie_jar]") {
  const Directory directory;
  fs::create_directory(directory.file("v1"));
  fs::create_directory(directory.file("v2"));
  write(directory.file("v1/jar"), line("1"));
  write(directory.file("v2/jar"), line("2"));
  fs::create_symlink("v1", directory.file("data"));
  fs::create_symlink("data/jar", directory.file("jar"));
  CookieJar jar;
  REQUIRE(jar.load(directory.file("jar")));
  CHECK(header(jar) == "sid=1");

  fs::create_symlink("v2", directory.file("data_new"));
  fs::rename(directory.file("data_new"), directory.file("data"));
  CHECK(refreshed(jar));
  CHECK(header(jar) == "sid=2");
}

TEST_CASE("jar: a vanished file is an error, leaves the jar as it was, and may come back",
          "[cookie_jar]") {
  const Directory directory;
  const std::string path = directory.file("jar");
  write(path, line("1"));
  CookieJar jar;
  REQUIRE(jar.load(path));
  fs::remove(path);
  const auto gone = jar.refresh();
  REQUIRE_FALSE(gone);
  CHECK(gone.error().system_errno == ENOENT);
  CHECK_THAT(gone.error().message, ContainsSubstring(path));
  CHECK(header(jar) == "sid=1");
  write(path, line("22"));
  CHECK(refreshed(jar));
  CHECK(header(jar) == "sid=22");
}

TEST_CASE("jar: what cannot be loaded is an error and leaves the jar as it was", "[cookie_jar]") {
  const Directory directory;
  write(directory.file("jar"), line("1"));
  CookieJar jar;
  REQUIRE(jar.load(directory.file("jar")));
  REQUIRE(::mkfifo(directory.file("fifo").c_str(), 0600) == 0);
  for (const std::string& path : {directory.file("none"), directory.file(""),
                                  directory.file("fifo"), directory.file("jar/x"), std::string()}) {
    INFO(path);
    const auto result = jar.load(path);
    REQUIRE_FALSE(result);
    CHECK(result.error().phase == ws::Phase::kOptions);
    CHECK(result.error().code == ws::ErrorCode::kInvalidOption);
    CHECK(header(jar) == "sid=1");
  }
  write(directory.file("jar"), line("2"));
  CHECK(refreshed(jar));
}

TEST_CASE("jar: 4 MiB is the largest file", "[cookie_jar]") {
  constexpr std::size_t largest = std::size_t{4} << 20;
  const Directory directory;
  const std::string path = directory.file("jar");
  std::string text = line("1");
  text += '#' + std::string(largest - text.size() - 1, 'x');
  write(path, text);
  CookieJar jar;
  CHECK(jar.load(path).value() == 1);
  CHECK(jar.load_text(text).value() == 1);

  REQUIRE(jar.load(path));
  text += 'x';
  write(path, text);
  const auto refused = jar.refresh();
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, ContainsSubstring("larger than 4 MiB"));
  CHECK_FALSE(jar.load(path));
  CHECK_FALSE(jar.load_text(text));
  CHECK(header(jar) == "sid=1");
}

}  // namespace

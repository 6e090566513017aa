// SPDX-License-Identifier: MIT
// One context for equal options, and another one when a file changes. WatchedFile, which notices
// that, is tested here too.
#include "daemon/tls_contexts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "daemon/watched_file.h"
#include "support/catch.h"
#include "support/test_certs.h"
#include "unit/config/loading.h"

namespace wsbridged {
namespace {

using config::TemporaryFolder;

TEST_CASE("watched file: every way in which a content changes is seen, once", "[watched_file]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "one");
  WatchedFile file(path);
  CHECK(file.look());  // the first
  CHECK_FALSE(file.look());
  (void)folder.write("file", "two");  // the same size, within a tick of the clock
  CHECK(file.look());
  CHECK_FALSE(file.look());
  (void)folder.write("file", "two");
  CHECK_FALSE(file.look());
  (void)folder.write("other", "three");
  std::filesystem::rename(folder.path("other"), path);
  CHECK(file.look());
  std::filesystem::remove(path);
  CHECK(file.look());
  CHECK_FALSE(file.look());
  (void)folder.write("target", "four");
  std::filesystem::create_symlink("target", path);
  CHECK(file.look());
  CHECK_FALSE(file.look());
  (void)folder.write("target", "five");
  CHECK(file.look());
  // As Kubernetes swaps a directory under its links.
  std::filesystem::create_directory(folder.path("a"));
  std::filesystem::create_directory(folder.path("b"));
  (void)folder.write("a/f", "1");
  (void)folder.write("b/f", "2");
  std::filesystem::create_symlink("a", folder.path("data"));
  WatchedFile below(folder.path("data/f"));
  CHECK(below.look());
  std::filesystem::create_symlink("b", folder.path("next"));
  std::filesystem::rename(folder.path("next"), folder.path("data"));
  CHECK(below.look());
  CHECK_FALSE(below.look());
}

TEST_CASE("tls contexts: equal options share one, unused ones go", "[tls_contexts]") {
  TlsContexts contexts;
  const ws::TlsOptions a{.insecure_skip_verify = true};
  const ws::TlsOptions b{.min_version = ws::TlsVersion::kTls13, .insecure_skip_verify = true};
  auto first = contexts.get(a);
  REQUIRE(first);
  CHECK(contexts.get(a)->context == first->context);
  CHECK(contexts.size() == 1);
  auto second = contexts.get(b);
  REQUIRE(second);
  CHECK(second->context != first->context);
  CHECK(contexts.size() == 2);
  first->context.reset();
  REQUIRE(contexts.get({.server_name = "x", .insecure_skip_verify = true}));
  CHECK(contexts.size() == 2);
}

TEST_CASE("tls contexts: a changed file makes a new one, a bad file keeps the old one",
          "[tls_contexts]") {
  const TemporaryFolder folder;
  const std::string pem = ws::test::test_certificates().authority.pem();
  const std::string ca_file = folder.write("ca.pem", pem);
  const ws::TlsOptions options{.ca_file = ca_file};
  TlsContexts contexts;
  const auto context = [&] {
    const auto got = contexts.get(options);
    REQUIRE(got);
    return got.value();
  };
  const auto first = context();
  CHECK(context().context == first.context);
  (void)folder.write("ca.pem", pem);
  CHECK(context().context == first.context);
  (void)folder.write("ca.pem", ws::test::TestAuthority("Other").pem());
  const auto second = context();
  CHECK(second.context != first.context);
  CHECK(second.error.empty());
  (void)folder.write("ca.pem", "no certificate");
  CHECK(context().context == second.context);
  CHECK_THAT(context().error, ContainsSubstring("not a PEM file"));
  std::filesystem::remove(ca_file);
  CHECK(context().context == second.context);
  CHECK_THAT(context().error, ContainsSubstring("No such file"));
  (void)folder.write("ca.pem", pem);
  CHECK(context().context != second.context);
  CHECK(context().error.empty());
  CHECK_FALSE(contexts.get({.ca_file = folder.path("none")}));
}

// A pipe stands for a file server: who opens it hangs until somebody writes.
TEST_CASE("tls contexts: files that do not answer keep nobody from other options",
          "[tls_contexts]") {
  const TemporaryFolder folder;
  const std::string slow = folder.path("slow.pem");
  const std::string quick =
      folder.write("quick.pem", ws::test::test_certificates().authority.pem());
  REQUIRE(mkfifo(slow.c_str(), 0600) == 0);
  TlsContexts contexts;
  const auto known = contexts.get({.ca_file = quick});
  REQUIRE(known);
  auto hanging = std::async(std::launch::async,
                            [&] { return contexts.get({.ca_file = slow}) ? true : false; });
  const int writer = open(slow.c_str(), O_WRONLY);  // returns when the other thread looks at it
  const int reader = open(slow.c_str(), O_RDONLY | O_NONBLOCK);  // no SIGPIPE between two looks
  REQUIRE(writer >= 0);
  REQUIRE(reader >= 0);
  auto served = std::async(std::launch::async, [&] {
    const bool is_known = contexts.get({.ca_file = quick})->context == known->context;
    return is_known && contexts.get({.insecure_skip_verify = true}) && contexts.size() == 2;
  });
  CHECK(served.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  CHECK(hanging.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  const std::string pem = ws::test::test_certificates().authority.pem();
  CHECK(write(writer, pem.data(), pem.size()) == static_cast<ssize_t>(pem.size()));
  close(writer);
  CHECK(hanging.get());
  CHECK(served.get());
  close(reader);
}

TEST_CASE("tls contexts: threads that ask at once get the same one, also of a new file",
          "[tls_contexts]") {
  const TemporaryFolder folder;
  const std::string pem = ws::test::test_certificates().authority.pem();
  const std::string other = ws::test::TestAuthority("Other").pem();
  const ws::TlsOptions options{.ca_file = folder.write("ca.pem", pem)};
  TlsContexts contexts;
  std::shared_ptr<const ws::TlsContext> before;
  for (int round = 0; round < 5; ++round) {
    std::vector<std::future<ws::Result<TlsContexts::Current>>> asked;
    for (int i = 0; i < 4; ++i) {
      asked.push_back(std::async(std::launch::async, [&] { return contexts.get(options); }));
    }
    const auto now = contexts.get(options);
    REQUIRE(now);
    for (auto& one : asked) {
      const auto got = one.get();
      REQUIRE(got);
      CHECK(got->context == now->context);
    }
    CHECK(now->context != before);
    CHECK(contexts.size() == 1);
    before = now->context;
    (void)folder.write("ca.pem", round % 2 == 0 ? other : pem);
  }
}

}  // namespace
}  // namespace wsbridged

// SPDX-License-Identifier: MIT
// One context for equal options, and another one when a file changes. WatchedFile, which notices
// that, is tested here too.
#include "daemon/tls_contexts.h"

#include <sys/stat.h>

#include <filesystem>

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

}  // namespace
}  // namespace wsbridged

// SPDX-License-Identifier: MIT
// cgroup_memory on files laid out as kernels and container engines do.
#include "daemon/cgroup_memory.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/catch.h"

using namespace wsbridged;

namespace {

constexpr std::uint64_t kMib = std::uint64_t{1} << 20U;

// A file system of the test's own.
struct System {
  std::filesystem::path root;

  System() {
    std::string name = (std::filesystem::temp_directory_path() / "cgroup-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    root = name;
  }

  ~System() { std::filesystem::remove_all(root); }

  System(const System&) = delete;
  System& operator=(const System&) = delete;

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }

  [[nodiscard]] std::optional<std::uint64_t> limit() const {
    return cgroup_memory_limit(root.string());
  }
};

}  // namespace

TEST_CASE("cgroup_memory: a number is a limit, everything else is none", "[cgroup_memory]") {
  CHECK(parse_memory_limit("104857600\n") == 100 * kMib);
  CHECK(parse_memory_limit("0") == std::uint64_t{0});
  for (const char* text :
       {"max\n", "", "-1", "9223372036854771712", "99999999999999999999", "1x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_memory_limit(text).has_value());
  }
}

TEST_CASE("cgroup_memory: version 2, the smallest limit on the way up counts", "[cgroup_memory]") {
  const System system;
  system.write("proc/self/cgroup", "0::/user.slice/app.service\n");
  CHECK_FALSE(system.limit().has_value());
  system.write("sys/fs/cgroup/user.slice/app.service/memory.max", "max\n");
  CHECK_FALSE(system.limit().has_value());
  system.write("sys/fs/cgroup/user.slice/memory.max", "209715200\n");
  CHECK(system.limit() == 200 * kMib);
  system.write("sys/fs/cgroup/user.slice/app.service/memory.max", "104857600\n");
  CHECK(system.limit() == 100 * kMib);
  system.write("sys/fs/cgroup/user.slice/memory.max", "52428800\n");
  CHECK(system.limit() == 50 * kMib);
}

TEST_CASE("cgroup_memory: inside a container the files are at the top", "[cgroup_memory]") {
  const System system;
  SECTION("version 2") {
    system.write("proc/self/cgroup", "0::/\n");
    system.write("sys/fs/cgroup/memory.max", "104857600\n");
  }
  SECTION("version 1, with the host's path") {
    system.write("proc/self/cgroup", "5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n0::/docker/1\n");
    system.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "104857600\n");
  }
  SECTION("version 1, with the memory controller beside another") {
    system.write("proc/self/cgroup", "4:hugetlb,memory:/a/b\n1:name=systemd:/memory\n");
    system.write("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
    system.write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "104857600\n");
  }
  CHECK(system.limit() == 100 * kMib);
}

TEST_CASE("cgroup_memory: no files, or odd ones, limit nothing", "[cgroup_memory]") {
  const System system;
  CHECK_FALSE(system.limit().has_value());
  system.write("proc/self/cgroup", "\nmemory\n4:memory\n::\n4:cpu:/a\n");
  CHECK_FALSE(system.limit().has_value());
}

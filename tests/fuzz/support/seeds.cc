// SPDX-License-Identifier: MIT
// Runs every target without libFuzzer: with each file of its corpus, and with some hundred mutants
// of them that are the same each time. Where one fails or hangs, its input is kept and named.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_targets.h"

// So that a finding of the sanitizers comes by keep_input(), too.
// NOLINTNEXTLINE(readability-identifier-naming): the sanitizers' names
extern "C" const char* __asan_default_options();

extern "C" const char* __asan_default_options() {
  return "abort_on_error=1";
}

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" const char* __ubsan_default_options();

extern "C" const char* __ubsan_default_options() {
  return "abort_on_error=1:print_stacktrace=1";
}

namespace fuzz {
namespace {

constexpr std::size_t kMutants = 400;  // of a target
constexpr std::size_t kLongestMutant = 4096;
constexpr unsigned kPatience = 60;  // seconds, for one input: it takes a few ms

std::string_view current_target;
std::string_view current_input;

// Nothing else runs any more; what is not safe in a handler can do no harm.
extern "C" void keep_input(int signal) {
  const std::string path = "fuzz-finding-" + std::string(current_target);
  std::ofstream(path, std::ios::binary) << current_input;
  (void)std::fprintf(stderr,
                     "fuzz_seeds: target %s failed; its input is in %s (run: fuzz_seeds %s %s)\n",
                     std::string(current_target).c_str(), path.c_str(),
                     std::string(current_target).c_str(), path.c_str());
  (void)std::signal(signal, SIG_DFL);
  (void)std::raise(signal);
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// In memory of its exact size.
void run(const Target& target, std::string_view input) {
  const std::unique_ptr<char[]> exact(new char[input.size()]);  // NOLINT(modernize-avoid-c-arrays)
  std::copy(input.begin(), input.end(), exact.get());
  current_target = target.name;
  current_input = {exact.get(), input.size()};
  (void)alarm(kPatience);
  target.run(current_input);
  (void)alarm(0);
}

// std::uniform_int_distribution differs between libraries.
class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& seeds) : seeds_(seeds) {}

  std::string next() {
    std::string input = any_seed();
    for (std::size_t count = 1 + below(6); count > 0; --count) {
      change(input);
    }
    input.resize(std::min(input.size(), kLongestMutant));
    return input;
  }

 private:
  std::size_t below(std::size_t limit) { return engine_() % limit; }

  const std::string& any_seed() { return seeds_[below(seeds_.size())]; }

  void change(std::string& input) {
    const std::size_t at = below(input.size() + 1);
    const std::size_t size = below(std::min<std::size_t>(input.size() - at, 16) + 1);
    const std::string& other = any_seed();
    const std::size_t from = below(other.size() + 1);
    switch (below(5)) {
      case 0:
        input.erase(at, size);
        break;
      case 1:
        input.insert(at, 1 + below(4), static_cast<char>(engine_()));
        break;
      case 2:
        input.insert(at, std::string(input, at, size));
        break;
      case 3:
        input.insert(at, other, from, 1 + below(64));
        break;
      default:
        if (at < input.size()) {
          const auto byte = static_cast<unsigned char>(input[at]);
          input[at] = static_cast<char>(below(2) == 0 ? engine_() : byte ^ 1UL << below(8));
        }
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937 engine_{8};
};

bool run_corpus(const Target& target, const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());  // the mutants depend on it
  std::vector<std::string> seeds;
  for (const auto& path : paths) {
    seeds.push_back(content_of(path));
    run(target, seeds.back());
  }
  if (seeds.empty()) {
    (void)std::fprintf(stderr, "fuzz_seeds: %s holds no seeds\n", folder.c_str());
    return false;
  }
  Mutator mutator(seeds);
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < kMutants; ++i) {
    run(target, mutator.next());
  }
  const auto took = std::chrono::steady_clock::now() - start;
  std::printf(
      "%.*s: %zu seeds, %zu mutants in %d ms\n", static_cast<int>(target.name.size()),
      target.name.data(), seeds.size(), kMutants,
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  return true;
}

int run_one(std::string_view name, const char* path) {
  for (const Target& target : kTargets) {
    if (target.name == name) {
      run(target, content_of(path));
      return 0;
    }
  }
  return 2;
}

int run_all(const std::filesystem::path& corpus) {
  bool is_good = true;
  for (const Target& target : kTargets) {
    is_good = run_corpus(target, corpus / target.name) && is_good;
  }
  return is_good ? 0 : 1;
}

}  // namespace
}  // namespace fuzz

// fuzz_seeds CORPUS | fuzz_seeds TARGET FILE
int main(int argc, char** argv) {
  (void)std::signal(SIGABRT, fuzz::keep_input);
  (void)std::signal(SIGALRM, fuzz::keep_input);
  if (argc == 3) {
    return fuzz::run_one(argv[1], argv[2]);
  }
  return argc == 2 ? fuzz::run_all(argv[1]) : 2;
}

// SPDX-License-Identifier: MIT
// How a function of the C library is replaced by one that may fail first. Ours have names of their
// own and the library's as symbol, so that the headers' declarations (noexcept, nonnull, as macro)
// do not matter; what comes next in the process has that symbol, too.
#pragma once

#include <dlfcn.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "control.h"

namespace faults {

// What a descriptor is. Remembered for sockets, looked at for others.
[[nodiscard]] std::uint32_t kind_of(int descriptor);
void remember(int descriptor, std::uint32_t kind);
void forget(int descriptor);

struct Verdict {
  bool is_failure = false;
  std::size_t most = SIZE_MAX;  // bytes
};

// Of a call that moves bytes; sets errno for a failure.
[[nodiscard]] inline Verdict judge(Row* row, std::uint32_t kind) {
  if (!is_hit(row, kind)) {
    return {};
  }
  if (row->mode == Mode::kShort) {
    return {.most = static_cast<std::size_t>(row->value.load())};
  }
  errno = static_cast<int>(row->value);
  return {.is_failure = true};
}

template <typename Function>
Function* next_function(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace faults

// FAULTY(int, bind, (int socket, …)) { … } is what is called as bind().
#define FAULTY(result, name, parameters)            \
  extern "C" __attribute__((visibility("default"))) \
  result faulty_##name parameters __asm__(#name);   \
  result faulty_##name parameters

// What that stands for otherwise.
#define NEXT(name)                                                                   \
  ([] {                                                                              \
    static auto* const next = faults::next_function<decltype(faulty_##name)>(#name); \
    return next;                                                                     \
  }())

#define ROW(name)                                              \
  ([] {                                                        \
    static faults::Row* const found = faults::find_row(#name); \
    return found;                                              \
  }())

// The body of one that fails with -1 and errno, and else does what it should.
#define FAIL_OR_CALL(name, kind, ...)              \
  if (faults::judge(ROW(name), kind).is_failure) { \
    return -1;                                     \
  }                                                \
  return NEXT(name)(__VA_ARGS__)

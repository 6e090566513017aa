// SPDX-License-Identifier: MIT
// Memory, threads, names and the wall clock.
#include <netdb.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "interpose.h"

// glibc's own: asking for the next function may itself need memory.
extern "C" {
void* __libc_malloc(size_t size);                      // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(size_t count, size_t size);        // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void* old, size_t size);          // NOLINT(bugprone-reserved-identifier)
void* __libc_memalign(size_t alignment, size_t size);  // NOLINT(bugprone-reserved-identifier)
}

using faults::kNone;

namespace {

bool is_refused(size_t size) {
  faults::Row* const row = ROW(malloc);
  return row != nullptr && static_cast<std::int64_t>(size) >= row->least &&
         faults::judge(row, kNone).is_failure;
}

}  // namespace

FAULTY(void*, malloc, (size_t size)) {
  return is_refused(size) ? nullptr : __libc_malloc(size);
}

FAULTY(void*, calloc, (size_t count, size_t size)) {
  return is_refused(count * size) ? nullptr : __libc_calloc(count, size);
}

FAULTY(void*, realloc, (void* old, size_t size)) {
  return size > 0 && is_refused(size) ? nullptr : __libc_realloc(old, size);
}

FAULTY(void*, aligned_alloc, (size_t alignment, size_t size)) {
  return is_refused(size) ? nullptr : __libc_memalign(alignment, size);
}

FAULTY(int, posix_memalign, (void** result, size_t alignment, size_t size)) {
  if (is_refused(size)) {
    return ENOMEM;
  }
  *result = __libc_memalign(alignment, size);
  return *result == nullptr ? ENOMEM : 0;
}

FAULTY(int, pthread_create,
       (pthread_t * thread, const pthread_attr_t* attributes, void* (*start)(void*),
        void* argument)) {
  if (faults::is_hit(ROW(pthread_create), kNone)) {
    return static_cast<int>(ROW(pthread_create)->value);
  }
  return NEXT(pthread_create)(thread, attributes, start, argument);
}

FAULTY(int, getaddrinfo,
       (const char* host, const char* service, const addrinfo* hints, addrinfo** list)) {
  if (faults::is_hit(ROW(getaddrinfo), kNone)) {
    return static_cast<int>(ROW(getaddrinfo)->value);
  }
  return NEXT(getaddrinfo)(host, service, hints, list);
}

FAULTY(int, getnameinfo,
       (const sockaddr* address, socklen_t length, char* host, socklen_t host_size, char* service,
        socklen_t service_size, int flags)) {
  if (faults::is_hit(ROW(getnameinfo), kNone)) {
    return static_cast<int>(ROW(getnameinfo)->value);
  }
  return NEXT(getnameinfo)(address, length, host, host_size, service, service_size, flags);
}

FAULTY(ssize_t, getrandom, (void* buffer, size_t size, unsigned flags)) {
  FAIL_OR_CALL(getrandom, kNone, buffer, size, flags);
}

FAULTY(int, getrlimit, (int resource, rlimit* limit)) {
  FAIL_OR_CALL(getrlimit, kNone, resource, limit);
}

FAULTY(int, setrlimit, (int resource, const rlimit* limit)) {
  FAIL_OR_CALL(setrlimit, kNone, resource, limit);
}

namespace {

std::int64_t shift() {
  const faults::Row* const row = ROW(clock_gettime);
  return row != nullptr && row->mode == faults::Mode::kShift ? row->value.load() : 0;
}

}  // namespace

FAULTY(int, clock_gettime, (clockid_t clock, timespec* now)) {
  const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, now));
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += shift();
  }
  return result;
}

FAULTY(time_t, time, (time_t * result)) {
  timespec now{};
  (void)syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  const time_t shifted = now.tv_sec + shift();
  if (result != nullptr) {
    *result = shifted;
  }
  return shifted;
}

FAULTY(int, gettimeofday, (timeval * now, void* zone)) {
  timespec precise{};
  (void)zone;
  (void)syscall(SYS_clock_gettime, CLOCK_REALTIME, &precise);
  constexpr long nanoseconds = 1000;
  now->tv_sec = precise.tv_sec + shift();
  now->tv_usec = precise.tv_nsec / nanoseconds;
  return 0;
}

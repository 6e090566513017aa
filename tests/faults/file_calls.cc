// SPDX-License-Identifier: MIT
// Files. Functions with an argument that is there only sometimes are taken for ones that always
// have it, which the calling conventions of Linux allow.
#include <poll.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <algorithm>
#include <cstdio>

#include "interpose.h"

using faults::kind_of;
using faults::kNone;

FAULTY(int, open, (const char* path, int flags, mode_t mode)) {
  FAIL_OR_CALL(open, kNone, path, flags, mode);
}

FAULTY(int, open64, (const char* path, int flags, mode_t mode)) {
  if (faults::judge(ROW(open), kNone).is_failure) {
    return -1;
  }
  return NEXT(open64)(path, flags, mode);
}

// As FORTIFY_SOURCE calls it.
FAULTY(int, __open_2, (const char* path, int flags)) {
  return faulty_open(path, flags, 0);
}

FAULTY(FILE*, fopen, (const char* path, const char* mode)) {
  return faults::judge(ROW(fopen), kNone).is_failure ? nullptr : NEXT(fopen)(path, mode);
}

FAULTY(FILE*, fopen64, (const char* path, const char* mode)) {
  return faults::judge(ROW(fopen), kNone).is_failure ? nullptr : NEXT(fopen64)(path, mode);
}

FAULTY(int, mkostemp, (char* path, int flags)) {
  FAIL_OR_CALL(mkostemp, kNone, path, flags);
}

FAULTY(ssize_t, read, (int descriptor, void* buffer, size_t size)) {
  const faults::Verdict verdict = faults::judge(ROW(read), kind_of(descriptor));
  return verdict.is_failure ? -1 : NEXT(read)(descriptor, buffer, std::min(size, verdict.most));
}

FAULTY(ssize_t, write, (int descriptor, const void* bytes, size_t size)) {
  const faults::Verdict verdict = faults::judge(ROW(write), kind_of(descriptor));
  return verdict.is_failure ? -1 : NEXT(write)(descriptor, bytes, std::min(size, verdict.most));
}

FAULTY(int, fsync, (int descriptor)) {
  FAIL_OR_CALL(fsync, kind_of(descriptor), descriptor);
}

FAULTY(int, fstat, (int descriptor, struct stat* status)) {
  FAIL_OR_CALL(fstat, kind_of(descriptor), descriptor, status);
}

FAULTY(int, stat, (const char* path, struct stat* status)) {
  FAIL_OR_CALL(stat, kNone, path, status);
}

FAULTY(int, lstat, (const char* path, struct stat* status)) {
  FAIL_OR_CALL(lstat, kNone, path, status);
}

FAULTY(char*, realpath, (const char* path, char* resolved)) {
  return faults::judge(ROW(realpath), kNone).is_failure ? nullptr : NEXT(realpath)(path, resolved);
}

FAULTY(int, rename, (const char* from, const char* to)) {
  FAIL_OR_CALL(rename, kNone, from, to);
}

FAULTY(int, unlink, (const char* path)) {
  FAIL_OR_CALL(unlink, kNone, path);
}

FAULTY(int, chmod, (const char* path, mode_t mode)) {
  FAIL_OR_CALL(chmod, kNone, path, mode);
}

FAULTY(int, fchmod, (int descriptor, mode_t mode)) {
  FAIL_OR_CALL(fchmod, kind_of(descriptor), descriptor, mode);
}

FAULTY(int, fchown, (int descriptor, uid_t owner, gid_t group)) {
  FAIL_OR_CALL(fchown, kind_of(descriptor), descriptor, owner, group);
}

FAULTY(int, lchown, (const char* path, uid_t owner, gid_t group)) {
  FAIL_OR_CALL(lchown, kNone, path, owner, group);
}

FAULTY(int, flock, (int descriptor, int operation)) {
  FAIL_OR_CALL(flock, kind_of(descriptor), descriptor, operation);
}

FAULTY(int, poll, (pollfd * entries, nfds_t count, int timeout)) {
  FAIL_OR_CALL(poll, kind_of(count > 0 ? entries[0].fd : -1), entries, count, timeout);
}

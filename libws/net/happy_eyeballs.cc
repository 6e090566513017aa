// SPDX-License-Identifier: MIT
// Address interleaving and the pace of connection attempts.
#include "net/happy_eyeballs.h"

#include <algorithm>

namespace ws::net {

std::vector<Address> interleave_families(const std::vector<Address>& addresses) {
  std::vector<Address> first;
  std::vector<Address> other;
  for (const Address& address : addresses) {
    const bool is_first = address.storage.ss_family == addresses.front().storage.ss_family;
    (is_first ? first : other).push_back(address);
  }
  std::vector<Address> mixed;
  for (std::size_t i = 0; i < std::max(first.size(), other.size()); ++i) {
    if (i < first.size()) {
      mixed.push_back(first[i]);
    }
    if (i < other.size()) {
      mixed.push_back(other[i]);
    }
  }
  mixed.resize(std::min(mixed.size(), kMaxConnectAddresses));
  return mixed;
}

std::optional<std::size_t> AttemptPacing::take_next(TimePoint now) {
  if (started_ == count_ || now < due_) {
    return std::nullopt;
  }
  due_ = now + kConnectionAttemptDelay;
  return started_++;
}

void AttemptPacing::attempt_failed() {
  ++failed_;
  due_ = TimePoint::min();  // section 5: do not wait out the delay
}

std::optional<AttemptPacing::TimePoint> AttemptPacing::next_start() const {
  if (started_ == count_) {
    return std::nullopt;
  }
  return due_;
}

}  // namespace ws::net

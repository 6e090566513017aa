// SPDX-License-Identifier: MIT
#include "net/random_pool.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/rand.h>

namespace ws::net {

namespace {

bool generate(std::span<std::byte> bytes) {
  return RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size())) == 1;
}

}  // namespace

RandomPool::RandomPool() : RandomPool(generate) {}

RandomPool::RandomPool(Generator generator) : generator_(std::move(generator)) {}

RandomPool::~RandomPool() {
  OPENSSL_cleanse(pool_.data(), pool_.size());
}

void RandomPool::fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    if (left_ == 0) {
      refill();
    }
    const std::size_t size = std::min(bytes.size(), left_);
    const std::span<std::byte> fresh = std::span(pool_).last(left_).first(size);
    std::copy(fresh.begin(), fresh.end(), bytes.begin());
    std::fill(fresh.begin(), fresh.end(), std::byte{0});
    left_ -= size;
    bytes = bytes.subspan(size);
  }
}

void RandomPool::refill() {
  if (!generator_(pool_)) {
    throw std::runtime_error("no random bytes from the system");
  }
  left_ = pool_.size();
}

}  // namespace ws::net

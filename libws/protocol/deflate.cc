// SPDX-License-Identifier: MIT
// zlib's raw streams, their memory counted. The rules of RFC 7692 about the ends of messages.
#include "protocol/deflate.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

#include <zlib.h>

namespace ws::protocol {
namespace {

constexpr int kRawInflate = -15;  // no header of zlib's, and the widest window
// Parts of data_type after inflate(), as zlib.h documents it.
constexpr unsigned kBetweenBlocks = 128;
constexpr unsigned kUnusedBits = 7;
constexpr std::array<std::uint8_t, kDeflateTail> kTail = {0x00, 0x00, 0xff, 0xff};

// In front of each block that zlib asks for, as zfree() is not told the size.
struct alignas(std::max_align_t) BlockSize {
  std::size_t bytes;
};

void* allocate_counted(void* counter, unsigned items, unsigned size) {
  const std::size_t bytes = std::size_t{items} * size + sizeof(BlockSize);
  void* block = std::malloc(bytes);
  if (block == nullptr) {
    return nullptr;
  }
  *static_cast<std::size_t*>(counter) += bytes;
  std::memcpy(block, &bytes, sizeof bytes);
  return static_cast<BlockSize*>(block) + 1;
}

void free_counted(void* counter, void* address) {
  void* block = static_cast<BlockSize*>(address) - 1;
  std::size_t bytes = 0;
  std::memcpy(&bytes, block, sizeof bytes);
  *static_cast<std::size_t*>(counter) -= bytes;
  std::free(block);
}

std::unique_ptr<z_stream> make_stream(std::size_t& counter) {
  auto stream = std::make_unique<z_stream>();
  stream->zalloc = allocate_counted;
  stream->zfree = free_counted;
  stream->opaque = &counter;
  return stream;
}

void check_made(int result) {
  if (result == Z_MEM_ERROR) {
    throw std::bad_alloc();
  }
  assert(result == Z_OK);
}

// zlib does not write to its input, but Debian 12's is declared as if it did.
void set_input(z_stream& stream, std::span<const std::byte> input) {
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
}

void set_output(z_stream& stream, std::span<std::byte> out) {
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
}

// avail_in and avail_out are of 32 bits: more is left for the next call.
constexpr std::size_t kLongestSpan = std::size_t{1} << 30;

template <typename Span>
Span bounded(Span span) {
  return span.first(std::min(span.size(), kLongestSpan));
}

}  // namespace

Deflater::Deflater(const DeflateSettings& settings) : stream_(make_stream(allocated_)) {
  check_made(deflateInit2(stream_.get(), settings.level, Z_DEFLATED, -settings.window_bits,
                          settings.memory_level, Z_DEFAULT_STRATEGY));
}

Deflater::~Deflater() {
  deflateEnd(stream_.get());
}

Deflater::Step Deflater::deflate(std::span<const std::byte> input, std::span<std::byte> out,
                                 Fin fin) {
  const auto taken = bounded(input);
  const bool is_whole = taken.size() == input.size();
  set_input(*stream_, taken);
  set_output(*stream_, bounded(out));
  // Z_BUF_ERROR, nothing to do, is no error.
  ::deflate(stream_.get(), fin == Fin::kFinal && is_whole ? Z_SYNC_FLUSH : Z_NO_FLUSH);
  return {.consumed = taken.size() - stream_->avail_in,
          .produced = bounded(out).size() - stream_->avail_out,
          .is_full = stream_->avail_out == 0 || !is_whole};
}

Inflater::Inflater() : stream_(make_stream(allocated_)) {
  check_made(inflateInit2(stream_.get(), kRawInflate));
}

Inflater::~Inflater() {
  inflateEnd(stream_.get());
}

Inflater::Step Inflater::inflate(std::span<const std::byte> input, std::span<std::byte> out,
                                 Fin fin) {
  assert(!out.empty());
  const auto taken = bounded(input);
  const auto room = bounded(out);
  set_input(*stream_, taken);
  set_output(*stream_, room);
  if (!taken.empty()) {
    progress_ = Progress::kBlocks;
  }
  Step step;
  const bool is_good = run();
  step.consumed = taken.size() - stream_->avail_in;
  if (!is_good) {
    step.outcome = Outcome::kCorrupt;
  } else if (is_out_full() || step.consumed < input.size()) {
    step.outcome = Outcome::kOutFull;
  } else if (fin == Fin::kFinal) {
    step.outcome = end_message();
  }
  step.produced = room.size() - stream_->avail_out;
  return step;
}

bool Inflater::is_out_full() const {
  return stream_->avail_out == 0;
}

// False when the data is broken. Otherwise the input is consumed or the output full.
bool Inflater::run() {
  while (true) {
    const int result = ::inflate(stream_.get(), Z_SYNC_FLUSH);
    if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    }
    if (result == Z_STREAM_END) {
      // A block with BFINAL ends no message: other blocks may follow, with the same window (RFC
      // 7692 section 7.2.3.4). inflateReset() would drop the window, and copying it out and in
      // again costs 64 KiB for every two bytes of a peer that sends nothing but such blocks.
      inflateResetKeep(stream_.get());
      progress_ = stream_->avail_in == 0 ? Progress::kFinalBlock : Progress::kBlocks;
    } else if (result != Z_OK) {
      return result == Z_BUF_ERROR;
    }
    if (stream_->avail_in == 0 || is_out_full()) {
      return true;
    }
  }
}

// Section 7.2.2: with the tail appended, the message must end with a whole block, on a whole byte.
Inflater::Outcome Inflater::end_message() {
  if (progress_ == Progress::kBlocks) {
    set_input(*stream_, std::as_bytes(std::span(kTail)).subspan(tail_taken_));
    const bool is_good = run();
    tail_taken_ = static_cast<std::uint8_t>(kDeflateTail - stream_->avail_in);
    if (!is_good) {
      return Outcome::kCorrupt;
    }
    if (is_out_full()) {
      return Outcome::kOutFull;
    }
    const auto place = static_cast<unsigned>(stream_->data_type);
    if (progress_ == Progress::kBlocks &&
        ((place & kBetweenBlocks) == 0 || (place & kUnusedBits) != 0)) {
      return Outcome::kCorrupt;
    }
  }
  progress_ = Progress::kNone;
  tail_taken_ = 0;
  return Outcome::kEnd;
}

}  // namespace ws::protocol

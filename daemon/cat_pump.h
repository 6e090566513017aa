// SPDX-License-Identifier: MIT
// stdin and stdout as a local program: two threads carry their bytes to and from one end of a pair
// of sockets, whose other end a session has. So whatever they are (epoll takes no regular files,
// and their flags belong to other processes, too), they are read and written as they are.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>

namespace wsbridged {

// What it carries at a time is on the threads' stacks; the rest waits in the kernel.
class CatPump {
 public:
  // Of the input, read at a time, and of the session's bytes.
  static constexpr std::size_t kPieceSize = std::size_t{64} << 10;

  // Reads `input` and writes `output`, which stay the caller's. `on_output_over` is called from a
  // thread of the pump, once: the session has ended and all that came from it is written, or
  // nobody takes it any more. SIGPIPE must be ignored.
  CatPump(int input, int output, std::function<void()> on_output_over);
  // Both directions end; what is not written is lost.
  ~CatPump();
  CatPump(const CatPump&) = delete;
  CatPump& operator=(const CatPump&) = delete;

  // The session's end of the pair, which belongs to the caller.
  [[nodiscard]] int take_session_end();
  // No more is read from `input`: for the session it ends here. Thread-safe.
  void stop_input();

  // What follows is final once `on_output_over` was called.

  // Why `output` could not be written; empty: it could, or its reader has left.
  [[nodiscard]] std::string output_error() const;

  // Did the output's reader leave before its end?
  [[nodiscard]] bool is_output_gone() const { return is_output_gone_; }

  // Why `input` could not be read to its end; empty: it could.
  [[nodiscard]] std::string input_error() const;

 private:
  void carry_input();
  void carry_output();
  [[nodiscard]] bool wait_for_input() const;
  [[nodiscard]] bool wait_for_messages();
  [[nodiscard]] bool write_output(const char* bytes, std::size_t size);
  [[nodiscard]] bool wait_for_output() const;
  void lose_output(int error);

  int input_;
  int output_;
  std::function<void()> on_output_over_;
  int our_end_ = -1;
  int session_end_ = -1;
  int stop_input_ = -1;  // readable when the input is to be left
  int give_up_ = -1;     // readable when the output is to be left
  std::atomic<int> output_errno_{0};
  std::atomic<int> input_errno_{0};
  std::atomic<bool> is_output_gone_{false};
  std::thread input_thread_;
  std::thread output_thread_;
};

}  // namespace wsbridged

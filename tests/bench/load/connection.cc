// SPDX-License-Identifier: MIT
#include "load/connection.h"

#include <algorithm>

#include "load/upgrade.h"

namespace bench {

Connection::Connection(Side& side, Descriptor socket)
    : side_(side),
      channel_(std::move(socket), side.options().tls),
      reader_(side.options().receives, side.line(), side.options().newlines),
      quota_(side.options().quota) {}

// A dialled connection has room when it is established; an accepted one is.
void Connection::start() {
  side_.loop().watch(channel_.descriptor(), *this, EPOLLIN);
  if (side_.options().position == Position::kLocal) {
    watch_for_room(true);
  } else {
    on_ready();
  }
}

bool Connection::is_websocket() const {
  return side_.options().sends != Format::kLines;
}

bool Connection::begins_lines() const {
  return side_.options().role == Role::kSource || side_.options().role == Role::kCaller;
}

void Connection::on_ready() {
  if (state_ == State::kHandshake) {
    shake_hands();
  }
  if (state_ == State::kUpgrade) {
    continue_upgrade();
  }
  if (state_ == State::kOpen) {
    receive();
  }
  if (state_ != State::kEnded) {
    send_more();
  }
}

void Connection::shake_hands() {
  const Channel::Handshake result = channel_.shake_hands();
  if (result == Channel::Handshake::kFailed) {
    fail("the TLS handshake failed");
  } else if (result == Channel::Handshake::kDone) {
    begin();
  } else {
    watch_for_room(false);
  }
}

void Connection::begin() {
  if (!is_websocket()) {
    become_open();
    return;
  }
  state_ = State::kUpgrade;
  if (side_.options().position == Position::kLocal) {
    text_ = upgrade_request(side_.port());
  }
}

void Connection::continue_upgrade() {
  std::vector<char>& buffer = side_.buffer();
  const auto [size, is_end] = channel_.receive(buffer);
  if (is_end) {
    fail("the connection ended before it was a WebSocket");
    return;
  }
  head_.append(buffer.data(), size);
  if (head_.size() > kMaxHead) {
    fail("the head of the upgrade is too long");
  } else if (head_.find(kHeadEnd) != std::string::npos) {
    judge_head();
  }
}

void Connection::judge_head() {
  const std::size_t end = head_.find(kHeadEnd) + kHeadEnd.size();
  const bool is_server = side_.options().position == Position::kPeer;
  if (is_server) {
    text_ = upgrade_response(std::string_view(head_).substr(0, end));
  }
  if (is_server ? text_.empty() : !is_switching(head_)) {
    fail("the other side does not speak WebSocket");
    return;
  }
  const std::string rest = head_.substr(end);
  head_ = std::string();
  become_open();
  take(rest);
}

void Connection::become_open() {
  state_ = State::kOpen;
  side_.on_opened(channel_);
  order_units();
}

void Connection::begin_phase() {
  if (state_ == State::kOpen) {
    quota_ = side_.options().quota;
    order_units();
    send_more();
  }
}

// Inside TLS there may be more than the descriptor shows, so that is read to its end.
void Connection::receive() {
  for (int reads = 0; state_ == State::kOpen && receive_once(); ++reads) {
    if (!channel_.is_tls() && reads == kReadsPerTurn) {
      break;
    }
  }
}

// Is there more?
bool Connection::receive_once() {
  std::vector<char>& buffer = side_.buffer();
  const bool looks = is_websocket() || channel_.is_tls() || side_.checking() == Checking::kContents;
  const Channel::Transfer got = looks ? channel_.receive(buffer) : channel_.discard(buffer.size());
  if (got.is_end) {
    hang_up();
  } else if (looks) {
    take(std::span(buffer).first(got.size));
  } else {
    count(reader_.skip(got.size));
  }
  return channel_.is_tls() ? got.size > 0 : got.size == buffer.size();
}

void Connection::take(std::span<const char> bytes) {
  while (!bytes.empty() && state_ == State::kOpen) {
    const UnitReader::Outcome outcome = reader_.receive(bytes, side_.checking());
    if (outcome.is_wrong) {
      fail("what was received is not what was sent");
      return;
    }
    count(outcome.unit_count);
    if (reader_.has_control()) {
      answer_control();
    }
  }
}

void Connection::count(std::uint64_t units) {
  if (units == 0) {
    return;
  }
  received_ += units;
  side_.on_received(units);
  if (side_.options().role == Role::kCaller && side_.options().window == 1) {
    side_.on_answered(now() - asked_);
    if (side_.options().after_answer == AfterAnswer::kHangUp) {
      channel_.close();
      state_ = State::kEnded;
      side_.on_hung_up();
      return;
    }
  }
  order_units();
}

// RFC 6455 sections 5.5.1 and 5.5.2.
void Connection::answer_control() {
  const ControlFrame control = reader_.take_control();
  const bool is_close = control.opcode == kClose;
  if (is_close || control.opcode == kPing) {
    text_ += frame_of(side_.options().sends, is_close ? kClose : kPong, control.payload);
  }
  ends_after_text_ |= is_close;
}

// How many units may go out now.
void Connection::order_units() {
  const Role role = side_.options().role;
  if (role == Role::kEcho) {
    ordered_ = received_;
  } else if (begins_lines() && side_.may_begin()) {
    const std::uint64_t under_way = role == Role::kCaller ? ordered_ - received_ : 0;
    const std::uint64_t room =
        role == Role::kCaller ? side_.options().window - under_way : side_.options().window;
    const std::uint64_t more = std::min(quota_, room);
    quota_ -= more;
    ordered_ += more;
    side_.on_sent(more);
    asked_ = role == Role::kCaller && side_.options().window == 1 && more > 0 ? now() : asked_;
  }
}

void Connection::send_more() {
  bool is_taken = true;
  for (int sends = 0; is_taken && state_ != State::kEnded; ++sends) {
    if (sends == kSendsPerTurn) {
      is_taken = false;
      break;
    }
    const bool is_between_units = position_ % side_.stock().unit_size() == 0;
    if (!text_.empty() && is_between_units) {
      is_taken = send_text();
    } else if (state_ == State::kOpen && position_ < ordered_ * side_.stock().unit_size()) {
      is_taken = send_units();
    } else {
      break;
    }
  }
  if (state_ != State::kEnded) {
    watch_for_room(!is_taken);
  }
}

// False when the kernel takes no more for now.
bool Connection::send_text() {
  const auto [size, is_end] = channel_.send(text_);
  text_.erase(0, size);
  if (is_end || (text_.empty() && ends_after_text_)) {
    hang_up();
  }
  return size > 0;
}

bool Connection::send_units() {
  const std::uint64_t unit = side_.stock().unit_size();
  // What waits in text_ goes out between two units.
  const std::uint64_t end = text_.empty() ? ordered_ * unit : (position_ / unit + 1) * unit;
  const auto wanted =
      side_.stock().from(position_, std::min<std::uint64_t>(end - position_, kChunk));
  const auto [size, is_end] = channel_.send(wanted);
  if (is_end) {
    hang_up();
  }
  position_ += size;
  if (side_.options().role == Role::kSource && position_ == ordered_ * unit) {
    order_units();
  }
  return size == wanted.size();
}

void Connection::watch_for_room(bool is_full) {
  if (is_full != is_watched_for_room_) {
    is_watched_for_room_ = is_full;
    side_.loop().change(channel_.descriptor(), *this, is_full ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }
}

// Only a local program that has its answer, and a peer whose clients are such, may end.
void Connection::hang_up() {
  channel_.close();
  state_ = State::kEnded;
  if (side_.options().after_answer == AfterAnswer::kStay) {
    side_.on_failed("a connection ended before its work was done");
  } else if (side_.options().position == Position::kLocal) {
    side_.on_failed("the relay ended a connection without an answer");
  }
}

void Connection::fail(const char* what) {
  channel_.close();
  state_ = State::kEnded;
  side_.on_failed(what);
}

}  // namespace bench

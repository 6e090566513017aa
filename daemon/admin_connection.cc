// SPDX-License-Identifier: MIT
#include "daemon/admin_connection.h"

#include <memory>
#include <utility>

namespace wsbridged {

AdminConnection::AdminConnection(Environment environment, std::unique_ptr<ws::net::Stream> stream,
                                 AdminDoor door, Peer peer)
    : environment_(std::move(environment)),
      stream_(std::move(stream)),
      door_(door),
      peer_(std::move(peer)),
      timer_(environment_.loop, [this] { handle_timer(); }) {
  stream_->set_handler(this);
  stream_->set_high_water(kBuffer);
  stream_->resume_reading();
  timer_.start(environment_.deadline);
}

AdminConnection::~AdminConnection() {
  *self_ = nullptr;
}

void AdminConnection::on_data(std::span<std::byte> bytes) {
  if (stage_ != Stage::kReading) {
    return;  // one request a connection; what follows it is discarded
  }
  switch (reader_.receive(bytes)) {
    case HttpRequestReader::State::kNeedMore:
      return;
    case HttpRequestReader::State::kRefused:
      return answer(refusal(reader_.refusal().status, reader_.refusal().reason));
    case HttpRequestReader::State::kComplete:
      return serve();
  }
}

void AdminConnection::serve() {
  stage_ = Stage::kServing;
  environment_.service.serve(
      {.request = reader_.request(),
       .door = door_,
       .peer = peer_,
       .on_tap_ready =
           [self = self_] {
             if (*self != nullptr) {
               (*self)->pass_tap_on();
             }
           }},
      {[self = self_](const AdminAnswer::Shared& response) {
         if (*self != nullptr && (*self)->stage_ == Stage::kServing) {
           (*self)->answer_with(response);
         }
       },
       [self = self_] { return *self != nullptr && (*self)->stage_ == Stage::kServing; }});
}

void AdminConnection::answer(AdminResponse response) {
  answer_with(std::make_shared<const AdminResponse>(std::move(response)));
}

void AdminConnection::answer_with(AdminAnswer::Shared response) {
  const bool is_head =
      reader_.state() == HttpRequestReader::State::kComplete && reader_.request().method == "HEAD";
  write(head_to_wire(*response));
  if (response->tap) {
    tap_ = response->tap;
    stage_ = Stage::kTapping;
    timer_.stop();
    pass_tap_on();
    return;
  }
  stage_ = Stage::kAnswering;
  response_ = std::move(response);
  body_left_ = is_head ? std::string_view() : response_->body;
  pass_body_on();
}

// As much as the asker takes: the rest stays where all who asked for the same share it.
void AdminConnection::pass_body_on() {
  while (!body_left_.empty() && stream_->output().size() <= kBuffer) {
    const std::string_view part = body_left_.substr(0, kBuffer / 4);
    write(part);
    body_left_.remove_prefix(part.size());
  }
  if (body_left_.empty()) {
    response_.reset();
    stream_->notify_when_sent();
  }
}

void AdminConnection::write(std::string_view bytes) {
  stream_->output().append(std::as_bytes(std::span(bytes)));
  stream_->flush_soon();
}

// As much as the watcher takes: what is beyond waits in the tap, and is counted there when it is
// too much.
void AdminConnection::pass_tap_on() {
  if (stage_ != Stage::kTapping || stream_->output().size() > kBuffer) {
    return;  // on_drained goes on
  }
  const Tap::Taken taken = tap_->take();
  write(taken.records);
  if (taken.has_ended) {
    stage_ = Stage::kAnswering;
    timer_.start(environment_.deadline);
    stream_->notify_when_sent();
  }
}

void AdminConnection::on_drained() {
  if (response_) {
    pass_body_on();
  } else {
    pass_tap_on();
  }
}

void AdminConnection::on_sent() {
  if (stage_ == Stage::kAnswering) {
    stage_ = Stage::kLingering;
    stream_->shutdown_write();
    if (stream_->has_ended()) {
      finish();
      return;
    }
    timer_.start(std::min<std::chrono::milliseconds>(kLinger, environment_.deadline));
  }
}

void AdminConnection::on_eof(ws::net::Eof /*eof*/) {
  // A client may end its direction behind the request. A watcher that does has left.
  if (stage_ == Stage::kReading || stage_ == Stage::kTapping || stage_ == Stage::kLingering) {
    finish();
  }
}

void AdminConnection::on_hang_up() {
  finish();
}

void AdminConnection::on_failure(const ws::Error& /*error*/) {
  finish();
}

void AdminConnection::handle_timer() {
  if (stage_ == Stage::kReading) {
    answer(refusal(408, "the request did not come within 10 s"));
    timer_.start(std::min<std::chrono::milliseconds>(kLinger, environment_.deadline));
  } else if (stage_ == Stage::kServing) {
    answer(AdminService::late_answer(reader_.request()));
    timer_.start(std::min<std::chrono::milliseconds>(kLinger, environment_.deadline));
  } else {
    finish();
  }
}

void AdminConnection::finish() {
  if (std::exchange(stage_, Stage::kOver) != Stage::kOver) {
    timer_.stop();
    tap_.reset();
    response_.reset();
    body_left_ = {};
    environment_.on_finished(*this);
  }
}

}  // namespace wsbridged

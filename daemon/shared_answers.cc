// SPDX-License-Identifier: MIT
#include "daemon/shared_answers.h"

#include <exception>
#include <utility>

namespace wsbridged {

namespace {

void forget_who_left(std::vector<AdminAnswer>& askers) {
  std::erase_if(askers, [](const AdminAnswer& asker) { return !asker.is_awaited(); });
}

}  // namespace

SharedAnswers::SharedAnswers(Means means, Gather gather, Make make)
    : means_(std::move(means)),
      gather_(std::move(gather)),
      make_(std::move(make)),
      rest_(means_.loop, [this] { begin(); }) {}

void SharedAnswers::ask(const AdminAnswer& answer) {
  if (has_too_many_unread()) {
    answer(refusal(503, "8 answers like this one are being read already: try again"));
    return;
  }
  forget_who_left(waiting_);  // a program that does not answer must not collect them
  waiting_.push_back(answer);
  begin();
}

bool SharedAnswers::has_too_many_unread() {
  std::erase_if(unread_, [](const auto& response) { return response.expired(); });
  return unread_.size() >= kMaxUnread;
}

void SharedAnswers::begin() {
  forget_who_left(waiting_);
  if (is_under_way_ || rest_.is_running() || waiting_.empty()) {
    return;
  }
  is_under_way_ = true;
  served_ = std::exchange(waiting_, {});
  gather_([this, mailbox = means_.mailbox](Snapshot snapshot) {
    mailbox->post([this, snapshot = std::move(snapshot)]() mutable { make(std::move(snapshot)); });
  });
}

void SharedAnswers::make(Snapshot snapshot) {
  forget_who_left(served_);
  if (served_.empty()) {
    is_under_way_ = false;
    begin();
    return;
  }
  means_.maker.run([this, snapshot = std::move(snapshot), mailbox = means_.mailbox]() mutable {
    mailbox->post([this, made = make_timed(std::move(snapshot))] { deliver(made); });
  });
}

SharedAnswers::Made SharedAnswers::make_timed(Snapshot snapshot) const {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  AdminResponse response;
  try {
    response = make_(std::move(snapshot));
  } catch (const std::exception&) {  // out of memory
    response = refusal(500, "there is no memory for the answer");
  }
  return {.response = std::make_shared<const AdminResponse>(std::move(response)),
          .took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start)};
}

// It rests for as long as it worked: who asks without a pause gets half a processor at most.
void SharedAnswers::deliver(const Made& made) {
  is_under_way_ = false;
  if (made.response->body.size() > kLong) {
    unread_.push_back(made.response);
  }
  for (const AdminAnswer& asker : std::exchange(served_, {})) {
    asker.share(made.response);
  }
  if (made.took > std::chrono::milliseconds(0)) {
    rest_.start(made.took);
  } else {
    begin();
  }
}

}  // namespace wsbridged

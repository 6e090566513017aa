// SPDX-License-Identifier: MIT
// What the tests of listening sockets share: a directory of their own, plain clients, descriptors.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <string>

#include "config/config.h"
#include "daemon/listen_target.h"
#include "daemon/listener_socket.h"
#include "daemon/peer.h"

namespace wsbridged::test {

class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "wsbridged-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }

  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline config::Listen unix_listen(const std::string& path) {
  config::Listen listen;
  listen.address = config::UnixAddress{.path = path};
  return listen;
}

inline config::Listen abstract_listen(const std::string& name) {
  config::Listen listen;
  listen.address = config::UnixAddress{.path = name, .abstract = true};
  return listen;
}

inline config::Listen tcp_listen(const std::string& host, std::uint16_t port = 0) {
  config::Listen listen;
  listen.address = config::TcpAddress{.host = host, .port = port};
  return listen;
}

// A client connected to "unix:PATH" or "unix:@NAME"; no descriptor when that failed.
inline Descriptor connect_unix(const std::string& address) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string path = address.substr(std::strlen("unix:"));
  std::memcpy(name.sun_path, path.data(), path.size());
  socklen_t length = sizeof name;
  if (path.front() == '@') {
    name.sun_path[0] = '\0';
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  }
  Descriptor client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(client.get(), reinterpret_cast<const sockaddr*>(&name), length) != 0) {
    return Descriptor();
  }
  return client;
}

// A client connected to where `listening` is bound; no descriptor when that failed.
inline Descriptor connect_to(const SocketAddress& listening) {
  Descriptor client(socket(listening.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(client.get(), reinterpret_cast<const sockaddr*>(&listening.storage),
              listening.length) != 0) {
    return Descriptor();
  }
  return client;
}

// 127.0.0.1 with the port that `address` ("HOST:PORT") ends in.
inline SocketAddress loopback(const std::string& address) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  SocketAddress result;
  std::memcpy(&result.storage, &in, sizeof in);
  result.length = sizeof in;
  set_port(result, static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  return result;
}

inline mode_t mode_of(const std::string& path) {
  struct stat status {};

  return lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

}  // namespace wsbridged::test

# SPDX-License-Identifier: MIT
# A static wsbridged on an empty base: docker build -t wsbridged .
# With podman or buildah add --format docker: images in OCI's format have no HEALTHCHECK.
FROM debian:bookworm-slim AS build
WORKDIR /src
# The packages first: they change less often than the sources.
COPY dev ./
RUN ./dev deps static && rm -rf /var/lib/apt/lists/*
COPY . .
RUN ./dev build static \
 && strip -o /wsbridged build/static/bin/wsbridged
# What an empty base needs: the certificate authorities where Debian's OpenSSL looks for them (by the
# hash of their names, read one by one when needed), names for loopback and the user, the directory of
# the sockets, and the licences of what is linked in.
WORKDIR /image
RUN test "$(openssl version -d)" = 'OPENSSLDIR: "/usr/lib/ssl"' \
 && mkdir -p usr/lib/ssl/certs etc/wsbridged run/wsbridged usr/share/doc \
 && cp -L /etc/ssl/certs/*.[0-9] usr/lib/ssl/certs/ \
 && echo 'wsbridged:x:65532:65532:wsbridged:/:/usr/sbin/nologin' > etc/passwd \
 && echo 'wsbridged:x:65532:' > etc/group \
 && printf '127.0.0.1 localhost\n::1 localhost\n' > etc/hosts \
 && install -d -m 1777 tmp \
 && chown 65532:65532 run/wsbridged \
 && for name in libc6-dev libevent-dev libssl-dev zlib1g-dev libpsl-dev libidn2-dev libunistring-dev \
      libyaml-cpp-dev libcli11-dev libfmt-dev libspdlog-dev nlohmann-json3-dev; do \
      install -D -m 644 "/usr/share/doc/$name/copyright" "usr/share/doc/$name/copyright" || exit 1; \
    done \
 && mv /wsbridged .

FROM scratch
COPY --from=build /image/ /
USER 65532:65532
# Where HEALTHCHECK asks. It beats admin.listen of a file; empty leaves that to the file.
ENV WSBRIDGED_ADMIN=unix:/run/wsbridged/admin.sock
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 \
  CMD ["/wsbridged", "healthcheck"]
ENTRYPOINT ["/wsbridged"]

# SPDX-License-Identifier: MIT
"""The installed library: what it shows, and a program outside the tree that uses it.

Scenario: `cmake --install` into an empty prefix, then a consumer that is linked four ways (shared and
          static, found by CMake and by pkg-config) and talks to a real server.
Method:   readelf and nm on the shared library; each public header compiled alone.
Why:      what is missing in an installed tree is never missed inside the source tree.
Usage:    install_consumer.py BUILD_DIRECTORY COMPILER SANITIZERS
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from kit.websockets_server import WebsocketsServer  # noqa: E402

BUILD, COMPILER, SANITIZERS = sys.argv[1:4]
# A sanitizer must be in all of a program, and these say that it is.
SANITIZED = [f"-fsanitize={SANITIZERS}"] if SANITIZERS else []
# Names that the compiler gives to parts of ws::, as nm writes them.
OURS = re.compile(r"(typeinfo for |typeinfo name for |vtable for )?ws::")


def output_of(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=200, **options)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


async def echo(connection):
    async for message in connection:
        await connection.send(message)


class InstallConsumer(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="libws-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.prefix = cls.directory / "prefix"
        for component in ("libws", "libws-dev"):
            output_of("cmake", "--install", BUILD, "--prefix", cls.prefix, "--component", component)
        cls.libraries = next(cls.prefix.glob("lib/**/libws.so")).parent
        server = WebsocketsServer(echo)
        cls.addClassCleanup(server.close)
        cls.url = server.url()

    def run_consumer(self, program, **environment):
        said = output_of(program, self.url, env={**os.environ, **environment})
        self.assertEqual(said, "well\n")

    def pkg_config(self, *arguments):
        return output_of("pkg-config", "--define-prefix", *arguments, "libws",
                         env={**os.environ, "PKG_CONFIG_PATH": self.libraries / "pkgconfig"}).split()

    def compile_consumer(self, name, *arguments):
        program = self.directory / name
        output_of(COMPILER, "-std=c++20", *SANITIZED, HERE / "consumer/main.cc", "-o", program,
                  *arguments)
        return program

    # What is installed

    def test_each_component_is_complete(self):
        files = {path.relative_to(self.libraries).as_posix()
                 for path in self.libraries.rglob("*") if not path.is_dir()}
        real = re.compile(r"libws\.so\.1\.[0-9.]+")
        self.assertEqual({name for name in files if not real.fullmatch(name)
                          and not name.startswith("cmake/")},
                         {"libws.so", "libws.so.1", "libws.a", "pkgconfig/libws.pc"})
        self.assertLessEqual({"cmake/libws/libwsConfig.cmake", "cmake/libws/libwsConfigVersion.cmake"},
                             files)
        self.assertEqual(os.readlink(self.libraries / "libws.so"), "libws.so.1")

    def test_the_daemon_is_a_component_of_its_own(self):
        prefix = self.directory / "daemon"
        output_of("cmake", "--install", BUILD, "--prefix", prefix, "--component", "wsbridged")
        self.assertEqual([path for path in prefix.rglob("*") if not path.is_dir()],
                         [prefix / "bin/wsbridged"])

    def test_the_shared_library_shows_nothing_but_ws(self):
        library = self.libraries / "libws.so"
        names = output_of("nm", "-DC", "--defined-only", "--format=posix", library).splitlines()
        # "NAME@@VERSION TYPE VALUE SIZE"; the version itself is an absolute symbol.
        foreign = [name for name in names if not OURS.match(name) and not name.startswith("LIBWS_1 A")]
        self.assertEqual(foreign, [])
        inside = [name for name in names if re.search(r"::Impl\b|ws::protocol::|LoopContext::", name)]
        self.assertEqual(inside, [], "the inside of ws:: is hidden")
        self.assertTrue(any(name.startswith("ws::WebSocket::WebSocket(") for name in names))
        self.assertIn("Library soname: [libws.so.1]", output_of("readelf", "-dW", library))

    def test_every_header_compiles_alone_and_names_no_third_party(self):
        headers = sorted((self.prefix / "include").rglob("*.h"))
        self.assertGreater(len(headers), 8)
        for header in headers:
            with self.subTest(header=header.name):
                included = re.findall(r"#\s*include\s*(\S+)", header.read_text(encoding="utf-8"))
                foreign = [name for name in included if not re.fullmatch(r"<(ws/[\w/]+\.h|\w+)>", name)]
                self.assertEqual(foreign, [])
        # One translation unit each, but one process for all of them.
        units = [self.directory / f"{header.stem}.cc" for header in headers]
        for header, unit in zip(headers, units):
            unit.write_text(f"#include <{header.relative_to(self.prefix / 'include')}>\n", "utf-8")
        output_of(COMPILER, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic",
                  "-Wconversion", "-Wshadow", "-Werror", f"-I{self.prefix}/include", *units)

    # Its use

    def test_found_by_cmake_shared_and_static(self):
        build = self.directory / "build"
        output_of("cmake", "-G", "Ninja", "-S", HERE / "consumer", "-B", build,
                  f"-DCMAKE_PREFIX_PATH={self.prefix}",
                  f"-DCMAKE_CXX_COMPILER={COMPILER}", f"-DCMAKE_CXX_FLAGS={' '.join(SANITIZED)}")
        output_of("cmake", "--build", build)
        for kind in ("shared", "static"):
            with self.subTest(kind=kind):
                self.run_consumer(build / f"consumer_{kind}")
        self.assertIn("libws.so.1", output_of("readelf", "-dW", build / "consumer_shared"))
        self.assertNotIn("libws.so", output_of("readelf", "-dW", build / "consumer_static"))

    def test_found_by_pkg_config_shared(self):
        self.assertEqual(self.pkg_config("--libs"), [f"-L{self.libraries}", "-lws"],
                         "who links the shared library links nothing else")
        program = self.compile_consumer("by_pkg_config", *self.pkg_config("--cflags", "--libs"))
        self.run_consumer(program, LD_LIBRARY_PATH=str(self.libraries))

    def test_found_by_pkg_config_static(self):
        flags = self.pkg_config("--cflags", "--libs", "--static")
        program = self.compile_consumer("by_pkg_config_static",
                                        *("-l:libws.a" if flag == "-lws" else flag for flag in flags))
        self.run_consumer(program)
        self.assertNotIn("libws.so", output_of("readelf", "-dW", program))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

# SPDX-License-Identifier: MIT
# The library as others use it: libws.so.1 and libws.a, made of the objects of the three rooms, its
# headers, and its descriptions for CMake and pkg-config.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The number of the binary interface: it grows when a program linked before would no longer run.
set(libws_abi 1)
set(objects $<TARGET_OBJECTS:ws_protocol> $<TARGET_OBJECTS:ws_net> $<TARGET_OBJECTS:ws>)
set(private_libraries PkgConfig::LIBEVENT OpenSSL::SSL OpenSSL::Crypto ZLIB::ZLIB PkgConfig::LIBPSL
  PkgConfig::LIBIDN2 Threads::Threads)

add_library(libws_shared SHARED ${objects})
add_library(libws_static STATIC ${objects})
set_target_properties(libws_shared libws_static PROPERTIES
  OUTPUT_NAME ws
  LINKER_LANGUAGE CXX
  ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
  VERSION ${libws_abi}.${PROJECT_VERSION}
  SOVERSION ${libws_abi})
set_target_properties(libws_shared PROPERTIES EXPORT_NAME libws
  LINK_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/libws.map)
set_target_properties(libws_static PROPERTIES EXPORT_NAME libws-static)
foreach(library libws_shared libws_static)
  target_compile_features(${library} INTERFACE cxx_std_20)
  target_link_libraries(${library} PRIVATE ${private_libraries})
endforeach()
# The map hides what the compiler instantiates of the standard library's templates.
target_link_options(libws_shared PRIVATE -Wl,--no-undefined -Wl,-z,relro,-z,now
  -Wl,--version-script=${CMAKE_CURRENT_LIST_DIR}/libws.map)

set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/libws)
install(TARGETS libws_shared EXPORT libws-shared
  LIBRARY COMPONENT libws NAMELINK_COMPONENT libws-dev
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS libws_static EXPORT libws-static ARCHIVE COMPONENT libws-dev
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/ws DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT libws-dev
  FILES_MATCHING PATTERN *.h)
foreach(kind shared static)
  install(EXPORT libws-${kind} FILE libws-${kind}.cmake NAMESPACE libws:: DESTINATION ${cmake_dir}
    COMPONENT libws-dev)
endforeach()

configure_package_config_file(libwsConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/libwsConfig.cmake
  INSTALL_DESTINATION ${cmake_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/libwsConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libwsConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/libwsConfigVersion.cmake
  DESTINATION ${cmake_dir} COMPONENT libws-dev)
configure_file(libws.pc.in libws.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libws.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT libws-dev)

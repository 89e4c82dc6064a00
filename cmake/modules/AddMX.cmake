# Thin wrappers for the project's targets: one place decides warnings, linker,
# precompiled header, install location and export set.

# --- toolchain --------------------------------------------------------------

find_program(MX_CCACHE ccache)
if(MX_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers are cached only with this sloppiness (and, for clang,
  # without the timestamp inside the PCH).
  set(launcher ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${MX_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

# clang finds the lld of its own version; gcc would pick up an older one.
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  find_program(MX_LLD ld.lld-${LLVM_VERSION_MAJOR})
  if(MX_LLD)
    add_link_options(-fuse-ld=lld)
  endif()
endif()

if(MX_SANITIZE)
  # vptr needs typeinfo from the uninstrumented libraries.
  add_compile_options(-O1 -UNDEBUG -fno-omit-frame-pointer
                      -fsanitize=${MX_SANITIZE} -fno-sanitize=vptr)
  add_link_options(-fsanitize=${MX_SANITIZE})
endif()

# --- compile options --------------------------------------------------------

function(mx_set_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wno-unused-parameter)
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    target_compile_options(${target} PRIVATE
      $<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>)
  else()
    # gcc 12 reports false positives from inlined LLVM containers.
    target_compile_options(${target} PRIVATE -Wno-array-bounds
      -Wno-stringop-overflow -Wno-maybe-uninitialized -Wno-dangling-pointer
      -Wno-free-nonheap-object -Wno-comment)
  endif()
  if(MX_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# One precompiled header serves every target that sees MLIR (clang only: gcc's
# is six times larger than the time it saves is worth).
function(mx_use_pch target)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    return()
  endif()
  if(NOT TARGET MXPrecompiled)
    set(source ${PROJECT_BINARY_DIR}/MXPrecompiled.cpp)
    file(WRITE ${source}.new "// Carries the precompiled header.\n")
    configure_file(${source}.new ${source} COPYONLY)
    add_library(MXPrecompiled OBJECT ${source})
    llvm_update_compile_flags(MXPrecompiled)
    mx_set_options(MXPrecompiled)
    target_precompile_headers(MXPrecompiled PRIVATE
      ${PROJECT_SOURCE_DIR}/cmake/Precompiled.h)
  endif()
  # Executables would be compiled as PIE, which the header was not.
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -fPIC)
  target_precompile_headers(${target} REUSE_FROM MXPrecompiled)
endfunction()

# --- libraries --------------------------------------------------------------

function(mx_install_library name)
  string(REGEX REPLACE "^MX" "" short ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${short})
  add_library(MX::${short} ALIAS ${name})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  install(TARGETS ${name} EXPORT MXTargets COMPONENT MX
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# A library that knows neither LLVM nor MLIR. Its arithmetic is the meaning of
# the project, so the compiler may not fuse multiplications and additions.
function(mx_add_plain_library name)
  add_library(${name} STATIC ${ARGN})
  target_compile_features(${name} PUBLIC cxx_std_17)
  target_compile_options(${name} PRIVATE -ffp-contract=off)
  mx_set_options(${name})
  mx_install_library(${name})
endfunction()

# mx_add_library(NAME sources... DEPENDS ... LINK_LIBS ...)
function(mx_add_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  llvm_update_compile_flags(${name})
  mx_set_options(${name})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS} MLIR LLVM)
  mx_use_pch(${name})
  mx_install_library(${name})
endfunction()

# --- executables ------------------------------------------------------------

function(mx_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  llvm_update_compile_flags(${name})
  mx_set_options(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} MLIR LLVM)
  mx_use_pch(${name})
  install(TARGETS ${name} COMPONENT MX
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# An executable without LLVM, e.g. a long sweep over lib/Numerics.
function(mx_add_plain_executable name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  find_package(Threads REQUIRED)
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE -ffp-contract=off)
  mx_set_options(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} Threads::Threads)
endfunction()

# A GoogleTest executable in bin/unit. lit (test/unit/lit.cfg.py) knows it by
# its suffix "Tests".
function(mx_add_unittest name)
  cmake_parse_arguments(ARG "MLIR" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS}
    GTest::gtest GTest::gtest_main)
  if(NOT ARG_MLIR)
    target_compile_options(${name} PRIVATE -ffp-contract=off)
  else()
    llvm_update_compile_flags(${name})
    target_link_libraries(${name} PRIVATE MLIR LLVM)
    mx_use_pch(${name})
  endif()
  mx_set_options(${name})
  string(REGEX REPLACE "Tests?$" "" stem ${name})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME ${stem}Tests
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/unit)
  set_property(GLOBAL APPEND PROPERTY MX_UNITTESTS ${name})
endfunction()

# --- install ----------------------------------------------------------------

function(mx_install_package)
  include(CMakePackageConfigHelpers)
  set(destination ${CMAKE_INSTALL_LIBDIR}/cmake/MX)
  configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/modules/MXConfig.cmake.in
    ${PROJECT_BINARY_DIR}/MXConfig.cmake INSTALL_DESTINATION ${destination})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/MXConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/MXConfig.cmake
    ${PROJECT_BINARY_DIR}/MXConfigVersion.cmake
    DESTINATION ${destination} COMPONENT MX)
  install(EXPORT MXTargets NAMESPACE MX:: DESTINATION ${destination}
    COMPONENT MX)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/mx
    ${PROJECT_SOURCE_DIR}/include/mx-c
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT MX
    FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN "*.def")
  install(DIRECTORY ${PROJECT_BINARY_DIR}/include/mx
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT MX
    FILES_MATCHING PATTERN "*.h" PATTERN "*.inc" PATTERN "CMakeFiles" EXCLUDE)
endfunction()

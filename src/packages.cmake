# Packages of Debian (cmake --preset deb, cmake --build --preset deb, cd .build/deb, cpack -G DEB): libdmap0,
# libdmap-dev, dmap-tools; and a tarball to build from, without git: cmake --build .build/deb --target package_source.
set(DMAP_MAINTAINER "dmap maintainers <maintainers@dmap.example>" CACHE STRING
  "Who is named in packages")
set(CPACK_PACKAGE_CONTACT ${DMAP_MAINTAINER})
set(CPACK_PACKAGE_VENDOR dmap)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime development tools)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/packages_debian.cmake)

set(about "One function is mapped over items on one core, on all cores of a machine,
or on a cluster under mpirun, with the same results in the same order. An
item that fails is an item that failed; with process workers that holds for
a crash, too.
.
This package has")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/src)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libdmap${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "${about} the shared library.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/debian/triggers)
set(same "libdmap${PROJECT_VERSION_MAJOR} (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libdmap-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${same}, libopenmpi-dev | libmpich-dev, libhwloc-dev, libsqlite3-dev, libxxhash-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "${about} the headers, the static library, and the manual.")
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME dmap-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION science)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "${same}")
set(CPACK_DEBIAN_TOOLS_DESCRIPTION "${about} the command dmap, which runs jobs as GNU parallel
does, shows where workers run, and measures what an item costs.")

set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_SOURCE_PACKAGE_FILE_NAME dmap-${PROJECT_VERSION})
set(CPACK_SOURCE_IGNORE_FILES "/\\\\.git(/|$)" "/\\\\.build/" "/build/")

# What packages_debian.cmake puts into each.
file(WRITE ${PROJECT_BINARY_DIR}/debian/changelog "dmap (${PROJECT_VERSION}-1) unstable; urgency=medium

  * Made by cpack from the sources of this version.

 -- ${DMAP_MAINTAINER}  Sat, 28 Nov 2026 12:00:00 +0000
")
file(WRITE ${PROJECT_BINARY_DIR}/debian/triggers "activate-noawait ldconfig\n")
file(READ ${PROJECT_SOURCE_DIR}/LICENSE licence)
string(REGEX REPLACE "^.*All rights reserved\\.\n+" "" licence "${licence}")
string(REGEX REPLACE "\n\n" "\n.\n" licence "${licence}")
string(REGEX REPLACE "\n" "\n " licence "${licence}")
string(STRIP "${licence}" licence)
file(WRITE ${PROJECT_BINARY_DIR}/debian/copyright
  "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: dmap\n\nFiles: *\nCopyright: 2026, dmap authors\nLicense: BSD-3-Clause\n ${licence}\n")
set(CPACK_DMAP_DEBIAN_FILES ${PROJECT_BINARY_DIR}/debian)
include(CPack)
